"""Writes samples in the form of the Python scripts with PyTorch, and their expected content.

    python scripts/conformance/make_pt_samples.py crates/data/tests/fixtures/pt

Each file is one `torch.save` dict. For each file and task, `expected.json` holds shape, values and label as PyTorch loads
them. Needs PyTorch and NumPy (PyTorch 2.15 was used). `malicious.pt` runs a command if a program executes the pickle: do not
load it.
"""

import json
import os
import pickle
import sys

import numpy as np
import torch

SHAPE = (2, 3, 4)


def values(dtype):
    return (torch.arange(24, dtype=torch.float64).reshape(SHAPE) - 7).to(dtype)


def habits(folder: str) -> None:
    """Other people's names, labels and groups: `habits.json` has what PyTorch loads."""
    x = values(torch.float32)
    # The imaginary part of a conjugate: PyTorch stores the values, and a mark that they are negative.
    negative = torch.conj(torch.complex(torch.zeros(SHAPE), x)).imag
    samples = {
        "x_and_y.pt": ({"x": x, "y": 1, "recording": "run 4"}, x, 1, "run 4"),
        "waveform_and_target.pt": ({"waveform": x, "target": torch.tensor(2)}, x, 2, None),
        "pair.pt": ((x, 1), x, 1, None),
        "triple.pt": ([x, torch.tensor([2]), "run 4"], x, 2, "run 4"),
        "one_hot.pt": ({"data": x, "label": torch.tensor([0.0, 0.0, 1.0])}, x, 2, None),
        "class_name.pt": ({"data": x, "label": "car"}, x, 1, None),
        "group_number.pt": ({"data": x, "label": 0, "group": 17}, x, 0, "17"),
        "group_tensor.pt": ({"data": x, "label": 0, "group": torch.tensor(18)}, x, 0, "18"),
        "negative.pt": ({"data": negative, "label": 0}, negative, 0, None),
    }
    expected = {}
    for name, (sample, data, label, group) in samples.items():
        torch.save(sample, os.path.join(folder, name))
        expected[name] = {"values": data.resolve_neg().numpy().ravel().tolist(), "label": label, "group": group}
    with open(os.path.join(folder, "habits.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file)


class Command:
    def __reduce__(self):
        return (os.system, ("echo code was run > /tmp/code_was_run",))


def main(folder: str) -> None:
    nested = {"shake": {"seismic": values(torch.float32), "audio": values(torch.float32) * 2}}
    labels = {
        "vehicle_type": 3, "distance": torch.tensor(2), "speed": 17.0, "terrain": np.int64(1), "other": np.float32(2.0),
    }
    big = torch.arange(200, dtype=torch.float32)
    samples = {
        "float32.pt": {"data": values(torch.float32), "label": 2},
        "float64.pt": {"data": values(torch.float64), "label": torch.tensor([1])},
        "float16.pt": {"data": values(torch.float16), "label": torch.tensor(0, dtype=torch.int32)},
        "bfloat16.pt": {"data": values(torch.bfloat16), "label": 0},
        "int16.pt": {"data": values(torch.int16), "label": True},
        "uint8.pt": {"data": values(torch.float32).abs().to(torch.uint8), "label": 1},
        "nested.pt": {"data": nested, "label": labels},
        "batch_of_one.pt": {"data": values(torch.float32)[None], "label": 1},
        # Views: transposed, sliced with an offset, expanded with stride 0.
        "transposed.pt": {"data": values(torch.float32).permute(2, 0, 1), "label": 1},
        "sliced.pt": {"data": big[10:58].reshape(2, 24)[:, ::2], "label": 1},
        "expanded.pt": {"data": big[:12].reshape(1, 12).expand(2, 12), "label": 1},
        "parameter.pt": {"data": torch.nn.Parameter(values(torch.float32)), "label": 1},
        "window.pt": {"data": torch.arange(2048, dtype=torch.int16).reshape(2, 1024), "label": 1, "group": "run 4"},
        "window_of_run_5.pt": {
            "data": {"shake": {"seismic": torch.arange(2048, dtype=torch.float32).reshape(2, 1024).flip(0)}},
            "label": {**labels, "vehicle_type": 2, "speed": 12}, "group": "run 5",
        },
    }
    tasks = {
        "vehicle_classification": lambda label: label["vehicle_type"],
        "distance_classification": lambda label: int(label["distance"]),
        "speed_classification": lambda label: int(label["speed"] // 5 - 1),
        "terrain_classification": lambda label: int(label["terrain"]),
    }
    expected = {}
    for name, sample in samples.items():
        torch.save(sample, os.path.join(folder, name))
        torch.save(sample, os.path.join(folder, f"old_{name}"), _use_new_zipfile_serialization=False)
        for file in (name, f"old_{name}"):
            loaded = torch.load(os.path.join(folder, file), weights_only=False)
            data, label = loaded["data"], loaded["label"]
            if isinstance(data, dict):
                data = data["shake"]["seismic"]
            array = data.detach().to(torch.float32).numpy()
            array = array[0] if array.ndim == 4 else array
            of_task = {
                task: of(label) if isinstance(label, dict) else int(label) for task, of in tasks.items()
            }
            expected[file] = {"shape": array.shape, "values": array.ravel().tolist(), "labels": of_task}
    for protocol in (3, 4, 5):
        name = f"protocol{protocol}.pt"
        torch.save(samples["nested.pt"], os.path.join(folder, name), pickle_protocol=protocol)
        expected[name] = expected["nested.pt"]
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file)
    habits(folder)
    torch.save({"data": values(torch.float32), "label": Command()}, os.path.join(folder, "malicious.pt"))
    with open(os.path.join(folder, "plain_pickle.pt"), "wb") as file:
        pickle.dump({"data": [1, 2], "label": 1}, file)


if __name__ == "__main__":
    main(sys.argv[1])
