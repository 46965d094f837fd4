"""Writes crates/data/tests/fixtures/seisan: waveform files of SEISAN, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_seisan.py

This script assembles them in every framing. `expected.json` has channel, start (ns), rate and samples of each trace by file. ObsPy does not
recognise little-endian lengths of 8 bytes: such a file has the traces of the big-endian one.
"""
import json
import struct
from pathlib import Path

import numpy as np
import obspy

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/seisan"
START = obspy.UTCDateTime("2024-05-01T23:59:07.255Z")
# Bytes of a length and byte order; old files of PCs have lengths of one byte.
FRAMINGS = {"be": (4, ">"), "le": (4, "<"), "be-64": (8, ">"), "le-64": (8, "<"), "pc": (1, "<")}


def framed(content, framing):
    length, order = FRAMINGS[framing]
    if length == 1:
        # Blocks of 128 bytes, the last of which is shorter.
        parts = [content[i:i + 128] for i in range(0, len(content), 128)] + ([b""] if len(content) % 128 == 0 else [])
        return b"".join(bytes([len(part)]) + part + bytes([len(part)]) for part in parts)
    mark = struct.pack(order + {4: "i", 8: "q"}[length], len(content))
    return mark + content + mark


def columns(width, *texts):
    own = bytearray(b" " * width)
    for at, text in texts:
        own[at:at + len(text)] = text.encode()
    return bytes(own)


def channel(samples, framing, rate, start=START, station="NODE", code="BH Z", network="", location="", width=4, flags=()):
    """A header of 1040 bytes, and samples."""
    code = f"{code:<4}"
    place, net = f"{location:<2}", f"{network:<2}"
    head = columns(1040, (0, station), (5, code[:2] + place[0] + code[3]), (9, f"{start.year - 1900:3d}"), (12, place[1]), (13, f"{start.julday:3d}"),
                   (16, net[0]), (17, f"{start.month:2d}"), (19, net[1]), (20, f"{start.day:2d}"), (23, f"{start.hour:2d}"), (26, f"{start.minute:2d}"),
                   (29, f"{start.second + start.microsecond / 1e6:6.3f}"), (36, f"{rate:7.2f}"), (43, f"{len(samples):7d}"),
                   (76, "4" if width == 4 else " "), *flags)
    order = FRAMINGS[framing][1]
    return framed(head, framing) + framed(samples.astype(f"{order}i{width}").tobytes(), framing)


def file(channels, framing):
    """The header of the event, and channels that are ready."""
    count = len(channels)
    lines = [columns(80, (1, "A network"), (30, f"{count:3d}"), (33, "124 122  5  1")), b" " * 80]
    lines += [columns(80, (1, "NODE BH Z"))] * max(10, -(-count // 3))
    begin = b"K" if FRAMINGS[framing][0] == 1 else b""
    return begin + b"".join(framed(line, framing) for line in lines) + b"".join(channels)


def expected(path):
    return [{"channel": own.id, "start": own.stats.starttime.ns, "rate": own.stats.sampling_rate, "samples": own.data.astype(np.float64).tolist()}
            for own in obspy.read(str(path), format="SEISAN")]


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rng, all_files = np.random.default_rng(61), {}
    walk = lambda count, step=90: np.cumsum(rng.integers(-step, step + 1, count))
    files = {}
    samples = [walk(40 + number, 9000) for number in range(2)]
    for framing in FRAMINGS:
        width = 8 if "64" in framing else 4
        own = [channel(samples[number], framing, 62.5, START + number, code=f"BH {code}", width=width) for number, code in enumerate("ZN")]
        files[framing] = file(own, framing)
    files["short"] = file([channel(walk(64), "le", 100.0, network="NS", location="10", width=2), channel(walk(30), "le", 20.0, code="S  Z")], "le")
    # Lengths of 128 bytes end with an empty block.
    files["pc-short"] = file([channel(walk(64), "pc", 100.0, width=2)], "pc")
    files["many"] = file([channel(walk(5), "be", 1.0, station=f"S{number}") for number in range(31)], "be")
    for name, content in files.items():
        path = FIXTURES / f"{name}.seisan"
        path.write_bytes(content)
        all_files[path.name] = all_files["be-64.seisan"] if name == "le-64" else expected(path)
    (FIXTURES / "expected.json").write_text(json.dumps(all_files))
    print({path.name: path.stat().st_size for path in FIXTURES.iterdir()})


if __name__ == "__main__":
    main()
