#!/usr/bin/env python3
"""Training and inference of one network in one other framework, in a separate process; prints one JSON line.

    python scripts/bench/peers.py keras|torch|torch-compiled MODEL BATCH [SECONDS]
    python scripts/bench/peers.py peak - 0        operations/s of a large product by PyTorch

Samples/s of `fit` (Keras) or of the usual loop (PyTorch: shuffled index, gather, forward, backward, fused
Adam, channels-last), and of inference on whole batches; at batch 1 the latency of single calls in
microseconds. float32, two threads, data in memory, after warm-up.
"""

import json
import os
import pathlib
import sys
import time

THREADS = 2
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))


def data(batch):
    import numpy as np

    n = 64 * batch
    x = np.random.default_rng(0).uniform(-1, 1, (n, 2, 7, 256)).astype(np.float32)
    return x, (np.arange(n) % 3).astype(np.int64)


def rate(run, samples, seconds):
    """Samples a second of `run`, which handles `samples`."""
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        run()
        done += samples
    return done / (time.perf_counter() - start)


def latency(call, windows):
    """Median and 99th percentile of single calls, in microseconds."""
    for window in windows:
        call(window)
    times = []
    for _ in range(2000 // len(windows)):
        for window in windows:
            start = time.perf_counter()
            call(window)
            times.append(time.perf_counter() - start)
    times.sort()
    return {"median_us": times[len(times) // 2] * 1e6, "p99_us": times[len(times) * 99 // 100] * 1e6}


def keras(name, batch, seconds):
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    import keras
    import tensorflow as tf
    from keras_models import build

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    x, y = data(batch)
    model = build(name)
    call = tf.function(lambda a: model(a, training=False))
    chunks = [tf.constant(x[i : i + batch]) for i in range(0, len(x), batch)]
    if batch == 1:
        return latency(lambda window: call(window).numpy(), chunks)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3, epsilon=1e-7), loss, metrics=["accuracy"])

    def fit():
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0)

    fit()
    training = rate(fit, len(x), seconds)
    call(chunks[0])
    inference = rate(lambda: [call(chunk) for chunk in chunks], len(x), seconds / 2)
    return {"training": training, "inference": inference}


def torch(name, batch, seconds, compiled):
    import torch
    from torch_models import build

    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    x, y = (torch.from_numpy(a) for a in data(batch))
    model = build(name)
    forward = torch.compile(model, mode="max-autotune-no-cudagraphs") if compiled else model
    chunks = x.split(batch)

    def infer(window):
        with torch.inference_mode():
            return forward(window)

    if batch == 1:
        model.eval()
        return latency(infer, chunks)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)

    def epoch(steps=None):
        model.train()
        for index in torch.randperm(len(x)).split(batch)[:steps]:
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(forward(x[index]), y[index]).backward()
            optimizer.step()

    epoch(5)
    training = rate(epoch, len(x), seconds)
    model.eval()
    infer(chunks[0])
    inference = rate(lambda: [infer(chunk) for chunk in chunks], len(x), seconds / 2)
    return {"training": training, "inference": inference}


def peak():
    import torch

    torch.set_num_threads(THREADS)
    a, b = torch.rand(2048, 2048), torch.rand(2048, 2048)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return {"flops": 2 * 2048**3 / sorted(times)[len(times) // 2]}


def main():
    framework, name, batch, *rest = sys.argv[1:]
    seconds = float(rest[0]) if rest else 4.0
    if framework == "peak":
        result = peak()
    elif framework == "keras":
        result = keras(name, int(batch), seconds)
    else:
        result = torch(name, int(batch), seconds, framework == "torch-compiled")
    print(json.dumps({"framework": framework, "model": name, "batch": int(batch)} | result))


if __name__ == "__main__":
    main()
