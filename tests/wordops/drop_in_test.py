"""wo/core/backup.py with a stand-in for wobackup: what it is given, and what becomes of all that can go wrong."""

import datetime
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import types
import unittest

import support
from wo.core import backup
from wo.core.backup import WOBackup

FAILED = (False, None)


def error(message, hint="", kind="failed", exit_code=1):
    return {"message_type": "error", "site": "a.example", "kind": kind, "message": message, "hint": hint,
            "exit_code": exit_code, "retryable": False}


class Create(support.StandInTest):
    def create(self, site=None, **arguments):
        return WOBackup(self.controller, site or self.site()).create(**arguments)

    def test_a_good_backup_is_true_and_its_path(self):
        self.stand_in(*self.succeeding())
        success, archive = self.create()
        self.assertIs(success, True)
        self.assertEqual(archive, str(self.folder / "backups/a.example/2025-01-20_14-25-30.tar.zst"))
        self.assertEqual(self.controller.told("error") + self.controller.told("warning"), "")

    def test_arguments_are_passed_by_position_as_by_name(self):
        self.stand_in(*self.succeeding())
        WOBackup(self.controller, self.site()).create("db", "/mnt/backups", "pre-db-update", {"ticket": 42})
        arguments = self.given("arguments").split("\n")
        self.assertEqual(arguments[:2], ["--json", "create"])
        self.assertIn("--type=db", arguments)
        self.assertIn("--path=/mnt/backups", arguments)
        self.assertIn("--reason=pre-db-update", arguments)
        self.assertEqual(json.loads(self.given("metadata")), {"ticket": 42})

    def test_no_root_means_the_default_and_a_relative_one_is_made_absolute(self):
        for root in (None, ""):
            self.stand_in(*self.succeeding())
            self.create(backup_root=root)
            self.assertNotIn("--path", self.given("arguments"))
        self.create(backup_root=pathlib.Path("-x/y"))
        self.assertIn(f"--path={os.getcwd()}/-x/y\n", self.given("arguments"))

    def test_nobody_sees_the_password(self):
        self.stand_in(*self.succeeding(), then="cat /proc/self/environ >> given/environ 2>/dev/null")
        os.chdir(self.folder)
        self.addCleanup(os.chdir, "/")
        self.create(self.site(db_name="db", db_user="user", db_password="hush-hush"))
        self.assertEqual(json.loads(self.given("stdin"))["db_password"], "hush-hush")
        self.assertNotIn("hush", self.given("arguments") + self.given("environ"))
        self.assertNotIn("hush", str(self.controller.said))

    def test_a_row_of_the_registry_becomes_json(self):
        self.stand_in(*self.succeeding())
        self.create(self.site(created_on=datetime.datetime(2024, 5, 1, 10, 20, 30), is_ssl=True, is_enabled=False))
        given = json.loads(self.given("stdin"))
        self.assertEqual(given["created_on"], "2024-05-01T10:20:30")
        self.assertIs(given["is_ssl"], True)
        self.assertIs(given["is_enabled"], False)
        self.assertIsNone(given["cache_type"])
        self.assertEqual(given["id"], 7)
        self.assertEqual(set(given), set(backup.SITE_FIELDS) | {"db_password"})

    def test_a_site_may_be_a_dict_or_a_row_or_lack_attributes(self):
        self.stand_in(*self.succeeding())
        table = sqlite3.connect(":memory:")
        self.addCleanup(table.close)
        table.row_factory = sqlite3.Row
        row = table.execute("SELECT 'a.example' AS sitename, '/var/www/a.example' AS site_path").fetchone()
        small = types.SimpleNamespace(sitename="a.example", site_path="/var/www/a.example")
        for site in (vars(self.site()), row, small):
            self.assertTrue(self.create(site)[0])
            self.assertEqual(json.loads(self.given("stdin"))["sitename"], "a.example")

    def test_metadata_keeps_types_and_strange_keys(self):
        self.stand_in(*self.succeeding())
        self.create(metadata_extra={
            "a=b": "1", "text": "true", "nested": {"core": None, "plugins": ["x", {"from": "1.0"}]},
            "when": datetime.date(2025, 1, 20), "where": pathlib.Path("/var"), "which": {"b", "a"}, "grüße": "\n\"",
            "bytes": b"raw", "pair": (1, 2.5, True)})
        self.assertEqual(json.loads(self.given("metadata")), {
            "a=b": "1", "text": "true", "nested": {"core": None, "plugins": ["x", {"from": "1.0"}]},
            "when": "2025-01-20", "where": "/var", "which": ["a", "b"], "grüße": "\n\"", "bytes": "raw",
            "pair": [1, 2.5, True]})

    def test_much_metadata_is_no_problem_even_if_nobody_reads_it(self):
        self.stand_in(*self.succeeding())
        plugins = {"pending_updates": {"plugins": ["plugin-" + "x" * 100] * 5000}}
        self.assertTrue(self.create(metadata_extra=plugins)[0])
        self.assertEqual(json.loads(self.given("metadata")), plugins)
        program = pathlib.Path(os.environ["WOBACKUP_PROGRAM"])
        program.write_text(f"#!/bin/sh\ncat '{self.folder}/said'\n")
        self.assertTrue(self.create(metadata_extra=plugins)[0])

    def test_a_daemon_without_standard_streams_can_back_up(self):
        self.stand_in(*self.succeeding())
        program = """
import os, sys, types
sys.path.insert(0, sys.argv[1])
from wo.core.backup import WOBackup
done = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
for descriptor in range(3):
    os.close(descriptor)
site = types.SimpleNamespace(sitename="a.example", site_path="/var/www/a.example")
os.write(done, str(WOBackup(None, site).create(metadata_extra={"x": 1})[0]).encode())
"""
        subprocess.run([sys.executable, "-B", "-c", program, str(support.INTEGRATION), str(self.folder / "done")])
        self.assertEqual((self.folder / "done").read_text(), "True")
        self.assertEqual(json.loads(self.given("metadata")), {"x": 1})

    def test_a_path_that_is_not_utf8_comes_back_as_it_is(self):
        import base64
        raw = os.fsencode(self.folder) + b"/gr\xfc\xdfe.tar.zst"
        open(raw, "wb").close()
        self.stand_in(*self.succeeding(archive="gr?", path_b64=base64.b64encode(raw).decode()))
        self.assertEqual(os.fsencode(self.create()[1]), raw)

    def test_an_incomplete_backup_is_a_failure_that_names_what_is_missing(self):
        archive = str(self.folder / "backups/a.example/2025-01-20_14-25-30_incomplete.tar.zst")
        said = list(self.succeeding(complete=False, archive=archive, unreadable=[
            {"path": "htdocs/secret", "what": "Permission denied"}]))
        said.insert(2, error("1 path could not be read: the backup is incomplete", "mend what is in the way",
                             "incomplete", 3))
        said[-1]["exit_code"] = 3
        self.stand_in(*said, exit_code=3)
        self.assertEqual(self.create(), FAILED)
        self.assertIn(archive, self.controller.told("error"))
        self.assertIn("1 path could not be read", self.controller.told("error"))
        self.assertIn("htdocs/secret: Permission denied", self.controller.told("warning"))
        self.assertIn("Hint: mend what is in the way", self.controller.told("warning"))

    def test_an_incomplete_backup_is_a_failure_whatever_the_exit_code(self):
        self.stand_in(*self.succeeding(complete=False))
        self.assertEqual(self.create(), FAILED)
        self.stand_in(*self.succeeding(complete=None))
        self.assertEqual(self.create(), FAILED)

    def test_message_and_hint_are_logged_without_ending_the_program(self):
        self.stand_in(error("database dump failed: access denied", "grant it LOCK TABLES", "dump", 20),
                      {"message_type": "summary", "exit_code": 20}, exit_code=20)
        self.assertEqual(self.create(), FAILED)  # Log.error would have raised SystemExit
        self.assertEqual(self.controller.told("error"),
                         "Backup of a.example failed: database dump failed: access denied")
        self.assertEqual(self.controller.told("warning"), "Hint: grant it LOCK TABLES")

    def test_an_exit_code_alone_is_a_failure(self):
        self.stand_in(*self.succeeding(), exit_code=1)
        self.assertEqual(self.create(), FAILED)
        self.assertIn("exit code 1", self.controller.told("error"))

    def test_a_good_exit_code_alone_is_no_success(self):
        for said in ((), ("",), ("done",), ({"message_type": "summary", "exit_code": 0},), ("[1, 2]", "null"),
                     ("{\"message_type\": \"created\", \"complete\": tr",), ("[" * 100000,)):
            self.stand_in(*said)
            self.assertEqual(self.create(), FAILED, said)
        self.assertIn("said nothing that can be understood", self.controller.told("error"))

    def test_an_error_beside_a_good_end_is_a_failure(self):
        self.stand_in(*self.succeeding(), error("the verification found damage", kind="verification"))
        self.assertEqual(self.create(), FAILED)

    def test_without_a_summary_it_was_cut_short(self):
        self.stand_in(*self.succeeding()[:2])
        self.assertEqual(self.create(), FAILED)

    def test_a_killed_program_is_a_failure(self):
        self.stand_in(*self.succeeding(), then="kill -9 $$")
        self.assertEqual(self.create(), FAILED)
        self.assertIn("ended by SIGKILL", self.controller.told("error"))

    def test_an_archive_that_is_not_there_is_a_failure(self):
        said = self.succeeding()
        os.unlink(said[1]["archive"])
        self.stand_in(*said)
        self.assertEqual(self.create(), FAILED)
        said[1].pop("archive")
        self.stand_in(*said)
        self.assertEqual(self.create(), FAILED)

    def test_no_program_is_a_failure_that_says_so(self):
        os.environ["WOBACKUP_PROGRAM"] = str(self.folder / "none")
        self.assertEqual(self.create(), FAILED)
        self.assertIn("install it", self.controller.told("error"))
        self.write("none", "no program", 0o755)
        self.assertEqual(self.create(), FAILED)
        self.assertIn("Exec format error", self.controller.told("error"))

    def test_the_program_is_found_without_usr_local_bin_in_path(self):
        os.environ["PATH"] = "/nowhere"
        before = backup.PROGRAM_FOLDERS
        self.addCleanup(setattr, backup, "PROGRAM_FOLDERS", before)
        self.stand_in(*self.succeeding())
        backup.PROGRAM_FOLDERS = (os.path.dirname(os.environ.pop("WOBACKUP_PROGRAM")),)
        self.assertTrue(backup.find_program().endswith("/bin/wobackup"))

    def test_an_unusable_site_is_a_failure(self):
        self.stand_in(*self.succeeding())

        class Gone:
            sitename = "a.example"

            @property
            def site_path(self):
                raise RuntimeError("Instance is not bound to a Session")

        for site in (None, types.SimpleNamespace(), {}, 7, Gone(), self.site(sitename=None)):
            self.assertEqual(WOBackup(self.controller, site).create(), FAILED, site)
        self.assertIn("not bound to a Session", self.controller.told("error"))

    def test_unusable_arguments_are_a_failure(self):
        self.stand_in(*self.succeeding())
        for arguments in ({"reason": "a\0b"}, {"reason": "x" * (1 << 22)}, {"backup_root": 7},
                          {"backup_root": "/a\0b"}, {"metadata_extra": ["no", "dict"]},
                          {"metadata_extra": {"x": float("nan")}}, {"metadata_extra": {("a", "b"): 1}}):
            self.assertEqual(self.create(**arguments), FAILED, str(arguments)[:80])
        circle = {}
        circle["circle"] = circle
        self.assertEqual(self.create(metadata_extra=circle), FAILED)

    def test_a_backup_in_a_store_elsewhere_is_its_address(self):
        address = "s3://bucket/a.example/2025-01-20_14-25-30.tar.zst"
        self.stand_in(*self.succeeding(archive=address))
        self.assertEqual(self.create(), (True, address))
        self.stand_in({"message_type": "summary", "exit_code": 0, "sitename": "a.example"})
        self.assertEqual(WOBackup.get_backup_info(address)["archive_path"], address)
        self.assertEqual(self.given("arguments").splitlines()[-1], address)
        self.assertTrue(WOBackup(self.controller, self.site()).restore(address))
        self.assertEqual(self.given("arguments").splitlines()[2], address)

    def test_remarks_are_warnings_and_do_not_block(self):
        self.stand_in(*self.succeeding(), then="echo 'warning: htdocs/x leads outside' >&2\n"
                                               "head -c 2000000 /dev/zero | tr '\\0' x >&2")
        self.assertTrue(self.create()[0])
        self.assertLess(len(self.controller.told("warning")), 100000)
        self.stand_in(*self.succeeding(), then="echo 'warning: htdocs/x leads outside' >&2")
        self.create()
        self.assertIn("warning: htdocs/x leads outside", self.controller.told("warning"))

    def test_a_log_that_fails_stops_nothing(self):
        class Broken:
            @property
            def app(self):
                raise BrokenPipeError("nobody reads this")

        self.stand_in(*self.succeeding(), then="echo remark >&2")
        with self.assertLogs(backup.__name__):
            for controller in (None, object(), Broken()):
                self.assertTrue(WOBackup(controller, self.site()).create()[0])
        self.stand_in(error("no"), exit_code=1)
        with self.assertLogs(backup.__name__):
            self.assertEqual(WOBackup(None, self.site()).create(), FAILED)
        self.assertEqual(WOBackup(Broken(), self.site()).create(), FAILED)


class Guard(support.StandInTest):
    def guard(self, *command, **arguments):
        return WOBackup(self.controller, self.site(db_password="hush-hush")).guard(command, **arguments)

    def said(self, exit_code, rolled_back):
        return {"message_type": "summary", "archive": "/b/a.tar.zst", "rolled_back": rolled_back,
                "notes": ["a remark"], "exit_code": exit_code}

    def test_a_change_that_is_kept_is_true_and_its_backup(self):
        self.stand_in({"message_type": "phase", "phase": "change"}, self.said(0, False))
        end = self.guard("wp", "core", "update-db", backup_type=WOBackup.TYPE_DATABASE, reason="pre-db-update",
                         metadata_extra={"ticket": 42}, checks=["http", "wp"], user="www-data")
        self.assertEqual(end, (True, "/b/a.tar.zst", False))
        arguments = self.given("arguments").splitlines()
        self.assertEqual(arguments[:7], ["--json", "guard", "--type=db", "--reason=pre-db-update", "--check=http",
                                         "--check=wp", "--user=www-data"])
        self.assertEqual(arguments[-4:], ["--", "wp", "core", "update-db"])
        self.assertEqual(json.loads(self.given("metadata")), {"ticket": 42})
        self.assertEqual(self.controller.told("warning"), "a remark")

    def test_stores_are_named_and_one_that_does_not_have_it_is_told(self):
        self.stand_in({"message_type": "stored", "store": "nas", "ok": True},
                      {"message_type": "stored", "store": "offsite", "ok": False, "error": "access denied"},
                      dict(self.said(0, False), archive="sftp://nas/b/a.tar.zst"))
        end = self.guard("true", stores=["nas", "offsite"])
        self.assertEqual(end, (True, "sftp://nas/b/a.tar.zst", False))
        arguments = self.given("arguments").splitlines()
        self.assertEqual(arguments[4:6], ["--to=nas", "--to=offsite"])
        self.assertIn("offsite does not have the backup: access denied", self.controller.told("warning"))
        self.assertEqual(self.guard("true", stores="nas"), (False, None, False))

    def test_the_command_does_not_inherit_the_password(self):
        self.stand_in(self.said(0, False))
        self.assertTrue(self.guard("true").success)
        self.assertEqual(json.loads(self.given("site"))["db_password"], "hush-hush")
        self.assertEqual(self.given("stdin"), "")
        self.assertNotIn("hush", self.given("arguments"))

    def test_a_change_that_was_taken_back_says_so(self):
        self.stand_in(error("exit status 1; rolled back", "restore --undo", "rolled_back", 22), self.said(22, True),
                      exit_code=22)
        self.assertEqual(self.guard("false"), (False, "/b/a.tar.zst", True))
        self.assertIn("exit status 1; rolled back", self.controller.told("error"))

    def test_what_was_not_begun_has_no_backup(self):
        self.stand_in(error("no space", kind="no_space", exit_code=23), {"message_type": "summary", "exit_code": 23},
                      exit_code=23)
        self.assertEqual(self.guard("true"), (False, None, False))
        for command in ("a text", [], None):
            self.assertEqual(WOBackup(self.controller, self.site()).guard(command), (False, None, False))
        self.assertEqual(WOBackup(self.controller, None).guard(["true"]), (False, None, False))


class Interrupted(support.StandInTest):
    """Ctrl-C is meant for the whole program: it is passed on after wobackup has cleaned up."""

    def interrupt(self, handler, expected):
        self.stand_in(then=f"trap 'echo cleaned > {self.folder}/given/cleaned; exit 130' TERM\n"
                           f"echo > '{self.folder}/given/ready'\nwhile :; do sleep 0.05; done")
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, handler))

        def send():
            while not (self.folder / "given/ready").exists():
                time.sleep(0.02)
            time.sleep(0.5)  # for Popen to return: nobody can end a program that is still being started
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=send)
        thread.start()
        with self.assertRaises(expected):
            WOBackup(self.controller, self.site()).create()
        thread.join()
        self.assertTrue((self.folder / "given/cleaned").exists())

    def test_a_keyboard_interrupt_ends_wobackup_first(self):
        self.interrupt(signal.default_int_handler, KeyboardInterrupt)

    def test_so_does_what_cement_makes_of_it(self):
        from cement.core.exc import CaughtSignal

        def handler(*_):
            raise CaughtSignal("Caught signal 2")

        self.interrupt(handler, CaughtSignal)


class ListAndInfo(support.StandInTest):
    def test_the_list_has_usable_archives_in_the_given_order(self):
        def snapshot(name, **more):
            return {"message_type": "snapshot", "archive": f"/b/a.example/{name}.tar.zst", "good": True, **more}

        self.stand_in(snapshot("3"), snapshot("2_incomplete", good=False), snapshot("1"),
                      {"message_type": "summary", "snapshots": 3, "exit_code": 0})
        self.assertEqual(WOBackup.list_backups("/b", "a.example"),
                         ["/b/a.example/3.tar.zst", "/b/a.example/1.tar.zst"])
        self.assertEqual(self.given("arguments"), "--json\nlist\na.example\n--path=/b\n")
        self.assertEqual(len(WOBackup.list_backups("/b", "a.example", usable_only=False)), 3)

    def test_no_such_site_is_an_empty_list(self):
        self.stand_in(error("there is no site a.example", kind="not_found", exit_code=10), exit_code=10)
        self.assertEqual(WOBackup.list_backups(None, "a.example"), [])

    def test_what_fails_is_an_empty_list_and_told(self):
        self.stand_in(error("the registry is damaged", "mend it"), exit_code=1)
        with self.assertLogs(backup.__name__, "WARNING") as told:
            self.assertEqual(WOBackup.list_backups("/b", "a.example"), [])
        self.assertIn("the registry is damaged", str(told.output))
        self.assertIn("mend it", str(told.output))

    def test_info_is_the_summary_with_the_given_path(self):
        archive = self.write("a.tar.zst")
        self.stand_in({"message_type": "summary", "sitename": "a.example", "archive_size": 5, "archive_path": "?",
                       "exit_code": 0})
        self.assertEqual(WOBackup.get_backup_info(str(archive)),
                         {"sitename": "a.example", "archive_size": 5, "archive_path": str(archive)})
        self.assertEqual(self.given("arguments"), f"--json\ninfo\n{archive}\n")

    def test_info_of_what_cannot_be_read_is_none(self):
        self.assertIsNone(WOBackup.get_backup_info(str(self.folder / "none.tar.zst")))
        archive = self.write("a.tar.zst")
        self.stand_in(error("a.tar.zst is no archive", kind="verification", exit_code=21), exit_code=21)
        with self.assertLogs(backup.__name__):
            self.assertIsNone(WOBackup.get_backup_info(archive))
        self.assertIsNone(WOBackup.get_backup_info("a\0b"))
        for path in (None, 7):
            with self.assertLogs(backup.__name__):
                self.assertIsNone(WOBackup.get_backup_info(path))


class SharedFunctions(support.StandInTest):
    def test_metadata_has_the_fields_of_vhost_json_and_no_password(self):
        site = self.site(created_on=datetime.datetime(2024, 5, 1), is_ssl=True, db_name="db", db_password="hush")
        metadata = backup.collect_site_metadata(self.controller, site, "a.example")
        self.assertEqual(list(metadata), list(backup.SITE_FIELDS))
        self.assertEqual((metadata["is_ssl"], metadata["created_on"]), (1, "2024-05-01T00:00:00"))
        self.assertNotIn("hush", json.dumps(metadata))
        self.assertEqual(backup.collect_site_metadata(self.controller, None), {})

    def test_a_site_archive_is_a_full_backup(self):
        self.stand_in(*self.succeeding())
        archive = backup.create_site_archive(self.controller, self.site(), "/mnt", "nightly", {"x": 1})
        self.assertTrue(archive.endswith(".tar.zst"))
        for word in ("--type=full", "--path=/mnt", "--reason=nightly"):
            self.assertIn(word, self.given("arguments"))
        self.assertEqual(json.loads(self.given("metadata")), {"x": 1})

    def test_a_folder_is_no_site_to_be_archived(self):
        self.stand_in(*self.succeeding())
        self.assertIsNone(backup.create_site_archive(self.controller, str(self.folder), "2025-01-20_14-25-30"))
        self.assertIn("is not a site but text", self.controller.told("error"))

    def test_a_database_that_fails_is_false(self):
        site = self.site(site_type="wp", db_name="db")
        self.stand_in(error("the dump failed"), exit_code=20)
        self.assertIs(backup.create_database_backup(self.controller, site, str(self.folder), "a.example"), False)
        self.stand_in(*self.succeeding(), then="case $2 in restore) exit 21 ;; esac")
        self.assertIs(backup.create_database_backup(self.controller, site), True)
        self.assertIs(backup.create_database_backup(self.controller, site, str(self.folder), "a.example"), False)
        self.assertIs(backup.create_database_backup(self.controller, None, str(self.folder)), False)

    def test_a_site_without_a_database_needs_none(self):
        self.assertIs(backup.create_database_backup(self.controller, self.site(), str(self.folder)), True)


class Source(unittest.TestCase):
    def test_it_is_python_3_9(self):
        import ast
        files = [support.INTEGRATION / "wo/core/backup.py", support.INTEGRATION / "plugins/wobackup.py",
                 support.PROJECT / "scripts/install-wordops-plugin",
                 *(support.PROJECT / "examples/wordops").glob("*.py")]
        for path in files:
            ast.parse(path.read_text(), str(path), feature_version=(3, 9))

    def test_it_needs_the_standard_library_only(self):
        program = ("import sys; sys.path[:0] = sys.argv[1:]; import wo.core.backup; "
                   "print(*sorted(m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)))")
        ran = subprocess.run([sys.executable, "-S", "-B", "-c", program, str(support.INTEGRATION)], check=True,
                             capture_output=True, text=True)
        self.assertNotIn("-packages", ran.stdout)


if __name__ == "__main__":
    unittest.main()
