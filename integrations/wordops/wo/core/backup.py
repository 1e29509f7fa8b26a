"""
WordOps backup service: a thin layer over the command `wobackup`.

Every backup of a site goes through it: nothing here copies a file or dumps
a table. Only Python's standard library is needed, 3.9 or newer.

    from wo.core.backup import WOBackup

    success, archive = WOBackup(self, siteinfo).create(
        backup_type=WOBackup.TYPE_DATABASE, reason='pre-db-update')
    if not success:
        return 1  # nothing was changed, and the reason is logged

What fails is logged through the controller and returned; nothing raises but
what ends the whole program (Ctrl-C, SystemExit, Cement's CaughtSignal).

Installed by wobackup's install-wordops-plugin.
"""
import base64
import contextlib
import datetime
import fcntl
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

PROGRAM = 'wobackup'

# Cron's PATH has no /usr/local/bin.
PROGRAM_FOLDERS = ('/usr/local/sbin', '/usr/local/bin', '/usr/sbin',
                   '/usr/bin')

# The registry's columns, as wobackup names them in vhost.json.
SITE_FIELDS = ('id', 'sitename', 'site_type', 'cache_type', 'site_path',
               'created_on', 'is_enabled', 'is_ssl', 'storage_fs',
               'storage_db', 'db_name', 'db_user', 'db_host', 'php_version')

TYPES_WITHOUT_DATABASE = ('html', 'php', 'proxy', 'alias', 'subsite')

# How many remarks of one run are worth a log's lines.
MOST_REMARKS = 20

# How long an interrupted wobackup may take to clean up.
SECONDS_TO_END = 30


class Guarded(NamedTuple):
    """How a guarded change ended."""

    success: bool
    archive: Optional[str]  # the backup; None if there was no good one
    rolled_back: bool       # what was backed up is in place again


class WOBackup:
    """Backups of one site."""

    TYPE_FULL = 'full'
    TYPE_DATABASE = 'db'
    TYPE_FILES = 'files'

    def __init__(self, controller, siteinfo):
        """
        controller: a WordOps controller; messages are logged through it.
        siteinfo: what getSiteInfo() returns, or any object or dict with the
        registry's fields. sitename and site_path are needed. The site need
        not be in the registry.
        """
        self.controller = controller
        self.siteinfo = siteinfo
        try:
            self.site_name = str(_field(siteinfo, 'sitename') or '')
        except Exception:
            self.site_name = ''  # create() says what is wrong with it

    def create(self, backup_type: str = TYPE_FULL,
               backup_root: Optional[str] = None,
               reason: str = 'manual',
               metadata_extra: Optional[Dict[str, Any]] = None
               ) -> Tuple[bool, Optional[str]]:
        """
        Makes a backup. Returns (True, path of the archive) only if it is
        complete and published; else (False, None), and the log tells why.

        A backup that lacks files which could not be read is a failure, too:
        its archive is kept, and the log names it.

        backup_root: archives go to <backup_root>/<site>/; default: what
        wobackup's config says, else <site_path>/backup.
        metadata_extra: goes into the archive's vhost.json. It may replace
        backup_type, but no facts of the site.
        """
        def work():
            return self._create(backup_type, backup_root, reason,
                                metadata_extra)

        archive = _attempt(self.controller, 'Backup of {0} failed'
                           .format(self.site_name or 'a site'), work)
        return archive is not None, archive

    def restore(self, archive_path: str, backup_type: str = TYPE_FULL) -> bool:
        """
        Replaces the site's files and database, or one of them, by what is in
        the archive: all or nothing, and `wobackup restore --undo` takes it
        back. wobackup must know the site from the registry or its config.
        """
        def work():
            command = ['restore', _backup(archive_path), '--in-place',
                       '--yes']
            if backup_type == self.TYPE_DATABASE:
                command.append('--db')
            elif backup_type == self.TYPE_FILES:
                command.append('--files')
            elif backup_type != self.TYPE_FULL:
                raise _Failed('"{0}" is not a type of backup'
                              .format(backup_type))
            said = _run(self.controller, command)
            said.require_success()
            return True

        return bool(_attempt(self.controller, 'Restore of {0} failed'
                             .format(self.site_name or 'a site'), work))

    def guard(self, command: Sequence[str],
              backup_type: str = TYPE_FULL,
              backup_root: Optional[str] = None,
              reason: str = 'pre-change',
              metadata_extra: Optional[Dict[str, Any]] = None,
              checks: Sequence[str] = (),
              user: Optional[str] = None,
              stores: Sequence[str] = ()) -> Guarded:
        """
        Backs up, runs a command, and checks the site; what was backed up is
        restored if the command or a check fails. Nothing is changed without
        a good backup. The log tells what went wrong.

        command: an argument vector, run in the site's folder as the owner of
        htdocs, or as `user`. Its output goes to standard error.
        checks: as of `wobackup guard --check`; default: wobackup's.
        stores: as of `wobackup guard --to`: names, URLs, 'local'; default:
        wobackup's. A store that does not have the backup, where another
        one has it, is only logged. The backup that is returned may be an
        address, such as 's3://...'.
        """
        found = []

        def work():
            self._guard(command, backup_type, backup_root, reason,
                        metadata_extra, checks, user, stores, found)
            return True

        success = bool(_attempt(self.controller, 'The change of {0} failed'
                                .format(self.site_name or 'a site'), work))
        summary = found[-1] if found else {}
        archive = _archive_of(summary) if summary.get('archive') else None
        return Guarded(success, archive, bool(summary.get('rolled_back')))

    @staticmethod
    def list_backups(backup_root: Optional[str], site_name: str,
                     usable_only: bool = True) -> List[str]:
        """
        Paths of a site's archives, newest first. What must not stand for
        the site is left out unless usable_only is False: what is incomplete
        or damaged, and what a restore in place has displaced. backup_root
        None means the site's default.
        """
        def work():
            command = ['list', str(site_name)]
            if backup_root:
                command.append('--path=' + _path(backup_root))
            said = _run(None, command)
            said.require_success(but=('not_found',))
            return [_archive_of(each) for each in said.all('snapshot')
                    if each.get('good') or not usable_only]

        return _attempt(None, 'No list of the backups of {0}'
                        .format(site_name), work) or []

    @staticmethod
    def get_backup_info(archive_path: str) -> Optional[Dict[str, Any]]:
        """
        What is known of an archive: the fields of its vhost.json, and
        archive_path, archive_size (bytes), archive_mtime (seconds since
        1970), complete, indexed, verified. None if it cannot be read.
        """
        def work():
            path = _backup(archive_path)
            if not _is_address(path) and not os.path.exists(path):
                return None
            said = _run(None, ['info', path])
            said.require_success()
            info = said.last('summary')
            for key in ('message_type', 'exit_code'):
                info.pop(key, None)
            info['archive_path'] = path
            return info

        return _attempt(None, 'Cannot read {0!s}'.format(archive_path), work)

    def _create(self, backup_type, backup_root, reason, metadata_extra):
        command = ['create', '--type={0!s}'.format(backup_type or 'full'),
                   '--reason={0!s}'.format(reason or 'manual')]
        if backup_root:
            command.append('--path=' + _path(backup_root))
        said = _run(self.controller, command, site=_site_record(self.siteinfo),
                    metadata=_metadata(metadata_extra))
        created = said.last('created')
        if created is not None:
            self._tell_notes('Not in the backup: ', created.get('unreadable'))
            self._tell_notes('', created.get('notes'))
        if created is not None and not created.get('complete'):
            raise said.failure('{0} is incomplete'
                               .format(_archive_of(created)))
        said.require_success()
        if created is None:
            raise _Failed('wobackup made no archive, and does not say why')
        archive = _archive_of(created)
        if not _is_address(archive) and not os.path.isfile(archive):
            raise _Failed('{0} is not there'.format(archive))
        _tell(self.controller, 'debug', 'Backup of {0}: {1}'
              .format(self.site_name, archive))
        return archive

    def _guard(self, command, backup_type, backup_root, reason,
               metadata_extra, checks, user, stores, found):
        if isinstance(command, (str, bytes)) or not command:
            raise _Failed('the command is no list of words')
        arguments = ['guard', '--type={0!s}'.format(backup_type or 'full'),
                     '--reason={0!s}'.format(reason or 'pre-change')]
        if backup_root:
            arguments.append('--path=' + _path(backup_root))
        arguments += ['--check={0!s}'.format(check) for check in checks]
        if user is not None:
            arguments.append('--user={0!s}'.format(user))
        if isinstance(stores, (str, bytes)):
            raise _Failed('the stores are no list of names')
        arguments += ['--to={0!s}'.format(store) for store in stores]
        said = _run(self.controller, arguments,
                    site=_site_record(self.siteinfo),
                    metadata=_metadata(metadata_extra),
                    behind=[os.fsdecode(word) for word in command])
        summary = said.last('summary')
        if summary is not None:
            found.append(summary)
        for note in ((summary or {}).get('notes') or [])[:MOST_REMARKS]:
            _tell(self.controller, 'warn', note)
        for stored in said.all('stored'):
            if not stored.get('ok'):
                _tell(self.controller, 'warn', '{0} does not have the backup:'
                      ' {1}'.format(stored.get('store'), stored.get('error')))
        said.require_success()

    def _tell_notes(self, before, notes):
        """What a file that vanished, or a link out of the site, is told as."""
        for note in (notes or [])[:MOST_REMARKS]:
            _tell(self.controller, 'warn', '{0}{1}: {2}'.format(
                before, note.get('path'), note.get('what')))
        if len(notes or []) > MOST_REMARKS:
            _tell(self.controller, 'warn', '{0} more; `wobackup info` shows '
                  'them'.format(len(notes) - MOST_REMARKS))


def create_database_backup(controller, siteinfo, target_dir=None,
                           site_name=None) -> bool:
    """
    A backup of a site's database; True if it is whole. With target_dir its
    dump also lies there, as plain <site>.sql (.sqlite if it is SQLite), mode
    0600. A site of a type without database needs none: True, and no backup.
    """
    service = WOBackup(controller, siteinfo)
    name = site_name or service.site_name or 'a site'

    def work():
        record = _site_record(siteinfo)
        if not record['db_name'] and (
                record['site_type'] in TYPES_WITHOUT_DATABASE):
            _tell(controller, 'debug', '{0} has no database'.format(name))
            return True
        success, archive = service.create(WOBackup.TYPE_DATABASE,
                                          reason='database-backup')
        if success and target_dir:
            _run(controller, ['restore', archive, '--db',
                              '--target=' + _path(target_dir)]
                 ).require_success()
        return success

    return bool(_attempt(controller, 'Database backup of {0} failed'
                         .format(name), work))


def collect_site_metadata(controller, siteinfo,
                          site_name=None) -> Dict[str, Any]:
    """
    The facts of a site as they stand in an archive's vhost.json. The
    database's password is not among them. Empty if siteinfo is unusable.
    """
    def work():
        record = _site_record(siteinfo)
        record.pop('db_password', None)
        for key in ('is_enabled', 'is_ssl'):
            if isinstance(record.get(key), bool):
                record[key] = int(record[key])
        if site_name:
            record['sitename'] = str(site_name)
        return {key: record.get(key) for key in SITE_FIELDS}

    return _attempt(controller, 'No metadata of the site', work) or {}


def create_site_archive(controller, siteinfo, backup_root=None,
                        reason='manual', metadata_extra=None
                        ) -> Optional[str]:
    """
    A full backup of a site: the archive's path, or None. There is no folder
    to be filled before, as there was: files go straight into the archive.
    """
    return WOBackup(controller, siteinfo).create(
        WOBackup.TYPE_FULL, backup_root, reason, metadata_extra)[1]


def find_program() -> str:
    """Path of wobackup. Raises FileNotFoundError that says what to do."""
    named = os.environ.get('WOBACKUP_PROGRAM')
    path = shutil.which(named or PROGRAM) or (None if named else shutil.which(
        PROGRAM, path=os.pathsep.join(PROGRAM_FOLDERS)))
    if path is None:
        raise FileNotFoundError('the program {0} is not there: install it, '
                                'or name it in WOBACKUP_PROGRAM'
                                .format(named or PROGRAM))
    return path


class _Failed(Exception):
    """What is to be logged: what happened, and what to do about it."""

    def __init__(self, message, hint=''):
        super().__init__(message)
        self.message = str(message)
        self.hint = str(hint or '')


class _Said:
    """What a run of wobackup has said, without its progress."""

    def __init__(self, objects, exit_code, remarks):
        self.objects = objects
        self.exit_code = exit_code
        self.remarks = remarks

    def all(self, message_type) -> List[Dict[str, Any]]:
        return [each for each in self.objects
                if each.get('message_type') == message_type]

    def last(self, message_type) -> Optional[Dict[str, Any]]:
        found = self.all(message_type)
        return found[-1] if found else None

    def require_success(self, but=()):
        """
        Raises unless it ended well and has said so: a summary comes last, so
        one that was killed has none. `but`: kinds of errors to overlook.
        """
        errors = [each for each in self.all('error')
                  if each.get('kind') not in but]
        overlooked = len(errors) < len(self.all('error'))
        if overlooked and not errors:
            return
        summary = self.last('summary')
        if errors or self.exit_code != 0 or summary is None or (
                summary.get('exit_code') != 0):
            raise self.failure()

    def failure(self, before=None) -> _Failed:
        """The first error, after what is said `before`."""
        error = next(iter(self.all('error')), {})
        message = error.get('message') or self._ending()
        return _Failed(': '.join(filter(None, (before, message))),
                       error.get('hint'))

    def _ending(self):
        if self.exit_code < 0:
            try:
                name = signal.Signals(-self.exit_code).name
            except ValueError:
                name = 'signal {0}'.format(-self.exit_code)
            return 'wobackup was ended by {0}'.format(name)
        if self.remarks:
            return self.remarks[-1]
        return ('wobackup ended with exit code {0}, and said nothing that '
                'can be understood'.format(self.exit_code))


def _run(controller, arguments, site=None, metadata=None,
         behind=None) -> _Said:
    """
    Runs wobackup. The site's record and the metadata travel in memory files:
    arguments are seen by everybody on the machine. `behind`: a command of
    its own that it runs, whose output is everybody's.
    """
    command = [find_program(), '--json'] + arguments
    with contextlib.ExitStack() as stack:
        streams = {'stdin': subprocess.DEVNULL}
        files = []
        if site is not None:
            file = stack.enter_context(_memory_file(site))
            if behind is None:
                command += ['--site-json', '-']
                streams['stdin'] = file
            else:  # whose standard input is everybody's, too
                command += ['--site-json', '/dev/fd/{0}'.format(file.fileno())]
                files.append(file.fileno())
        if metadata:
            file = stack.enter_context(_memory_file(metadata))
            command += ['--meta-json', '/dev/fd/{0}'.format(file.fileno())]
            files.append(file.fileno())
        streams['pass_fds'] = tuple(files)
        # No temporary file: a roll-back must work on a full disk, too.
        remarks = stack.enter_context(_memory_file())
        streams['stderr'] = remarks
        if behind is not None:
            command += ['--'] + behind
            streams['stderr'] = None  # this process' own
        process = stack.enter_context(_running(command, **streams))
        objects = list(filter(None, map(_object_of, process.stdout)))
        said = _Said(objects, process.wait(), _lines_of(remarks))
    for remark in said.remarks[:MOST_REMARKS]:
        _tell(controller, 'warn', remark)
    return said


@contextlib.contextmanager
def _running(command, **streams):
    """A process that does not outlive the `with` block."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, **streams)
    try:
        yield process
    finally:
        if process.poll() is None:
            # Left early, by Ctrl-C: it is asked to end, and cleans up.
            process.terminate()
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()


def _memory_file(content=None):
    """An open file that never lies on a disk; with the content as JSON."""
    text = b'' if content is None else json.dumps(
        content, default=_plain, allow_nan=False).encode('ascii')
    made = os.memfd_create('wobackup')
    # Not 0 to 2, which a daemon may have closed: they are the child's own.
    descriptor = fcntl.fcntl(made, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(made)
    file = os.fdopen(descriptor, 'w+b')
    file.write(text)
    file.seek(0)
    return file


def _plain(value):
    """What JSON has no word for, as registries and callers have it."""
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode('utf-8')
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _object_of(line):
    """One line of --json, or None if it is progress or no JSON object."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(said, dict) and said.get('message_type') != 'status':
        return said
    return None


def _lines_of(file):
    """The last lines of a file that was written to."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 65536))
    text = file.read().decode('utf-8', 'replace')
    return [line.strip() for line in text.splitlines() if line.strip()]


def _path(path):
    """Absolute text: no argument of wobackup that could be an option."""
    return os.path.abspath(os.fsdecode(path))


def _is_address(archive):
    """Whether a backup lies in a store elsewhere."""
    return archive.startswith(('s3://', 'sftp://'))


def _backup(archive):
    """A path made absolute, or the address of a store elsewhere."""
    text = os.fsdecode(archive)
    return text if _is_address(text) else _path(text)


def _archive_of(said):
    """The archive that an object names, also if its path is not UTF-8."""
    if said.get('path_b64'):
        return os.fsdecode(base64.b64decode(said['path_b64']))
    if not isinstance(said.get('archive'), str):
        raise _Failed('wobackup names no archive')
    return said['archive']


def _field(siteinfo, name):
    """Of an object, a dict, or a row that has names (sqlite3.Row)."""
    if not isinstance(siteinfo, Mapping) and hasattr(siteinfo, name):
        return getattr(siteinfo, name)
    if hasattr(siteinfo, 'keys') and name in siteinfo.keys():
        return siteinfo[name]
    return None


def _site_record(siteinfo):
    """What --site-json wants, with the password."""
    if siteinfo is None:
        raise _Failed('there is no such site', 'see `wo site list`')
    if isinstance(siteinfo, (str, bytes)):
        raise _Failed('{0!r} is not a site but text'.format(siteinfo),
                      'give what getSiteInfo() returns')
    record = {name: _field(siteinfo, name)
              for name in SITE_FIELDS + ('db_password',)}
    record = {name: value if value is None or isinstance(
        value, (bool, int, str)) else _plain(value)
        for name, value in record.items()}
    if not record['sitename']:
        raise _Failed('the site has no name')
    return record


def _metadata(metadata_extra):
    if metadata_extra is None:
        return None
    if not isinstance(metadata_extra, Mapping):
        raise _Failed('metadata_extra is no dict')
    return dict(metadata_extra)


def _attempt(controller, what_failed, work):
    """What `work` returns, or None after its exception was logged."""
    try:
        return work()
    except _Failed as failed:
        _tell(controller, 'error', '{0}: {1}'
              .format(what_failed, failed.message))
        if failed.hint:
            _tell(controller, 'warn', 'Hint: {0}'.format(failed.hint))
    except Exception as error:
        if _ends_the_program(error):
            raise
        _tell(controller, 'error', '{0}: {1}'.format(
            what_failed, error if str(error) else type(error).__name__))
    return None


def _ends_the_program(error):
    """Cement turns SIGINT and SIGTERM into an exception that is a signal."""
    module = sys.modules.get('cement.core.exc')
    caught = getattr(module, 'CaughtSignal', None)
    return isinstance(caught, type) and isinstance(error, caught)


def _tell(controller, level, text):
    """
    Logs through the controller as WordOps does, never ending the program as
    Log.error would; else to Python's logging.
    """
    try:
        if controller is not None:
            from wo.core.logging import Log
            if level == 'error':
                Log.error(controller, text, exit=False)
            else:
                getattr(Log, level)(controller, text)
            return
    except Exception as error:
        if _ends_the_program(error):
            raise
    try:
        log = getattr(getattr(controller, 'app', None), 'log',
                      None) or logging.getLogger(__name__)
        getattr(log, {'warn': 'warning'}.get(level, level))(text)
    except Exception:
        pass  # a log that cannot be written must not stop a backup
