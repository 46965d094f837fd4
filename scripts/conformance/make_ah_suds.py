"""Writes crates/data/tests/fixtures/ah and suds: recordings in AH and PC-SUDS, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_ah_suds.py

This script assembles both. `expected.json` has channel, start (ns), rate and samples of each trace by file.
"""
import json
import struct
from pathlib import Path

import numpy as np
import obspy
from obspy.io.ah import xdrlib

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures"
START = obspy.UTCDateTime("2024-05-01T10:00:07.25Z")


def expected(path):
    # ObsPy takes a rate as the inverse of an interval that is a float32.
    return [{"channel": own.id, "start": own.stats.starttime.ns, "rate": round(own.stats.sampling_rate, 4),
             "samples": own.data.astype(np.float64).tolist()} for own in obspy.read(str(path))]


def ah_time(packer, time):
    for part in (time.year, time.month, time.day, time.hour, time.minute):
        packer.pack_int(part)
    packer.pack_float(time.second + time.microsecond / 1e6)


def ah_samples(packer, data):
    packer.pack_farray(len(data), data.tolist(), packer.pack_float if data.dtype == np.float32 else packer.pack_double)


def ah1(data, code, rate, start, extras=21):
    """A record of version 1."""
    packer = xdrlib.Packer()
    for width, text in ((6, "NODE"), (6, code), (8, "L-4C")):
        packer.pack_int(width)
        packer.pack_fstring(width, text.encode().ljust(width, b"\0"))
    packer.pack_farray(5, [1.5] * 5, packer.pack_float)
    packer.pack_farray(120, [0.0] * 120, packer.pack_float)
    packer.pack_farray(3, [50.0, 10.0, 5.0], packer.pack_float)
    ah_time(packer, start - 20)
    packer.pack_int(80)
    packer.pack_fstring(80, b"event".ljust(80, b"\0"))
    packer.pack_int({"f": 1, "d": 6}[data.dtype.char])
    packer.pack_uint(len(data))
    packer.pack_float(1 / rate)
    packer.pack_float(float(np.abs(data).max(initial=0)))
    ah_time(packer, start)
    packer.pack_float(start.second)
    for width, text in ((80, "record"), (202, "log")):
        packer.pack_int(width)
        packer.pack_fstring(width, text.encode().ljust(width, b"\0"))
    packer.pack_array([0.0] * extras, packer.pack_float)
    ah_samples(packer, data)
    return packer.get_buffer()


def ah2(data, code, rate, start, attributes=()):
    """A record of version 2."""
    packer = xdrlib.Packer()

    def sized(text):
        packer.pack_int(len(text))
        packer.pack_string(text.encode())

    for text in ("NODE", code, "L-4C"):
        sized(text)
    for text in ("recorder", "sensor"):
        packer.pack_string(text.encode())
    packer.pack_farray(2, [0.0, -90.0], packer.pack_float)
    packer.pack_farray(2, [50.0, 10.0], packer.pack_double)
    packer.pack_farray(3, [100.0, 1.0, 1.0], packer.pack_float)
    packer.pack_array([0.0] * 0, packer.pack_float)
    packer.pack_int(1)
    packer.pack_farray(2, [0.5, 0.25], packer.pack_float)
    packer.pack_string(b"a comment")
    packer.pack_farray(2, [50.0, 10.0], packer.pack_double)
    packer.pack_float(5.0)
    ah_time(packer, start - 20)
    sized("event")
    packer.pack_int({"f": 1, "d": 6}[data.dtype.char])
    packer.pack_uint(len(data))
    packer.pack_float(1 / rate)
    packer.pack_float(float(np.abs(data).max(initial=0)))
    ah_time(packer, start)
    for text in ("counts", "m", "V"):
        packer.pack_string(text.encode())
    sized("record")
    sized("log")
    packer.pack_int(len(attributes))
    for key, value in attributes:
        packer.pack_string(key.encode())
        packer.pack_string(value.encode())
    ah_samples(packer, data)
    body = packer.get_buffer()
    return struct.pack(">II", 1100, len(body)) + body


def suds_tag(kind, length, data):
    return b"S6" + struct.pack("<hii", kind, length, data)


SUDS_TYPES = {"s": "<u2", "q": "<i2", "u": "<u2", "i": "<i2", "2": "<i4", "l": "<i4", "f": "<f4", "d": "<f8"}


def suds(data, kind, station, component, rate, start):
    """A trace of PC-SUDS, behind a structure without samples."""
    content = data.astype(SUDS_TYPES[kind]).tobytes()
    head = struct.pack("<4s5ssh", b"NET", station.encode(), component.encode(), 0) + struct.pack("<d", start.timestamp)
    head += struct.pack("<hcchhiffffi", 0, kind.encode(), b"g", 0, 0, len(data), rate, 0.0, 0.0, 0.0, 0) + struct.pack("<df", 0.0, 0.0)
    assert len(head) == 64
    return suds_tag(5, 76, 0) + bytes(76) + suds_tag(7, 64, len(content)) + head + content


def main():
    rng = np.random.default_rng(43)
    walk = lambda kind, count=97: np.cumsum(rng.normal(0, 9, count)).astype(kind)
    files = {
        "ah": {
            "one.ah": b"".join(ah1(walk("f4"), f"SH{code}", 100, START) for code in "ZNE"),
            "double.ah": ah1(walk("f8"), "LPZ", 4, START + 0.125, extras=0) + ah1(walk("f4", 5), "LPZ", 4, START + 100),
            "two.ah": b"".join(ah2(walk("f4"), f"BH{code}", 62.5, START) for code in "ZN"),
            "attributes.ah": ah2(walk("f8"), "BHZ", 1, START, [("key", "value"), ("a", "")]),
        },
        "suds": {
            f"{kind}.dmx": suds(rng.integers(-100 if kind not in "su" else 0, 100, 41) * (300 if kind != "2" else 70_000), kind, "NODE", "Z", 50, START)
            for kind in SUDS_TYPES
        } | {"two.dmx": suds(walk("f4"), "f", "EMFO", "Z", 100, START) + suds(walk("f4"), "f", "EMPLX", "N", 62.5, START + 0.5)},
    }
    for form, contents in files.items():
        folder = FIXTURES / form
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        all_files = {name: expected(folder / name) for name in contents}
        (folder / "expected.json").write_text(json.dumps(all_files))
        print({path.name: path.stat().st_size for path in folder.iterdir()})


if __name__ == "__main__":
    main()
