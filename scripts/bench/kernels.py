"""Counts the kernels that a training step launches on wgpu, with CubeCL's own log.

    cargo build -p trainer --features wgpu
    python scripts/bench/kernels.py target/debug/trainer [--batch 32] [--names MODEL]

Trains one epoch on a quarter and on half of the demo's labels, with all kernels compiled and tuned before. The additional
launches of the second run, divided by its additional steps, are those of one step: evaluation and an incomplete last batch
are the same in both and cancel. `--names` prints the names of these kernels. Works on any device, also on the software Vulkan
driver.
"""

import argparse
import collections
import os
import re
import subprocess
import tempfile

MODELS = ["ultra_lightweight_cnn", "simple_cnn", "deep_efficient_cnn", "resnet_style_cnn", "deep_cnn_large"]
SAMPLES = 1200


def run(trainer: str, model: str, batch: int, ratio: float, folder: str, datasets: str) -> collections.Counter:
    log = os.path.join(folder, "kernels.log")
    with open(os.path.join(folder, "cubecl.toml"), "w", encoding="utf-8") as file:
        file.write(f'[profiling]\nlogger = {{ level = "minimal", file = "{log}", append = false }}\n')
    if os.path.exists(log):
        os.remove(log)
    command = [
        trainer, "--model", model, "--backend", "wgpu", "--epochs", "1", "--batch-size", str(batch), "--label-ratio", str(ratio),
        "--untracked", "--experiments-dir", os.path.join(folder, "e"), "--datasets-dir", datasets,
    ]
    environment = {"CUBECL_AUTOTUNE_LEVEL": "minimal", **os.environ}
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = [line for line in file if "xecut" in line]
    # The names omit the numbers of variants.
    return collections.Counter(re.sub(r"\s+", " ", line).strip()[:200] for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("trainer")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--models", nargs="*", default=MODELS)
    parser.add_argument("--names", action="store_true")
    args = parser.parse_args()
    trainer = os.path.abspath(args.trainer)
    with tempfile.TemporaryDirectory() as folder:
        for model in args.models:
            # The first runs compile and tune, which launches additional kernels.
            counts = [run(trainer, model, args.batch, ratio, folder, folder) for ratio in (0.25, 0.5, 0.25, 0.5)][-2:]
            steps = -(-SAMPLES // 2 // args.batch) - -(-SAMPLES // 4 // args.batch)
            more = sum(counts[1].values()) - sum(counts[0].values())
            print(f"{model}: {more / steps:.1f} kernels a step ({more} in {steps} steps)", flush=True)
            if args.names:
                for name, count in (counts[1] - counts[0]).most_common(40):
                    print(f"  {count / steps:6.2f}  {name}")


if __name__ == "__main__":
    main()
