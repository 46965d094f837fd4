"""Reference values for crates/baselines: logistic regression (scikit-learn), MiniRocket (sktime, its authors' code), bootstrap
intervals (SciPy), calibration error by its definition.

    pip install numpy scipy scikit-learn sktime numba
    python scripts/conformance/make_baselines.py

Writes crates/baselines/tests/fixtures/reference.json.
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import bootstrap
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sktime.transformations.rocket._minirocket_multi_numba import _fit_multi, _transform_multi

OUT = Path(__file__).parents[2] / "crates/baselines/tests/fixtures/reference.json"


def numbers(array, digits=9):
    return [float(f"{value:.{digits}g}") for value in np.asarray(array).ravel()]


def logistic():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 60)
    x = np.round(rng.normal(size=(60, 4)) + 0.8 * np.eye(3, 4)[y], 3)
    cases = []
    for c in (0.05, 1.0, 20.0):
        for classes in (3, 2):
            keep = y < classes
            model = LogisticRegression(C=c, tol=1e-12, max_iter=10_000).fit(x[keep], y[keep])
            cases.append({
                "c": c,
                "classes": classes,
                "rows": int(keep.sum()),
                "x": numbers(x[keep]),
                "y": y[keep].tolist(),
                "coef": numbers(model.coef_),
                "intercept": numbers(model.intercept_),
                "probabilities": numbers(model.predict_proba(x[keep])),
            })
    return cases


def minirocket():
    rng = np.random.default_rng(2)
    cases = []
    for channels, samples in ((1, 9), (3, 130)):
        x = np.round(rng.normal(size=(4, channels, samples)).cumsum(-1), 2)
        # Each channel is standardised first, as in the Rust features.
        scaled = (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
        scaled = scaled.astype(np.float32)
        parameters = _fit_multi(scaled, 10_000, 32, seed=np.int32(3))
        counts, indices, dilations, per_dilation, biases = parameters
        # Few digits, to keep the file small.
        biases = np.round(biases, 3).astype(np.float32)
        features = _transform_multi(scaled, (counts, indices, dilations, per_dilation, biases))
        # Every 37th: all of them would be megabytes.
        ends = np.cumsum(counts)
        cases.append({
            "channels": channels,
            "samples": samples,
            "x": numbers(x),
            "combinations": [indices[end - count:end].tolist() for count, end in zip(counts, ends)],
            "dilations": dilations.tolist(),
            "per_dilation": per_dilation.tolist(),
            "biases": numbers(biases, 6),
            "features": numbers(features[:, ::37], 7),
        })
    return cases


def intervals():
    """Groups of windows; SciPy draws the groups. Its generator is another one, so ends agree within the noise of the
    draws."""
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(14), rng.integers(3, 20, 14))
    y = (groups + (rng.random(len(groups)) < 0.3)) % 3
    skill = rng.random(14)[groups]
    first = np.where(rng.random(len(y)) < 0.3 + 0.7 * skill, y, rng.integers(0, 3, len(y)))
    second = np.where(rng.random(len(y)) < 0.25 + 0.6 * skill, y, rng.integers(0, 3, len(y)))
    rows = [np.flatnonzero(groups == g) for g in range(14)]

    def f1(p, drawn):
        at = np.concatenate([rows[int(g)] for g in drawn])
        return f1_score(y[at], p[at], average="macro", labels=np.unique(np.r_[y[at], p[at]]))

    out = {"y": y.tolist(), "groups": [str(g) for g in groups], "first": first.tolist(), "second": second.tolist()}
    for name, statistic in {
        "score": lambda d: f1(first, d),
        "difference": lambda d: f1(first, d) - f1(second, d),
    }.items():
        found = bootstrap((np.arange(14),), statistic, n_resamples=9999, method="BCa", vectorized=False,
                          random_state=np.random.default_rng(5))
        out[name] = {
            "value": statistic(np.arange(14)),
            "low": float(found.confidence_interval.low),
            "high": float(found.confidence_interval.high),
            "standard_error": float(found.standard_error),
        }
    return out


def main():
    reference = {"logistic": logistic(), "minirocket": minirocket(), "bootstrap": intervals()}
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
