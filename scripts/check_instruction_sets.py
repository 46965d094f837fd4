#!/usr/bin/env python3
"""Checks that training gives the same weights on this processor and on others that QEMU emulates.

    python3 scripts/check_instruction_sets.py target/debug/trainer target/debug/data

Trains the three small networks for an epoch on a few recorded windows, on this processor and with `qemu-x86_64 -cpu`: `max`
has AVX2 and no AVX-512, `Nehalem` has no AVX at all. Weights, temperatures and predictions must be identical bit for bit.
Needs QEMU's user emulation (Debian's `qemu-user`). If it is missing, CI (`CI=true`) installs it; elsewhere the check says
so and is skipped.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

RECORDINGS = pathlib.Path(__file__).resolve().parents[1] / "crates/data/tests/fixtures/recordings/m3n_vc.yaml"
MODELS = ["ultra_lightweight_cnn", "simple_cnn", "deep_efficient_cnn"]
# Without AVX every multiply-add is a function call, so one network suffices.
PROCESSORS = {"max": MODELS, "Nehalem": MODELS[:1]}


def emulator():
    """The path of QEMU, or none."""
    found = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
    if found is None and os.environ.get("CI") == "true":
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", "qemu-user"]):
            subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=True)
        found = shutil.which("qemu-x86_64")
    return found


def train(command, model, config, folder):
    """Digest of what a training leaves: weights, and the model card with its numbers."""
    command = [*command, "--model", model, "--dataset-config", config, "--epochs", "1", "--threads", "1", "--no-baseline",
               "--experiments-dir", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stderr}")
    (model,) = pathlib.Path(folder).glob("2*/model")
    digest = hashlib.sha256()
    for name in ("model.safetensors", "model.json"):
        digest.update((model / name).read_bytes())
    return digest.hexdigest()


def main():
    trainer, data = map(pathlib.Path.absolute, map(pathlib.Path, sys.argv[1:]))
    qemu = emulator()
    if qemu is None:
        print("skipped: qemu-x86_64 is missing (Debian: apt-get install qemu-user)")
        return
    different = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([data, "import", RECORDINGS, "--out", f"{folder}/windows"], capture_output=True, check=True)
        config = f"{folder}/windows/dataset_config.yaml"
        here = {model: train([trainer], model, config, f"{folder}/here-{model}") for model in MODELS}
        for processor, models in PROCESSORS.items():
            for model in models:
                there = train([qemu, "-cpu", processor, trainer], model, config, f"{folder}/{processor}-{model}")
                same = there == here[model]
                print(f"{model} on {processor}: {'the same' if same else 'OTHER'} bits, {there[:16]}", flush=True)
                if not same:
                    different.append(f"{model} on {processor}")
    if different:
        sys.exit("other weights than on this processor: " + ", ".join(different))


if __name__ == "__main__":
    main()
