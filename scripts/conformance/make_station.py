"""Writes a minute of an artificial station as miniSEED with ObsPy, the windows that ObsPy reads from it, and an archive of NumPy.

    python scripts/conformance/make_station.py        # needs numpy and obspy

Records of three channels are ordered by their end times, as a data logger sends them. One channel has a gap, another begins
late, and the clocks differ by less than half a sample.
"""
import io
import json
from pathlib import Path

import numpy as np
import obspy

OUT = Path(__file__).resolve().parents[2] / "crates/predict/tests/fixtures"
RATE, WINDOW, HOP = 100.0, 512, 256
START = obspy.UTCDateTime("2024-05-01T10:00:00.123456Z")


def traces():
    rng = np.random.default_rng(7)
    time = np.arange(9000) / RATE
    for code, offset, kept in [
        ("HHZ", 0.0, [slice(0, 9000)]),
        ("HHN", 0.002, [slice(0, 3100), slice(4233, 9000)]),
        ("HHE", -0.002, [slice(307, 9000)]),
    ]:
        noise = rng.normal(0, 40, len(time))
        bursts = 3000 * np.sin(2 * np.pi * 11 * time) * ((time % 20) > 15)
        data = np.round(noise + bursts).astype(np.int32)
        for part in kept:
            header = {"network": "XX", "station": "MADE", "location": "00", "channel": code,
                      "sampling_rate": RATE, "starttime": START + offset + part.start / RATE}
            yield obspy.Trace(data[part], header)


def records(stream):
    """Every record of 512 bytes with the time at which it is complete."""
    for trace in stream:
        buffer = io.BytesIO()
        trace.write(buffer, format="MSEED", encoding="STEIM2", reclen=512)
        data = buffer.getvalue()
        for at in range(0, len(data), 512):
            record = data[at:at + 512]
            yield obspy.read(io.BytesIO(record))[0].stats.endtime, record


def windows(stream, codes):
    """Starts in nanoseconds and sums of the windows that all of `codes` cover, cut at the grid of their common time."""
    found = []
    parts = [stream.select(channel=code).sort(["starttime"]) for code in codes]
    spans = []
    for first in parts[0]:
        for other in parts[1]:
            start = max(first.stats.starttime, other.stats.starttime)
            end = min(first.stats.endtime, other.stats.endtime)
            if start < end:
                spans.append((start, end, first, other))
    for start, end, first, other in spans:
        own = []
        for trace in (first, other):
            index = round((start - trace.stats.starttime) * RATE)
            own.append(trace.data[index:].astype(np.int64))
        length = min(len(one) for one in own)
        length = min(length, round((end - start) * RATE) + 1)
        for at in range(0, length - WINDOW + 1, HOP):
            sums = [int(one[at:at + WINDOW].sum()) for one in own]
            found.append([start.ns + round(at / RATE * 1e9), *sums])
    return sorted(found)


def main():
    ordered = sorted(records(list(traces())), key=lambda own: own[0])
    data = b"".join(record for _, record in ordered)
    path = OUT / "station.mseed"
    path.write_bytes(data)
    stream = obspy.read(str(path))
    stream.merge(-1)
    expected = {"-".join(codes): windows(stream, codes) for codes in [("HHZ", "HHE"), ("HHZ", "HHN"), ("HHN", "HHE")]}
    (OUT / "station.json").write_text(json.dumps(expected) + "\n")
    # Windows with a sampling rate beside them, and labels that are texts.
    values = np.random.default_rng(1).normal(size=(2, 2, 64)).astype(np.float32)
    np.savez(OUT / "rate.npz", x=values, y=np.array(["cat", "dog"]), fs=50.0)
    print(stream, len(data), {key: len(own) for key, own in expected.items()})


main()
