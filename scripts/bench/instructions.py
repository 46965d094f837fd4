#!/usr/bin/env python3
"""Instructions that a training step and a window of every small network take, against the table in BENCHMARKS.md.

    cargo build --workspace --examples
    python3 scripts/bench/instructions.py [--write]

Valgrind's callgrind counts them, with one thread. Its processor has AVX2 and no AVX-512, so the counts are the same on every
machine whose own processor has AVX2, however busy it is. Each is the difference of two runs, over the steps by which they
differ. More than 3 % above the table is a regression, which is named; more below asks for a new table, which
`--write` puts there. Compilers differ by about a percent. Without Valgrind (Debian: `valgrind`) nothing is checked, except in CI
(`CI=true`), where it is installed.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from builds import built

BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "BENCHMARKS.md"
BEGIN, END = "<!-- instructions.py: begin -->", "<!-- instructions.py: end -->"
MODELS = ["ultra_lightweight_cnn", "simple_cnn", "deep_efficient_cnn"]
# What is counted: how the program is told, its batch, and how many more times the second run does it.
WORK = {
    "training step, batch 32": ("steps", 32, 2),
    "one window": ("windows", 1, 20),
    "256 windows": ("windows", 256, 1),
}
TOLERANCE = 0.03


def counted(binary, model, batch, what, times):
    """Instructions of a run."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", binary, model, str(batch), what, str(times)]
        env = os.environ | {"RAYON_NUM_THREADS": "1"}
        done = subprocess.run([str(part) for part in command], env=env, capture_output=True, text=True)
        found = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode or not found:
            sys.exit(f"{' '.join(map(str, command))}:\n{done.stderr}")
        return int(found[1])


def measure():
    binary, counts = built("examples/throughput"), {}
    for model in MODELS:
        for name, (what, batch, more) in WORK.items():
            # The first times make buffers.
            few, many = (counted(binary, model, batch, what, times) for times in (1, 1 + more))
            counts[model, name] = (many - few) / more
    return counts


def table(counts):
    lines = ["| thousand instructions | " + " | ".join(WORK) + " |", "|---" * (len(WORK) + 1) + "|"]
    for model in MODELS:
        lines.append(f"| `{model}` | " + " | ".join(f"{counts[model, name] / 1e3:,.1f}" for name in WORK) + " |")
    return "\n".join(lines)


def recorded(text):
    """The table's counts, by network and work."""
    body = text.split(BEGIN)[1].split(END)[0]
    counts = {}
    for model, cells in re.findall(r"^\| `(\w+)` \| (.*) \|$", body, re.MULTILINE):
        for name, cell in zip(WORK, cells.split(" | ")):
            counts[model, name] = float(cell.replace(",", "")) * 1e3
    return counts


def has_valgrind():
    if shutil.which("valgrind") is None and os.environ.get("CI") == "true":
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", "valgrind"]):
            subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=True)
    return shutil.which("valgrind") is not None


def main():
    if not has_valgrind():
        print("skipped: valgrind is missing (Debian: apt-get install valgrind)")
        return
    if "avx2" not in pathlib.Path("/proc/cpuinfo").read_text():
        print("skipped: this processor has no AVX2, so other code would be counted")
        return
    text, counts = BENCHMARKS.read_text(), measure()
    if "--write" in sys.argv[1:]:
        before, rest = text.split(BEGIN)
        BENCHMARKS.write_text(f"{before}{BEGIN}\n{table(counts)}\n{END}{rest.split(END)[1]}")
        return
    expected, worse = recorded(text), []
    for (model, name), count in counts.items():
        change = count / expected[model, name] - 1
        note = ""
        if change > TOLERANCE:
            note = "REGRESSION"
            worse.append(f"{model}, {name}: {change:+.1%}")
        elif change < -TOLERANCE:
            note = "fewer: record them with --write"
        print(f"{model:<24}{name:<26}{count / 1e3:>14,.1f} thousand {change:>+8.1%}  {note}", flush=True)
    if worse:
        sys.exit("more instructions than BENCHMARKS.md has: " + "; ".join(worse))


if __name__ == "__main__":
    main()
