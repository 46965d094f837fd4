"""Reading recordings: the project's readers compared with ObsPy, SciPy, pandas, pyarrow and h5py, with a warm page cache.

    pip install numpy obspy scipy pandas pyarrow h5py
    cargo build --release -p data --example recordings
    python scripts/bench/recordings.py target/release/examples/recordings [--rounds 5] [--only csv]

Each reads the same file to samples in memory on one thread. The project's readers give float64, one channel at a time, as
filters need them. Rounds alternate; the fastest counts. A round of the project's reader is a process that reads ten times,
and one of another reader goes on for a while, so that the memory of both is warm.
"""
import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
import obspy
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from obspy.core import AttribDict
from obspy.io.segy.segy import SEGYTraceHeader
from scipy.io import wavfile

RATE = 200.0
# Seconds that another reader reads a file again in a round.
WARM = 0.2


def write(folder):
    """Three channels of an hour and a half, counts of a slow walk with noise: one file a format."""
    rng = np.random.default_rng(1)
    n = int(RATE * 5400)
    channels = [np.cumsum(rng.integers(-20, 21, n)).astype(np.int32) for _ in range(3)]
    start = obspy.UTCDateTime("2024-05-01T00:00:00Z")
    traces = [obspy.Trace(c, {"network": "XX", "station": "NODE", "channel": f"EH{k}", "sampling_rate": RATE, "starttime": start})
              for c, k in zip(channels, "ZNE")]
    obspy.Stream(traces).write(str(folder / "steim2.mseed"), format="MSEED", encoding="STEIM2", reclen=512)
    traces[0].write(str(folder / "one.sac"), format="SAC")
    write_traces(folder, traces)
    wavfile.write(folder / "three.wav", int(RATE), np.stack(channels, axis=1))
    volts = np.stack(channels, axis=1) * 1e-6
    wavfile.write(folder / "float64.wav", int(RATE), volts)
    wavfile.write(folder / "float64_mono.wav", int(RATE), volts[:, 0])
    times = start.timestamp + np.arange(n) / RATE
    table = pa.table({"timestamp": times, "channel": ["EHZ"] * n, "samples": channels[0].astype(np.int64)})
    pq.write_table(table, folder / "zstd_geo.parquet", compression="zstd")
    pd.DataFrame({"time": np.arange(n) / RATE, "Z": channels[0], "N": channels[1], "E": channels[2]}).to_csv(folder / "table.csv", index=False)
    write_tables(folder, channels)
    own = folder / "seisbench"
    own.mkdir()
    windows = np.stack([c[: n // 6000 * 6000].reshape(-1, 6000) for c in channels], axis=1).astype(np.float32)
    with h5py.File(own / "waveforms.hdf5", "w") as file:
        file["data_format/dimension_order"] = "CW"
        file["data_format/component_order"] = "ZNE"
        for i, window in enumerate(windows):
            file[f"data/trace{i}"] = window
    rows = "".join(f"trace{i},x,{RATE}\n" for i in range(len(windows)))
    (own / "metadata.csv").write_text("trace_name,source_type,trace_sampling_rate_hz\n" + rows)


def write_traces(folder, traces):
    """SEG-Y with short traces, as of shots, in both formats of floats; GSE2 (CM6) and GCF with the three channels."""
    obspy.Stream(traces).write(str(folder / "cm6.gse"), format="GSE2")
    parts = []
    for number, trace in enumerate(traces):
        trace.write(str(folder / f"{number}.gcf"), format="GCF", stream_id=f"NODE{'ZNE'[number]}2", system_id="NODE")
        parts.append((folder / f"{number}.gcf").read_bytes())
        (folder / f"{number}.gcf").unlink()
    (folder / "three.gcf").write_bytes(b"".join(parts))
    whole = np.concatenate([trace.data for trace in traces]).astype(np.float32)
    short = [obspy.Trace(own, {"sampling_rate": 500.0}) for own in whole[:len(whole) // 2000 * 2000].reshape(-1, 2000)]
    for number, trace in enumerate(short):
        header = SEGYTraceHeader()
        header.trace_number_within_the_original_field_record = number + 1
        header.trace_identification_code = 1
        trace.stats.segy = AttribDict({"trace_header": header})
    for name, form in (("ibm", 1), ("ieee", 5)):
        obspy.Stream(short).write(str(folder / f"{name}.sgy"), format="SEGY", data_encoding=form, byteorder=">")


def write_tables(folder, channels):
    """Half an hour in other notations of times and values."""
    n = len(channels[0]) // 3
    seconds = np.arange(n) / RATE
    moments = pd.date_range("2024-05-01T10:00:00", periods=n, freq="5ms")
    counts = {name: own[:n] for name, own in zip("ZNE", channels)}
    volts = {name: own * 1.234567e-7 for name, own in counts.items()}
    pd.DataFrame({"time": seconds, **volts}).to_csv(folder / "decimals.csv", index=False, float_format="%.6f")
    pd.DataFrame({"time": seconds, **volts}).to_csv(folder / "nine_digits.csv", index=False, float_format="%.9g")
    pd.DataFrame({"time": seconds, **volts}).to_csv(folder / "all_digits.csv", index=False)
    pd.DataFrame({"time": seconds, **volts}).to_csv(folder / "exponents.csv", index=False, float_format="%.6e")
    pd.DataFrame({"time": seconds, **volts}).to_csv(folder / "semicolons.csv", index=False, sep=";", decimal=",", float_format="%.6f")
    pd.DataFrame({"time": moments.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), **counts}).to_csv(folder / "dates.csv", index=False)
    pd.DataFrame({"time_ms": np.arange(n) * 5, **counts}).to_csv(folder / "integers.csv", index=False)
    rng = np.random.default_rng(2)
    noise = {name: rng.normal(0, 300, n) for name in "ZNE"}
    unix = 1714557600 + np.arange(n) / RATE
    pd.DataFrame({"time": [f"{t:.3f}" for t in unix], **{name: own.astype(int) for name, own in noise.items()}}).to_csv(folder / "noise.csv", index=False)
    pd.DataFrame({"time": seconds, **noise}).to_csv(folder / "noise_decimals.csv", index=False, float_format="%.4f")
    np.savetxt(folder / "numpy.csv", np.stack([seconds, *noise.values()], axis=1), delimiter=",", header="time,Z,N,E", comments="")
    # One row a sample: channels in turn, and one after the other.
    channels, samples = np.tile(list("ZNE"), n), np.stack(list(counts.values()), axis=1).ravel()
    long = {"time": np.repeat(seconds, 3), "channel": channels, "samples": samples}
    pd.DataFrame(long).to_csv(folder / "long.csv", index=False)
    pd.DataFrame({**long, "time": np.repeat(moments.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), 3)}).to_csv(folder / "long_dates.csv", index=False)
    blocks = np.argsort(channels, kind="stable")
    pd.DataFrame({name: own[blocks] for name, own in long.items()}).to_csv(folder / "long_blocks.csv", index=False)


def table(path, **keys):
    """As pandas reads it; dates as dates."""
    return pd.read_csv(path, **keys)[["Z", "N", "E"]].to_numpy().size


def long_table(path, **keys):
    return pd.read_csv(path, **keys)["samples"].to_numpy().size


def wav(path):
    """As float64, a channel at a time."""
    return np.ascontiguousarray(wavfile.read(path)[1].T, dtype=np.float64).size


def seisbench(folder):
    metadata = pd.read_csv(folder / "metadata.csv")
    with h5py.File(folder / "waveforms.hdf5") as file:
        return sum(file[f"data/{name}"][()].size for name in metadata["trace_name"])


PEERS = [
    ("steim2.mseed", "ObsPy", lambda path: sum(len(trace) for trace in obspy.read(path))),
    ("one.sac", "ObsPy", lambda path: sum(len(trace) for trace in obspy.read(path))),
    ("ibm.sgy", "ObsPy", lambda path: sum(len(trace) for trace in obspy.read(path, format="SEGY"))),
    ("ieee.sgy", "ObsPy", lambda path: sum(len(trace) for trace in obspy.read(path, format="SEGY"))),
    ("cm6.gse", "ObsPy", lambda path: sum(len(trace) for trace in obspy.read(path, format="GSE2"))),
    ("three.gcf", "ObsPy", lambda path: sum(len(trace) for trace in obspy.read(path, format="GCF"))),
    ("three.wav", "SciPy, integers as they lie", lambda path: wavfile.read(path)[1].size),
    ("three.wav", "SciPy, float64 by channel", wav),
    ("float64.wav", "SciPy, floats as they lie", lambda path: wavfile.read(path)[1].size),
    ("float64.wav", "SciPy, float64 by channel", wav),
    ("float64_mono.wav", "SciPy, either", wav),
    ("zstd_geo.parquet", "pyarrow", lambda path: len(pq.read_table(path, use_threads=False)["samples"].to_numpy())),
    ("table.csv", "pandas", table),
    ("decimals.csv", "pandas", table),
    ("nine_digits.csv", "pandas", table),
    ("all_digits.csv", "pandas", table),
    ("exponents.csv", "pandas", table),
    ("semicolons.csv", "pandas", lambda path: table(path, sep=";", decimal=",")),
    ("dates.csv", "pandas", lambda path: table(path, parse_dates=["time"])),
    ("integers.csv", "pandas", table),
    ("noise.csv", "pandas", table),
    ("noise_decimals.csv", "pandas", table),
    ("numpy.csv", "pandas", table),
    ("long.csv", "pandas", long_table),
    ("long_dates.csv", "pandas", lambda path: long_table(path, parse_dates=["time"])),
    ("long_blocks.csv", "pandas", long_table),
    ("seisbench", "h5py", seisbench),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("example")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="only files whose names end like this")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write(folder)
        print("| file | this reader | peer | ratio |\n|---|---|---|---|")
        for name, peer, read in PEERS:
            if not name.endswith(args.only):
                continue
            ours, theirs = [], []
            for _ in range(args.rounds):
                output = subprocess.run([args.example, folder / name, "10"], capture_output=True, text=True, check=True,
                                        env={**os.environ, "RAYON_NUM_THREADS": "1"})
                result = json.loads(output.stdout)
                ours.append(result["samples"] / result["seconds"])
                begin = start = time.perf_counter()
                while start - begin < WARM:
                    samples = read(folder / name)
                    end = time.perf_counter()
                    theirs.append(samples / (end - start))
                    start = end
                assert samples == result["samples"], (name, samples, result)
            mine, other = max(ours), max(theirs)
            print(f"| {name} | {mine / 1e6:,.1f} M samples/s | {peer} {other / 1e6:,.1f} M | {mine / other:.2f} x |", flush=True)


main()
