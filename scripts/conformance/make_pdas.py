"""Writes crates/data/tests/fixtures/pdas: PDAS files, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_pdas.py

`expected.json` has channel, start (ns), rate and samples of each trace by file. ObsPy gives the channel no name and does not apply gains: the
file with gains has the samples that it was made from.
"""
import json
from pathlib import Path

import numpy as np
import obspy

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/pdas"
START = obspy.UTCDateTime("2024-05-01T23:59:57.25Z")
TYPES = {"LONG": "<i2", "SHORT": "i1"}


def file(samples, interval, kind="LONG", start=START, signal="Channel1", comment="", year=2):
    date = start.strftime("%m-%d-%Y" if year == 4 else "%m-%d-%y")
    clock = start.strftime("%H:%M:%S.%f")[:-4]
    lines = ["DATASET P0123", f"FILE_TYPE {kind}", "VERSION next", f"SIGNAL {signal}", f"DATE {date}", f"TIME {clock} (000)     time",
             f"INTERVAL {interval}", "VERT_UNITS Counts", "HORZ_UNITS Sec", f"COMMENT {comment or 'none'}", "DATA"]
    return "".join(line + "\r\n" for line in lines).encode() + np.asarray(samples).astype(TYPES[kind]).tobytes()


def gained(samples):
    """Words of 14 bits with their gain, and what they mean: coarse words lose the lowest bits."""
    words, meant = [], []
    for own in samples:
        code, factor = next((code, factor) for code, factor in [(3, 1), (2, 8), (1, 64)] if -8192 <= own // factor < 8192)
        words.append(own // factor << 2 | code)
        meant.append(own // factor * factor)
    return words, meant


def expected(path):
    return [{"channel": own.stats.pdas["SIGNAL"], "start": own.stats.starttime.ns, "rate": own.stats.sampling_rate,
             "samples": own.data.astype(np.float64).tolist()} for own in obspy.read(str(path), format="PDAS")]


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rng, all_files = np.random.default_rng(64), {}
    walk = lambda count, step: np.cumsum(rng.integers(-step, step + 1, count))
    words, meant = gained(np.clip(walk(90, 100) * walk(90, 100), -500_000, 500_000).tolist())
    files = {"long.pdas": file(walk(70, 900), "0.005000"), "short.pdas": file(walk(50, 9), "0.5", "SHORT", signal="N", year=4),
             "gains.pdas": file(words, "0.016", comment="GAINRANGED")}
    for name, content in files.items():
        (FIXTURES / name).write_bytes(content)
        all_files[name] = expected(FIXTURES / name)
    all_files["gains.pdas"][0]["samples"] = [float(own) for own in meant]
    (FIXTURES / "expected.json").write_text(json.dumps(all_files))
    print({path.name: path.stat().st_size for path in FIXTURES.iterdir()}, sorted({own & 3 for own in words}))


if __name__ == "__main__":
    main()
