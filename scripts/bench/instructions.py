#!/usr/bin/env python3
"""Counts the instructions of a training step and a window for every small network, of a window for every front end, and of a
sample that `data inspect` reads, and compares them with the tables in BENCHMARKS.md.

    cargo build --workspace --bins --examples
    python3 scripts/bench/instructions.py [--write] [TABLE...]

TABLE is `networks`, `front-ends` or `reading`; without it, all are counted.

Valgrind's callgrind counts them, with one thread. It emulates AVX2 and no AVX-512, so the counts are the same on every
machine with AVX2, whatever its load. Each count is the difference of two runs, divided by the number of steps or samples by which they
differ. More than 3 % above the table is a regression and is reported; if the count is more than 3 % lower, update the table
with `--write`. Compilers differ by about a percent. Without Valgrind (Debian: `valgrind`) nothing is checked; CI
(`CI=true`) tries to install it.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import reading_files
from builds import built

BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "BENCHMARKS.md"
MODELS = ["ultra_lightweight_cnn", "simple_cnn", "deep_efficient_cnn"]
FRONT_ENDS = ["bands", "bands-time", "bands-time-rhythm", "few-bands", "few-bands-time-rhythm", "fft", "welch", "none"]
# By table of examples: the rows and, for each column, the program, its arguments, and how many more repetitions the second run
# makes than the first, which also allocates buffers.
EXAMPLES = {
    "networks": (MODELS, {
        "training step, batch 32": ("throughput", "{} 32 steps", 2),
        "one window": ("throughput", "{} 1 windows", 20),
        "256 windows": ("throughput", "{} 256 windows", 1),
    }),
    "front-ends": (FRONT_ENDS, {
        "window by itself": ("front_ends", "count {} each", 20),
        "window of a recording": ("front_ends", "count {} recording", 20),
    }),
}
TOLERANCE = 0.03


def counted(command):
    """Instructions of a run."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", *command]
        env = os.environ | {"RAYON_NUM_THREADS": "1"}
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        found = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode or not found:
            sys.exit(f"{' '.join(command)}:\n{done.stderr}")
        return int(found[1])


def count_examples(rows, columns):
    counts = {}
    for row in rows:
        for column, (program, arguments, more) in columns.items():
            command = [str(built(f"examples/{program}")), *arguments.format(row).split()]
            few, many = (counted([*command, str(times)]) for times in (1, 1 + more))
            counts[row, column] = (many - few) / more
    return counts


def count_reading():
    counts = {}
    few, many = reading_files.SAMPLES
    with tempfile.TemporaryDirectory() as folder:
        for row, (write, ending) in reading_files.FILES.items():
            totals = []
            for samples in (few, many):
                file = pathlib.Path(folder) / f"{samples}.{ending}"
                write(file, samples)
                totals.append(counted([str(built("data")), "inspect", "--json", str(file)]))
            counts[row, "sample of all channels"] = (totals[1] - totals[0]) / (many - few)
    return counts


def measured(name):
    """A table's counts by row and column, and the number of instructions in which it gives them."""
    if name == "reading":
        return count_reading(), 1
    return count_examples(*EXAMPLES[name]), 1000


def table(counts, unit):
    rows, columns = (list(dict.fromkeys(keys)) for keys in zip(*counts))
    title, digits = ("thousand instructions", 1) if unit == 1000 else ("instructions", 2)
    lines = [f"| {title} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        lines.append(f"| `{row}` | " + " | ".join(f"{counts[row, column] / unit:,.{digits}f}" for column in columns) + " |")
    return "\n".join(lines)


def marks(name):
    """What stands before and after a table."""
    return f"<!-- instructions.py, {name}: begin -->", f"<!-- instructions.py, {name}: end -->"


def recorded(text, name, unit):
    """The counts of a table in BENCHMARKS.md, by row and column."""
    begin, end = marks(name)
    title, _, *rows = text.split(begin)[1].split(end)[0].strip().splitlines()
    cells = lambda line: [cell.strip(" `") for cell in line.strip("|").split("|")]
    columns = cells(title)[1:]
    counts = {}
    for row, *numbers in map(cells, rows):
        for column, number in zip(columns, numbers):
            counts[row, column] = float(number.replace(",", "")) * unit
    return counts


def has_valgrind():
    if shutil.which("valgrind") is None and os.environ.get("CI") == "true":
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", "valgrind"]):
            subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=False)
    return shutil.which("valgrind") is not None


def compare(counts, expected):
    """Prints each count beside the recorded one; returns the regressions."""
    worse = []
    for (row, column), count in counts.items():
        label = f"{row:<24}{column:<26}{count:>14,.1f}"
        if (row, column) not in expected:
            print(f"{label}            not recorded: do it with --write", flush=True)
            continue
        change = count / expected[row, column] - 1
        note = ""
        if change > TOLERANCE:
            note = "REGRESSION"
            worse.append(f"{row}, {column}: {change:+.1%}")
        elif change < -TOLERANCE:
            note = "fewer: record them with --write"
        print(f"{label} {change:>+8.1%}  {note}", flush=True)
    return worse


def main():
    if not has_valgrind():
        print("skipped: valgrind is missing (Debian: apt-get install valgrind)")
        return
    if "avx2" not in pathlib.Path("/proc/cpuinfo").read_text():
        print("skipped: this processor has no AVX2, so other code would be counted")
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="networks, front-ends or reading")
    parser.add_argument("--write", action="store_true", help="write the counts to BENCHMARKS.md")
    args = parser.parse_args()
    worse = []
    for name in args.tables or [*EXAMPLES, "reading"]:
        counts, unit = measured(name)
        text = BENCHMARKS.read_text()
        if args.write:
            begin, end = marks(name)
            before, rest = text.split(begin)
            BENCHMARKS.write_text(f"{before}{begin}\n{table(counts, unit)}\n{end}{rest.split(end)[1]}")
        else:
            worse += compare(counts, recorded(text, name, unit))
    if worse:
        sys.exit("more instructions than BENCHMARKS.md has: " + "; ".join(worse))


if __name__ == "__main__":
    main()
