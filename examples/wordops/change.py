"""A change that is taken back if it fails: the pattern of everything that may break a site."""

from wo.core.backup import WOBackup

ROLLED_BACK = 22


def change_behind_a_guard(controller, siteinfo, command, backup_type, reason, metadata):
    """Backs up what the command may harm, runs it as the site's user, and checks the site. What fails is taken back;
    nothing is changed without a good backup. Returns an exit code; why it failed is in the log."""
    end = WOBackup(controller, siteinfo).guard(command, backup_type, reason=reason, metadata_extra=metadata)
    if end.success:
        controller.app.log.info(f"backup: {end.archive}")
        return 0
    return ROLLED_BACK if end.rolled_back else 1
