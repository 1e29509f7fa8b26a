"""What the examples need to run by themselves. Under WordOps none of it is: there, `self` is the controller, and
getSiteInfo(self, name) gives the site's row."""

import os
import pathlib
import sqlite3
import sys
import types

# Installed, the drop-in is a part of WordOps' own package.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "integrations/wordops"))


class Log:
    """Says what a WordOps controller would log."""

    def error(self, text, *_):
        print(text, file=sys.stderr)

    warning = error

    def info(self, text, *_):
        print(text)

    def debug(self, text, *_):
        pass


def site_of(name):
    """The registry's row of a site, or None."""
    registry = sqlite3.connect(os.environ.get("WOBACKUP_REGISTRY", "/var/lib/wo/dbase.db"))
    registry.row_factory = sqlite3.Row
    row = registry.execute("SELECT * FROM sites WHERE sitename = ?", (name,)).fetchone()
    registry.close()
    return row and types.SimpleNamespace(**dict(row))


def run(work, usage):
    """PROGRAM WORD... [-- COMMAND ARG...]: the exit code is what `work` returns."""
    words, command = sys.argv[1:], []
    if "--" in words:
        words, command = words[:words.index("--")], words[words.index("--") + 1:]
    if not words:
        sys.exit(f"usage: {usage}")
    controller = types.SimpleNamespace(app=types.SimpleNamespace(log=Log()))
    sys.exit(work(controller, site_of(words[0]), words[1:], command))
