"""Writes crates/data/tests/fixtures/recordings: one signal in every recording format, written by other programs.

    pip install numpy obspy pymseed pyarrow scipy h5py
    python scripts/conformance/make_recordings.py

Channels Z and N, 100 Hz, 2024-05-01T10:00:00Z, 400 integers that are a function of their position
(crates/data/tests/recordings.rs has the same function); miniSEED with a gap of two seconds after sample 250.
"""
from pathlib import Path

import numpy as np
import obspy
import pyarrow as pa
import pyarrow.parquet as pq
from obspy import Stream, Trace, UTCDateTime
from scipy.io import wavfile

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/recordings"
START = UTCDateTime("2024-05-01T10:00:00Z")
RATE = 100.0
N = 400


def value(i, channel):
    """Small and large differences, so that Steim's frames use all their codes."""
    return ((i * i * 37) % 1009 - 500) * (200 if 100 < i < 140 else 1) + i // 7 + 1000 * channel


def samples(channel):
    return np.array([value(i, channel) for i in range(N)], dtype=np.int32)


def trace(channel, first, last, dtype, late=0.0):
    header = {"network": "XX", "station": "NODE", "location": "00", "channel": "EH" + "ZN"[channel],
              "sampling_rate": RATE, "starttime": START + first / RATE + late}
    data = samples(channel)[first:last]
    return Trace((np.clip(data, -32768, 32767) if dtype is np.int16 else data).astype(dtype), header)


def miniseed():
    kinds = {"steim1": np.int32, "steim2": np.int32, "int32": np.int32, "int16": np.int16,
             "float32": np.float32, "float64": np.float64}
    for name, dtype in kinds.items():
        stream = Stream()
        for channel in (0, 1):
            stream += trace(channel, 0, 250, dtype)
            stream += trace(channel, 250, N, dtype, late=2.0)
        order = 0 if name == "int32" else 1
        stream.write(str(FOLDER / f"{name}.mseed"), format="MSEED", encoding=name.upper(), reclen=512, byteorder=order)


def miniseed_3():
    from pymseed import DataEncoding, MS3TraceList
    for name, encoding in (("steim2", DataEncoding.STEIM2), ("float64", DataEncoding.FLOAT64)):
        traces = MS3TraceList()
        for channel in (0, 1):
            for first, last, late in ((0, 250, 0.0), (250, N, 2.0)):
                data = samples(channel)[first:last]
                data = data.astype(np.float64) if name == "float64" else data
                traces.add_data(sourceid=f"FDSN:XX_NODE_00_E_H_{'ZN'[channel]}", data_samples=data.tolist(),
                                sample_type="d" if name == "float64" else "i", sample_rate=RATE,
                                starttime=int((START + first / RATE + late).ns))
        out = FOLDER / f"{name}.mseed3"
        traces.to_file(str(out), overwrite=True, format_version=3, max_record_length=512, encoding=encoding)


def others():
    for order, name in ((0, "le"), (1, "be")):
        trace(0, 0, N, np.float32).write(str(FOLDER / f"{name}.sac"), format="SAC", byteorder=order)
    both = np.stack([samples(0), samples(1)], axis=1)
    wavfile.write(FOLDER / "int32.wav", int(RATE), both)
    wavfile.write(FOLDER / "int16.wav", int(RATE), np.clip(both, -32768, 32767).astype(np.int16))
    wavfile.write(FOLDER / "float32.wav", int(RATE), both.astype(np.float32))
    times = START.timestamp + np.arange(N) / RATE
    rows = "".join(f"{t:.3f},{z},{n}\n" for t, z, n in zip(times, samples(0), samples(1)))
    (FOLDER / "table.csv").write_text("timestamp,Z,N\n" + rows)
    for codec in ("zstd", "snappy"):
        table = pa.table({"timestamp": times, "channel": ["EHZ"] * N, "samples": samples(0).astype(np.int64)})
        pq.write_table(table, FOLDER / f"{codec}_geo.parquet", compression=codec, row_group_size=150)


def m3n_vc():
    """As M3N-VC: four runs of two nodes, 20 s at 200 Hz, and their list."""
    folder = FOLDER / "m3n_vc"
    folder.mkdir(exist_ok=True)
    labels = [("gle350", "train"), ("gle350", "test"), ("mustang", "train"), ("mustang", "test")]
    starts, rate = [], 200
    for run, (label, _) in enumerate(labels):
        start = int(START.timestamp) + 100 * run
        starts.append(start)
        for node in (1, 2):
            rng = np.random.default_rng(10 * run + node)
            i = np.arange(20 * rate)
            tone = 300 * np.sin(2 * np.pi * (12 if label == "gle350" else 31) * i / rate)
            counts = (16000 + tone + rng.normal(0, 100, len(i))).astype(np.int64)
            table = pa.table({"timestamp": start + i / rate, "channel": ["SH3"] * len(i), "samples": counts})
            pq.write_table(table, folder / f"run{run}_rs{node}_geo.parquet", compression="zstd")
    micros = pa.timestamp("us", tz="UTC")
    pq.write_table(pa.table({
        "run_id": list(range(4)), "label": [l for l, _ in labels], "set": [s for _, s in labels],
        "start_time": pa.array([s * 1_000_000 for s in starts], micros),
        "end_time": pa.array([(s + 20) * 1_000_000 for s in starts], micros),
    }), folder / "run_ids.parquet", compression="zstd")


def seisbench():
    """As seisbench.data writes it: two buckets, and a trace of its own; eight traces of three components."""
    import h5py
    folder = FOLDER / "seisbench"
    folder.mkdir(exist_ok=True)
    rows = ["trace_name,source_id,source_type,split,trace_start_time,trace_sampling_rate_hz,trace_P_arrival_sample"]
    with h5py.File(folder / "waveforms.hdf5", "w") as file:
        file["data_format/dimension_order"] = "CW"
        file["data_format/component_order"] = "ZNE"
        file["data_format/measurement"] = "velocity"
        for bucket in range(2):
            traces = np.zeros((4, 3, 300), dtype=np.float32)
            for i in range(4):
                event = 4 * bucket + i
                for channel in range(3):
                    traces[i, channel] = [value(k, channel) + 10 * event for k in range(300)]
                length = 300 if i != 1 else 280
                name = f"bucket{bucket}${i},:3,:{length}"
                kind = ["earthquake", "explosion", "earthquake", "thunder"][i]
                split = ["train", "dev", "test", "train"][i] if bucket == 0 else "train"
                arrival = "" if event == 6 else 100 + event
                rows.append(f'"{name}",ev{event},{kind},{split},2024-05-01T10:0{event}:00.000000Z,100.0,{arrival}')
            file.create_dataset(f"data/bucket{bucket}", data=traces, compression="gzip" if bucket else None)
        single = np.array([[value(k, channel) for k in range(300)] for channel in range(3)], dtype=np.float64)
        file["data/own_trace"] = single
    rows.append("own_trace,ev8,explosion,train,2024-05-01T10:08:00.000000Z,100.0,150")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n")


FOLDER.mkdir(parents=True, exist_ok=True)
print("ObsPy", obspy.__version__, "pyarrow", pa.__version__)
miniseed()
miniseed_3()
others()
m3n_vc()
seisbench()
