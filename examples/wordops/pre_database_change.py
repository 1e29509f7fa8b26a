"""Changes a site's database behind a backup of the database: its files are not read, so it is a matter of seconds."""

import command_line
from change import change_behind_a_guard
from wo.core.backup import WOBackup


def change_database(controller, siteinfo, _, command):
    return change_behind_a_guard(
        controller, siteinfo, command, WOBackup.TYPE_DATABASE, "pre-db-update",
        {"operation": "database_update", "db_name": siteinfo.db_name})


if __name__ == "__main__":
    command_line.run(change_database, "pre_database_change.py SITE -- COMMAND ARG...")
