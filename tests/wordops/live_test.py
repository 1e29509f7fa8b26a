"""wo/core/backup.py with the wobackup that was built, on a site in a scratch folder. No server is needed."""

import datetime
import json
import os
import pathlib
import sqlite3
import subprocess
import types

import support
from wo.core import backup
from wo.core.backup import WOBackup

FAILED = (False, None)


def members(archive):
    ran = subprocess.run(["tar", "--zstd", "-tf", archive], check=True, capture_output=True, text=True)
    return [name.split("/", 1)[1] for name in ran.stdout.splitlines()]


class Live(support.RealTest):
    def setUp(self):
        super().setUp()
        self.info = self.make_site()
        self.service = WOBackup(self.controller, self.info)

    def test_a_site_that_no_registry_knows_is_backed_up(self):
        success, archive = self.service.create()
        self.assertTrue(success, self.controller.said)
        self.assertRegex(archive, f"^{self.folder}/www/a.example/backup/a.example/[-_0-9]+.tar.zst$")
        self.assertIn("htdocs/index.html", members(archive))
        self.assertEqual(self.controller.told("error") + self.controller.told("warning"), "")

    def test_the_default_root_is_the_configs(self):
        config = self.folder / "wobackup.toml"
        config.write_text(f'backup_root = "{self.folder}/elsewhere"\n' + config.read_text())
        self.assertTrue(self.service.create()[1].startswith(f"{self.folder}/elsewhere/a.example/"))

    def test_facts_reason_and_metadata_come_back_as_they_were_given(self):
        pending = {"core": "6.5", "plugins": [{"name": "shop=x", "from": "1", "to": "true"}], "themes": []}
        site = self.site(created_on=datetime.datetime(2024, 5, 1, 10, 20, 30), is_ssl=True, db_password="hush-hush")
        success, archive = WOBackup(self.controller, site).create(
            WOBackup.TYPE_FILES, str(self.folder / "root"), "pre-autoupdate",
            {"backup_type": "pre-autoupdate", "pending_updates": pending, "a=b": "1", "grüße": None})
        self.assertTrue(success, self.controller.said)
        info = WOBackup.get_backup_info(archive)
        self.assertEqual(info["pending_updates"], pending)
        self.assertEqual((info["a=b"], info["grüße"]), ("1", None))
        self.assertEqual((info["backup_type"], info["backup_reason"]), ("pre-autoupdate", "pre-autoupdate"))
        self.assertEqual((info["id"], info["is_ssl"], info["is_enabled"], info["cache_type"]), (7, 1, 1, None))
        self.assertEqual(info["created_on"], "2024-05-01T10:20:30")
        self.assertEqual(info["archive_path"], archive)
        self.assertEqual(info["archive_size"], os.path.getsize(archive))
        self.assertAlmostEqual(info["archive_mtime"], os.path.getmtime(archive), places=3)
        self.assertNotIn("hush", json.dumps(info))

    def test_what_it_says_of_a_site_is_what_the_archive_says(self):
        site = self.site(created_on=datetime.datetime(2024, 5, 1, 10, 20, 30))
        info = WOBackup.get_backup_info(WOBackup(self.controller, site).create()[1])
        facts = backup.collect_site_metadata(self.controller, site, "a.example")
        self.assertEqual({key: info[key] for key in facts}, facts)

    def test_metadata_may_repeat_facts_but_not_replace_them(self):
        site = self.site(site_type="php", db_name=None)
        create = WOBackup(self.controller, site).create
        self.assertTrue(create(metadata_extra={"operation": "x", "sitename": "a.example", "db_name": "shop"})[0])
        self.assertEqual(create(metadata_extra={"sitename": "b.example"}), FAILED)
        self.assertIn("may not replace", self.controller.told("error"))
        self.assertIn("choose another key", self.controller.told("warning"))

    def test_a_guarded_change_is_kept_or_taken_back(self):
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "www-data:", self.folder / "www"], check=True)
        service = WOBackup(self.controller, self.site(site_type="php", db_password="hush-hush"))
        page = pathlib.Path(self.info.site_path, "htdocs/index.html")
        # What described the site, with its password, is nowhere in it.
        end = service.guard(["sh", "-c", 'ls -l /proc/self/fd | grep memfd && exit 1; echo new > "$1"', "-", str(page)],
                            reason="pre-test", metadata_extra={"ticket": "7"})
        self.assertTrue(end.success, self.controller.said)
        self.assertEqual(page.read_text(), "new\n")
        info = WOBackup.get_backup_info(end.archive)
        self.assertEqual((info["backup_reason"], info["ticket"]), ("pre-test", "7"))
        end = service.guard(["rm", "-r", "htdocs", "no-such-file"], WOBackup.TYPE_FILES)
        self.assertEqual((end.success, end.rolled_back), (False, True))
        self.assertEqual(page.read_text(), "new\n")
        self.assertIn("rolled back to the backup", self.controller.told("error"))

    def test_a_site_from_stdin_is_not_the_commands(self):
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "www-data:", self.folder / "www"], check=True)
        site = self.write("site.json", json.dumps({"sitename": "a.example", "site_path": self.info.site_path,
                                                   "site_type": "php", "db_password": "hush-hush"}))
        with open(site) as stdin:
            ran = subprocess.run([support.COMMAND, "guard", "--no-check", "--site-json", "-", "--", "sh", "-c",
                                  "readlink /proc/self/fd/0"], stdin=stdin, capture_output=True, text=True)
        self.assertEqual((ran.returncode, ran.stdout), (0, "/dev/null\n"), ran.stderr)

    def test_the_list_is_newest_first_without_what_is_incomplete(self):
        root = str(self.folder / "root")
        self.assertEqual(WOBackup.list_backups(root, "a.example"), [])
        made = [self.service.create(backup_root=root)[1] for _ in range(3)]
        damaged = pathlib.Path(root, "a.example/2031-01-01_00-00-00.tar.zst")
        damaged.write_bytes(b"no archive")
        self.assertEqual(WOBackup.list_backups(root, "a.example"), made[::-1])
        self.assertEqual(WOBackup.list_backups(root, "a.example", usable_only=False), [str(damaged), *made[::-1]])
        with self.assertLogs(backup.__name__, "ERROR"):
            self.assertIsNone(WOBackup.get_backup_info(str(damaged)))

    def test_archives_of_the_older_service_are_listed_and_known(self):
        folder = self.folder / "root/a.example"
        self.write("root/a.example/2024-12-31_23-59-59_preupdate/vhost.json",
                   '{"sitename": "a.example", "backup_type": "pre-update"}')
        self.write("root/a.example/2024-12-31_23-59-59_preupdate/htdocs/index.html")
        archive = folder / "2024-12-31_23-59-59_preupdate.tar.zst"
        subprocess.run(["tar", "--zstd", "-cf", archive, "-C", folder, "2024-12-31_23-59-59_preupdate"], check=True)
        newer = self.service.create(backup_root=str(self.folder / "root"))[1]
        self.assertEqual(WOBackup.list_backups(str(self.folder / "root"), "a.example"), [newer, str(archive)])
        self.assertEqual(WOBackup.get_backup_info(str(archive))["backup_type"], "pre-update")

    def test_an_incomplete_backup_is_a_failure_and_is_named(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to make a link that somebody else owns")
        other = self.folder / "www/b.example/htdocs"
        other.mkdir(parents=True)
        htdocs = pathlib.Path(self.info.site_path, "htdocs")
        (htdocs / "index.html").unlink()
        htdocs.rmdir()
        htdocs.symlink_to(other)
        os.lchown(htdocs, 65534, 65534)
        self.assertEqual(self.service.create(), FAILED)
        root = pathlib.Path(self.info.site_path, "backup")
        kept = list((root / "a.example").iterdir())
        self.assertEqual(len(kept), 1)
        self.assertIn(str(kept[0]), self.controller.told("error"))
        self.assertIn("Not in the backup: htdocs", self.controller.told("warning"))
        self.assertEqual(WOBackup.list_backups(str(root), "a.example"), [])

    def test_what_cannot_be_backed_up_leaves_nothing_and_says_why(self):
        for fields, why in (({"site_path": "/no/such/site"}, "/no/such/site"), ({"sitename": "../etc"}, "host name"),
                            ({"site_path": "relative"}, "absolute"), ({"site_type": "alias"}, "alias"),
                            ({"site_type": "wp"}, "config file"), ({"is_ssl": "maybe"}, "is_ssl"),
                            ({"created_on": "\udc80"}, "JSON")):
            self.controller.said.clear()
            service = WOBackup(self.controller, self.site(**fields))
            self.assertEqual(service.create(backup_root=str(self.folder / "root")), FAILED, fields)
            self.assertIn(why, self.controller.told("error"))
        self.assertEqual(self.service.create("everything"), FAILED)
        self.assertIn("the types are full, db and files", self.controller.told("warning"))
        self.assertEqual(self.service.create(WOBackup.TYPE_DATABASE), FAILED)
        self.assertIn("has no database", self.controller.told("error"))
        self.assertEqual(list((self.folder).rglob("*.tar.zst")), [])

    def test_a_full_disk_stops_it_before_it_begins(self):
        os.environ["WOBACKUP_MIN_FREE"] = "1000T"
        self.assertEqual(self.service.create(), FAILED)
        self.assertIn("must stay free", self.controller.told("error"))

    def test_a_restore_brings_the_files_back(self):
        site = self.register(self.info)
        page = pathlib.Path(site.site_path, "htdocs/index.html")
        archive = self.service.create(WOBackup.TYPE_FILES)[1]
        page.write_text("defaced")
        self.assertTrue(self.service.restore(archive, WOBackup.TYPE_FILES), self.controller.said)
        self.assertEqual(page.read_text(), "hello")
        # What was defaced is an archive now, and not one to be restored by mistake.
        subprocess.run([support.COMMAND, "restore", "--finish", "a.example"], check=True, capture_output=True)
        root = os.path.dirname(os.path.dirname(archive))
        self.assertEqual(WOBackup.list_backups(root, "a.example"), [archive])
        self.assertEqual(len(WOBackup.list_backups(root, "a.example", usable_only=False)), 2)

    def test_notes_are_warnings(self):
        htdocs = pathlib.Path(self.info.site_path, "htdocs")
        (htdocs / "outside").symlink_to("/etc")
        self.assertTrue(self.service.create()[0])
        self.assertIn("htdocs/outside", self.controller.told("warning"))

    def test_a_restore_that_fails_is_false_and_told(self):
        archive = self.service.create()[1]
        self.assertIs(self.service.restore(archive), False)  # no registry knows the site
        self.assertIn("Restore of a.example failed", self.controller.told("error"))
        self.assertIs(self.service.restore(archive, "everything"), False)
        self.assertIs(self.service.restore(str(self.folder / "none.tar.zst")), False)

    def test_an_sqlite_database_is_given_out_as_it_is(self):
        site = self.site(site_type="wp")
        content = pathlib.Path(site.site_path, "htdocs/wp-content")
        (content / "database").mkdir(parents=True)
        (content / "db.php").write_text("<?php // SQLite integration\n")
        pathlib.Path(site.site_path, "wp-config.php").write_text("<?php define('DB_ENGINE', 'sqlite');\n")
        database = sqlite3.connect(content / "database/.ht.sqlite")
        with database:
            database.execute("CREATE TABLE wp_posts (id, title)")
            database.execute("INSERT INTO wp_posts VALUES (1, 'hello')")
        database.close()
        target = self.folder / "target"
        target.mkdir()
        self.assertTrue(backup.create_database_backup(self.controller, site, str(target)), self.controller.said)
        self.assertEqual(os.listdir(target), ["a.example.sqlite"])
        copy = sqlite3.connect(target / "a.example.sqlite")
        self.assertEqual(copy.execute("SELECT * FROM wp_posts").fetchall(), [(1, "hello")])
        copy.close()
        self.assertEqual((target / "a.example.sqlite").stat().st_mode & 0o777, 0o600)

    def test_one_run_at_a_time(self):
        code = ("import fcntl, os, sys, time\n"
                "held = open(sys.argv[1], 'a+')\n"
                "fcntl.flock(held, fcntl.LOCK_EX)\n"
                "print('locked', flush=True)\n"
                "time.sleep(60)")
        self.service.create()
        locks = [path for path in (self.folder / "state").rglob("*") if path.is_file() and "lock" in str(path)]
        self.assertTrue(locks, list((self.folder / "state").rglob("*")))
        holder = subprocess.Popen([os.sys.executable, "-c", code, str(locks[0])], stdout=subprocess.PIPE)
        try:
            holder.stdout.readline()
            self.assertEqual(self.service.create(), FAILED)
            self.assertIn("a.example", self.controller.told("error"))
        finally:
            holder.kill()
            holder.wait()
            holder.stdout.close()


class Encrypted(support.RealTest):
    """A site whose backups are encrypted to a key that this server may or may not have."""

    def setUp(self):
        super().setUp()
        self.info = self.register(self.make_site())
        self.key = self.folder / "key.txt"
        made = subprocess.run([support.COMMAND, "key", "generate", self.key], check=True, capture_output=True, text=True)
        self.write_config(f'[encryption]\nrecipients = ["{made.stdout.strip()}"]\n')
        self.service = WOBackup(self.controller, self.info)

    def test_a_server_that_cannot_read_them_makes_and_lists_them(self):
        success, archive = self.service.create(reason="nightly")
        self.assertTrue(success, self.controller.said)
        self.assertTrue(archive.endswith(".tar.zst.age"))
        self.assertEqual(WOBackup.list_backups(None, "a.example"), [archive])
        with self.assertLogs(backup.__name__, "WARNING") as told:
            self.assertIsNone(WOBackup.get_backup_info(archive))
        self.assertIn("is encrypted, and no identity was given", str(told.output))
        self.assertIs(self.service.restore(archive), False)
        self.assertIn("is encrypted, and no identity was given", self.controller.told("error"))

    def test_with_the_identity_all_is_as_it_is_with_plain_ones(self):
        os.environ["WOBACKUP_IDENTITY"] = str(self.key)
        archive = self.service.create(reason="nightly")[1]
        info = WOBackup.get_backup_info(archive)
        self.assertEqual((info["backup_reason"], info["encrypted"]), ("nightly", True))
        page = pathlib.Path(self.info.site_path, "htdocs/index.html")
        page.write_text("hacked")
        self.assertIs(self.service.restore(archive), True, self.controller.said)
        self.assertEqual(page.read_text(), "hello")


class SmallSites(support.RealTest):
    def test_name_and_path_are_enough(self):
        whole = self.make_site()
        small = types.SimpleNamespace(sitename="A.Example", site_path=whole.site_path + "/")
        success, archive = WOBackup(self.controller, small).create()
        self.assertTrue(success, self.controller.said)
        self.assertEqual(WOBackup.get_backup_info(archive)["sitename"], "a.example")
