#!/usr/bin/env python3
"""Time of the whole command, from the start of the process to the finished experiment, compared with a Keras script.

    python scripts/bench/command.py --keras PYTHON [--rounds 5] [--model simple_cnn] [--epochs 5]

Both read the demo's TFRecords, train for the given number of epochs on two threads, and write scalars, histograms of every
weight, one confusion matrix per epoch, test metrics and the model. PYTHON has tensorflow-cpu and matplotlib.
"""

import argparse
import pathlib
import statistics
import subprocess
import tempfile
import time

from builds import TARGET, built

HERE = pathlib.Path(__file__).resolve().parent


def seconds(command, **options):
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, **options)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keras", metavar="PYTHON", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default="simple_cnn")
    parser.add_argument("--epochs", default="5")
    args = parser.parse_args()
    trainer = built("trainer")
    with tempfile.TemporaryDirectory() as folder:
        def ours():
            return seconds([trainer, "--model", args.model, "--epochs", args.epochs, "--threads", "2",
                            "--experiments-dir", f"{folder}/experiments", "--datasets-dir", f"{folder}/datasets"])

        def keras(i):
            return seconds([args.keras, HERE / "keras_script.py", f"{folder}/datasets/demo-v1", f"{folder}/keras{i}", args.model, args.epochs])

        first = ours()  # writes the demo
        rounds = [(ours(), keras(i)) for i in range(args.rounds)]
    mine, theirs = (statistics.median(column) for column in zip(*rounds))
    ratio = statistics.median(k / o for o, k in rounds)
    print(f"{trainer.relative_to(TARGET)}, {args.model}, {args.epochs} epochs, {args.rounds} rounds (medians)")
    print(f"trainer {mine:.2f} s (the first time, which writes the demo, {first:.2f} s), Keras script {theirs:.2f} s: {ratio:.1f}x")


if __name__ == "__main__":
    main()
