"""A MariaDB server of our own: own data folder, unix socket only, ended by its own pid."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

DATABASE = "bench"
USER = "bench"
PASSWORD = "bench-password"


class PrivateMariadb:
    """Runs while its `with` block does. What is loaded stays in `data` for the next time."""

    def __init__(self, data, buffer_pool_bytes):
        self.data = data
        self.buffer_pool_bytes = buffer_pool_bytes

    def __enter__(self):
        # A socket's path may have 107 bytes at most, and the dump program reaches it as another user.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wobackup-bench-"))
        self.folder.chmod(0o755)
        self.socket = self.folder / "socket"
        self.server = None
        try:
            self._install()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.server:
            self.server.terminate()
            self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _install(self):
        if (self.data / "installed").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        subprocess.run(["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal",
                        "--skip-test-db", *self._as_us(), f"--datadir={self.data}"], check=True,
                       stdout=subprocess.DEVNULL,
                       # A server that starts removes the temporary tables that others have in the same folder.
                       env={**os.environ, "TMPDIR": str(self.folder)})
        (self.data / "installed").touch()

    def _start(self):
        self.server = subprocess.Popen(
            ["mariadbd", "--no-defaults", *self._as_us(), "--skip-networking", "--skip-log-bin",
             f"--datadir={self.data}", f"--tmpdir={self.data}", f"--socket={self.socket}", f"--pid-file={self.folder}/pid",
             f"--log-error={self.folder}/log", "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=256M",
             f"--innodb-buffer-pool-size={self.buffer_pool_bytes}", "--max-allowed-packet=1G"],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while subprocess.run(self.client("mariadb", "--execute=SELECT 1"), capture_output=True).returncode != 0:
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the private MariaDB does not start:\n" + (self.folder / "log").read_text()[-2000:])
            time.sleep(0.1)

    @staticmethod
    def _as_us():
        return ["--user=root"] if os.geteuid() == 0 else []

    def client(self, program, *arguments):
        """A command that talks to the server as its root user."""
        return [program, "--no-defaults", "--user=root", f"--socket={self.socket}", *arguments]

    def load(self, sql):
        """Loads the file, unless that was done before."""
        done = self.data / "loaded"
        if done.exists():
            return
        prepare = (f"DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4;"
                   f"CREATE OR REPLACE USER {USER}@localhost IDENTIFIED BY '{PASSWORD}';"
                   f"GRANT ALL ON {DATABASE}.* TO {USER}@localhost")
        subprocess.run(self.client("mariadb", f"--execute={prepare}"), check=True)
        with sql.open("rb") as rows:
            subprocess.run(self.client("mariadb", "--default-character-set=utf8mb4", "--max-allowed-packet=1G", DATABASE),
                           stdin=rows, check=True)
        done.touch()

    def cpu_seconds(self):
        """User and system time that the server has taken so far."""
        fields = pathlib.Path(f"/proc/{self.server.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
