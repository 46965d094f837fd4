#!/usr/bin/env python3
"""Writes crates/data/src/preprocessing/spectral_reference.rs: spectra of one signal, computed by NumPy and SciPy.

    pip install scipy && python scripts/conformance/make_spectra.py
"""

import pathlib

import numpy as np
import scipy
from scipy.signal import welch

CASES = [
    (96, dict(nperseg=32, noverlap=16, nfft=64, window="hann", scaling="density", detrend="constant")),
    (50, dict(nperseg=16, noverlap=5, nfft=17, window="hamming", scaling="spectrum", detrend=False)),
    (40, dict(nperseg=8, noverlap=0, nfft=8, window="boxcar", scaling="density", detrend="constant")),
]


def signal(n):
    i = np.arange(n)
    return (i * i % 17) - 3.0 + 0.25 * (i % 5)


def rows(values):
    return "".join(f"        {v:.9e},\n" for v in values)


out = [f"// By scripts/conformance/make_spectra.py with SciPy {scipy.__version__}, NumPy {np.__version__}.\n"]
out.append("const NUMPY_FFT_12: [f64; 12] = [\n" + rows(np.abs(np.fft.fft(signal(12)))).replace("        ", "    ") + "];\n\n")
out.append("fn scipy_cases() -> Vec<(WelchConfig, usize, Vec<f64>)> {\n    let mut cases = Vec::new();\n")
for n, kw in CASES:
    _, power = welch(signal(n), fs=512.0, **kw)
    detrend = "Constant" if kw["detrend"] else "None"
    out.append(f"""    let config = WelchConfig {{
        nperseg: {kw['nperseg']},
        noverlap: {kw['noverlap']},
        nfft: {kw['nfft']},
        window: WelchWindow::{kw['window'].title()},
        scaling: WelchScaling::{kw['scaling'].title()},
        detrend: WelchDetrend::{detrend},
    }};
    let expected = vec![
{rows(power)}    ];
    cases.push((config, {n}, expected));
""")
out.append("    cases\n}\n")
path = pathlib.Path(__file__).parents[2] / "crates/data/src/preprocessing/spectral_reference.rs"
path.write_text("".join(out))
