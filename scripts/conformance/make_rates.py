"""Writes crates/data/tests/fixtures/rates.json: results of SciPy's resample_poly between measured sampling rates, as ratios of millihertz.

    pip install numpy scipy
    python scripts/conformance/make_rates.py
"""
import json
from math import gcd
from pathlib import Path

import numpy as np
import scipy
from scipy.signal import resample_poly

FILE = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/rates.json"


def wave(n):
    """The signal of crates/data/tests/signal.rs."""
    i = np.arange(n)
    return (i * i) % 17 - 3.0 + 0.25 * (i % 5) + 0.01 * i + 40 * np.sin(0.05 * i)


cases = []
for old, new in ((478.036, 250.0), (478.036, 512.0), (332.972, 333.0), (99.95, 100.0), (19.94, 100.0), (512.0, 478.036)):
    up, down = round(new * 1000), round(old * 1000)
    common = gcd(up, down)
    x = wave(300)
    y = resample_poly(x - x[0], up // common, down // common, padtype="edge") + x[0]
    cases.append({"from": old, "to": new, "n": 300, "y": [round(v, 9) for v in y.tolist()]})
FILE.write_text(json.dumps({"scipy": scipy.__version__, "cases": cases}).replace('{"from"', '\n{"from"') + "\n")
