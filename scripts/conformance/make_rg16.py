"""Writes crates/data/tests/fixtures/rg16: RG16 files of Fairfield's nodes, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_rg16.py

`expected.json` has channel, start (ns), rate and samples of each trace by file. ObsPy joins blocks that follow each other if it is asked to.
"""
import json
import struct
from pathlib import Path

import numpy as np
import obspy

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/rg16"
START = obspy.UTCDateTime("2024-05-01T23:59:57.25Z")


def header(*parts):
    own = bytearray(32)
    for at, content in parts:
        own[at:at + len(content)] = content
    return bytes(own)


def block(samples, start, receiver=(4, 1, 1), component=2, headers=4, number=1, edit=0):
    own = bytearray(20 + 32 * headers)
    own[:6] = b"\x00\x01\x01\x01" + bytes([number // 100, number % 100 // 10 << 4 | number % 10])
    own[9], own[11] = headers, edit
    own[20:27] = receiver[0].to_bytes(3, "big") + receiver[1].to_bytes(3, "big") + bytes([receiver[2]])
    own[27:30] = len(samples).to_bytes(3, "big")
    own[40] = component
    own[84:92] = struct.pack(">Q", start.ns // 1000)
    return bytes(own) + np.asarray(samples).astype(">f4").tobytes()


def file(channels, rate, slices, external=0):
    """`channels` has the blocks of each component, each with the same number of slices."""
    sets = b"".join(header((1, bytes([number + 1])), (30, bytes([number + 1]))) for number in range(len(channels)))
    general = header((0, b"\x00\x01\x80\x58"), (10, b"\x24\x11\x22"), (16, b"\x20"), (22, bytes([round(16000 / rate)])), (28, bytes([len(channels)])))
    second = header((5, b"\0\3"), (7, external.to_bytes(3, "big")), (10, b"\1\6"), (14, (1000).to_bytes(3, "big")))
    extended = header() + header((16, struct.pack(">I", slices))) + header()
    return general + second + sets + extended + bytes(32 * external) + b"".join(b"".join(blocks) for blocks in channels)


def components(rng, rate, slices, count, step=1.0, gap=0, numbers=(3, 4, 2), **keys):
    """Blocks of some components; after half of the slices there is a gap in seconds."""
    start = lambda i: START + i * count / rate + (gap if 2 * i >= slices else 0)
    return [[block(rng.normal(0, step, count), start(i), component=number, number=i + 1, **keys) for i in range(slices)] for number in numbers]


def expected(path):
    # ObsPy turns microseconds into a float64 of seconds.
    micros = lambda time: round(time.ns / 1000) * 1000
    return [{"channel": own.id, "start": micros(own.stats.starttime), "rate": own.stats.sampling_rate, "samples": own.data.astype(np.float64).tolist()}
            for own in obspy.read(str(path), format="RG16")]


def joined(traces):
    """Blocks that follow each other are one trace."""
    found = []
    for own in traces:
        before = next((one for one in reversed(found) if one["channel"] == own["channel"]), None)
        if before and abs(before["start"] + len(before["samples"]) / own["rate"] * 1e9 - own["start"]) < 5e8 / own["rate"]:
            before["samples"] = before["samples"] + own["samples"]
        else:
            found.append(dict(own))
    return found


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rng, all_files = np.random.default_rng(65), {}
    files = {
        "three.rg16": file(components(rng, 500, 3, 20), 500, 3),
        "gap.rg16": file(components(rng, 250, 4, 15, 1e-3, gap=60, numbers=(2,), receiver=(70000, 1234, 2), headers=10), 250, 4, external=1),
    }
    for name, content in files.items():
        (FIXTURES / name).write_bytes(content)
        all_files[name] = joined(expected(FIXTURES / name))
    (FIXTURES / "expected.json").write_text(json.dumps(all_files))
    print({path.name: path.stat().st_size for path in FIXTURES.iterdir()})


if __name__ == "__main__":
    main()
