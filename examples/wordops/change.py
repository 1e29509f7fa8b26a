"""A change that is taken back if it fails: the pattern of everything that may break a site."""

import subprocess

from wo.core.backup import WOBackup

ROLLED_BACK = 22


def change_with_backup(controller, siteinfo, command, backup_type, reason, metadata):
    """Backs up what the change may harm, and changes nothing without a good backup. Returns an exit code."""
    backup = WOBackup(controller, siteinfo)
    success, archive = backup.create(backup_type, reason=reason, metadata_extra=metadata)
    if not success:
        return 1  # why is in the log
    controller.app.log.info(f"backup: {archive}")

    if subprocess.call(command) == 0:
        return 0
    return ROLLED_BACK if backup.restore(archive, backup_type) else 1
