#!/usr/bin/env python3
"""Training speed on a GPU: the trainer's backends compared with PyTorch, eager and with CUDA graphs, on one GPU.

    cargo build --release -p trainer --features vulkan,cuda
    python scripts/bench/gpu.py target/release/trainer [--backends wgpu cuda native] [--models ...]
        [--batches 32 256 2048] [--seconds 2] [--no-torch] [--json FILE]

Needs numpy, and PyTorch with CUDA for its columns. Measures samples/s of training only: the trainer's own figure for its
last epoch (forward, backward, Adam, running statistics), and PyTorch's usual loop (shuffled index, gather, forward,
backward, fused Adam). Both have their data in GPU memory and are measured after warm-up, in float32. PyTorch's convolutions
use TF32 unless the column's name says that `tf32` is off. Windows are random: speed does not depend on their values.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
MODELS = ["ultra_lightweight_cnn", "simple_cnn", "deep_efficient_cnn", "resnet_style_cnn", "deep_cnn_large"]
CONFIG = """bench:
  class_names: [a, b, c]
  train_index_file: train.txt
  val_index_file: val.txt
"""


def dataset(folder, windows):
    """Random inputs of 2 x 7 x 256."""
    import numpy as np

    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split, count in [("train", windows), ("val", 256)]:
        np.save(folder / f"{split}_x.npy", rng.random((count, 2, 7, 256), dtype=np.float32))
        np.save(folder / f"{split}_y.npy", (np.arange(count) % 3).astype(np.int64))
        (folder / f"{split}.txt").write_text(f"{split}_x.npy\n")
    (folder / "dataset_config.yaml").write_text(CONFIG)
    return folder / "dataset_config.yaml"


def preset(folder):
    """The plain training of the Keras script: nothing is changed in the inputs, so that they stay on the card."""
    path = folder / "plain.yaml"
    path.write_text("schedule: constant\nwarmup: 0\nweight_decay: 0\naverage: null\nkeep: last\ncalibrate: false\nlabel_smoothing: 0\n"
                    "augmentation: none\nspectral_processing: {method: none}\nnormalisation: none\n")
    return path


def trainer(program, config, folder, model, batch, backend, epochs):
    """Samples/s of the last epoch, and the seconds of the whole run."""
    command = [program, "--dataset-config", config, "--config", folder / "plain.yaml", "--model", model, "--no-baseline",
               "--batch-size", str(batch), "--epochs", str(epochs), "--backend", backend,
               "--experiments-dir", folder / "experiments"]
    began = time.time()
    out = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    rates = re.findall(r"([\d.]+) samples/s", out.stderr + out.stdout)
    if out.returncode or not rates:
        print(f"{model} {batch} {backend}: exit code {out.returncode}\n{out.stderr[-2000:]}", file=sys.stderr)
        return None
    return {"rate": float(rates[-1]), "first": float(rates[0]), "seconds": round(time.time() - began, 1)}


def torch_rate(model_name, batch, seconds, graphs, tf32):
    """Samples/s of PyTorch's training loop on the card."""
    import torch
    from torch_models import build

    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.manual_seed(0)
    card = torch.device("cuda")
    samples = 16 * batch if batch > 256 else 64 * batch
    x = torch.rand(samples, 2, 7, 256, device=card)
    y = torch.arange(samples, device=card) % 3
    model = build(model_name).to(card).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True, capturable=graphs)

    def step(index):
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(x[index]), y[index]).backward()
        optimizer.step()

    run = step
    if graphs:
        static = torch.arange(batch, device=card)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                step(static)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(graph):
            step(static)

        def run(index):
            static.copy_(index)
            graph.replay()

    def epoch(steps=None):
        for index in torch.randperm(samples, device=card).split(batch)[:steps]:
            run(index)

    epoch(10)
    torch.cuda.synchronize()
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        epoch()
        torch.cuda.synchronize()
        done += samples
    return {"rate": done / (time.perf_counter() - began)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--backends", nargs="*", default=["wgpu", "cuda", "native"])
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--batches", nargs="+", type=int, default=[32, 256, 2048])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--windows", type=int, help="of an epoch [default: 16,384 to 49,152, by batch]")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--no-torch", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    columns = list(args.backends)
    peers = {}
    if not args.no_torch:
        peers = {"torch": (False, True), "graphs": (True, True), "torch, tf32 off": (False, False), "graphs, tf32 off": (True, False)}
        import torch

        print(torch.cuda.get_device_name(0), "PyTorch", torch.__version__)
    columns += peers
    results = []
    print(f"{'samples/s':32}" + "".join(f"{c:>18}" for c in columns), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        preset(folder)
        configs = {}
        for model in args.models:
            for batch in args.batches:
                windows = args.windows or max(16_384, min(160 * batch, 49_152))
                if windows not in configs:
                    configs[windows] = dataset(folder / f"data{windows}", windows)
                row = {}
                for backend in args.backends:
                    row[backend] = trainer(args.program, configs[windows], folder, model, batch, backend, args.epochs)
                for peer, (graphs, tf32) in peers.items():
                    row[peer] = torch_rate(model, batch, args.seconds, graphs, tf32)
                cells = "".join(f"{row[c]['rate']:>18,.0f}" if row[c] else f"{'-':>18}" for c in columns)
                print(f"{model + ' ' + str(batch):32}" + cells, flush=True)
                results.append({"model": model, "batch": batch, "windows": windows, "results": row})
                if args.json:
                    args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
