"""scripts/install-wordops-plugin, in a root of its own."""

import os
import subprocess
import sys

import support

SCRIPT = support.PROJECT / "scripts/install-wordops-plugin"
DROP_IN = (support.INTEGRATION / "wo/core/backup.py").read_text()
PLUGIN = (support.INTEGRATION / "plugins/wobackup.py").read_text()


class Installer(support.ScratchTest):
    def setUp(self):
        super().setUp()
        self.root = self.folder / "root"
        self.package = self.wordops("opt/wo/lib/python3.11/site-packages/wo")
        self.drop_in = self.package / "core/backup.py"
        self.plugin = self.root / "var/lib/wo/plugins/wobackup.py"
        self.settings = self.root / "etc/wo/plugins.d/wobackup.conf"

    def wordops(self, place):
        self.write(f"root/{place}/core/logging.py")
        return self.root / place

    def run_script(self, *arguments, exit_code=0):
        ran = subprocess.run([sys.executable, "-B", str(SCRIPT), "--root", str(self.root), *arguments],
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, exit_code, ran.stdout + ran.stderr)
        return ran.stdout + ran.stderr

    def everything(self):
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_dir())

    def test_puts_the_files_in_their_places_for_everybody_to_read(self):
        self.run_script()
        self.assertEqual(self.drop_in.read_text(), DROP_IN)
        self.assertEqual(self.plugin.read_text(), PLUGIN)
        self.assertIn("enable_plugin = true", self.settings.read_text())
        for path in (self.drop_in, self.plugin, self.settings):
            self.assertEqual(path.stat().st_mode & 0o7777, 0o644)

    def test_again_changes_nothing(self):
        self.run_script()
        before = [(name, (self.root / name).stat().st_mtime_ns) for name in self.everything()]
        self.run_script()
        self.assertEqual([(name, (self.root / name).stat().st_mtime_ns) for name in self.everything()], before)

    def test_an_older_one_of_ours_is_replaced(self):
        self.run_script()
        self.plugin.write_text(PLUGIN + "# older\n")
        self.run_script()
        self.assertEqual(self.plugin.read_text(), PLUGIN)
        self.assertNotIn("before-wobackup", str(self.everything()))

    def test_switched_off_stays_switched_off(self):
        self.run_script()
        self.settings.write_text(self.settings.read_text().replace("= true", "= false"))
        self.run_script()
        self.assertIn("enable_plugin = false", self.settings.read_text())

    def test_a_file_that_is_not_ours_is_kept_and_comes_back(self):
        self.drop_in.write_text("class WOBackup: pass  # of a fork\n")
        before = self.everything()
        self.assertIn("kept", self.run_script())
        self.assertEqual(self.drop_in.read_text(), DROP_IN)
        kept = self.package / "core/backup.py.before-wobackup.1"
        self.assertIn("of a fork", kept.read_text())
        self.run_script()
        self.run_script("--uninstall")
        self.assertIn("of a fork", self.drop_in.read_text())
        self.assertEqual(self.everything(), before)

    def test_what_an_update_of_wordops_brought_is_kept_beside_what_was_kept_before(self):
        self.drop_in.write_text("first\n")
        self.run_script()
        self.drop_in.write_text("second\n")
        self.run_script()
        self.run_script("--uninstall")
        self.assertEqual(self.drop_in.read_text(), "second\n")
        self.assertEqual((self.package / "core/backup.py.before-wobackup.1").read_text(), "first\n")

    def test_a_link_is_replaced_and_what_it_leads_to_is_not(self):
        target = self.write("target.py", "not ours\n")
        self.plugin.parent.mkdir(parents=True)
        self.plugin.symlink_to(target)
        self.run_script()
        self.assertFalse(self.plugin.is_symlink())
        self.assertEqual(target.read_text(), "not ours\n")
        self.run_script("--uninstall")
        self.assertTrue(self.plugin.is_symlink())

    def test_takes_out_what_it_put_there_and_nothing_else(self):
        before = self.everything()
        self.run_script()
        self.write("root/opt/wo/lib/python3.11/site-packages/wo/core/__pycache__/backup.cpython-311.pyc")
        self.run_script("--uninstall")
        self.assertEqual(self.everything(), before)
        self.run_script("--uninstall")
        self.drop_in.write_text("not ours\n")
        self.assertIn("is not ours", self.run_script("--uninstall"))
        self.assertEqual(self.drop_in.read_text(), "not ours\n")

    def test_takes_the_plugin_out_when_wordops_is_gone(self):
        self.run_script()
        for path in sorted(self.package.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self.run_script("--uninstall")
        self.assertEqual(self.everything(), [])

    def test_finds_wordops_by_its_command(self):
        other = self.wordops("srv/venv/lib/python3.12/site-packages/wo")
        self.write("root/usr/local/bin/wo", "#!/srv/venv/bin/python3\n")
        self.run_script()
        self.assertTrue((other / "core/backup.py").exists())
        self.assertFalse(self.drop_in.exists())

    def test_installs_for_each_python_that_wordops_is_there_for(self):
        other = self.wordops("opt/wo/lib/python3.9/site-packages/wo")
        self.run_script()
        self.assertTrue(self.drop_in.exists() and (other / "core/backup.py").exists())

    def test_the_package_can_be_named(self):
        other = self.wordops("home/wo")
        self.run_script("--wo", str(other))
        self.assertTrue((other / "core/backup.py").exists())
        self.assertIn("no folder core", self.run_script("--wo", str(self.folder), exit_code=1))

    def test_uses_the_folders_that_wo_conf_names(self):
        self.write("root/etc/wo/wo.conf", "[wo]\n# plugin_dir = /no\nplugin_dir = /srv/plugins/\n")
        self.run_script()
        self.assertTrue((self.root / "srv/plugins/wobackup.py").exists())

    def test_without_wordops_nothing_is_installed(self):
        for path in sorted(self.package.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self.assertIn("name its Python package with --wo", self.run_script(exit_code=1))
        self.assertEqual(self.everything(), [])

    def test_what_was_installed_can_be_imported(self):
        self.run_script()
        program = "import sys; sys.path.insert(0, sys.argv[1]); from wo.core.backup import WOBackup; print(WOBackup)"
        ran = subprocess.run([sys.executable, "-B", "-c", program, os.path.dirname(self.package)], check=True,
                             capture_output=True, text=True)
        self.assertIn("wo.core.backup.WOBackup", ran.stdout)
