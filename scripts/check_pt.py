"""Compares the reading of `.pt` samples with PyTorch: values and speed.

    cargo build --release -p data --example loading
    python scripts/check_pt.py DATASET_CONFIG [--repeat 20]

Writes every window of the configuration's .npz sources as a separate `torch.save` sample, loads both with the data crate,
and compares the fingerprints (SHA-256 over windows and labels). Then times reading all samples: the data crate,
`torch.load` in one process, and a `DataLoader` with two workers. Needs PyTorch, NumPy and PyYAML.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import yaml

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOADING = os.path.join(REPOSITORY, "target/release/examples/loading")


def load(config: str) -> tuple[float, str]:
    begun = time.perf_counter()
    result = subprocess.run([LOADING, config], check=True, capture_output=True, text=True)
    print("   ", result.stdout.strip())
    return time.perf_counter() - begun, re.search(r"split (\w+)", result.stdout)[1]


class Samples(torch.utils.data.Dataset):
    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        sample = torch.load(self.paths[i], weights_only=True)
        return sample["data"]["shake"]["seismic"], sample["label"]["vehicle_type"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("--repeat", type=int, default=1, help="name every sample so often in the index when timing")
    options = parser.parse_args()
    base = os.path.dirname(os.path.abspath(options.config))
    with open(options.config, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    task = next(key for key, value in config.items() if isinstance(value, dict) and "train_index_file" in value)
    folder = tempfile.mkdtemp()
    paths = []
    for split in ("train", "val"):
        index = os.path.join(base, config[task][f"{split}_index_file"])
        lines = []
        for number, line in enumerate(open(index, encoding="utf-8").read().split("\n")):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            with np.load(os.path.join(base, line)) as archive:
                x, y = archive["x"], archive["y"]
                groups = archive["group"] if "group" in archive else [f"{split} {number}"] * len(y)
            for i, (window, label, group) in enumerate(zip(x, y, groups)):
                path = os.path.join(folder, f"{split}_{number}_{i}.pt")
                data = {"shake": {"seismic": torch.from_numpy(window)}}
                torch.save({"data": data, "label": {"vehicle_type": int(label)}, "group": str(group)}, path)
                lines.append(path)
        with open(os.path.join(folder, f"{split}.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        paths += lines
        config[task][f"{split}_index_file"] = f"{split}.txt"
    config[task].pop("test_index_file", None)
    config[task]["label_field"] = "vehicle_type"
    config |= {"location": "shake", "modality": "seismic"}
    converted = os.path.join(folder, "dataset_config.yaml")
    with open(converted, "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file, sort_keys=False)

    print("fingerprints of .npz and .pt:")
    same = load(options.config)[1] == load(converted)[1]
    print("    the same" if same else "    DIFFERENT")

    print(f"reading {len(paths)} samples {options.repeat} times:")
    index = os.path.join(folder, "train.txt")
    lines = open(index, encoding="utf-8").read().split("\n")
    with open(index, "w", encoding="utf-8") as file:
        file.write("\n".join(lines * options.repeat))
    seconds, _ = load(converted)
    count = len(lines) * options.repeat
    ours = count / seconds
    print(f"    data crate, spectra and hashes included: {ours:.0f} samples/s")
    repeated = Samples(lines * options.repeat)
    begun = time.perf_counter()
    for i in range(len(repeated)):
        repeated[i]
    one = count / (time.perf_counter() - begun)
    print(f"    torch.load, one process: {one:.0f} samples/s, ours {ours / one:.1f} x")
    loader = torch.utils.data.DataLoader(repeated, batch_size=64, num_workers=2)
    begun = time.perf_counter()
    for _ in loader:
        pass
    two = count / (time.perf_counter() - begun)
    print(f"    DataLoader, two workers: {two:.0f} samples/s, ours {ours / two:.1f} x")
    sys.exit(not same)


if __name__ == "__main__":
    main()
