#!/usr/bin/env python3
"""Converts a trained network to a Keras file.

    pip install tensorflow-cpu safetensors        (or any other backend of Keras 3)
    python scripts/to_keras.py experiments/ID/model --out model.keras [--logits]

Reads `model.safetensors` and `model.json`. The Keras model takes the network's input `[batch, channels, segments,
features]`, as `model.json` describes it under `preprocessing`, and returns probabilities, or with --logits the logits.
Layers keep their names, with `_` for dots. `keras.models.load_model` opens the file without this script.
"""

import argparse
import json
import pathlib
import sys

import keras
from safetensors.numpy import load_file

import keras_models


def convert(folder, logits):
    """The Keras model of a folder with `model.json` and `model.safetensors`."""
    card = json.loads((folder / "model.json").read_text())
    if card["format_version"] != 1:
        sys.exit(f"error: {folder / 'model.json'} has format version {card['format_version']}; this script reads 1")
    if card["architecture"] not in keras_models.MODELS:
        sys.exit(f"error: no Keras form of {card['architecture']}: known are {', '.join(keras_models.MODELS)}")
    network = keras_models.build(card["architecture"], tuple(card["input_shape"]), len(card["class_names"]))
    variables = keras_models.named_variables(network)
    weights = load_file(folder / "model.safetensors")
    if set(weights) != set(variables):
        odd = ", ".join(sorted(set(weights) ^ set(variables))[:5])
        sys.exit(f"error: {folder / 'model.safetensors'} is not of a {card['architecture']}: {odd}")
    for name, variable in variables.items():
        if weights[name].shape != tuple(variable.shape):
            sys.exit(f"error: {name} is {weights[name].shape}, expected {tuple(variable.shape)}")
        variable.assign(weights[name])
    if logits:
        return network
    temperature = card.get("temperature") or 1.0
    outputs = network.output
    if temperature != 1.0:
        outputs = keras.layers.Rescaling(1.0 / temperature, name="temperature")(outputs)
    outputs = keras.layers.Softmax(name="probabilities")(outputs)
    return keras.Model(network.input, outputs, name=network.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=pathlib.Path, help="folder with model.json and model.safetensors")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="file to write, ending in .keras")
    parser.add_argument("--logits", action="store_true", help="no softmax at the end")
    arguments = parser.parse_args()
    if arguments.out.suffix != ".keras":
        sys.exit(f"error: {arguments.out} does not end in .keras")
    if arguments.out.exists():
        sys.exit(f"error: {arguments.out} exists already")
    convert(arguments.model, arguments.logits).save(arguments.out)
    print(arguments.out)


if __name__ == "__main__":
    main()
