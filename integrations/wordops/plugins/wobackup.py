"""
wo site backup|restore|autoupdate: the commands of wobackup under WordOps.

    wo site backup example.com --db       wobackup create example.com --db
    wo site restore example.com ...       wobackup restore example.com ...
    wo site autoupdate run --all          wobackup autoupdate run --all

Arguments are passed on as they are: `wo site backup --help` shows wobackup's
help. wobackup then runs in the place of wo, so that its questions, Ctrl-C
and the exit code are its own.

Installed by wobackup's install-wordops-plugin.
"""
import os
import signal
import sys

from cement.core.controller import CementBaseController
from cement.core.exc import FrameworkError

from wo.core.logging import Log


def hand_over(controller, command):
    """Becomes wobackup. Comes back only if there is no such program."""
    arguments = [command]
    for argument in controller.app.argv:
        # What wo calls debug output.
        arguments.append('-vv' if argument == '--debug' else argument)
    try:
        # Not at the top: an update of WordOps may have taken that file away,
        # and a plugin that cannot be loaded would stop every wo command.
        from wo.core.backup import find_program
        program = find_program()
        Log.debug(controller, 'handing over to {0} {1}'
                  .format(program, command))
        sys.stdout.flush()
        sys.stderr.flush()
        # Python ignores these two; a program expects their defaults.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        os.execv(program, [program] + arguments)
    except ImportError:
        Log.error(controller, 'wo/core/backup.py is missing: run '
                  'install-wordops-plugin of wobackup again')
    except OSError as error:
        Log.error(controller, 'Unable to run wobackup: {0}'.format(error))


class WOSiteWobackupController(CementBaseController):
    """What the three have in common. Not registered itself."""

    class Meta:
        stacked_on = 'site'
        stacked_type = 'nested'

    def _dispatch(self):
        # Cement leaves it to the controller whether arguments are parsed.
        hand_over(self, self._meta.command)


class WOSiteBackupController(WOSiteWobackupController):
    class Meta:
        label = 'backup'
        command = 'create'
        description = 'Back up websites: files, settings and database'


class WOSiteRestoreController(WOSiteWobackupController):
    class Meta:
        label = 'restore'
        command = 'restore'
        description = 'Restore a website, or a part of it, from a backup'


class WOSiteAutoUpdateController(WOSiteWobackupController):
    class Meta:
        label = 'autoupdate'
        command = 'autoupdate'
        description = ('Update WordPress, plugins and themes; backed up '
                       'before, checked, taken back on failure')


def load(app):
    """
    Called by Cement. Takes the place of `wo site` commands of these names;
    a command elsewhere that has the name is left alone.
    """
    for controller in (WOSiteBackupController, WOSiteRestoreController,
                       WOSiteAutoUpdateController):
        label = controller.Meta.label
        try:
            if app.handler.registered('controller', label):
                other = app.handler.get('controller', label)()
                if other._meta.stacked_on != 'site':
                    raise FrameworkError('the name is taken by `wo {0}`'
                                         .format(label))
            app.handler.register(controller, force=True)
        except FrameworkError as error:
            app.log.warning('wobackup: no `wo site {0}`: {1}'
                            .format(label, error))
