"""Runs programs and takes their time, CPU time and memory."""

import os
import pathlib
import resource
import statistics
import subprocess
import threading
import time

SAMPLE_SECONDS = 0.02
DUMP_PROGRAMS = ("mariadb-dump", "mysqldump")  # they take what a row needs, whoever starts them: not counted


def busy_cpu_seconds():
    """What all processors of the machine have worked so far."""
    user, nice, system, _, _, irq, softirq, steal = map(
        int, pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def cpu_seconds_of(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def children_cpu_seconds():
    """Of all processes that were started here and have ended, and of those that they have waited for."""
    return cpu_seconds_of(resource.RUSAGE_CHILDREN)


def foreign_cpu_seconds(server):
    """What neither these processes nor the server have worked so far: other programs, and the kernel's own threads."""
    ours = children_cpu_seconds() + cpu_seconds_of(resource.RUSAGE_SELF) + (server.cpu_seconds() if server else 0.0)
    return busy_cpu_seconds() - ours


def peak_memory_bytes(pid):
    """The highest resident size so far of a process and its children that run, without dump programs."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if fields["Name"].strip().startswith(DUMP_PROGRAMS):
        return 0
    own = int(fields.get("VmHWM", "0 kB").split()[0]) * 1024
    return own + sum(peak_memory_bytes(int(child)) for child in children)


def summary_of_runs(runs):
    """What the tables show of several runs of one way."""
    return {"seconds": statistics.median(run.seconds for run in runs), "seconds_min": min(run.seconds for run in runs),
            "cpu_seconds": statistics.median(run.cpu_seconds for run in runs),
            "peak_memory_bytes": max(run.peak_memory_bytes for run in runs)}


class MeasuredRun:
    """What is started inside its `with` block is measured; `seconds` and the rest are there afterwards."""

    def __init__(self, server=None):
        self.server = server
        self.processes = []
        self.peak_memory_bytes = 0

    def __enter__(self):
        os.sync()  # the run before this one leaves no writing behind
        self.ended = threading.Event()
        self.sampler = threading.Thread(target=self._sample)
        self.sampler.start()
        self.foreign, self.children, self.served = foreign_cpu_seconds(self.server), children_cpu_seconds(), self._served()
        self.started = time.monotonic()
        return self

    def __exit__(self, kind, *_):
        self.seconds = time.monotonic() - self.started
        for process in self.processes:  # of a run that failed
            if process.poll() is None:
                process.kill()
                process.wait()
        self.cpu_seconds = children_cpu_seconds() - self.children
        self.server_cpu_seconds = self._served() - self.served
        self.foreign_cpu_seconds = max(0.0, foreign_cpu_seconds(self.server) - self.foreign)
        self.ended.set()
        self.sampler.join()

    def _served(self):
        return self.server.cpu_seconds() if self.server else 0.0

    def _sample(self):
        while not self.ended.wait(SAMPLE_SECONDS):
            living = sum(peak_memory_bytes(process.pid) for process in list(self.processes)
                         if process.returncode is None)  # a pid may be another's once it was waited for
            self.peak_memory_bytes = max(self.peak_memory_bytes, living)

    def start(self, argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
        process = subprocess.Popen([str(word) for word in argv], stdin=stdin, stdout=stdout)
        self.processes.append(process)
        return process

    def wait(self, *processes):
        """Waits for these; one that fails ends the comparison: a broken way has no speed."""
        for process in processes:
            if process.wait() != 0:
                raise SystemExit(f"{' '.join(process.args)}\nended with {process.returncode}")

    def run(self, argv, **streams):
        self.wait(self.start(argv, **streams))

    def pipe(self, first, second, output):
        """Starts `first | second > output` and returns both."""
        source = self.start(first, stdout=subprocess.PIPE)
        with output.open("wb") as file:
            sink = self.start(second, stdin=source.stdout, stdout=file)
        source.stdout.close()  # the first one shall notice when the second ends
        return source, sink

    def lap(self):
        """Notes time and CPU time so far, as those of a way that ends here."""
        self.lap_seconds = time.monotonic() - self.started
        self.lap_cpu_seconds = children_cpu_seconds() - self.children
