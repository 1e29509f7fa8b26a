"""wo site backup|restore|autoupdate: registered in Cement, and handed over to wobackup."""

import os
import signal
import subprocess
import sys
import types

import support
from cement.core.controller import CementBaseController
from cement.core.exc import FrameworkError

sys.path.insert(0, str(support.INTEGRATION / "plugins"))
import wobackup as plugin  # noqa: E402

# As `wo` does it: finds the controller that is registered under the word, and lets it dispatch the rest.
WO = """
import sys, types
sys.path[:0] = sys.argv[1].split(":")
import support, wobackup
registered = {}
handler = types.SimpleNamespace(registered=lambda *_: False,
                                register=lambda each, force=False: registered.update({each.Meta.label: each}))
controller = support.Controller()
app = types.SimpleNamespace(handler=handler, log=controller.app.log, argv=sys.argv[3:], close=sys.exit)
wobackup.load(app)
command = registered[sys.argv[2]]()
command.app = app
print("before")
command._dispatch()
print("after")
"""


class HandOver(support.StandInTest):
    def wo(self, command, *arguments, **more):
        folders = (support.PROJECT / "tests/wordops", support.FAKES, support.INTEGRATION / "plugins",
                   support.INTEGRATION)
        return subprocess.run([sys.executable, "-B", "-c", WO, ":".join(map(str, folders)), command, *arguments],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)

    def test_each_command_becomes_wobackups_with_its_arguments(self):
        self.stand_in("made a backup", exit_code=3)
        for command, word in (("backup", "create"), ("restore", "restore"), ("autoupdate", "autoupdate")):
            ran = self.wo(command, "a.example", "--meta", "x=a b", "--", "--weird", "")
            self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (3, "before\nmade a backup\n", ""))
            self.assertEqual(self.given("arguments"), f"{word}\na.example\n--meta\nx=a b\n--\n--weird\n\n")

    def test_help_is_wobackups(self):
        self.stand_in("usage: wobackup create ...")
        self.assertIn("usage: wobackup create", self.wo("backup", "--help").stdout)
        self.assertEqual(self.given("arguments"), "create\n--help\n")

    def test_debug_output_of_wo_is_verbose_output_of_wobackup(self):
        self.stand_in()
        self.wo("backup", "a.example", "--debug")
        self.assertEqual(self.given("arguments"), "create\na.example\n-vv\n")

    def test_signals_are_as_a_program_expects_them(self):
        self.stand_in(then=f"grep SigIgn /proc/self/status > '{self.folder}/given/ignored'")
        self.wo("backup", restore_signals=False)
        ignored = int(self.given("ignored").split()[1], 16)
        self.assertEqual(ignored & (1 << (signal.SIGPIPE - 1)), 0)

    def test_no_program_is_an_error(self):
        os.environ["WOBACKUP_PROGRAM"] = str(self.folder / "none")
        ran = self.wo("backup", "a.example")
        self.assertEqual(ran.returncode, 1)
        self.assertIn("Unable to run wobackup", ran.stdout)
        self.assertNotIn("after", ran.stdout)


class Load(support.ScratchTest):
    """A plugin that raises while it is loaded would stop every wo command."""

    def app(self, there=None):
        registered = {"backup": there} if there else {}

        def register(controller, force=False):
            label = controller.Meta.label
            if label in registered and not force:
                raise FrameworkError(label + " is registered")
            registered[label] = controller

        handler = types.SimpleNamespace(register=register, registered=lambda _, label: label in registered,
                                        get=lambda _, label: registered[label])
        return types.SimpleNamespace(handler=handler, log=self.controller, registered=registered)

    def test_the_commands_are_nested_below_site(self):
        app = self.app()
        plugin.load(app)
        self.assertEqual(sorted(app.registered), ["autoupdate", "backup", "restore"])
        for controller in app.registered.values():
            meta = controller()._meta
            self.assertEqual((meta.stacked_on, meta.stacked_type), ("site", "nested"))
            self.assertTrue(meta.description)

    def test_a_command_of_wo_site_is_replaced(self):
        class Other(CementBaseController):
            class Meta:
                label = "backup"
                stacked_on = "site"

        app = self.app(Other)
        plugin.load(app)
        self.assertIs(app.registered["backup"], plugin.WOSiteBackupController)

    def test_one_elsewhere_is_left_alone_and_the_rest_works(self):
        class Other(CementBaseController):
            class Meta:
                label = "backup"
                stacked_on = "base"

        app = self.app(Other)
        plugin.load(app)
        self.assertIs(app.registered["backup"], Other)
        self.assertIn("restore", app.registered)
        self.assertIn("taken by `wo backup`", self.controller.told("warning"))
