"""Fine-tunes networks in Keras for two steps and writes the losses, which a run from the same weights must reproduce.

    python scripts/conformance/make_keras_step.py        # needs keras

Writes the weights of each network (`.keras` or `.h5`), and once the batch, windows for validation and all losses. The
optimiser is Adam as in configs/keras_compatible.yaml; the networks have no dropout. `loss` is the loss before the update of a
step; `val_loss` is the loss after it, with running statistics.
"""
import json
import sys
from pathlib import Path

import keras
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import keras_models  # noqa: E402

OUT = ROOT / "crates/trainer/tests/fixtures/keras/step"
BATCH, SAMPLES, STEPS = 12, 32, 2


def segments(windows):
    """`[n, channels, samples]` as seven half-overlapping segments, `[n, channels, 7, samples / 4]`."""
    size = windows.shape[2] // 4
    cut = [windows[:, :, start:start + size] for start in range(0, 3 * size + 1, size // 2)]
    return np.stack(cut, axis=2)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(11)
    windows = rng.normal(0, 1, (2 * BATCH, 2, SAMPLES)).astype(np.float32)
    labels = np.arange(2 * BATCH) % 3
    # The classes differ in amplitude, so there is something to learn.
    windows *= (0.5 + labels)[:, None, None].astype(np.float32)
    np.savez(OUT / "train.npz", x=windows[:BATCH], y=labels[:BATCH].astype(np.int64))
    np.savez(OUT / "val.npz", x=windows[BATCH:], y=labels[BATCH:].astype(np.int64))
    x, val_x = segments(windows[:BATCH]), segments(windows[BATCH:])
    y, val_y = labels[:BATCH], labels[BATCH:]
    losses = {}
    for name, ending in [("ultra_lightweight_cnn", ".keras"), ("deep_efficient_cnn", ".weights.h5")]:
        keras.utils.set_random_seed(3)
        network = keras_models.build(name, x.shape[1:], 3)
        # Weights after some training: no zero biases, and running statistics that are not the initial ones.
        moved = [w + rng.normal(0, 0.05, w.shape).astype(np.float32) for w in network.get_weights()]
        names = [w.path for w in network.weights]
        moved = [np.abs(w) + 0.5 if "variance" in name else w for name, w in zip(names, moved)]
        network.set_weights(moved)
        path = OUT / f"{name}{ending}"
        network.save_weights(path) if ending == ".weights.h5" else network.save(path)
        network.compile(
            keras.optimizers.Adam(0.001), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
        losses[name] = {"weights": path.name, "before": float(network.evaluate(val_x, val_y, BATCH, verbose=0)),
                        "loss": [], "val_loss": []}
        for _ in range(STEPS):
            losses[name]["loss"].append(float(network.train_on_batch(x, y)))
            network.reset_metrics() if hasattr(network, "reset_metrics") else None
            losses[name]["val_loss"].append(float(network.evaluate(val_x, val_y, BATCH, verbose=0)))
    (OUT / "losses.json").write_text(json.dumps(losses, indent=1) + "\n")


main()
