#!/usr/bin/env python3
"""Training and inference speed compared with Keras and PyTorch, in alternating rounds on one machine.

    python scripts/bench/training.py --keras PYTHON --torch PYTHON [--rounds 5] [--seconds 4]
        [--models simple_cnn ...] [--batches 1 32 256] [--paths native flex] [--json FILE]

PYTHON are interpreters that have TensorFlow and PyTorch; without the package, its columns are missing. First:

    cargo build --workspace --examples        (or --release)

Each round runs every implementation once, one after the other, so that all run under the same load of the machine. The table
has the medians over rounds, and the median of the rounds' ratios to the fastest of the others. Values are samples/s in
float32, with data in memory and two threads, after warm-up; batch 1 is the latency of single windows in microseconds. The
script also measures the machine's peak, a 2048 x 2048 float32 product by PyTorch's MKL in the same rounds, and the share of
it that training reaches. Training counts as two operations per published multiply-accumulate forward, and twice that
backward.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

from builds import TARGET, built

HERE = pathlib.Path(__file__).resolve().parent
MACS = {"ultra_lightweight_cnn": 216_480, "simple_cnn": 1_074_688, "deep_efficient_cnn": 731_328,
        "resnet_style_cnn": 2_652_432, "deep_cnn_large": 96_699_136}
THREADS = {"RAYON_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}


def run(command):
    out = subprocess.run(command, env=os.environ | THREADS, capture_output=True, text=True)
    if out.returncode:
        sys.exit(f"{' '.join(map(str, command))}:\n{out.stderr}")
    return json.loads(out.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keras", metavar="PYTHON")
    parser.add_argument("--torch", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--models", nargs="+", default=["ultra_lightweight_cnn", "simple_cnn", "deep_efficient_cnn"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32, 256])
    parser.add_argument("--paths", nargs="+", default=["native"], help="native, flex")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    binary = built("examples/throughput")
    others = (["keras"] if args.keras else []) + (["torch", "torch-compiled"] if args.torch else [])

    def measure(who, model, batch):
        if who in args.paths:
            return run([binary, model, str(batch), who, str(args.seconds)])
        python = args.keras if who == "keras" else args.torch
        return run([python, HERE / "peers.py", who, model, str(batch), str(args.seconds)])

    columns = args.paths + others
    print(f"{binary.relative_to(TARGET)}, {args.rounds} rounds; samples/s, at batch 1 microseconds")
    print(f"{'':38}" + "".join(f"{c:>15}" for c in columns) + f"{'against best':>14}{'of peak':>9}")
    results = []
    for model in args.models:
        for batch in args.batches:
            rounds = []
            for _ in range(args.rounds):
                row = {who: measure(who, model, batch) for who in columns}
                row["peak"] = run([args.torch, HERE / "peers.py", "peak", "-", "0"])["flops"] if args.torch else None
                rounds.append(row)
            for what in ("median_us", "p99_us") if batch == 1 else ("training", "inference"):
                best = min if batch == 1 else max
                medians = {c: statistics.median(r[c][what] for r in rounds) for c in columns}
                ratio = None
                if others:
                    pairs = [(best(r[o][what] for o in others), r[columns[0]][what]) for r in rounds]
                    ratio = statistics.median(theirs / ours if batch == 1 else ours / theirs for theirs, ours in pairs)
                share = None
                if what == "training" and args.torch:
                    share = statistics.median(r[columns[0]][what] * 6 * MACS[model] / r["peak"] for r in rounds)
                label = {"median_us": "one window, median", "p99_us": "one window, 99th percentile"}.get(what, f"{what} {batch}")
                print(f"{model.removesuffix('_cnn') + ' ' + label:<38}" + "".join(f"{medians[c]:>15,.0f}" for c in columns)
                      + (f"{ratio:>13.1f}x" if ratio else f"{'':>14}") + (f"{share:>9.0%}" if share else ""), flush=True)
                results.append({"model": model, "batch": batch, "what": what, "medians": medians, "ratio": ratio, "of_peak": share})
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
