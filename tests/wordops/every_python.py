#!/usr/bin/env python3
"""Runs the tests of the drop-in and the plugin with every other Python 3.9 to 3.13 on this machine.

Looked for in PATH as python3.9 and so on, and among pyenv's. None other is no failure: it is said.
"""

import os
import pathlib
import shutil
import subprocess
import sys

VERSIONS = range(9, 14)
MODULES = ("drop_in_test", "plugin_test")


def other_pythons():
    """(3, minor) -> interpreter."""
    candidates = [shutil.which(f"python3.{minor}") for minor in VERSIONS]
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    candidates += sorted(pyenv.glob("versions/*/bin/python3"))
    found = {}
    for candidate in filter(None, candidates):
        ran = subprocess.run([candidate, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True,
                             text=True)
        if ran.returncode == 0:
            version = tuple(map(int, ran.stdout.split()))
            if version[0] == 3 and version[1] in VERSIONS and version != sys.version_info[:2]:
                found.setdefault(version, str(candidate))
    return found


def main():
    failed = []
    pythons = other_pythons()
    for version, python in sorted(pythons.items()):
        name = "Python {}.{}".format(*version)
        print(f"{name}: {python}", flush=True)
        ran = subprocess.run([python, "-B", "-W", "error", "-m", "unittest", *MODULES],
                             cwd=pathlib.Path(__file__).parent)
        if ran.returncode != 0:
            failed.append(name)
    print(f"{len(pythons)} other Pythons tried" + (f", failed with {', '.join(failed)}" if failed else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
