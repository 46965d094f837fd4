"""Checks whether memory grows with epochs: prints the resident memory of one long run after each tenth of its epochs.

    python scripts/bench/soak.py -- cargo run -q -p trainer --features wgpu -- --backend wgpu --epochs 200 ...

The command follows `--`; it must print one line per epoch to standard error, as the trainer does. Linux only.
"""
import argparse
import re
import subprocess


def resident(pid):
    """MiB of the process and all below it."""
    total = 0
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            total += int(line.split()[1]) / 1024
    children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    return total + sum(resident(child) for child in children)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", nargs="+")
    process = subprocess.Popen(parser.parse_args().command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    sizes = []
    for line in process.stderr:
        if match := re.match(r"epoch +(\d+)/(\d+)", line):
            sizes.append((int(match[1]), resident(process.pid)))
    if process.wait() != 0 or not sizes:
        raise SystemExit(f"the command failed with {process.returncode}")
    for i in range(10):
        epoch, size = sizes[max(0, (i + 1) * len(sizes) // 10 - 1)]
        print(f"epoch {epoch:>5}  {size:8.1f} MiB")


main()
