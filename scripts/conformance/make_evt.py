"""Writes crates/data/tests/fixtures/evt: EVT files of Kinemetrics, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_evt.py

`expected.json` has channel, start (ns), rate and samples of each trace by file. ObsPy does not read headers with 18 channels: such a file
has the traces of the one with 12.
"""
import json
import struct
from pathlib import Path

import numpy as np
import obspy

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/evt"
START = obspy.UTCDateTime("2024-05-01T23:59:57.300Z")
ORIGIN = obspy.UTCDateTime("1980-01-01T00:00:00Z")
# Length of a header, and where its event, the channels and the code of its frames are, by the number of channels that it has room for.
HEADERS = {12: (2040, 556, 712, 3), 18: (2736, 772, 928, 4)}


def tag(kind, content, data, order):
    return struct.pack(order + "cBBBLHHHH", b"K", order == ">", 1, 9, kind, len(content) - data, data, 7, sum(content) % 2**16) + content


def seconds(time):
    return (time.ns - ORIGIN.ns) // 10**9, time.ns // 10**6 % 1000


def header(channels, frames, scans, start=START, station=b"NODE", order=">", room=12):
    length, event, of_channels, _ = HEADERS[room]
    own = bytearray(length)
    second, millis = seconds(start)
    own[:8] = struct.pack(order + "3sBHH", b"KMI", 9, 140, length)
    own[event:event + 32] = struct.pack(order + "3L4H2L4x", second, second + 1, frames, 0, 0, millis, millis, scans, 1)
    own[event + 32:event + 41] = struct.pack(order + "2H5s", 7, channels, station)
    for number in range(room):
        at = of_channels + 76 * number
        # Full scale and sensitivity.
        own[at + 32:at + 40] = struct.pack(order + "2f", 2.5, 1.25)
    return tag(1, bytes(own), 0, order)


def frame(samples, rate, time, width=3, order=">", room=12, bits=None, number=0):
    """A tenth of a second: rows of `samples` are channels."""
    second, millis = seconds(time)
    bits = (1 << len(samples)) - 1 if bits is None else bits
    data = samples.T.astype(">i4").reshape(-1, 1).view(np.uint8).reshape(-1, 4)[:, 4 - width:].tobytes()
    head = struct.pack(order + "BBHHLHHBBHB13x", HEADERS[room][3], 9, 7, 32 + len(data), second, bits & 0xFFFF, rate, (width - 1) << 6 | number % 10, 0,
                       millis, bits >> 16)
    return tag(2, head + data, len(data), order)


def file(samples, rate, start=START, **keys):
    """Samples of all channels, as many as there are whole frames for."""
    each = rate // 10
    frames = samples.shape[1] // each
    of_header = {key: keys[key] for key in ("order", "room", "station") if key in keys}
    of_frame = {key: keys[key] for key in ("order", "room", "width", "bits") if key in keys}
    parts = [frame(samples[:, i * each:(i + 1) * each], rate, start + i / 10, number=i, **of_frame) for i in range(frames)]
    return header(len(samples), frames, frames * each, start, **of_header) + b"".join(parts)


def expected(path):
    return [{"channel": own.id, "start": own.stats.starttime.ns, "rate": own.stats.sampling_rate, "samples": own.data.astype(np.float64).tolist()}
            for own in obspy.read(str(path), format="KINEMETRICS_EVT")]


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rng, all_files = np.random.default_rng(62), {}
    walk = lambda channels, count, step: np.cumsum(rng.integers(-step, step + 1, (channels, count)), axis=1)
    small = walk(4, 60, 90000)
    files = {
        "etna.evt": file(walk(3, 100, 9000), 200) + bytes(300),
        "short.evt": file(walk(2, 40, 900), 100, width=2, station=b"KW1"),
        "long.evt": file(walk(2, 40, 90000), 100, width=4, station=b"KW\xe9"),
        "k2.evt": file(small, 100, bits=0b101101),
        "whitney.evt": file(small, 100, bits=0b101101 << 12, room=18),
        "intel.evt": file(walk(1, 40, 9000), 100, order="<"),
    }
    for name, content in files.items():
        (FIXTURES / name).write_bytes(content)
        all_files[name] = all_files["k2.evt"] if name == "whitney.evt" else expected(FIXTURES / name)
    (FIXTURES / "expected.json").write_text(json.dumps(all_files))
    print({path.name: path.stat().st_size for path in FIXTURES.iterdir()})


if __name__ == "__main__":
    main()
