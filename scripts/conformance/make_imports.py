"""Writes crates/data/tests/fixtures/imports: recordings whose sample values encode their time, and the labelled windows, cut by
ObsPy.

    pip install numpy obspy h5py
    python scripts/conformance/make_imports.py

The value of every sample is the time since the earliest sample of the recording in hundredths of a second, plus 100,000 for
channel N. Labels are in seconds from the same sample. Windows are 1.28 s long, every 1.28 s from the beginning of a label.
"""
import json
from pathlib import Path

import h5py
import numpy as np
from obspy import Stream, Trace, UTCDateTime, read

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/imports"
START = UTCDateTime("2024-05-01T10:00:00Z")
RATE, WINDOW = 100, 1.28
LABELS = [(16, 19, "quiet"), (20, 24, "steps"), (25, 28, "quiet"), (30, 34, "steps")]


def piece(channel, first, last):
    """From second `first` to second `last`."""
    data = np.arange(round(first * RATE), round(last * RATE), dtype=np.int32) + (100_000 if channel == "EHN" else 0)
    header = {"network": "XX", "station": "NODE", "channel": channel, "sampling_rate": RATE, "starttime": START + first}
    return Trace(data, header)


def write(name, pieces):
    Stream([piece(*own) for own in pieces]).write(FOLDER / name, format="MSEED", encoding="STEIM2", reclen=512)


def windows(files, channels):
    """First and last sample of every channel, window by window."""
    stream = sum((read(FOLDER / name) for name in files), Stream()).merge(method=-1)
    zero = min(trace.stats.starttime for trace in stream if trace.stats.channel in channels)
    found = []
    for start, end, label in LABELS:
        at = start
        while at + WINDOW <= end + 1e-9:
            own = []
            for channel in channels:
                for trace in stream.select(channel=channel):
                    first = round((zero + at - trace.stats.starttime) * RATE)
                    part = trace.data[first:first + round(WINDOW * RATE)] if first >= 0 else []
                    if len(part) == round(WINDOW * RATE):
                        own += [int(part[0]), int(part[-1])]
            if len(own) == 2 * len(channels):
                found.append([label, *own])
            at += WINDOW
    return found


FOLDER.mkdir(parents=True, exist_ok=True)
cases = {
    "short_first_stretch": (["short.mseed"], ["EHZ"], [("EHZ", 0, 4), ("EHZ", 14, 40)]),
    "first_stretch_shorter_than_a_window": (["spike.mseed"], ["EHZ"], [("EHZ", 0, 0.5), ("EHZ", 10.5, 40)]),
    "one_channel_starts_later": (["late.mseed"], ["EHZ", "EHN"], [("EHZ", 0, 40), ("EHN", 3, 40)]),
    "another_channel_starts_earlier": (["late.mseed"], ["EHN"], []),
    "several_files": (["second.mseed", "first.mseed"], ["EHZ"], []),
}
write("second.mseed", [("EHZ", 21, 40)])
write("first.mseed", [("EHZ", 0, 1), ("EHZ", 9, 21)])
expected = {}
for name, (files, channels, pieces) in cases.items():
    if pieces:
        write(files[0], pieces)
    expected[name] = {"files": files, "channels": channels, "labels": LABELS, "windows": windows(files, channels)}

# SeisBench: labels count from the first sample of the trace, even if it is NaN.
folder = FOLDER / "seisbench"
folder.mkdir(exist_ok=True)
rows = ["trace_name,source_id,source_type,split,trace_start_time,trace_sampling_rate_hz,trace_P_arrival_sample"]
with h5py.File(folder / "waveforms.hdf5", "w") as file:
    file["data_format/dimension_order"] = "CW"
    file["data_format/component_order"] = "ZN"
    for i, (split, label) in enumerate([("train", "quiet"), ("train", "steps"), ("dev", "quiet"), ("dev", "steps")]):
        data = np.array([np.arange(1000), np.arange(1000) + 100_000], dtype=np.float32) + 1000 * i
        data[0, :170] = np.nan
        file.create_dataset(f"data/t{i}", data=data, compression="gzip")
        rows.append(f"t{i},e{i},{label},{split},2024-05-01T10:0{i}:00.000000Z,100.0,400")
(folder / "metadata.csv").write_text("\n".join(rows) + "\n")
(FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
