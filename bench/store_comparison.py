"""Times stores: an upload to S3 beside the barest client that sends the same bytes, a backup that goes straight there, and
what is read of an archive in S3 to find one file. The servers are the tests' own, on loopback."""

import concurrent.futures
import http.client
import json
import mmap
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys

from measured_run import MeasuredRun, summary_of_runs

PROJECT = pathlib.Path(__file__).resolve().parent.parent
SITE = "bench.example"
BUCKET = "test-bucket"
S3RVER_KEYS = ("S3RVER", "S3RVER")
STRICT_KEYS = ("AKIDTEST", "secret/with+odd=characters")
MIB = 1 << 20
PART_BYTES = 8 * MIB  # as wobackup's
PARALLEL = 4


class Server:
    """A server that prints its port; ended by its own pid."""

    def __init__(self, argv):
        self.process = subprocess.Popen([str(word) for word in argv], stdout=subprocess.PIPE, text=True)
        self.port = None
        for line in self.process.stdout:
            if found := re.search(r"(\d+)\D*$", line):
                self.port = int(found.group(1))
                break
        if self.port is None:
            raise SystemExit(f"{argv[0]} does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            data = answer.read()
            if answer.status >= 300:
                raise SystemExit(f"{method} {path}: {answer.status} {data[:300]!r}")
            return answer.getheader("ETag"), data
        finally:
            connection.close()


def s3rver(options, folder):
    """Keeps its objects on disk; takes any signature, and none."""
    program = options.wobackup.parent.parent.parent / "s3rver/node_modules/s3rver/bin/s3rver.js"
    if not program.exists():
        raise SystemExit(f"there is no {program}: run `ctest -R s3rver_install` in the build folder first")
    return Server(["node", program, "--directory", folder, "--address", "127.0.0.1", "--port", "0", "--silent",
                   "--no-vhost-buckets", "--configure-bucket", BUCKET])


def strict_s3():
    """Keeps its objects in memory, checks all that is signed, and counts."""
    return Server([sys.executable, PROJECT / "tests/fakes/strict_s3.py", "--bucket", BUCKET])


def bare_upload(server, archive, key):
    """A multipart upload of the same parts, as many at a time, neither hashed nor signed."""
    text = server.ask("POST", f"/{BUCKET}/{key}?uploads")[1].decode()
    upload = re.search("<UploadId>([^<]+)", text).group(1)
    with archive.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        def send(number):
            body = memoryview(data)[(number - 1) * PART_BYTES:number * PART_BYTES]
            etag = server.ask("PUT", f"/{BUCKET}/{key}?partNumber={number}&uploadId={upload}", body)[0]
            body.release()
            return f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        with concurrent.futures.ThreadPoolExecutor(PARALLEL) as threads:
            parts = list(threads.map(send, range(1, -(-len(data) // PART_BYTES) + 1)))
    body = f"<CompleteMultipartUpload>{''.join(parts)}</CompleteMultipartUpload>"
    server.ask("POST", f"/{BUCKET}/{key}?uploadId={upload}", body)


class StoreBench:
    """An archive of the site's files, and a store for it."""

    def __init__(self, options, site):
        self.options = options
        self.site = site
        self.out = options.folder / "stores"
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        self.config = self.out / "wobackup.toml"
        self.configure(1, *S3RVER_KEYS)
        self.call("create", SITE, "--files", "--path", self.out / "archives")
        self.archive = next((self.out / "archives").rglob("*.tar.zst"))

    def configure(self, port, key_id, secret):
        keys = self.out / "keys"
        keys.write_text(f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n")
        keys.chmod(0o600)
        self.config.write_text(
            f'registry = "{self.out}/none.db"\nstate_dir = "{self.out}/state"\n'
            f'backup_root = "{self.out}/archives"\n'
            f'[site."{SITE}"]\npath = "{self.site}"\ntype = "php"\n'
            f'[store.s3]\nurl = "s3://{BUCKET}/copies"\nendpoint = "http://127.0.0.1:{port}"\nregion = "us-east-1"\n'
            f'credentials_file = "{keys}"\naddressing = "path"\n')
        self.config.chmod(0o600)

    def argv(self, *arguments):
        return [str(word) for word in (self.options.wobackup, "--config", self.config, *arguments)]

    def call(self, *arguments):
        subprocess.run(self.argv(*arguments), check=True, stdout=subprocess.DEVNULL)

    def uploads(self):
        """Name -> the runs of it. Each begins with an empty server."""
        ways = {"wobackup copy": lambda run, server: run.run(self.argv("-q", "copy", self.archive, "--to", "s3")),
                "bare multipart upload": self._bare,
                "wobackup create --to": lambda run, server: run.run(
                    self.argv("-q", "create", SITE, "--files", "--to", "s3")),
                "wobackup create": lambda run, server: run.run(
                    self.argv("-q", "create", SITE, "--files", "--path", self.out / "again"))}
        rows = {name: [] for name in ways}
        names = list(ways)
        for number in range(self.options.runs):
            for name in names[number % len(names):] + names[:number % len(names)]:
                folder = self.out / "s3rver"
                with s3rver(self.options, folder) as server:
                    self.configure(server.port, *S3RVER_KEYS)
                    with MeasuredRun() as run:
                        ways[name](run, server)
                shutil.rmtree(folder)
                shutil.rmtree(self.out / "again", ignore_errors=True)
                rows[name].append(run)
                print(f"{number + 1}/{self.options.runs} {name}: {run.seconds:.2f} s", file=sys.stderr, flush=True)
        return rows

    @staticmethod
    def _run_in_child(action):
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            status = 1
            try:
                action()
                status = 0
            finally:
                os._exit(status)
        if os.waitpid(pid, 0)[1] != 0:
            raise SystemExit("the bare client failed")

    def _bare(self, _run, server):
        self._run_in_child(lambda: bare_upload(server, self.archive, "bare"))

    def reading(self):
        """What commands ask of a store that has the archive: name -> requests, bytes and milliseconds."""
        files = sorted((self.site / "htdocs").rglob("*.php"))
        path = files[len(files) // 2].relative_to(self.site)
        name = f"{SITE}/{self.archive.name}"
        rows = {}
        with strict_s3() as server:
            self.configure(server.port, *STRICT_KEYS)
            server.ask("POST", f"/_control/put?key=copies/{name}", self.archive.read_bytes())
            backup = f"{SITE}/{self.archive.stem.removesuffix('.tar')}"
            commands = {"info": ["info", backup],
                        "restore one file": ["restore", backup, "--target", None, "--include", path],
                        "list": ["list", SITE]}
            for what, arguments in commands.items():
                times = []
                for number in range(5):
                    words = [self.out / f"one-{number}" if word is None else word for word in arguments]
                    server.ask("POST", "/_control/forget_requests")
                    with MeasuredRun() as run:
                        run.run(self.argv("-q", *words, "--from", "s3"), stdout=subprocess.DEVNULL)
                    times.append(run.seconds * 1000)
                state = json.loads(server.ask("GET", "/_control/state")[1])
                rows[what] = {"requests": len(state["requests"]), "bytes": state["sent_bytes"],
                              "milliseconds": statistics.median(times), "peak_memory_bytes": run.peak_memory_bytes}
        return rows


def compare(options, site):
    """`site` is the folder of the made site."""
    bench = StoreBench(options, site)
    ways = {name: summary_of_runs(runs) for name, runs in bench.uploads().items()}
    summary = {"archive_bytes": bench.archive.stat().st_size, "runs": options.runs, "ways": ways,
               "upload_ratio": ways["bare multipart upload"]["seconds"] / ways["wobackup copy"]["seconds"],
               "reading": bench.reading()}
    shutil.rmtree(bench.out)
    return summary


def print_table(summary):
    print(f"an archive of {summary['archive_bytes'] / 1e6:,.0f} MB, s3rver on loopback; {summary['runs']} runs each\n")
    print(f"{'':24}{'median s':>9}{'min s':>7}{'MB/s':>7}{'CPU s':>7}{'peak MiB':>10}")
    for name, way in summary["ways"].items():
        print(f"{name:24}{way['seconds']:9.2f}{way['seconds_min']:7.2f}"
              f"{summary['archive_bytes'] / 1e6 / way['seconds']:7.0f}{way['cpu_seconds']:7.2f}"
              f"{way['peak_memory_bytes'] / MIB:10.0f}")
    print(f"\nupload: {summary['upload_ratio']:.2f} of the bare client's rate\n")
    print(f"{'':24}{'requests':>9}{'bytes':>12}{'of archive':>12}{'ms':>8}")
    for name, row in summary["reading"].items():
        print(f"{name:24}{row['requests']:9}{row['bytes']:12,}{row['bytes'] / summary['archive_bytes']:12.3%}"
              f"{row['milliseconds']:8.1f}")
