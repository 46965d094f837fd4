"""Writes the weights of a narrow network in every Keras format, and the expected tensors.

    python scripts/conformance/make_keras_weights.py        # needs keras
"""
import json
import sys
from pathlib import Path

import keras
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import keras_models  # noqa: E402

OUT = ROOT / "crates/trainer/tests/fixtures/keras"
KINDS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.BatchNormalization, keras.layers.Dense)
VARIABLES = {"gamma": "gamma", "beta": "beta", "moving_mean": "moving_mean", "moving_variance": "moving_variance",
             "kernel": "kernel", "depthwise_kernel": "kernel", "bias": "bias"}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    named = keras_models.build("simple_cnn", (2, 7, 8), 3, 16)
    named.set_weights([rng.normal(0, 1, w.shape).astype(np.float32) for w in named.get_weights()])
    expected = {}
    for layer in named.layers:
        for variable in layer.variables if isinstance(layer, KINDS) else []:
            name = VARIABLES[variable.name.split("/")[-1].split(":")[0]]
            value = np.asarray(variable).ravel()
            expected[f"{layer.name}/{name}"] = [float(value[0]), float(value[-1]), float(value.astype(float).sum())]
    named.save(OUT / "named.keras")
    named.save(OUT / "named.h5")
    named.save_weights(OUT / "named.weights.h5")
    # The same with automatic names, after more than ten layers of a kind in one process.
    config = named.get_config()
    for i, layer in enumerate(config["layers"]):
        kind = layer["class_name"]
        count = sum(other["class_name"] == kind for other in config["layers"][:i])
        own = {"Conv2D": "conv2d", "BatchNormalization": "batch_normalization", "Dense": "dense"}.get(kind)
        if own:
            config = json.loads(json.dumps(config).replace(f'"{layer["name"]}"', f'"{own}_{count + 9}"'))
    unnamed = keras.Model.from_config(config)
    unnamed.set_weights(named.get_weights())
    unnamed.save(OUT / "unnamed.keras")
    unnamed.save(OUT / "unnamed.h5")
    (OUT / "expected.json").write_text(json.dumps(expected) + "\n")


main()
