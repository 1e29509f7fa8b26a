"""Times loading a dump: `mariadb < dump` beside wobackup's loader (bench_table_load), on a private server of their own."""

import json
import subprocess

from private_mariadb import DATABASE, PrivateMariadb

MIB = 1 << 20
DUMP_OPTIONS = ["--single-transaction", "--quick", "--hex-blob", "--skip-dump-date", "--order-by-primary"]


def dump_of(site):
    """The site's database as a dump program writes it; made once."""
    dump = site / "dump.sql"
    if not dump.exists():
        unfinished = site / "dump.sql.part"
        with PrivateMariadb(site / "data", 512 * MIB) as server, unfinished.open("wb") as out:
            server.load(site / "site.sql")
            subprocess.run(server.client("mariadb-dump", *DUMP_OPTIONS, DATABASE), check=True, stdout=out)
        unfinished.rename(dump)
    return dump


def compare(options, site):
    """`site` is the folder of the made site: a dump of its database is loaded."""
    program = options.wobackup.parent.parent.parent / "bench/bench_table_load"
    if not program.exists():
        raise SystemExit(f"there is no {program}: configure with -DWOBACKUP_BENCH=ON, as the release preset does")
    result = subprocess.run([program, f"--dump={dump_of(site)}", f"--rounds={options.runs}", "--json"], check=True,
                            stdout=subprocess.PIPE)
    return json.loads(result.stdout)


def print_table(summary):
    print(f"a dump of {summary['dump_bytes'] / 1e6:,.0f} MB; {summary['runs']} runs each\n")
    print(f"{'':20}{'median s':>9}{'min s':>7}{'ratio':>7}")
    for name, way in summary["ways"].items():
        print(f"{name:20}{way['seconds']:9.2f}{way['seconds_min']:7.2f}{way['ratio']:7.2f}")
    print(f"\nmemory of the loader's process: {summary['peak_memory_bytes'] / MIB:.0f} MiB")
