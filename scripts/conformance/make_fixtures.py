#!/usr/bin/env python3
"""Writes the small conformance fixtures of crates/model/tests/fixtures with Keras.

    pip install tensorflow-cpu safetensors
    python scripts/conformance/make_fixtures.py

Each file holds, for one narrowed network, weights, one batch, logits, loss, gradients, running statistics after one training
step, and the losses of five Adam steps. Tensors have Keras' names and layout.
"""

import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from keras_models import MODELS, build, named_variables  # noqa: E402

OUT = pathlib.Path(__file__).parents[2] / "crates/model/tests/fixtures"
INPUT = (2, 7, 16)
BATCH = 32
# In a narrower ResNet, some bottleneck channels are zero for a whole batch. Normalising them amplifies rounding
# errors, so implementations disagree.
DIVISORS = {"deep_cnn_large": 16, "resnet_style_cnn": 4}


LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
SEEDS = 12


def random_weights(model, rng):
    for name, variable in named_variables(model).items():
        kind, shape = name.rsplit("/", 1)[1], tuple(variable.shape)
        if kind == "moving_variance":
            variable.assign(rng.uniform(0.5, 1.5, shape))
        elif kind == "gamma":
            variable.assign(rng.uniform(0.8, 1.2, shape))
        elif kind in ("beta", "moving_mean", "bias"):
            variable.assign(rng.normal(0, 0.1, shape))


def gradients(model, x, y):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss = LOSS(y, logits)
    return logits, loss, [g.numpy() for g in tape.gradient(loss, model.trainable_variables)]


def make(name, divisor, seed):
    """The fixture of one seed, and how far float32 gradients are from float64 ones: a ReLU or a
    pooling near its switching point makes two correct implementations differ."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    model = build(name, INPUT, 3, divisor, dropout=False)
    random_weights(model, rng)
    x = rng.normal(0, 1, (BATCH, *INPUT)).astype(np.float32)
    y = rng.integers(0, 3, BATCH)

    out = {f"weights.{k}": v.numpy().copy() for k, v in named_variables(model).items()}
    out |= {"x": x, "y": y, "logits": model(x, training=False).numpy()}
    logits, loss, grads = gradients(model, x, y)
    by_id = {id(v): g for v, g in zip(model.trainable_variables, grads)}
    for k, v in named_variables(model).items():
        if id(v) in by_id:
            out[f"grads.{k}"] = by_id[id(v)]
        else:
            out[f"after.{k}"] = v.numpy().copy()
    out |= {"train_logits": logits.numpy(), "loss": loss.numpy().reshape(1)}

    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    double = build(name, INPUT, 3, divisor, dropout=False)
    for k, v in named_variables(double).items():
        v.assign(out[f"weights.{k}"].astype(np.float64))
    exact = gradients(double, x.astype(np.float64), y)[2]
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    error = max(np.abs(a - b).max() / (1e-2 + np.abs(b).max()) for a, b in zip(grads, exact))

    for k, v in named_variables(model).items():
        v.assign(out[f"weights.{k}"])
    adam = keras.optimizers.Adam(1e-3, 0.9, 0.999, epsilon=1e-7)
    losses = []
    for _ in range(5):
        with tf.GradientTape() as tape:
            loss = LOSS(y, model(x, training=True))
        adam.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        losses.append(float(loss))
    out["adam_losses"] = np.array(losses, dtype=np.float32)
    out["float32_error"] = np.array([error], dtype=np.float32)
    return error, out


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        divisor = DIVISORS.get(name, 8)
        error, seed, out = best(name, divisor)
        meta = {"model": name, "divisor": str(divisor), "framework": f"keras {keras.__version__}"}
        save_file({k: np.ascontiguousarray(v) for k, v in out.items()}, OUT / f"{name}.safetensors", meta)
        print(f"{name}: seed {seed}, float32 gradients within {error:.1e} of float64")


def best(name, divisor):
    results = []
    for seed in range(SEEDS):
        error, out = make(name, divisor, seed)
        results.append((error, seed, out))
        keras.backend.clear_session()
    return min(results, key=lambda r: r[0])


if __name__ == "__main__":
    main()
