"""Writes crates/data/tests/fixtures/signals.json: results of scipy.signal's filters for one signal.

    pip install numpy scipy
    python scripts/conformance/make_signals.py
"""
import json
from pathlib import Path

import numpy as np
import scipy
from scipy import signal

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures"


def wave(n):
    i = np.arange(n)
    return ((i * i) % 17) - 3.0 + 0.25 * (i % 5) + 0.01 * i + 40 * np.sin(0.05 * i)


def main():
    cases = []

    def add(name, n, y, **parameters):
        cases.append({"name": name, "n": n, **parameters, "y": [float(f"{v:.12g}") for v in y]})

    for n in (7, 200):
        add("demean", n, signal.detrend(wave(n), type="constant"))
        add("detrend", n, signal.detrend(wave(n)))
    bands = [("lowpass", 30.0), ("highpass", 5.0), ("bandpass", (2.0, 90.0)), ("bandpass", (0.5, 240.0))]
    for order in (1, 2, 3, 4, 7):
        for kind, frequency in bands:
            sos = signal.butter(order, frequency, btype=kind, fs=512.0, output="sos")
            low, high = frequency if kind == "bandpass" else (frequency, frequency)
            common = {"order": order, "kind": kind, "low": low, "high": high, "rate": 512.0}
            add("sosfiltfilt", 160, signal.sosfiltfilt(sos, wave(160)), **common)
            add("sosfilt", 160, signal.sosfilt(sos, wave(160)), **common)
    for up, down in ((1, 2), (2, 1), (128, 25), (5, 3), (3, 8), (512, 1000)):
        x = wave(150)
        y = signal.resample_poly(x - x[0], up, down, padtype="edge") + x[0]
        add("resample_poly", 150, y, up=up, down=down)
    content = {"written_by": f"SciPy {scipy.__version__}", "cases": cases}
    (FIXTURES / "signals.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


main()
