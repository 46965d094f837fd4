"""Writes crates/data/tests/fixtures/y: Y files of Nanometrics, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_y.py

`expected.json` has channel, start (ns), rate and samples of each trace by file. ObsPy takes all samples for little-endian: a big-endian
file has the traces of the little-endian one.
"""
import json
import struct
from pathlib import Path

import numpy as np
import obspy

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/y"
START = obspy.UTCDateTime("2024-05-01T23:59:57.25Z")


def tag(kind, content, order):
    return struct.pack(order + "cBHii4x", {"<": b"I", ">": b"M"}[order], 31, kind, len(content), 0) + content


def file(samples, rate, start=START, station="NODE", location="", channel="BHZ", order="<", data_order=None):
    """All parts that the format asks for; `data_order` is that of the samples alone."""
    names = f"{station:<5}{location:<2}{channel:<3}".encode()
    texts = struct.pack("51s61s31s51s7s", b"A network", b"A site", b"", b"A sensor", b"X")
    parameters = struct.pack(order + "16xddffff24s24s27s1s4x", 0, 0, 340, 1, rate, 0, b"M/S", b"AMPS", b" " * 27, b"U")
    end = float(start.timestamp) + (len(samples) - 1) / rate
    series = struct.pack(order + "16xddLlll8s8s", float(start.timestamp), end, len(samples), 0, max(samples), min(samples), b"YFILE", b"5.0")
    data = np.asarray(samples).astype((data_order or order) + "i4").tobytes()
    parts = [(1, bytes(8) + names + texts), (2, bytes(32)), (3, parameters), (4, bytes(32)), (6, bytes(32)), (5, series), (26, bytes(268)), (7, data)]
    return tag(0, b"", order) + b"".join(tag(kind, content, order) for kind, content in parts)


def expected(path):
    return [{"channel": own.id, "start": own.stats.starttime.ns, "rate": own.stats.sampling_rate, "samples": own.data.astype(np.float64).tolist()}
            for own in obspy.read(str(path), format="Y")]


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rng, all_files = np.random.default_rng(63), {}
    walk = lambda count, step: np.cumsum(rng.integers(-step, step + 1, count)).tolist()
    samples = walk(90, 9000)
    files = {
        "intel.y": file(samples, 62.5, location="10"),
        "motorola.y": file(samples, 62.5, location="10", order=">"),
        "short.y": file(walk(40, 90), 0.25, station="LONGN", channel="E"),
    }
    for name, content in files.items():
        (FIXTURES / name).write_bytes(content)
        all_files[name] = all_files["intel.y"] if name == "motorola.y" else expected(FIXTURES / name)
    (FIXTURES / "expected.json").write_text(json.dumps(all_files))
    print({path.name: path.stat().st_size for path in FIXTURES.iterdir()})


if __name__ == "__main__":
    main()
