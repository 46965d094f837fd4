#!/usr/bin/env python3
"""Compares exported TFLite models, run with TFLite's reference kernels, with the project's engines.

    pip install ai-edge-litert safetensors
    cargo run -p deploy --example reference -- FOLDER
    python scripts/check_tflite.py FOLDER [--speed]

FOLDER contains models, inputs, and the logits of the project's engines. From int8 features to int8 logits, the bits must be
identical; float32 logits must agree to 1e-4 of the largest. Any deviation is an error (exit code 1). `--speed` times the
int8 models with XNNPACK on one thread.
"""

import argparse
import json
import pathlib
import sys
import time

import numpy as np
from ai_edge_litert import interpreter as litert
from safetensors.numpy import load_file

problems = []
# Operators of TFLite Micro's `MicroMutableOpResolver`.
MICRO = {"CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "ADD", "RESHAPE", "QUANTIZE", "DEQUANTIZE"}


def check(condition, message):
    if not condition:
        problems.append(message)
        print(f"  PROBLEM: {message}")


def run(path, features, resolver=litert.OpResolverType.BUILTIN_REF):
    """Logits of features, one window at a time, and the model."""
    model = litert.Interpreter(str(path), experimental_op_resolver_type=resolver, num_threads=1)
    model.allocate_tensors()
    [given], [put_out] = model.get_input_details(), model.get_output_details()
    logits = []
    for x in features:
        model.set_tensor(given["index"], x[None].astype(given["dtype"]))
        model.invoke()
        logits.append(model.get_tensor(put_out["index"])[0])
    return np.array(logits), model


def check_integers(path):
    integers = load_file(path / "integers.safetensors")
    logits, model = run(path / "model_int8_io.tflite", windows_of(path, integers["features"]))
    differing = int((logits != integers["logits"]).sum())
    largest = int(np.abs(logits.astype(int) - integers["logits"]).max())
    check(differing == 0, f"{path.name}: {differing} of {logits.size} integer logits differ, by up to {largest}")
    check(len(np.unique(integers["logits"])) > 3, f"{path.name}: the logits are all the same")
    operators = {op["op_name"] for op in model._get_ops_details()} - {"DELEGATE"}
    check(operators <= MICRO, f"{path.name}: TFLite Micro lacks {operators - MICRO}")
    return logits.size


def windows_of(path, flat):
    shape = json.loads((path / "model.json").read_text())["input_shape"]
    return flat.reshape(-1, *shape)


def check_floats(path):
    reference = load_file(path / "reference.safetensors")
    features, expected = reference["features"][:16], reference["logits_of_features"][:16]
    logits, _ = run(path / "model.tflite", features)
    error = float((np.abs(logits - expected).max(-1) / np.abs(expected).max(-1)).max())
    check(error <= 1e-4, f"{path.name}: float32 logits differ by {error:.1e} of the largest")
    return error


def check_conversions(path):
    """float32 outside: the same integers, encoded and decoded."""
    features = load_file(path / "reference.safetensors")["features"][:16]
    outside, model = run(path / "model_int8.tflite", features)
    io = litert.Interpreter(str(path / "model_int8_io.tflite"))
    (scale, zero), (unit, middle) = (d[0]["quantization"] for d in (io.get_input_details(), io.get_output_details()))
    rounded = np.sign(features) * np.floor(np.abs(features / np.float32(scale)) + 0.5)
    integers = np.clip(rounded + zero, -128, 127).astype(np.int8)
    inside, _ = run(path / "model_int8_io.tflite", integers)
    same = (outside == np.float32(unit) * (inside.astype(np.float32) - middle)).all()
    check(same, f"{path.name}: float32 in and out gives other logits")


def microseconds(path):
    features = load_file(path / "integers.safetensors")["features"]
    model = litert.Interpreter(str(path / "model_int8_io.tflite"), num_threads=1)
    [given] = model.get_input_details()
    x = windows_of(path, features)
    model.resize_tensor_input(given["index"], x.shape)
    model.allocate_tensors()
    model.set_tensor(given["index"], x)
    model.invoke()
    started = time.perf_counter()
    for _ in range(50):
        model.invoke()
    return (time.perf_counter() - started) / 50 / len(x) * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--speed", action="store_true")
    arguments = parser.parse_args()
    cases = sorted(path.parent for path in arguments.folder.glob("*/model.tflite"))
    check(len(cases) >= 2, f"{arguments.folder} has {len(cases)} models")
    for path in cases:
        logits = check_integers(path)
        error = check_floats(path)
        check_conversions(path)
        print(f"{path.name}: {logits} integer logits, float32 within {error:.1e}", flush=True)
        if arguments.speed:
            print(f"  {microseconds(path):.1f} us a window with XNNPACK on one thread")
    print(f"{len(cases)} models, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
