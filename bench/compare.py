#!/usr/bin/python3
"""Times Scratch-ML and its peers on the same work in one run, and prints a table.

    bench/compare.py [ROW…] [--rounds N] [--openblas auto|default|CORETYPE] [--build DIR]

ROW is a number, or a word of a row's name; without any, all rows are measured, and the run is
recorded in bench/results.json and bench/chart.svg. tools/bench installs and builds what this needs.

results.json:
  scratchml    version and kernel set          date       of the run, UTC
  rounds       timed rounds of each row        missing    {contender or row: why it is not there}
  peers        {contender: version}
  machine      processor, cores; gflops_one, gflops_all: FMA peak of one core and of all;
               gbytes_all: bandwidth of memory
  openblas     library; core: OPENBLAS_CORETYPE; probe_gflops: {core: speed}
  rows         of each: row, name, kind, data, widths, batch, optimizer, learning_rate; unit of the
               values; target: the ratio aimed at; limit: ours may be at most so much, where set;
               gflops, peak_gflops, share_of_peak: ours; fastest_peer, ratio, target_met: missing
               where no peer counts or PyTorch is not there; and
    entries    of each contender and number of threads: values, their median, score (test accuracy,
               agreement with our classes, or 100 R²: per cent), counts (whether the score is
               ours), note. A thread count that was slower in the warm-up is left out.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import machine
import report
from chart import draw
from contenders import BENCH, OURS, Missing, Setting
from prepare import jobs_of, limits, prepare_data
from processes import process_entries
from race import race, say, start_workers
from rows import ROWS


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help="number, or word of the name")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds [5]")
    parser.add_argument("--openblas", default="auto", help="OPENBLAS_CORETYPE of the peers [auto]")
    parser.add_argument("--build", type=Path, default=BENCH.parent / "build", help="folder [build]")
    return parser.parse_args()


def chosen_rows(words):
    """Rows by their number, or by a word of their name."""
    if not words:
        return ROWS
    rows = [row for row in ROWS if {str(row.number), *row.words} & {w.lower() for w in words}]
    if not rows:
        names = "\n".join(f"  {row.number:2} {row.name}" for row in ROWS)
        sys.exit(f"no such row; there are:\n{names}")
    return rows


def make_setting(options):
    build = options.build.resolve()
    if not (build / "bench" / OURS).exists():
        sys.exit(f"{options.build} has no programs of bench/: tools/bench builds them")
    folder = machine.openblas_folder()
    core, speeds = machine.probe_openblas(
        options.openblas, lambda name: Setting(build, 1, folder, name).environment(1)
    )
    setting = Setting(build, machine.cores(), folder, core)
    setting.data.mkdir(parents=True, exist_ok=True)
    return setting, {
        "library": machine.blas_name(folder),
        "core": core,
        "probe_gflops": speeds,
    }


def measure(setting, row, rounds, missing, versions):
    """(the entries of a row, the better of the machine's limits before and after)"""
    names = [OURS, *row.peers]
    before = limits(setting)
    if row.kind in ("process", "memory"):
        entries = race(process_entries(setting, names), rounds, missing, every_thread_count=True)
    else:
        prepare_data(setting, row.data, rounds + 1)
        jobs = jobs_of(setting, row)
        workers = start_workers(setting, row, names, jobs, missing, versions)
        entries = race(workers, rounds, missing, row.kind in ("single", "bulk"))
    after = limits(setting)
    return entries, {name: max(before[name], after[name]) for name in before}


def text_of(reason):
    """Without the folders of this machine."""
    if isinstance(reason, subprocess.CalledProcessError):
        return f"{Path(reason.cmd[0]).name} failed with code {reason.returncode}"
    return str(reason)


def run(setting, rows, record):
    """Fills the record, row by row. The two rows of the whole process are one measurement."""
    rounds, missing = record["rounds"], record["missing"]
    versions, measured = {}, {}
    for row in rows:
        say(f"row {row.number}: {row.name}")
        work = "process" if row.kind in ("process", "memory") else row
        try:
            if work not in measured:
                measured[work] = measure(setting, row, rounds, missing, versions)
            entries, found = measured[work]
            record["rows"].append(report.conclude(row, entries, found))
        except (Missing, subprocess.CalledProcessError) as reason:
            missing[f"row {row.number}"] = text_of(reason)
            continue
        for name, value in found.items():
            record["machine"][name] = max(value, record["machine"].get(name, 0))
        say(report.table_line(record["rows"][-1]))
    record["scratchml"] = versions.pop(OURS, "")
    record["peers"] = versions


def save(record, folder):
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n")
    (folder / "chart.svg").write_text(draw(record))
    say(f"written to {os.path.relpath(folder)}: results.json, chart.svg")


def main():
    options = arguments()
    if options.rounds < 1:
        sys.exit("--rounds: at least 1")
    rows = chosen_rows(options.rows)
    setting, openblas = make_setting(options)
    record = {
        "scratchml": "",
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M"),
        "machine": {"processor": machine.processor_name(), "cores": setting.cores},
        "openblas": openblas,
        "peers": {},
        "missing": {},
        "rounds": options.rounds,
        "rows": [],
    }
    run(setting, rows, record)
    if not record["rows"]:
        sys.exit(f"nothing was measured: {record['missing']}")
    lines = [report.table_line(result) for result in record["rows"]]
    print(report.head(record), "", report.table_head(), *lines, "", report.foot(record), sep="\n")
    is_whole = len(rows) == len(ROWS) and options.rounds >= 5
    save(record, BENCH if is_whole else setting.build / "bench")


if __name__ == "__main__":
    main()
