"""Backs up a site because somebody wants it, and tells what is known of the backup."""

import json

import command_line
from wo.core.backup import WOBackup


def back_up(controller, siteinfo, words, _):
    success, archive = WOBackup(controller, siteinfo).create(
        backup_type=words[0] if words else WOBackup.TYPE_FULL, reason="manual-backup")
    if not success:
        return 1
    print(json.dumps(WOBackup.get_backup_info(archive), indent=2))
    return 0


if __name__ == "__main__":
    command_line.run(back_up, "manual_backup.py SITE [full|db|files]")
