"""Writes crates/data/tests/fixtures/win: recordings in WIN, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_win.py

This script assembles the blocks, with every width of differences. `expected.json` has channel, start (ns), rate and samples of each trace by
file. ObsPy joins all blocks of a channel, whatever their times are, so that files that it reads have no gaps.
"""
import json
import struct
from pathlib import Path

import numpy as np
import obspy

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/win"
START = obspy.UTCDateTime("2024-05-01T23:59:58Z")


def bcd(number):
    return number // 10 << 4 | number % 10


def width_of(differences):
    """The least width that holds all differences; 0 stands for four bits."""
    largest = max((2 * abs(int(d)) if d >= 0 else 2 * abs(int(d)) - 1 for d in differences), default=0)
    return next(width for width, end in ((0, 16), (1, 2**8), (2, 2**16), (3, 2**24), (4, 2**33)) if largest < end)


def channel(number, samples):
    """A channel of a block: its number, width, rate, first sample and differences."""
    differences = np.diff(samples.astype(np.int64))
    # Differences wrap.
    differences = (differences + 2**31) % 2**32 - 2**31
    width = width_of(differences)
    head = struct.pack(">HBBi", number, width << 4 | len(samples) >> 8, len(samples) & 255, int(samples[0]))
    if width == 0:
        nibbles = [int(d) & 15 for d in differences] + [0] * (len(differences) % 2)
        return head + bytes(a << 4 | b for a, b in zip(nibbles[::2], nibbles[1::2]))
    return head + b"".join(int(d).to_bytes(width, "big", signed=True) for d in differences)


def block(time, channels):
    """A second of all channels, given as pairs of number and samples."""
    body = b"".join(channel(number, samples) for number, samples in channels)
    parts = time.year % 100, time.month, time.day, time.hour, time.minute, time.second
    return struct.pack(">I", len(body) + 10) + bytes(map(bcd, parts)) + body


def walk(rng, width, count):
    """Samples whose differences need a width, from a small first one on."""
    most = {0: 7, 1: 120, 2: 30_000, 3: 8_000_000, 4: 2**30}[width]
    samples = np.cumsum(rng.integers(-most, most + 1, count))
    return (samples + 2**31) % 2**32 - 2**31


def expected(path):
    return [{"channel": own.stats.channel, "start": own.stats.starttime.ns, "rate": own.stats.sampling_rate,
             "samples": own.data.astype(np.float64).tolist()} for own in obspy.read(str(path), format="WIN")]


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rng, all_files = np.random.default_rng(41), {}

    def write(name, content):
        path = FIXTURES / name
        path.write_bytes(content)
        all_files[name] = expected(path)

    # Each second of a channel has its own width.
    widths = [[0, 1], [2, 3], [4, 0]]
    write("widths.win", b"".join(block(START + i, [(0x3202, walk(rng, a, 20)), (0x32FF, walk(rng, b, 25))])
                                 for i, (a, b) in enumerate(widths)))
    # An odd number of differences of four bits, one sample a second, and a rate of more than a byte.
    write("rates.win", b"".join(block(START + i, [(0x10, walk(rng, 0, 20)), (0x11, walk(rng, 0, 21)), (0x12, walk(rng, 2, 1)),
                                                  (0x13, walk(rng, 1, 300))]) for i in range(2)))
    # Zeros behind the last block.
    write("zeros.win", block(START, [(1, walk(rng, 1, 10))]) + bytes(20))
    (FIXTURES / "expected.json").write_text(json.dumps(all_files))


if __name__ == "__main__":
    main()
    print({path.name: path.stat().st_size for path in FIXTURES.iterdir()})
