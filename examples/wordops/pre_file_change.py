"""Changes a site's files behind a backup of the files."""

import command_line
from change import change_behind_a_guard
from wo.core.backup import WOBackup


def change_files(controller, siteinfo, _, command):
    return change_behind_a_guard(
        controller, siteinfo, command, WOBackup.TYPE_FILES, "pre-file-update", {"operation": "file_update"})


if __name__ == "__main__":
    command_line.run(change_files, "pre_file_change.py SITE -- COMMAND ARG...")
