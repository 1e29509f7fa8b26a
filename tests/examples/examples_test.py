"""Each example as a compiled program and as Python, on a site in a scratch folder."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "wordops"))
import support  # noqa: E402

PROGRAMS = os.environ.get("WOBACKUP_EXAMPLES", "")


class ExampleTest(support.RealTest):
    """`for run in self.languages()`: run(example, arguments...) -> what it printed."""

    def setUp(self):
        super().setUp()
        self.assertTrue(PROGRAMS, "WOBACKUP_EXAMPLES names no folder")
        os.environ["WOBACKUP_REGISTRY"] = str(self.registry)

    def give_to_the_sites_user(self):
        """Who runs what is guarded."""
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "www-data:", self.folder / "www"], check=True)

    def languages(self):
        for language, command in (("C++", lambda name: [os.path.join(PROGRAMS, name)]),
                                  ("Python", lambda name: [sys.executable, "-B",
                                                           str(support.PROJECT / f"examples/wordops/{name}.py")])):
            with self.subTest(language):
                yield lambda name, *arguments, exit_code=0: self.run_it(command(name), arguments, exit_code)

    def run_it(self, command, arguments, exit_code):
        ran = subprocess.run(command + list(map(str, arguments)), capture_output=True, text=True,
                             stdin=subprocess.DEVNULL)
        self.assertEqual(ran.returncode, exit_code, f"{command} {arguments}\n{ran.stdout}{ran.stderr}")
        return ran.stdout

    def archive_of(self, said):
        """Of an example that prints its backup's path before it changes something."""
        self.assertTrue(said.startswith("backup: /"), said)
        return said.splitlines()[0].split(": ", 1)[1]

    def info(self, archive):
        ran = subprocess.run([support.COMMAND, "--json", "info", archive], check=True, capture_output=True, text=True)
        return json.loads(ran.stdout)


class Examples(ExampleTest):
    def setUp(self):
        super().setUp()
        self.info_of_site = self.register(self.make_site(site_type="php"))
        self.page = pathlib.Path(self.info_of_site.site_path, "htdocs/index.html")
        self.give_to_the_sites_user()

    def test_manual_backup_tells_what_is_known_of_it(self):
        for run in self.languages():
            info = json.loads(run("manual_backup", "a.example"))
            self.assertEqual((info["sitename"], info["backup_type"]), ("a.example", "full"))
            self.assertEqual(info["backup_reason"], "manual-backup")
            self.assertTrue(os.path.isfile(info["archive_path"]))
            self.assertEqual(json.loads(run("manual_backup", "a.example", "files"))["backup_type"], "files")

    def test_an_update_that_works_is_kept(self):
        for run in self.languages():
            self.page.write_text("before")
            said = run("pre_update", "a.example", "--", "sh", "-c", 'echo "$1" > "$2"', "-", "after", self.page)
            self.assertEqual(self.page.read_text(), "after\n")
            info = self.info(self.archive_of(said))
            self.assertEqual((info["backup_type"], info["backup_reason"]), ("pre-autoupdate", "pre-autoupdate"))
            self.assertEqual(info["pending_updates"]["plugins"][0]["to"], "5.3")
            self.assertIn("autoupdate_timestamp", info)

    def test_an_update_that_fails_is_taken_back(self):
        for run in self.languages():
            self.page.write_text("before")
            run("pre_update", "a.example", "--", "sh", "-c", 'echo broken > "$1"; exit 1', "-", self.page, exit_code=22)
            self.assertEqual(self.page.read_text(), "before")

    def test_a_change_of_files_is_behind_a_backup_of_the_files(self):
        for run in self.languages():
            self.page.write_text("before")
            said = run("pre_file_change", "a.example", "--", "rm", self.page)
            self.assertFalse(self.page.exists())
            info = self.info(self.archive_of(said))
            self.assertEqual((info["backup_type"], info["operation"]), ("files", "file_update"))
            self.page.write_text("before")
            run("pre_file_change", "a.example", "--", "sh", "-c", 'rm "$1"; kill -9 $$', "-", self.page, exit_code=22)
            self.assertEqual(self.page.read_text(), "before")

    def test_nothing_is_changed_without_a_good_backup(self):
        os.environ["WOBACKUP_MIN_FREE"] = "1000T"
        for run, no_space in zip(self.languages(), (23, 1)):
            for example in ("pre_update", "pre_file_change"):
                run(example, "a.example", "--", "rm", self.page, exit_code=no_space)
            self.assertEqual(self.page.read_text(), "hello")

    def test_a_custom_location_is_listed_newest_first(self):
        for run in self.languages():
            root = self.folder / "disk"
            first = run("custom_location", "a.example", root).splitlines()
            both = run("custom_location", "a.example", root).splitlines()
            self.assertEqual(both[1:], first)
            self.assertTrue(both[0].startswith(f"{root}/a.example/"))
            subprocess.run(["rm", "-r", root], check=True)

    def test_an_unknown_site_is_an_error(self):
        for run, not_found in zip(self.languages(), (10, 1)):
            run("manual_backup", "b.example", exit_code=not_found)
