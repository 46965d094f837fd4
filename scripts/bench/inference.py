#!/usr/bin/env python3
"""Inference compared with onnxruntime and the TFLite interpreter with XNNPACK, in alternating rounds on one machine.

    cargo build --workspace --examples --bins
    python scripts/bench/inference.py --onnx PYTHON --tflite PYTHON [--int8] [--rounds 5] [--seconds 1]
        [--models simple_cnn ...] [--batches 1 32 256] [--threads 1 2] [--json FILE]

PYTHON are interpreters that have `onnxruntime`, and `ai_edge_litert` or TensorFlow; without one, its column is missing. They
run the files that `trainer export` writes for a network trained for one epoch on the demo. Batch normalisation is thus
folded if the exporter or the runtime does so.

With `--int8` the columns `int8` and `tflite8` are int8 models: the project's, and XNNPACK with the file of `--quantise int8
--int8-io`. The project's takes float features and quantises them; XNNPACK takes integers. `ratio` excludes both.

Each round runs every implementation once, one after the other, in a separate process. The table has the medians over rounds,
and the median of the rounds' ratios to the fastest of the others. Every call has the same input, in memory, and outputs stay
where the runtime puts them. Only the call `invoke` or `run_with_iobinding` is timed, without copies and checks of inputs.
Batch 1 is the median latency of a call in microseconds; larger batches are windows/s.
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

from builds import TARGET, built

MODELS = ["ultra_lightweight_cnn", "simple_cnn", "deep_efficient_cnn"]


def given_input(batch):
    import numpy as np

    return np.random.default_rng(0).uniform(-1, 1, (batch, 2, 7, 256)).astype(np.float32)


def onnx(path, batch, threads):
    """One call of onnxruntime, with an input that it was given before."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_cpu_input(session.get_inputs()[0].name, given_input(batch))
    binding.bind_output(session.get_outputs()[0].name)
    return lambda: session.run_with_iobinding(binding)


def tflite(path, batch, threads):
    """One call of the TFLite interpreter; XNNPACK is its default delegate."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tensorflow.lite import Interpreter
    interpreter = Interpreter(path, num_threads=threads)
    (given,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(given["index"], (batch, *given["shape"][1:]))
    interpreter.allocate_tensors()
    x = given_input(batch).reshape(interpreter.get_input_details()[0]["shape"])
    interpreter.set_tensor(given["index"], (100 * x).astype(given["dtype"]))
    return interpreter.invoke


def worker(who, path, batch, threads, seconds):
    call = {"onnx": onnx, "tflite": tflite, "tflite8": tflite}[who](path, batch, threads)
    for _ in range(max(5, 500 // batch)):
        call()
    times, started = [], time.perf_counter()
    while time.perf_counter() - started < seconds:
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
    middle = statistics.median(times)
    print(json.dumps({"median_us": middle * 1e6, "rate": batch * len(times) / sum(times)}))


def run(command, threads):
    # Run one at a time: spinning threads would slow others down.
    env = os.environ | {"RAYON_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"}
    out = subprocess.run([str(part) for part in command], env=env, capture_output=True, text=True)
    if out.returncode:
        sys.exit(f"{' '.join(map(str, command))}:\n{out.stderr}")
    return json.loads(out.stdout.splitlines()[-1])


def export(folder, models, int8):
    """Trains every network for an epoch and writes it in all formats."""
    trainer = built("trainer")
    for model in models:
        kept = f"{folder}/{model}"
        common = ["--experiments-dir", kept, "--datasets-dir", f"{folder}/datasets"]
        subprocess.run([trainer, "--model", model, "--epochs", "1", "--no-baseline", *common], capture_output=True, check=True)
        for form in ("onnx", "tflite"):
            command = [trainer, "export", "latest", *common[:2], "--format", form, "--out", f"{folder}/{model}.{form}"]
            subprocess.run(command, capture_output=True, check=True)
        if int8:
            command[-1] = f"{folder}/{model}.tflite8"
            subprocess.run([*command, "--quantise", "int8", "--int8-io"], capture_output=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--onnx", metavar="PYTHON")
    parser.add_argument("--tflite", metavar="PYTHON")
    parser.add_argument("--int8", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32, 256])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    pythons = {who: python for who, python in (("onnx", args.onnx), ("tflite", args.tflite)) if python}
    binary = built("examples/throughput")

    def measure(who, folder, model, batch, threads):
        if who == "native":
            return run([binary, model, batch, "inference", args.seconds], threads)
        if who == "int8":
            return run([built("examples/integers"), model, batch, args.seconds], threads)
        return run([pythons[who], __file__, "--worker", who, f"{folder}/{model}.{who}", batch, threads, args.seconds], threads)

    eights = ["int8"] if args.int8 else []
    if args.int8 and "tflite" in pythons:
        pythons["tflite8"] = pythons["tflite"]
        eights.append("tflite8")
    columns = ["native", *(who for who in pythons if who not in eights), *eights]
    others = [who for who in columns if who != "native" and who not in eights]
    print(f"{binary.relative_to(TARGET)}, {args.rounds} rounds; batch 1: microseconds a window, else windows/s")
    print(f"{'':34}" + "".join(f"{c:>12}" for c in columns) + f"{'ratio':>10}")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        export(folder, args.models, args.int8)
        for model in args.models:
            for batch in args.batches:
                for threads in args.threads:
                    rounds = [{c: measure(c, folder, model, batch, threads) for c in columns} for _ in range(args.rounds)]
                    key = "median_us" if batch == 1 else "rate"
                    medians = {c: statistics.median(r[c][key] for r in rounds) for c in columns}
                    ratio = None
                    if others:
                        ratio = statistics.median(r["native"]["rate"] / max(r[c]["rate"] for c in others) for r in rounds)
                        if batch == 1:
                            fastest = [min(r[c][key] for c in others) / r["native"][key] for r in rounds]
                            ratio = statistics.median(fastest)
                    label = f"{model.removesuffix('_cnn')} {batch}, {threads} thread{'s' * (threads > 1)}"
                    digits = 1 if batch == 1 else 0
                    print(f"{label:<34}" + "".join(f"{medians[c]:>12,.{digits}f}" for c in columns)
                          + (f"{ratio:>9.2f}x" if ratio else ""), flush=True)
                    results.append({"model": model, "batch": batch, "threads": threads, "medians": medians, "ratio": ratio})
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        who, path, batch, threads, seconds = sys.argv[2:]
        worker(who, path, int(batch), int(threads), float(seconds))
    else:
        main()
