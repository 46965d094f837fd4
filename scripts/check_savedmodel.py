#!/usr/bin/env python3
"""Compares exported models with TensorFlow, Keras and onnxruntime.

    pip install tensorflow-cpu onnx onnxruntime safetensors
    cargo run -p deploy --example reference -- FOLDER
    python scripts/check_savedmodel.py FOLDER [--short] [--experiment experiments/ID]

FOLDER contains five networks with every front end, inputs, and the logits of the project's engine. For batches of 1, 7 and
256, the logits and probabilities of `tf.saved_model.load`, of Keras' `TFSMLayer` and of onnxruntime must agree with the
project's to 1e-4 of the largest. Variables are listed and trained: ten steps of gradient descent through the signature must
reduce the loss. `saved_model_cli show --all` must run without a warning, and the graph must import into TensorBoard's
format. A Keras file made by `scripts/to_keras.py` must load and agree. Any deviation is an error (exit code 1).
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
# On some processors, TensorFlow would add in a different order and report it at every start.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
from safetensors.numpy import load_file

TOLERANCE = 1e-4
BATCHES = (1, 7, 256)
problems = []
worst = {}


def check(condition, message):
    if not condition:
        problems.append(message)
        print(f"  PROBLEM: {message}")


def softmax(logits):
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def compare(who, name, ours, logits, probabilities, temperature=1.0):
    """Logits to TOLERANCE of the largest, probabilities to the softmax of theirs."""
    check(np.isfinite(logits).all(), f"{name}: {who}: logits that are no numbers")
    # For every window separately, since amplitudes differ by orders of magnitude.
    error = float((np.abs(logits - ours).max(-1) / np.abs(ours).max(-1)).max())
    worst[who] = max(worst.get(who, 0.0), error)
    check(error <= TOLERANCE, f"{name}: {who}: logits differ by {error:.1e} of the largest")
    error = float(np.abs(probabilities - softmax(logits.astype(np.float64) / temperature)).max())
    check(error <= 1e-5, f"{name}: {who}: probabilities are {error:.1e} from the softmax of the logits")


def batches(inputs, logits):
    for size in BATCHES:
        # The unusual windows are the last of the 256; small batches begin at different positions.
        first = (size * 37) % (len(inputs) - size + 1)
        yield inputs[first : first + size], logits[first : first + size]
    strange = slice(len(inputs) - 7, len(inputs))
    yield inputs[strange], logits[strange]


def check_signature(name, loaded, signature, argument, inputs, logits):
    function = loaded.signatures[signature]
    layer = keras.layers.TFSMLayer(str(name.path), call_endpoint=signature)
    for x, y in batches(inputs, logits):
        for who, result in (("tf.saved_model.load", function(**{argument: tf.constant(x)})), ("TFSMLayer", layer(x))):
            check(set(result) == {"logits", "probabilities"}, f"{name}: {signature} gives {sorted(result)}")
            results = result["logits"].numpy(), result["probabilities"].numpy()
            compare(who, f"{name} {signature}", y, *results, name.temperature)


class Named(str):
    """A case's name, with its folder and temperature."""

    def __new__(cls, path):
        new = super().__new__(cls, path.name)
        new.path = path
        new.temperature = json.loads((path / "model.json").read_text()).get("temperature", 1.0)
        return new


def check_strange_windows(name, loaded, reference):
    """A sample that is no number is never classified; how far logits are off where the mean is 10,000 deviations and more
    is said."""
    function = loaded.signatures["serving_windows"]
    x = reference["windows"][:3].copy()
    x[0, 0, 5], x[2, 1, 1000] = np.nan, np.inf
    result = function(windows=tf.constant(x))
    for output in ("logits", "probabilities"):
        undefined = np.isnan(result[output].numpy()).all(-1)
        check(undefined.tolist() == [True, False, True], f"{name}: {output} of windows with NaN and infinity")
    if "far_windows" not in reference:
        return
    far, ours = reference["far_windows"], reference["logits_of_far_windows"]
    logits = function(windows=tf.constant(far))["logits"].numpy()
    error = float((np.abs(logits - ours).max(-1) / np.abs(ours).max(-1)).max())
    worst["tf.saved_model.load, means of 1e4 to 1e6 deviations"] = max(
        worst.get("tf.saved_model.load, means of 1e4 to 1e6 deviations", 0.0), error)


def check_variables(name, loaded):
    """All tensors are variables under their names, with their values; the trainable ones are known as such."""
    weights = load_file(name.path / "model.safetensors")
    variables = {variable.name.split(":")[0]: variable for variable in loaded.variables}
    check(set(variables) == set(weights), f"{name}: variables are {sorted(variables)}")
    for key, values in weights.items():
        if key in variables:
            check(np.array_equal(variables[key].numpy(), values), f"{name}: {key} is not what was saved")
    fixed = {key for key in weights if key.split("/")[1].startswith("moving_")}
    listed = {variable.name.split(":")[0] for variable in loaded.signatures["serving_default"].trainable_variables}
    check(listed == set(weights) - fixed, f"{name}: trainable variables are {sorted(listed)}")


def check_training(name, loaded, reference):
    """Ten steps of gradient descent, batch normalisation in inference mode."""
    function = loaded.signatures["serving_default"]
    variables = function.trainable_variables
    x = tf.constant(reference["features"][:8])
    labels = tf.constant(np.arange(8) % reference["logits_of_features"].shape[1])
    losses = []
    # Deep networks with initial running statistics need small steps.
    rate = 0.05 / max(1.0, float(np.abs(reference["logits_of_features"][:8]).max()))
    for _ in range(11):
        with tf.GradientTape() as tape:
            logits = function(input=x)["logits"]
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        losses.append(float(loss))
        gradients = tape.gradient(loss, variables)
        missing = [v.name for v, g in zip(variables, gradients) if g is None]
        check(not missing, f"{name}: no gradient of {missing}")
        norm = tf.linalg.global_norm([g for g in gradients if g is not None])
        for variable, gradient in zip(variables, gradients):
            if gradient is not None:
                variable.assign_sub(rate * gradient / tf.maximum(norm, 1.0))
    check(losses[-1] < losses[0], f"{name}: ten steps took the loss from {losses[0]:.4f} to {losses[-1]:.4f}")
    print(f"  ten steps of gradient descent: loss {losses[0]:.4f} to {losses[-1]:.4f}")


def check_onnx(name, reference):
    path = name.path / "model.onnx"
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for x, y in batches(reference["features"], reference["logits_of_features"]):
        logits, probabilities = session.run(["logits", "probabilities"], {"input": x})
        compare("onnxruntime", name, y, logits, probabilities, name.temperature)


def check_keras(name, reference):
    """With and without the softmax, made by `scripts/to_keras.py` and opened by Keras alone."""
    script = pathlib.Path(__file__).with_name("to_keras.py")
    models = []
    with tempfile.TemporaryDirectory() as folder:
        for flags in (["--logits"], []):
            path = pathlib.Path(folder) / f"model{len(flags)}.keras"
            command = [sys.executable, script, name.path, "--out", path, *flags]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            models.append(keras.models.load_model(path))
    for x, y in batches(reference["features"], reference["logits_of_features"]):
        logits, probabilities = (model(x, training=False).numpy() for model in models)
        compare("to_keras.py", name, y, logits, probabilities, name.temperature)


def check_cli(name):
    """`saved_model_cli show --all`: both signatures, nothing on standard error but what TensorFlow says of itself."""
    run = subprocess.run(
        [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", "show", "--dir", name.path, "--all"],
        capture_output=True, text=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"})
    check(run.returncode == 0, f"{name}: saved_model_cli ends with {run.returncode}: {run.stderr[-500:]}")
    # TensorFlow begins its log with this line.
    said = run.stderr.replace("WARNING: All log messages before absl::InitializeLog() is called are written to STDERR", "")
    check("WARNING" not in said and "Error" not in said, f"{name}: saved_model_cli says {said[-500:]}")
    for text in ("signature_def['serving_default']", "signature_def['serving_windows']", "shape: (-1, 2, 1024)"):
        check(text in run.stdout, f"{name}: saved_model_cli does not show {text}")


def check_tensorboard(name):
    """`import_pb_to_tensorboard`: an event with the graph, whose nodes are those of the file."""
    from tensorflow.python.summary import summary
    from tensorflow.python.tools import import_pb_to_tensorboard

    with tempfile.TemporaryDirectory() as folder:
        # The tool does not close its writer, and on a busy machine it may exit before the data are written.
        writers = []
        original = summary.FileWriter
        summary.FileWriter = lambda *given: writers.append(original(*given)) or writers[-1]
        try:
            import_pb_to_tensorboard.import_to_tensorboard(str(name.path), folder, "serve")
        finally:
            summary.FileWriter = original
        for writer in writers:
            writer.close()
        graphs = []
        for path in pathlib.Path(folder).glob("events*"):
            for event in tf.compat.v1.train.summary_iterator(str(path)):
                if event.graph_def:
                    graphs.append(tf.compat.v1.GraphDef.FromString(event.graph_def))
    nodes = [{node.name.removeprefix("import/") for node in graph.node} for graph in graphs]
    check(len(nodes) == 1 and {"input", "windows", "logits"} <= nodes[0], f"{name}: no graph for TensorBoard")
    print(f"  a graph of {[len(names) for names in nodes]} nodes for TensorBoard")


def check_left_out(name):
    """Where windows cannot be classified, the signature is missing and a note says why."""
    loaded = tf.saved_model.load(str(name.path))
    check(set(loaded.signatures) == {"serving_default"}, f"{name}: signatures are {sorted(loaded.signatures)}")
    note = (name.path / "assets/README.txt").read_text()
    check("batch" in note and "serving_windows" in note, f"{name}: the note says {note!r}")


def check_case(path):
    name = Named(path)
    print(name, flush=True)
    reference = load_file(path / "reference.safetensors")
    card = json.loads((path / "assets/model.json").read_text())
    names = (path / "assets/class_names.txt").read_text().splitlines()
    check(names == card["class_names"], f"{name}: assets/class_names.txt has {names}")
    check_onnx(name, reference)
    if card["preprocessing"]["normalisation"] == "batch":
        return check_left_out(name)
    loaded = tf.saved_model.load(str(path))
    check(not (path / "assets/README.txt").exists(), f"{name}: a note that something is left out")
    features = reference["features"], reference["logits_of_features"]
    windows = reference["windows"], reference["logits_of_windows"]
    check_signature(name, loaded, "serving_default", "input", *features)
    check_signature(name, loaded, "serving_windows", "windows", *windows)
    check_strange_windows(name, loaded, reference)
    check_variables(name, loaded)
    if name.endswith("-bands"):
        check_training(name, loaded, reference)
        check_keras(name, reference)


def check_experiment(directory):
    """A model as a training left it."""
    name = Named(directory / "model")
    print(directory)
    loaded = tf.saved_model.load(str(name.path))
    check_variables(name, loaded)
    card = json.loads((name.path / "model.json").read_text())
    x = np.random.default_rng(0).normal(size=[7, *card["input_shape"]]).astype(np.float32)
    result = loaded.signatures["serving_default"](input=tf.constant(x))
    shape = [7, len(card["class_names"])]
    check(list(result["probabilities"].shape) == shape, f"{name}: probabilities are {result['probabilities'].shape}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--short", action="store_true", help="FOLDER was written with --short")
    parser.add_argument("--experiment", type=pathlib.Path, action="append", default=[])
    arguments = parser.parse_args()
    started = time.monotonic()
    cases = sorted(path for path in arguments.folder.iterdir() if path.is_dir())
    check(len(cases) >= (4 if arguments.short else 20), f"{arguments.folder} has {len(cases)} models")
    for path in cases:
        check_case(path)
    # One model suffices, since the same code writes the parts that these tools read.
    shown = Named(arguments.folder / "ultra_lightweight_cnn-welch")
    check_cli(shown)
    check_tensorboard(shown)
    for directory in arguments.experiment:
        check_experiment(directory)
    for who, error in worst.items():
        print(f"largest difference, {who}: {error:.1e} of the largest logit")
    print(f"{len(cases)} models, {len(problems)} problems, {time.monotonic() - started:.0f} s")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
