#!/usr/bin/env python3
"""Peak memory of training, in memory and streamed, and reading speed compared with tf.data and NumPy.

    cargo build --workspace --examples && cargo build -p trainer
    python scripts/bench/memory_and_reading.py [--keras PYTHON] [--windows 100000] [--rounds 3]

Writes the given number of windows [2, 1024] as eight TFRecord shards (and npz) to a temporary folder, trains simple_cnn on
them for one epoch in each mode, and reads them with every reader. The files are in the page cache.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from builds import built


TF = """
import os, sys, time, json
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(2)
tf.config.threading.set_inter_op_parallelism_threads(2)
features = {"x": tf.io.FixedLenFeature([2048], tf.float32), "label": tf.io.FixedLenFeature([], tf.int64)}
def read():
    records = tf.data.TFRecordDataset(sys.argv[1:], num_parallel_reads=2).batch(256)
    return sum(int(r["label"].shape[0]) for r in records.map(lambda r: tf.io.parse_example(r, features), num_parallel_calls=2).prefetch(2))
read()
start = time.perf_counter()
n = read()
print(json.dumps({"windows": n, "windows_per_s": n / (time.perf_counter() - start)}))
"""
NUMPY = """
import sys, time, json
import numpy as np
start = time.perf_counter()
with np.load(sys.argv[1]) as f:
    n = len(f["y"]); x = f["x"]
print(json.dumps({"windows": n, "windows_per_s": n / (time.perf_counter() - start)}))
"""


def child(command):
    """Standard output, seconds, peak resident MiB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command}: status {status}")
    return out, time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keras", metavar="PYTHON")
    parser.add_argument("--windows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([built("examples/reading"), "write", str(args.windows), "8", folder], check=True)
        demo = pathlib.Path(folder) / "demo-v1"
        shards = sorted(demo.glob("train-*.tfrecord"))
        print(f"{args.windows:,} windows, {sum(s.stat().st_size for s in shards) / 1e6:,.0f} MB of TFRecord")
        for how in ([], ["--stream"]):
            _, seconds, peak = child([built("trainer"), "--dataset-config", demo / "dataset_config.yaml", "--epochs", "1", "--threads", "2",
                                      "--experiments-dir", f"{folder}/experiments", *how])
            print(f"simple_cnn, one epoch, {'streamed ' if how else 'in memory'}  {seconds:6.1f} s  peak {peak:7,.0f} MiB resident", flush=True)

        def rate(command):
            return statistics.median(json.loads(child(command)[0])["windows_per_s"] for _ in range(args.rounds))

        print(f"TFRecord, trainer's reader, one thread  {rate([built('examples/reading'), 'read', *shards]):>12,.0f} windows/s")
        if args.keras:
            print(f"TFRecord, tf.data, two threads          {rate([args.keras, '-c', TF, *shards]):>12,.0f} windows/s")
            n = min(args.windows, 20_000)
            make = f"import numpy as np; np.savez(r'{folder}/a.npz', x=np.random.rand({n}, 2, 1024).astype('f4'), y=np.arange({n}) % 3)"
            subprocess.run([args.keras, "-c", make], check=True)
            print(f"npz, trainer's reader                   {rate([built('examples/reading'), 'read', f'{folder}/a.npz']):>12,.0f} windows/s")
            print(f"npz, NumPy                              {rate([args.keras, '-c', NUMPY, f'{folder}/a.npz']):>12,.0f} windows/s")


if __name__ == "__main__":
    main()
