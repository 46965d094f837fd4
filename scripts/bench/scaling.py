#!/usr/bin/env python3
"""Training time as a function of batch, threads and windows, and the share that logs and images take.

    cargo build --workspace --examples --bins
    python scripts/bench/scaling.py [--model simple_cnn] [--rounds 3]

Batches and threads: samples/s of the `throughput` example. Windows: the trainer's own `timing` of an experiment on repeated
windows of the demo, two epochs, two threads.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

from builds import built


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="simple_cnn")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()

    print(f"{args.model}, training samples/s (medians of {args.rounds} rounds)")
    print(f"{'batch':>8}{'1 thread':>12}{'2 threads':>12}")
    for batch in (8, 16, 32, 64, 128, 256, 512, 1024):
        row = []
        for threads in ("1", "2"):
            env = os.environ | {"RAYON_NUM_THREADS": threads}
            command = [built("examples/throughput"), args.model, str(batch), "native", "1.5"]
            runs = [json.loads(subprocess.run(command, env=env, capture_output=True, check=True).stdout) for _ in range(args.rounds)]
            row.append(statistics.median(run["training"] for run in runs))
        print(f"{batch:>8}{row[0]:>12,.0f}{row[1]:>12,.0f}", flush=True)

    print(f"\n{'windows':>8}{'one epoch':>12}{'samples/s':>12}{'logs and images':>18}")
    for windows in (1_200, 12_000, 100_000):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([built("examples/reading"), "write", str(windows), "4", folder], check=True)
            config = pathlib.Path(folder) / "demo-v1/dataset_config.yaml"
            command = [built("trainer"), "--model", args.model, "--dataset-config", config, "--epochs", "2", "--threads", "2",
                       "--experiments-dir", f"{folder}/experiments"]
            subprocess.run(command, capture_output=True, check=True)
            (experiment,) = pathlib.Path(folder, "experiments").glob("2*/")
            timing = json.loads((experiment / "metadata.json").read_text())["timing_s"]
            epoch = timing["training"] / 2
            share = timing["recording"] / (timing["training"] + timing["validation"] + timing["recording"])
            print(f"{windows:>8,}{epoch:>10.2f} s{windows / epoch:>12,.0f}{share:>17.1%}", flush=True)


if __name__ == "__main__":
    main()
