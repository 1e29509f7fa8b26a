"""Times getting files back: `wobackup restore` beside `tar -x` (and restic and borg, where they are installed), one file
out of the archive, and `wobackup verify`.

The ways take turns, each into a new folder; the archive is in the page cache, the disk idle. What was restored is removed
only at the end: ext4 looks twice at inodes that were freed a moment ago, and whoever comes next would pay for it. So the
folder needs room for all of it.
"""

import shutil
import statistics
import subprocess
import sys

from measured_run import MeasuredRun, summary_of_runs

SITE = "bench.example"
MIB = 1 << 20
SMALL_RUNS = 20
REFERENCE = "tar --zstd -x"


class RestoreBench:
    """An archive of the site's files, the repositories of the others, and what was restored from them."""

    def __init__(self, options, site):
        self.wobackup = options.wobackup
        self.site = site
        self.out = options.folder / "restored"
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        self.config = self.out / "wobackup.toml"
        self.config.write_text(f'registry = "{self.out}/none.db"\nstate_dir = "{self.out}/state"\n'
                               f'[site."{SITE}"]\npath = "{self.site}"\ntype = "php"\n')
        self.config.chmod(0o600)
        self.call("create", SITE, "--files", "--path", self.out / "archives")
        self.archive = next((self.out / "archives").rglob("*.tar.zst"))
        self.ways = {"wobackup restore": self.restore, REFERENCE: self.untar}
        if shutil.which("restic"):
            self.prepare_restic()
        if shutil.which("borg"):
            self.prepare_borg()

    def argv(self, *arguments):
        return [str(word) for word in (self.wobackup, "--config", self.config, *arguments)]

    def call(self, *arguments):
        subprocess.run(self.argv(*arguments), check=True, stdout=subprocess.DEVNULL)

    def prepare_restic(self):
        self.restic = ["restic", "--insecure-no-password", "-q", "-r", str(self.out / "restic")]
        try:
            for command in (["init"], ["backup", str(self.site / "htdocs")]):
                subprocess.run([*self.restic, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.CalledProcessError:  # before 0.17 it wants a password
            self.restic = ["restic", "-q", "-r", str(self.out / "restic2"), "--password-command", "echo bench"]
            for command in (["init"], ["backup", str(self.site / "htdocs")]):
                subprocess.run([*self.restic, *command], check=True, stdout=subprocess.DEVNULL)
        self.ways["restic restore"] = lambda run, to: run.run([*self.restic, "restore", "latest", "--target", to])

    def prepare_borg(self):
        repository = self.out / "borg"
        subprocess.run(["borg", "init", "-e", "none", repository], check=True)
        subprocess.run(["borg", "create", f"{repository}::one", "htdocs"], check=True, cwd=self.site)
        self.ways["borg extract"] = lambda run, to: run.run(["env", "-C", to, "borg", "extract", f"{repository}::one"])

    def restore(self, run, to):
        run.run(self.argv("-q", "restore", self.archive, "--target", to))

    def untar(self, run, to):
        run.run(["tar", "--zstd", "-C", to, "-xpf", self.archive])

    def measure(self, runs):
        rows = {name: [] for name in self.ways}
        names = list(self.ways)
        for number in range(runs):
            for name in names[number % len(names):] + names[:number % len(names)]:
                to = self.out / f"{number}-{names.index(name)}"
                to.mkdir()
                with MeasuredRun() as run:
                    self.ways[name](run, to)
                rows[name].append(run)
                print(f"{number + 1}/{runs} {name}: {run.seconds:.2f} s", file=sys.stderr, flush=True)
        return {name: summary_of_runs(each) for name, each in rows.items()}

    def _small_milliseconds(self, argv_of):
        """Start of the process to its end, median, for a file from the middle of the archive."""
        files = sorted((self.site / "htdocs").rglob("*.php"))
        path = files[len(files) // 2].relative_to(self.site)
        times = []
        for number in range(SMALL_RUNS):
            with MeasuredRun() as run:
                run.run(argv_of(path, number))
            times.append(run.seconds * 1000)
        return statistics.median(times)

    def one_file_milliseconds(self):
        return self._small_milliseconds(lambda path, number: self.argv(
            "-q", "restore", self.archive, "--target", self.out / f"one-{number}", "--include", path))

    def dump_milliseconds(self):
        return self._small_milliseconds(lambda path, _: self.argv("dump", self.archive, path))

    def verify_seconds(self, runs):
        times = []
        for _ in range(runs):
            with MeasuredRun() as run:
                run.run(self.argv("-q", "verify", self.archive))
            times.append(run.seconds)
        return statistics.median(times)


def compare(options, site):
    """`site` is the folder of the made site."""
    bench = RestoreBench(options, site)
    ways = bench.measure(options.runs)
    reference = ways[REFERENCE]["seconds"]
    for way in ways.values():
        way["ratio"] = way["seconds"] / reference
    summary = {"archive_bytes": bench.archive.stat().st_size, "runs": options.runs, "ways": ways,
               "one_file_ms": bench.one_file_milliseconds(), "dump_ms": bench.dump_milliseconds(),
               "verify_seconds": bench.verify_seconds(options.runs)}
    shutil.rmtree(bench.out)
    return summary


def print_table(summary):
    print(f"an archive of {summary['archive_bytes'] / 1e6:,.0f} MB; {summary['runs']} runs each, warm\n")
    print(f"{'':20}{'median s':>9}{'min s':>7}{'ratio':>7}{'CPU s':>7}{'peak MiB':>10}")
    for name, way in summary["ways"].items():
        print(f"{name:20}{way['seconds']:9.2f}{way['seconds_min']:7.2f}{way['ratio']:7.2f}{way['cpu_seconds']:7.2f}"
              f"{way['peak_memory_bytes'] / MIB:10.0f}")
    print(f"\none file: restore {summary['one_file_ms']:.1f} ms, dump {summary['dump_ms']:.1f} ms, start to end of the process"
          f"\n(median of {SMALL_RUNS}). verify: {summary['verify_seconds']:.2f} s.")
