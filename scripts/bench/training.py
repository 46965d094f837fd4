#!/usr/bin/env python3
"""Training and inference speed beside Keras, in turns on one machine.

    pip install tensorflow-cpu
    cargo build --release -p model --example throughput
    python scripts/bench/training.py [--rounds 5] [--models simple_cnn ...] [--batches 32 256]

Each round runs the native path, Burn's flex path and Keras `fit` one after the other; the table has the
medians, and the ratio of the medians of paired runs. Samples a second, float32, data in memory, two threads.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def keras_child(model_name, batch):
    """One measurement in a process of its own."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", OMP_NUM_THREADS="2")
    sys.path.insert(0, str(HERE.parent))
    import time

    import keras
    import numpy as np
    import tensorflow as tf
    from keras_models import build

    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    n = 64 * batch
    x = np.random.default_rng(0).uniform(-1, 1, (n, 2, 7, 256)).astype(np.float32)
    y = (np.arange(n) % 3).astype(np.int64)
    model = build(model_name)
    model.compile(keras.optimizers.Adam(1e-3, epsilon=1e-7), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, batch_size=batch, epochs=1, verbose=0)

    def rate(run, seconds):
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            run()
            done += n
        return done / (time.perf_counter() - start)

    training = rate(lambda: model.fit(x, y, batch_size=batch, epochs=1, verbose=0), 4)
    call = tf.function(lambda a: model(a, training=False))
    chunks = [tf.constant(x[i : i + batch]) for i in range(0, n, batch)]
    call(chunks[0])
    inference = rate(lambda: [call(chunk) for chunk in chunks], 2)
    print(json.dumps({"training": training, "inference": inference}))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", nargs="+", default=["ultra_lightweight_cnn", "simple_cnn", "deep_efficient_cnn"])
    parser.add_argument("--batches", nargs="+", type=int, default=[32, 256])
    parser.add_argument("--keras", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.keras:
        return keras_child(args.keras[0], int(args.keras[1]))
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    binary = next(p for p in (target / "release/examples/throughput", target / "debug/examples/throughput") if p.exists())
    env = os.environ | {"RAYON_NUM_THREADS": "2"}

    def ours(path, model, batch):
        out = subprocess.run([binary, model, str(batch), path], env=env, capture_output=True, text=True, check=True)
        return json.loads(out.stdout)

    def keras(model, batch):
        command = [sys.executable, __file__, "--keras", model, str(batch)]
        out = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(out.stdout.splitlines()[-1])

    print(f"binary {binary.relative_to(target)}, {args.rounds} rounds, samples/s")
    print(f"{'':34}{'native':>10}{'flex':>10}{'Keras':>10}{'native/Keras':>14}")
    for model in args.models:
        for batch in args.batches:
            rounds = [(ours("native", model, batch), ours("flex", model, batch), keras(model, batch)) for _ in range(args.rounds)]
            for what in ("training", "inference"):
                columns = [statistics.median(r[i][what] for r in rounds) for i in range(3)]
                ratio = statistics.median(r[0][what] / r[2][what] for r in rounds)
                name = f"{model.removesuffix('_cnn')} {what} {batch}"
                print(f"{name:<34}" + "".join(f"{c:>10.0f}" for c in columns) + f"{ratio:>13.1f}x", flush=True)


if __name__ == "__main__":
    main()
