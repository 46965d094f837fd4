#!/usr/bin/env python3
"""Writes crates/data/tests/fixtures/bands.json: features of the front end `bands`, computed by NumPy and SciPy.

    pip install numpy scipy && python scripts/conformance/make_bands.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.signal import periodogram

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures"

# channels, samples, constant channel, parameters (defaults if omitted)
CASES = [
    (2, 1024, None, {}),
    (2, 1024, None, {"frames": 1}),
    (1, 256, None, {"frames": 1, "segments": 15}),
    (3, 512, 1, {"frames": 1, "bands": 9}),
    (2, 1000, None, {"frames": 1, "bands": 20, "floor": 1e-3, "level": False}),
    (2, 600, None, {"segments": 3, "segment": 200, "hop": 190, "frames": 3, "frame": 81, "frame_hop": 59, "bands": 7}),
]


def window(channels, samples, dead):
    c, i = np.ogrid[:channels, :samples]
    x = (7 * i * i + 13 * i * c) % 97 + 5 * (i * (c + 3) % 41) + 300.0 * c
    if dead is not None:
        x[dead] = 4.5
    return x


def features(x, segments=7, segment=None, hop=None, frames=4, frame=None, frame_hop=None, bands=None, floor=1e-7,
             level=True):
    channels, samples = x.shape
    segment = segment or 2 * samples // (segments + 1)
    hop = hop or segment // 2
    frame = frame or (segment if frames == 1 else segment // 2)
    frame_hop = frame_hop or hop // frames
    bins = frame // 2
    bands = bands or (min(bins, 64) if frames == 1 else min(bins - 1, 63))
    edges = [1 + b * bins // bands for b in range(bands + 1)]
    mean_square = x.var(axis=1)
    live = mean_square > 0
    logs = np.zeros((channels, segments, frames, bands))
    for c in np.flatnonzero(live):
        for s in range(segments):
            for f in range(frames):
                start = s * hop + f * frame_hop
                _, power = periodogram(x[c, start:start + frame], fs=1.0, window="hann", detrend="constant",
                                       scaling="density", return_onesided=False)
                for b in range(bands):
                    logs[c, s, f, b] = np.log(power[edges[b]:edges[b + 1]].mean() + floor * mean_square[c])
    if level:
        mean = logs[live].mean()
        logs[live] -= mean
        logs = np.concatenate([logs, np.full((channels, segments, frames, 1), mean)], axis=3)
    return logs.reshape(channels, segments, -1)


def main():
    cases = []
    for channels, samples, dead, parameters in CASES:
        x = window(channels, samples, dead)
        y = features(x, **parameters)
        cases.append({"channels": channels, "samples": samples, "dead": dead, "parameters": parameters,
                      "shape": list(y.shape), "y": [float(f"{v:.8g}") for v in y.ravel()]})
    content = {"written_by": f"SciPy {scipy.__version__}, NumPy {np.__version__}", "cases": cases}
    (FIXTURES / "bands.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


main()
