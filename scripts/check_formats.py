"""Writes one dataset in every format, with each format's own library, and checks that the fingerprints are equal.

    cargo build -p data
    python scripts/check_formats.py target/debug/data DATASET_CONFIG [--python PYTHON ...]

Takes a configuration whose sources are .npz archives and writes its samples again: with NumPy (archives stored and
compressed, single arrays, float64), with TensorFlow (one TFRecord, one compressed with gzip, three shards matched by a
pattern), with PyTorch (one file per sample, zip and old format), and with `data convert`, whose shards TensorFlow then
reads and compares value by value. Then compares the output of `data fingerprint`: SHA-256 over windows and labels in
order. Needs NumPy and PyYAML. TensorFlow and PyTorch may be in this Python or in one of `--python`; a missing one is named
and skipped, and the exit status is 3.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import yaml

SPLITS = ("train", "val", "test")


def load(config_path: str) -> tuple[dict, str, dict]:
    """The configuration, its task, and x, y and group of every split."""
    base = os.path.dirname(os.path.abspath(config_path))
    with open(config_path, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    task = next(key for key, value in config.items() if isinstance(value, dict) and "train_index_file" in value)
    splits = {}
    for split in SPLITS:
        index = config[task].get(f"{split}_index_file")
        if index is None:
            continue
        index = os.path.join(base, index)
        parts = []
        with open(index, encoding="utf-8") as file:
            lines = [line.strip() for line in file]
        for line in lines:
            if line and not line.startswith("#"):
                path = next(p for p in (os.path.join(base, line), os.path.join(os.path.dirname(index), line)) if os.path.isfile(p))
                with np.load(path) as archive:
                    parts.append((archive["x"], archive["y"], archive["group"]))
        splits[split] = tuple(np.concatenate(own) for own in zip(*parts))
    return config, task, splits


def numpy_stored(at, x, y, group):
    np.savez(at("a.npz"), x=x, y=y, group=group)
    return ["a.npz"]


def numpy_compressed(at, x, y, group):
    np.savez_compressed(at("a.npz"), x=x, y=y, group=group)
    return ["a.npz"]


def numpy_arrays(at, x, y, group):
    for name, own in (("x", x), ("y", y.astype(np.int32)), ("group", group)):
        np.save(at(f"a_{name}.npy"), own)
    return ["a_x.npy"]


def numpy_doubles(at, x, y, group):
    np.savez(at("a.npz"), x=x.astype(">f8"), y=y.astype(np.uint8), group=group)
    return ["a.npz"]


def tensorflow(at, x, y, group, name, options=None, shards=1):
    import tensorflow as tf

    def example(window, label, own):
        feature = {
            "x": tf.train.Feature(float_list=tf.train.FloatList(value=window.ravel())),
            "shape": tf.train.Feature(int64_list=tf.train.Int64List(value=window.shape)),
            "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[int(label)])),
            "group": tf.train.Feature(bytes_list=tf.train.BytesList(value=[str(own).encode()])),
        }
        return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()

    for shard, part in enumerate(np.array_split(np.arange(len(y)), shards)):
        with tf.io.TFRecordWriter(at(name.replace("*", str(shard))), options) as writer:
            for i in part:
                writer.write(example(x[i], y[i], group[i]))
    return [name]


def torch_samples(at, x, y, group, zipped=True):
    import torch

    names = []
    for i, (window, label, own) in enumerate(zip(x, y, group)):
        sample = {"data": {"shake": {"seismic": torch.from_numpy(window)}}, "label": {"kind": int(label)}, "group": str(own)}
        torch.save(sample, at(f"{i}.pt"), _use_new_zipfile_serialization=zipped)
        names.append(f"{i}.pt")
    return names


WAYS = {
    "NumPy, .npz stored": numpy_stored,
    "NumPy, .npz compressed": numpy_compressed,
    "NumPy, .npz float64 big-endian": numpy_doubles,
    "NumPy, .npy": numpy_arrays,
    "TensorFlow, TFRecord": lambda *a: tensorflow(*a, name="a.tfrecord"),
    "TensorFlow, TFRecord with gzip": lambda *a: tensorflow(*a, name="a.tfrecord.gz", options="GZIP"),
    "TensorFlow, TFRecord shards": lambda *a: tensorflow(*a, name="a-*.tfrecord", shards=3),
    "PyTorch, .pt": torch_samples,
    "PyTorch, .pt of before 1.6": lambda *a: torch_samples(*a, zipped=False),
}


def write(way: str, config_path: str, folder: str) -> str:
    """Writes all splits in one way and a configuration, and returns it."""
    config, task, splits = load(config_path)
    for split, (x, y, group) in splits.items():
        own = os.path.join(folder, split)
        os.makedirs(own, exist_ok=True)
        names = WAYS[way](lambda name, own=own: os.path.join(own, name), x, y, group)
        with open(os.path.join(folder, f"{split}.txt"), "w", encoding="utf-8") as file:
            file.writelines(f"{split}/{name}\n" for name in names)
        config[task][f"{split}_index_file"] = f"{split}.txt"
    config[task]["label_field"] = "kind"
    written = os.path.join(folder, "dataset_config.yaml")
    with open(written, "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file, sort_keys=False)
    return written


def read_by_tensorflow(config_path: str, folder: str) -> None:
    """Compares the shards that `data convert` wrote, as TensorFlow reads them, with the samples."""
    import tensorflow as tf

    _, _, splits = load(config_path)
    for split, (x, y, group) in splits.items():
        with open(os.path.join(folder, f"{split}_index.txt"), encoding="utf-8") as file:
            paths = [os.path.join(folder, line.strip()) for line in file]
        features = {
            "x": tf.io.FixedLenFeature(x.shape[1:], tf.float32), "shape": tf.io.FixedLenFeature([x.ndim - 1], tf.int64),
            "label": tf.io.FixedLenFeature([], tf.int64), "group": tf.io.FixedLenFeature([], tf.string),
        }
        read = [tf.io.parse_single_example(record, features) for record in tf.data.TFRecordDataset(paths)]
        assert len(read) == len(y), split
        for own, window, label, name in zip(read, x, y, group):
            assert (own["x"].numpy() == window).all() and own["label"] == label and own["group"].numpy().decode() == name
            assert tuple(own["shape"].numpy()) == window.shape


def fingerprint(program: str, config: str) -> dict:
    output = subprocess.run([program, "fingerprint", config, "--json"], check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("config")
    parser.add_argument("--python", action="append", default=[], help="another Python to write with")
    parser.add_argument("--write", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.write:
        way, folder = args.write
        try:
            read_by_tensorflow(args.config, folder) if way == "read" else write(way, args.config, folder)
        except ImportError as error:
            sys.exit(f"missing: {error}")
        return
    expected = fingerprint(args.program, args.config)
    print(f"{'the sources':34}{expected['train'][:16]}")
    different, missing = [], []
    for way in [*WAYS, "data convert"]:
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "new")
            if way == "data convert":
                subprocess.run([args.program, "convert", args.config, "--out", out], check=True, capture_output=True)
                work = "read"
            else:
                os.mkdir(out)
                work = way
            for python in [sys.executable, *args.python]:
                arguments = [python, __file__, args.program, args.config, "--write", work, out]
                done = subprocess.run(arguments, capture_output=True, text=True)
                if "missing: " not in done.stderr:
                    break
            if "missing: " in done.stderr:
                print(f"{way:34}LEFT OUT: {done.stderr.strip().splitlines()[-1]}")
                missing.append(way)
                continue
            if done.returncode:
                sys.exit(f"{way}: {done.stderr}")
            found = fingerprint(args.program, os.path.join(out, "dataset_config.yaml"))
        same = found == expected
        print(f"{way:34}{found['train'][:16]}  {'the same' if same else 'DIFFERENT'}", flush=True)
        if not same:
            different.append(way)
    sys.exit(1 if different else 3 if missing else 0)


if __name__ == "__main__":
    main()
