"""What the tests of the WordOps integration share. Import it first: it makes the drop-in and its surroundings known."""

import json
import os
import pathlib
import shutil
import sqlite3
import stat
import sys
import tempfile
import types
import unittest

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
INTEGRATION = PROJECT / "integrations/wordops"
FAKES = PROJECT / "tests/wordops/fakes"

# `wo` of the drop-in and `wo` of the stand-ins are one package without __init__.py: wo.core has parts in both.
for folder in (str(FAKES), str(INTEGRATION)):
    if folder not in sys.path:
        sys.path.insert(0, folder)
sys.dont_write_bytecode = True

# The command that was built. Tests that need none run without it.
COMMAND = os.environ.get("WOBACKUP_COMMAND", "")

VARIABLES = ("WOBACKUP_CONFIG", "WOBACKUP_REGISTRY", "WOBACKUP_STATE_DIR", "WOBACKUP_BACKUP_ROOT",
             "WOBACKUP_DEFAULTS_FILE", "WOBACKUP_MIN_FREE", "WOBACKUP_THREADS", "WOBACKUP_LEVEL",
             "WOBACKUP_LIMIT_RATE", "WOBACKUP_PROGRAM", "WOBACKUP_IDENTITY",
             "WOBACKUP_PASSPHRASE_FILE", "WOBACKUP_RECIPIENTS_FILE")


class Controller:
    """A WordOps controller, as far as Log looks at one. Remembers what was logged."""

    def __init__(self):
        self.said = []  # (level, text)
        self.app = types.SimpleNamespace(log=self, close=self._close)

    def _close(self, code):
        raise SystemExit(code)

    def error(self, text, *_):
        self.said.append(("error", text))

    def warning(self, text, *_):
        self.said.append(("warning", text))

    def info(self, text, *_):
        self.said.append(("info", text))

    def debug(self, text, *_):
        self.said.append(("debug", text))

    def told(self, level):
        return "\n".join(text for each, text in self.said if each == level)


class ScratchTest(unittest.TestCase):
    """Each test has a folder, and an environment without the machine's wobackup."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wobackup-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        before = dict(os.environ)
        self.addCleanup(self._restore_environment, before)
        for name in VARIABLES:
            os.environ.pop(name, None)
        self.controller = Controller()
        self._quiet()

    @staticmethod
    def _restore_environment(before):
        os.environ.clear()
        os.environ.update(before)

    def _quiet(self):
        """Log prints what it logs."""
        null = open(os.devnull, "w")
        self.addCleanup(null.close)
        self.addCleanup(setattr, sys, "stdout", sys.stdout)
        sys.stdout = null

    def write(self, name, content="", mode=None):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        if mode is not None:
            path.chmod(mode)
        return path

    def site(self, **fields):
        """A row of the registry, as SQLAlchemy has it: every column is an attribute."""
        row = dict(id=7, sitename="a.example", site_type="html", cache_type=None,
                   site_path=str(self.folder / "www/a.example"), created_on=None, is_enabled=True, is_ssl=False,
                   storage_fs="ext4", storage_db=None, db_name=None, db_user=None, db_password=None, db_host=None,
                   is_hhvm=False, php_version="8.2")
        row.update(fields)
        return types.SimpleNamespace(**row)


class RealTest(ScratchTest):
    """With the command that was built, and all that it knows below the scratch folder."""

    def setUp(self):
        super().setUp()
        if not COMMAND:
            self.skipTest("WOBACKUP_COMMAND names no wobackup")
        self.registry = self.folder / "dbase.db"
        self.write_config()
        os.environ["WOBACKUP_PROGRAM"] = COMMAND
        os.environ["WOBACKUP_CONFIG"] = str(self.folder / "wobackup.toml")

    def write_config(self, more=""):
        self.write("wobackup.toml", f'registry = "{self.registry}"\nstate_dir = "{self.folder}/state"\n'
                                    f'min_free = "1K"\n[server]\nhttp_check = false\nreload_php = false\n{more}', 0o600)

    def register(self, site):
        """Makes a site known to wobackup, as `wo site create` does."""
        columns = [name for name in vars(site)]
        registry = sqlite3.connect(self.registry)
        with registry:
            registry.execute("CREATE TABLE IF NOT EXISTS sites (id INTEGER PRIMARY KEY, " +
                             ", ".join(name for name in columns if name != "id") + ")")
            registry.execute(f"INSERT INTO sites ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                             [vars(site)[name] for name in columns])
        registry.close()
        return site

    def make_site(self, **fields):
        """A site that has one page."""
        site = self.site(**fields)
        htdocs = pathlib.Path(site.site_path) / "htdocs"
        htdocs.mkdir(parents=True)
        (htdocs / "index.html").write_text("hello")
        return site


class StandInTest(ScratchTest):
    """With a program in the place of wobackup that says what a test wants, and keeps what it was given."""

    def stand_in(self, *said, then="", exit_code=0):
        """Says each of `said` as a line (a dict as JSON), runs some shell commands, and ends."""
        given = self.folder / "given"
        given.mkdir(exist_ok=True)
        lines = [json.dumps(each) if isinstance(each, dict) else each for each in said]
        self.write("said", "".join(line + "\n" for line in lines))
        program = self.write("bin/wobackup", f"""#!/bin/sh
printf '%s\\n' "$@" > '{given}/arguments'
cat > '{given}/stdin'
before=
for word in "$@"; do
  case $before in --meta-json) cat "$word" > '{given}/metadata' ;; --site-json) [ "$word" = - ] || cat "$word" > '{given}/site' ;; esac
  before=$word
done
cat '{self.folder}/said'
{then}
exit {exit_code}
""")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        os.environ["WOBACKUP_PROGRAM"] = str(program)

    def succeeding(self, **changes):
        """What wobackup says of a backup that it made."""
        archive = self.write("backups/a.example/2025-01-20_14-25-30.tar.zst")
        created = dict(message_type="created", site="a.example", archive=str(archive), complete=True, unreadable=[],
                       notes=[])
        created.update(changes)
        return ({"message_type": "status", "percent_done": 0.5}, created,
                {"message_type": "summary", "sites_total": 1, "sites_ok": 1, "exit_code": 0})

    def given(self, name):
        path = self.folder / "given" / name
        return path.read_text() if path.exists() else None
