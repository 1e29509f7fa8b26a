"""wo/core/backup.py on a site with a database, on a MariaDB of the tests' own."""

import os

import database_site  # makes the drop-in known
from wo.core import backup
from wo.core.backup import WOBackup

setUpModule = database_site.start
tearDownModule = database_site.stop


class Database(database_site.DatabaseTest):
    def setUp(self):
        super().setUp()
        self.service = WOBackup(self.controller, self.shop)

    def test_the_database_of_a_site_that_no_registry_knows(self):
        success, archive = self.service.create(WOBackup.TYPE_DATABASE, reason="pre-db-update", metadata_extra={
            "operation": "database_update", "db_name": self.shop.db_name})
        self.assertTrue(success, self.controller.said)
        info = WOBackup.get_backup_info(archive)
        self.assertEqual(info["backup_scope"], {"files": False, "database": True})
        self.assertEqual((info["tables"], info["rows"]), (1, 3))
        self.assertEqual((info["operation"], info["db_name"]), ("database_update", "shop"))
        self.assertNotIn(database_site.SECRET, str(info) + str(self.controller.said))

    def test_a_full_backup_has_both(self):
        info = WOBackup.get_backup_info(self.service.create()[1])
        self.assertEqual(info["backup_scope"], {"files": True, "database": True})

    def test_a_failed_dump_is_a_failure_that_shows_no_password(self):
        self.shop.db_password = "another-secret"
        self.assertEqual(self.service.create(), (False, None))
        self.assertIn("password", self.controller.told("error"))
        self.assertTrue(self.controller.told("warning").startswith("Hint: "))
        self.assertNotIn("another-secret", str(self.controller.said))
        self.assertEqual(list(self.folder.rglob("*.tar.zst")), [])

    def test_a_broken_login_is_a_failure(self):
        database_site.sql("DROP USER shop@localhost")
        self.assertEqual(self.service.create(WOBackup.TYPE_DATABASE), (False, None))
        self.assertIn("a.example", self.controller.told("error"))

    def test_a_change_of_the_database_is_taken_back(self):
        self.register(self.shop)
        archive = self.service.create(WOBackup.TYPE_DATABASE)[1]
        database_site.sql("DELETE FROM posts; CREATE TABLE half (id INT)", "shop")
        self.assertTrue(self.service.restore(archive, WOBackup.TYPE_DATABASE), self.controller.said)
        self.assertEqual(database_site.sql("SELECT title FROM posts ORDER BY id", "shop"), "one\nGrüße\nthree")

    def test_the_dump_as_a_file_can_be_loaded(self):
        target = self.folder / "target"
        target.mkdir()
        self.assertTrue(backup.create_database_backup(self.controller, self.shop, str(target), "a.example"),
                        self.controller.said)
        self.assertEqual(os.listdir(target), ["a.example.sql"])
        dump = target / "a.example.sql"
        self.assertEqual(dump.stat().st_mode & 0o777, 0o600)
        database_site.sql("DROP TABLE posts", "shop")
        database_site.sql(f"SOURCE {dump}", "shop")
        self.assertEqual(database_site.sql("SELECT count(*) FROM posts", "shop"), "3")
