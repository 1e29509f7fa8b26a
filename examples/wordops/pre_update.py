"""Updates WordPress, plugins and themes behind a full backup. Which updates it was made for stands in the backup."""

import datetime

import command_line
from change import change_behind_a_guard
from wo.core.backup import WOBackup


def update(controller, siteinfo, _, command):
    pending = {  # as `wp plugin list --update=available` told
        "core": None,
        "plugins": [{"name": "akismet", "from": "5.0", "to": "5.3"}],
        "themes": [],
    }
    return change_behind_a_guard(
        controller, siteinfo, command, WOBackup.TYPE_FULL, "pre-autoupdate",
        {"backup_type": "pre-autoupdate", "autoupdate_timestamp": datetime.datetime.now(datetime.timezone.utc),
         "pending_updates": pending})


if __name__ == "__main__":
    command_line.run(update, "pre_update.py SITE -- COMMAND ARG...")
