"""Effect of larger batches and other learning rates: validation macro F1 and number of epochs, mean over seeds.

    python scripts/bench/batch_and_rate.py TRAINER DATASET_CONFIG [--models ...] [--backend native]

TRAINER is the built binary. Learning rates are 0.001 (that of batch 32), and scaled with the square root of the batch or
with the batch.
"""
import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path


def run(trainer, config, folder, model, batch, rate, seed, backend):
    command = [trainer, "--dataset-config", config, "--experiments-dir", folder, "--model", model, "--batch-size", batch,
               "--learning-rate", rate, "--seed", seed, "--backend", backend]
    output = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
    directory = next(line.split(maxsplit=1)[1] for line in output.splitlines() if line.startswith("directory"))
    history = [json.loads(line) for line in open(Path(directory) / "history.jsonl")]
    best = min(history, key=lambda epoch: epoch["metrics"]["val_loss"])
    return best["metrics"]["val_f1_macro"], len(history)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("trainer")
    parser.add_argument("config")
    parser.add_argument("--models", nargs="+", default=["ultra_lightweight_cnn", "simple_cnn", "deep_efficient_cnn"])
    parser.add_argument("--batches", nargs="+", type=int, default=[32, 64, 128, 256, 512])
    parser.add_argument("--seeds", nargs="+", type=int, default=[42, 1, 2, 3, 4])
    parser.add_argument("--backend", default="native")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("| batch | rate 0.001 | root | linear |\n|---|---|---|---|")
        for batch in args.batches:
            cells = []
            for factor in (1.0, (batch / 32) ** 0.5, batch / 32):
                results = [run(args.trainer, args.config, folder, model, batch, 1e-3 * factor, seed, args.backend)
                           for model in args.models for seed in args.seeds]
                f1, epochs = (statistics.mean(column) for column in zip(*results))
                deviation = statistics.stdev(result[0] for result in results)
                cells.append(f"{f1:.3f} ± {deviation:.3f}, {epochs:.0f} epochs")
                if batch == 32:
                    cells *= 3
                    break
            print(f"| {batch} | " + " | ".join(cells) + " |", flush=True)


main()
