"""Writes precision-recall curves as TensorBoard's own summary writer computes them.

    pip install tensorboard tensorflow
    python scripts/conformance/make_pr_curves.py crates/experiment/tests/fixtures/pr_curves.json

TensorBoard 2.21 with TensorFlow 2.21 was used.
"""

import json
import sys

import numpy as np
from tensorboard.plugins.pr_curve import summary
from tensorboard.util import tensor_util

THRESHOLDS = 101


def case(name, labels, probabilities):
    labels = np.array(labels, dtype=bool)
    probabilities = np.array(probabilities, dtype=np.float64)
    value = summary.pb(name, labels, probabilities, num_thresholds=THRESHOLDS).value[0]
    rows = tensor_util.make_ndarray(value.tensor)
    assert rows.shape == (6, THRESHOLDS) and value.metadata.plugin_data.plugin_name == "pr_curves"
    return {
        "name": name,
        "labels": labels.tolist(),
        "probabilities": probabilities.tolist(),
        "rows": [float(f"{v:.9g}") for v in rows.astype(np.float32).flatten()],
        "content": list(value.metadata.plugin_data.content),
    }


rng = np.random.default_rng(7)
labels = rng.random(60) < 0.3
cases = [
    case("spread", labels, np.clip(rng.normal(np.where(labels, 0.6, 0.35), 0.2), 0, 1)),
    case("ends and thresholds", [1, 0, 1, 0, 1, 0], [0.0, 0.0, 1.0, 1.0, 0.5, 0.25]),
    case("no sample of the class", [0, 0, 0], [0.1, 0.4, 0.95]),
    case("none but the class", [1, 1], [0.2, 0.7]),
]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(cases, file, separators=(",", ":"))
    file.write("\n")
