"""Backs up to another place than the site's folder, such as a second disk, and lists what lies there."""

import command_line
from wo.core.backup import WOBackup


def back_up(controller, siteinfo, words, _):
    if len(words) != 1:
        print("a site and a folder are needed")
        return 2
    backup = WOBackup(controller, siteinfo)
    success, _ = backup.create(backup_root=words[0], reason="scheduled-backup")
    if not success:
        return 1
    for archive in WOBackup.list_backups(words[0], backup.site_name):  # newest first
        print(archive)
    return 0


if __name__ == "__main__":
    command_line.run(back_up, "custom_location.py SITE ROOT")
