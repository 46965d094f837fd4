"""Compares the reading of generated recordings with libmseed, SciPy, ObsPy, pandas and pyarrow: whole arrays, times, rates and
names.

    pip install numpy obspy pandas pyarrow pymseed scipy tables
    cargo build -p data --example recordings
    python scripts/conformance/differential.py target/debug/examples/recordings [--files 200] [--seed 1] [--only win,ah]

`differential_damaged.py` damages the same files, and has formats that none of these programs reads.

The generated files are

- miniSEED 2 and 3, in both byte orders and every encoding that ObsPy and libmseed write, with records of 128 to 65,536 bytes,
  gaps, overlaps and several channels; a third of the files have foreign bytes between the records;
- WAV of every sample width, with other chunks around the data;
- SAC in both byte orders and as text;
- SEG-Y in both byte orders and the formats of samples that ObsPy writes;
- GSE2 (CM6) and GCF at all rates that ObsPy writes, GSE1 (CMP6 and INTV) and CSS 3.0 that scripts assemble;
- Reftek 130 in every format, SEISAN in every framing and EVT in every width that ObsPy reads, Y, PDAS and RG16, and WIN with differences of every width, AH of both versions and PC-SUDS that scripts assemble, and Seismic Handler's files that ObsPy writes;
- tables with many separators, quotes, line endings, missing values and time formats;
- Parquet with every numeric type, codec, page version and row-group size;
- HDF5 of pandas, in both forms, with an index or a column of times.

Differences are printed, and their number is the exit status.
"""
import argparse
import json
import struct
import subprocess
import sys
import tempfile
import warnings
from decimal import Decimal
from io import StringIO
from pathlib import Path

import numpy as np
import obspy
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from obspy.core import AttribDict
from obspy.io.gcf.core import get_time_denominator
from obspy.io.segy.segy import SEGYBinaryFileHeader, SEGYTraceHeader
import make_ah_suds
import make_css
import make_evt
import make_pdas
import make_reftek
import make_seisan
import make_rg16
import make_win
import make_y
from make_gse_gcf import gse1_text
from pymseed import DataEncoding, MS3TraceList
from scipy.io import wavfile

START = obspy.UTCDateTime("2024-05-01T10:00:00Z")


def signal(rng, n, dtype):
    """A walk whose steps are small and large in turn, so that Steim's frames use all their words."""
    steps = rng.normal(0, 1, n) * 10.0 ** rng.integers(0, 5, n)
    walk = np.cumsum(steps)
    if dtype == np.int16:
        return np.clip(walk, -32768, 32767).astype(dtype)
    return np.clip(walk, -2**28, 2**28).astype(dtype)


def miniseed(rng, path):
    kinds = [("STEIM1", np.int32), ("STEIM2", np.int32), ("INT32", np.int32), ("INT16", np.int16), ("FLOAT32", np.float32),
             ("FLOAT64", np.float64)]
    encoding, dtype = kinds[rng.integers(len(kinds))]
    rate = float(rng.choice([0.1, 1, 20, 99.9, 100, 478.036, 1000]))
    length = int(2 ** rng.integers(8, 17))
    third = rng.random() < 0.3
    stream, traces = obspy.Stream(), MS3TraceList()
    for channel in "ZNE"[: rng.integers(1, 4)]:
        at = START + float(rng.integers(0, 100)) / rate
        for _ in range(rng.integers(1, 4)):
            data = signal(rng, int(rng.integers(1, 3000)), dtype)
            stats = {"network": "XX", "station": "NODE", "channel": "EH" + channel, "sampling_rate": rate, "starttime": at}
            stream += obspy.Trace(data, stats)
            kind = {"i": "i", "f": "f" if dtype == np.float32 else "d"}[np.dtype(dtype).kind]
            traces.add_data(sourceid=f"FDSN:XX_NODE__E_H_{channel}", data_samples=data.tolist(), sample_type=kind,
                            sample_rate=rate, starttime=int(at.ns))
            at += (len(data) + int(rng.choice([0, 0, 5, 100]))) / rate
    if third:
        traces.to_file(str(path), overwrite=True, format_version=3, max_record_length=length,
                       encoding=getattr(DataEncoding, encoding))
        return
    order = int(rng.integers(2)) if "STEIM" not in encoding else 1
    stream.write(str(path), format="MSEED", encoding=encoding, reclen=length, byteorder=order)
    content = path.read_bytes()
    # Shuffled records, and bytes between them that libmseed skips too.
    records = [content[i:i + length] for i in range(0, len(content), length)]
    if rng.random() < 0.3:
        for _ in range(rng.integers(1, 4)):
            noise = rng.integers(128, 256, 64 * int(rng.integers(1, 9))).astype(np.uint8).tobytes()
            records.insert(int(rng.integers(len(records) + 1)), noise)
    path.write_bytes(b"".join(records))


def by_libmseed(path):
    found = []
    for trace in MS3TraceList.from_file(str(path), unpack_data=True, skip_not_data=True):
        network, station, location, band, source, sub = trace.sourceid.removeprefix("FDSN:").split("_")
        for part in trace:
            samples = np.array(part.np_datasamples).astype(np.float64)
            found.append((f"{network}.{station}.{location}.{band}{source}{sub}", part.starttime, part.samprate, samples))
    return found


def chunk(name, content, order):
    return name + struct.pack(order + "I", len(content)) + content + b"\0" * (len(content) % 2)


def wav(rng, path):
    order = "<>"[rng.integers(2)]
    channels, frames, rate = int(rng.integers(1, 5)), int(rng.integers(1, 500)), int(rng.choice([100, 512, 44100]))
    dtype, codec = [("u1", 1), ("i2", 1), ("i4", 1), ("i8", 1), ("f4", 3), ("f8", 3)][rng.integers(6)]
    width = int(dtype[1])
    data = rng.integers(0, 256, frames * channels * width).astype(np.uint8).tobytes()
    if codec == 3:
        data = rng.normal(0, 1, frames * channels).astype(order + dtype).tobytes()
    form = struct.pack(order + "HHIIHH", codec, channels, rate, rate * channels * width, channels * width, 8 * width)
    around = [chunk(b"LIST", bytes(int(rng.integers(0, 40))), order) for _ in range(3)]
    body = b"WAVE" + around[0] + chunk(b"fmt ", form, order) + around[1] + chunk(b"data", data, order) + around[2]
    path.write_bytes({"<": b"RIFF", ">": b"RIFX"}[order] + struct.pack(order + "I", len(body)) + body)


def by_scipy(path):
    rate, samples = wavfile.read(path)
    samples = samples.reshape(len(samples), -1).T
    if samples.dtype == np.uint8:
        samples = samples.astype(np.int16) - 128
    return [(str(i + 1), 0, rate, own.astype(np.float64)) for i, own in enumerate(samples)]


def sac(rng, path):
    data = rng.normal(0, 1e-6, 5 * int(rng.integers(1, 500))).astype(np.float32)
    stats = {"network": "XX", "station": "NODE", "location": "00", "channel": "EHZ", "starttime": START + rng.integers(1000) / 1000,
             "sampling_rate": float(rng.choice([1, 20, 40, 50, 100, 200, 500, 1000]))}
    trace = obspy.Trace(data, stats)
    if rng.random() < 0.3:
        trace.write(str(path), format="SACXY")
    else:
        trace.write(str(path), format="SAC", byteorder=int(rng.integers(2)))


def by_obspy(path):
    own = obspy.read(str(path))[0]
    return [(own.id, own.stats.starttime.ns, own.stats.sampling_rate, own.data.astype(np.float64))]


def segy(rng, path):
    form, dtype = [(1, np.float32), (2, np.int32), (3, np.int16), (5, np.float32)][rng.integers(4)]
    order = "><"[rng.integers(2)]
    length, micros = int(rng.integers(1, 2000)), int(rng.choice([125, 250, 500, 1000, 2000, 4000, 10000, 20000]))
    stream = obspy.Stream()
    for number in range(int(rng.integers(1, 7))):
        at = START + int(rng.integers(0, 10**7))
        data = signal(rng, length, dtype) if form in (2, 3) else (rng.normal(0, 1, length) * 10.0 ** rng.integers(-9, 9)).astype(dtype)
        trace = obspy.Trace(data, {"delta": micros / 1e6})
        header = SEGYTraceHeader(endian=order)
        header.original_field_record_number = number
        header.trace_number_within_the_original_field_record = number + 1
        header.year_data_recorded, header.day_of_year = at.year, at.julday
        header.hour_of_day, header.minute_of_hour, header.second_of_minute = at.hour, at.minute, at.second
        trace.stats.segy = AttribDict({"trace_header": header})
        stream.append(trace)
    stream.stats = AttribDict({"textual_file_header": b"C 1".ljust(3200), "binary_file_header": SEGYBinaryFileHeader()})
    stream.write(str(path), format="SEGY", data_encoding=form, byteorder=order,
                 textual_header_encoding=["EBCDIC", "ASCII"][rng.integers(2)])


def by_segy(path):
    own = obspy.read(str(path), format="SEGY")
    return [(str(number + 1), trace.stats.starttime.ns, trace.stats.sampling_rate, trace.data.astype(np.float64))
            for number, trace in enumerate(own)]


def gse(rng, path):
    stream = obspy.Stream()
    for number in range(int(rng.integers(1, 5))):
        # ObsPy's buffer holds four characters a sample, and more in front of calm ones.
        data = np.concatenate([signal(rng, int(rng.integers(1, 1500)), np.int32) // 2**4, np.zeros(2000, np.int32)])
        stats = {"network": ["", "BW"][rng.integers(2)], "station": "NODE", "channel": "EH" + "ZNE"[rng.integers(3)],
                 "sampling_rate": float(rng.choice([0.1, 1, 62.5, 100, 478.036133])), "starttime": START + number * 10**5 + rng.integers(1000) / 1000}
        trace = obspy.Trace(data, stats)
        trace.stats.gse2 = AttribDict({"auxid": ["", "01"][rng.integers(2)]})
        stream.append(trace)
    stream.write(str(path), format="GSE2")


def by_gse(path):
    read, found = obspy.read(str(path), format="GSE2"), []
    for own in read:
        # The auxiliary code is part of a name where only it tells two apart.
        codes = {one.stats.gse2.auxid for one in read if one.id == own.id}
        name = own.id.replace("..", f".{own.stats.gse2.auxid}.", 1) if len(codes) > 1 else own.id
        found.append((name, own.stats.starttime.ns, own.stats.sampling_rate, own.data.astype(np.float64)))
    return found


def gse1(rng, path):
    text = ["XW01\n\n", ""][rng.integers(2)]
    for number in range(int(rng.integers(1, 5))):
        # ObsPy's buffer holds four characters a sample, and more in front of calm ones.
        data = np.concatenate([signal(rng, int(rng.integers(2, 1500)), np.int32) // 2**4, np.zeros(2000, np.int32)])
        form, order = [("CMP6", 2), ("INTV", 0)][rng.integers(2)]
        start = START + number * 10**5 + int(rng.integers(1000)) / 1000
        rate = float(rng.choice([0.1, 1, 62.5, 100, 124.9999924]))
        text += gse1_text(data, str(rng.choice(["BZ", "n", ""])), form, order, order, rate=rate, start=start) + "\n"
    path.write_bytes(text.replace("\n", ["\n", "\r\n"][rng.integers(2)]).encode())


def by_gse1(path):
    # ObsPy puts blanks before channels.
    return [(own.id.replace(" ", ""), own.stats.starttime.ns, own.stats.sampling_rate, own.data.astype(np.float64))
            for own in obspy.read(str(path), format="GSE1")]


def css(rng, path):
    """A table of CSS 3.0 or NNSA KB Core, whose samples are in one or two files beside it, in any order and with gaps between."""
    kinds = [kind for kind in make_css.TYPES if kind not in ("s3", "i3")]
    folder = path.with_suffix(".d")
    folder.mkdir()
    content, rows, more = [b"", b""], [], int(rng.integers(2))
    start = 1.7e9 + float(rng.integers(10**6))
    for number in range(int(rng.integers(1, 9))):
        kind, file, count = str(rng.choice(kinds)), int(rng.integers(2)), int(rng.integers(1, 2000))
        content[file] += bytes(int(rng.integers(0, 50)))
        rate = float(rng.choice([0.1, 1, 62.5, 100, 478.036133]))
        start += 10**5 + int(rng.integers(10**5)) / 10**5
        rows.append(make_css.row(f"BH{'ZNE'[rng.integers(3)]}", start, count, rate, kind, folder.name, f"{file}.w", len(content[file]), more))
        content[file] += make_css.TYPES[kind](make_css.values(rng, kind, count + 2)[:count])
    for file, own in enumerate(content):
        (folder / f"{file}.w").write_bytes(own)
    path.write_text("\n".join(rows) + "\n")


def gcf(rng, path):
    """ObsPy writes some blocks that it refuses itself: such files are written anew."""
    while True:
        write_gcf(rng, path)
        try:
            obspy.read(str(path), format="GCF")
            return
        except OSError:
            continue


def write_gcf(rng, path):
    content = b""
    for number in range(int(rng.integers(1, 5))):
        rate = float(rng.choice([0.1, 0.5, 1, 20, 100, 156, 250, 400, 500, 625, 1000, 1250, 2000, 4000, 5000]))
        parts = get_time_denominator(rate)
        n = int(rng.integers(1, 3000))
        data = rng.integers(-2**29, 2**29, n).astype(np.int32) if rng.random() < 0.3 else signal(rng, n, np.int32) // 2**12
        start = START + 10**6 * number + int(rng.integers(parts)) / parts
        trace = obspy.Trace(data, {"sampling_rate": rate, "starttime": start})
        obspy.Stream([trace]).write(str(path), format="GCF", stream_id="6018" + "ZNE"[rng.integers(3)] + "2", system_id="NODE")
        content += path.read_bytes()
    path.write_bytes(content)


def by_gcf(path):
    found = []
    for own in obspy.read(str(path), format="GCF"):
        name, start, rate, samples = own.stats.gcf.stream_id, own.stats.starttime.ns, own.stats.sampling_rate, own.data.astype(np.float64)
        before = found[-1] if found else (None,)
        # At 5000 Hz, ObsPy leaves blocks apart that follow each other.
        if before[0] == name and before[2] == rate and abs(before[1] + len(before[3]) / rate * 1e9 - start) < 1000:
            found[-1] = (name, before[1], rate, np.concatenate([before[3], samples]))
        else:
            found.append((name, start, rate, samples))
    return found


def reftek(rng, path):
    """Events with gaps, and packets with the state of the recorder between them. Times of packets are whole milliseconds."""
    content, start = b"", START + int(rng.integers(10**6)) / 1000
    form = str(rng.choice(list(make_reftek.FORMATS)))
    keys = {"station": str(rng.choice(["", "KW1", "LONGN"])), "stream": str(rng.choice(["EH", "DS 1"])), "codes": [[], ["HHZ", "HHN"]][rng.integers(2)]}
    rate = float(rng.choice([0.1, 1, 50, 62.5, 100, 125, 200, 250, 500, 1000]))
    for event in range(int(rng.integers(1, 5))):
        count = 8 * int(rng.integers(1, 300))
        # Steim-2 holds differences of 30 bits at most.
        channels = [(number, signal(rng, count, np.int16 if form == "16" else np.int32)) for number in range(int(rng.integers(1, 4)))]
        heads = [(True, True), (True, False), (False, True)][rng.integers(3)]
        content += make_reftek.file(channels, form, rate, start, event, heads, **keys)
        if rng.random() < 0.3:
            content += make_reftek.packet(b"SH", start, 0, b"")
        start += count / rate + float(rng.choice([0, 0, 2, 1000]))
    path.write_bytes(content)


def seisan(rng, path):
    framing = str(rng.choice(["be", "le", "be-64", "pc"]))
    whole = 8 if framing == "be-64" else 4
    channels = []
    for number in range(int(rng.integers(1, 40))):
        width = int(rng.choice([2, whole]))
        samples = signal(rng, int(rng.integers(1, 400)), np.int16 if width == 2 else np.int32)
        start = START + number * 10**5 + int(rng.integers(1000)) / 1000
        keys = {"network": ["", "NS", "X"][rng.integers(3)], "location": ["", "10", "0"][rng.integers(3)], "code": str(rng.choice(["BH Z", "S  N", "A 1E"]))}
        channels.append(make_seisan.channel(samples, framing, float(rng.choice([1, 20, 62.5, 100, 478.04])), start, f"S{number}", width=width, **keys))
    path.write_bytes(make_seisan.file(channels, framing))


def evt(rng, path):
    width, rate = int(rng.choice([2, 3, 4])), int(rng.choice([20, 40, 50, 100, 200, 250, 500, 1000, 2000]))
    channels = int(rng.integers(1, 13))
    numbers = rng.choice(12, channels, replace=False)
    most = 2 ** (8 * width - 1)
    samples = rng.integers(-most, most, (channels, rate // 10 * int(rng.integers(1, 40))))
    start = START + int(rng.integers(10**9)) / 1000
    keys = {"station": str(rng.choice(["NODE", "KW1", "K"])).encode(), "order": "<>"[rng.integers(2)], "bits": int(sum(1 << numbers))}
    path.write_bytes(make_evt.file(samples, rate, start, width=width, **keys) + bytes(int(rng.choice([0, 0, 3, 300]))))


def y(rng, path):
    """ObsPy takes samples for little-endian whatever the tags are."""
    samples = signal(rng, int(rng.integers(1, 3000)), np.int32).tolist()
    keys = {"location": ["", "10", "0"][rng.integers(3)], "station": str(rng.choice(["NODE", "LONGN"])), "order": "<>"[rng.integers(2)]}
    rate = float(rng.choice([0.25, 1, 20, 62.5, 100, 478.5]))
    path.write_bytes(make_y.file(samples, rate, START + int(rng.integers(10**9)) / 64, data_order="<", **keys))


def pdas(rng, path):
    kind, dtype = [("LONG", np.int16), ("SHORT", np.int8)][rng.integers(2)]
    samples = signal(rng, int(rng.integers(1, 3000)), np.int16).astype(dtype)
    start = START + int(rng.integers(10**9)) / 100
    interval = str(rng.choice(["0.005000", "0.016", "10", "0.001953125"]))
    path.write_bytes(make_pdas.file(samples, interval, kind, start, str(rng.choice(["Channel1", "Z"])), year=int(rng.choice([2, 4]))))


def by_pdas(path):
    own = obspy.read(str(path), format="PDAS")[0]
    return [(own.stats.pdas["SIGNAL"], own.stats.starttime.ns, own.stats.sampling_rate, own.data.astype(np.float64))]


def rg16(rng, path):
    rate, slices = float(rng.choice([250, 500, 1000, 2000])), int(rng.integers(1, 9))
    numbers = rng.choice([2, 3, 4], int(rng.integers(1, 4)), replace=False).tolist()
    keys = {"receiver": (int(rng.integers(2**24)), int(rng.integers(2**24)), int(rng.integers(256))), "headers": int(rng.integers(3, 11))}
    blocks = make_rg16.components(rng, rate, slices, 2 * int(rng.integers(1, 300)), 10.0 ** rng.integers(-9, 9), int(rng.choice([0, 60])), numbers, **keys)
    path.write_bytes(make_rg16.file(blocks, rate, slices, int(rng.choice([0, 3]))))


def by_rg16(path):
    return [(own["channel"], own["start"], own["rate"], np.array(own["samples"])) for own in make_rg16.joined(make_rg16.expected(path))]


def win(rng, path):
    """Seconds without a gap, as ObsPy reads them; each has its own widths of differences."""
    channels = [(int(number), int(rng.integers(1, 500))) for number in rng.choice(2**16, int(rng.integers(1, 9)), replace=False)]
    seconds = [[(number, make_win.walk(rng, int(rng.integers(5)), rate)) for number, rate in channels] for _ in range(int(rng.integers(1, 9)))]
    path.write_bytes(b"".join(make_win.block(START + i, second) for i, second in enumerate(seconds)) + bytes(int(rng.choice([0, 0, 4, 99]))))


def by_win(path):
    return [(own.stats.channel, own.stats.starttime.ns, own.stats.sampling_rate, own.data.astype(np.float64))
            for own in obspy.read(str(path), format="WIN")]


def some_traces(rng):
    """Samples, component, rate and start of a few traces."""
    for number in range(int(rng.integers(1, 6))):
        data = rng.normal(0, 1, int(rng.integers(1, 900))) * 10.0 ** rng.integers(-9, 9)
        rate = float(rng.choice([0.1, 1, 4, 62.5, 100, 478.036133]))
        yield data, "ZNE"[rng.integers(3)], rate, START + number * 10**5 + int(rng.integers(1000)) / 1000


def ah(rng, path):
    record, extra = [(make_ah_suds.ah1, int(rng.integers(30))), (make_ah_suds.ah2, [("key", "x" * int(rng.integers(9)))] * int(rng.integers(3)))][rng.integers(2)]
    path.write_bytes(b"".join(record(data.astype(["f4", "f8"][rng.integers(2)]), "SH" + code, rate, start, extra)
                              for data, code, rate, start in some_traces(rng)))


def dmx(rng, path):
    content = b""
    for data, code, rate, start in some_traces(rng):
        kind = str(rng.choice(list(make_ah_suds.SUDS_TYPES)))
        form = np.dtype(make_ah_suds.SUDS_TYPES[kind])
        if form.kind in "iu":
            data = rng.integers(np.iinfo(form).min, np.iinfo(form).max, len(data))
        content += make_ah_suds.suds(data, kind, "NODE", code, rate, start)
    path.write_bytes(content)


def handler(rng, path):
    stream, order = obspy.Stream(), "<>"[rng.integers(2)]
    for data, code, rate, start in some_traces(rng):
        own = obspy.Trace(data.astype(np.float32), {"station": "NODE", "channel": "EH" + code, "starttime": start, "sampling_rate": rate})
        own.stats.sh = AttribDict({"BYTEORDER": order, "COMMENT": "x" * int(rng.integers(300))})
        stream.append(own)
    if path.suffix == ".QHD":
        stream.write(str(path), format="Q", byteorder=order)
    else:
        stream.write(str(path), format="SH_ASC", npl=int(rng.integers(1, 9)), custom_format=str(rng.choice(["%-.6e", "%.9g"])))


def by_any(path):
    return [(own.id, own.stats.starttime.ns, own.stats.sampling_rate, own.data.astype(np.float64)) for own in obspy.read(str(path))]


def numbers(rng, n):
    """Names and values of some channels: counts, and floats of every size, some of them missing."""
    columns = {}
    for name in ["Z", "N", "E", "acc x", "4"][: rng.integers(1, 6)]:
        values = rng.normal(0, 1, n) * 10.0 ** rng.integers(-12, 12)
        kind = rng.integers(4)
        if kind == 0:
            values = rng.integers(-2**31, 2**31, n)
        elif kind == 1:
            values = np.round(values, int(rng.integers(0, 9)))
        elif kind == 2:
            values = np.where(rng.random(n) < 0.05, np.nan, values)
        columns[name] = values
    return columns


def csv(rng, path):
    n = int(rng.integers(20, 3000))
    columns = numbers(rng, n)
    moments = pd.date_range("2024-05-01T10:00:00", periods=n, freq="10ms")
    name, times = [("time", np.arange(n) / 100), ("time_ms", np.arange(n) * 10), ("t [us]", np.arange(n) * 10_000),
                   ("timestamp", moments.strftime("%Y-%m-%d %H:%M:%S.%f")), ("Time", moments.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
                   ("timestamp", moments.as_unit("ms").astype("int64"))][rng.integers(6)]
    frame = pd.DataFrame({name: times, **columns})
    separator = str(rng.choice([",", ";", "\t", "|"]))
    keys = {"quoting": int(rng.choice([0, 1])), "lineterminator": str(rng.choice(["\n", "\r\n"])),
            "float_format": [None, "%.9g", "%.17e"][rng.integers(3)], "index": bool(rng.random() < 0.2)}
    text = frame.to_csv(sep=separator, na_rep=str(rng.choice(["", "nan", "NA", "null"])), **keys)
    if rng.random() < 0.3:
        text = f"# station NODE{keys['lineterminator']}" + text
    path.write_bytes(text.encode(str(rng.choice(["utf-8", "utf-8-sig", "utf-16"]))))


def by_pandas(path):
    content = path.read_bytes()
    text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    head = next(line for line in text.splitlines() if not line.startswith("#"))
    separator = max(",;\t|", key=head.count)
    frame = pd.read_csv(StringIO(text), sep=separator, comment="#", float_precision="round_trip")
    frame = frame.drop(columns=[name for name in frame.columns if name.startswith("Unnamed")])
    times = frame.iloc[:, 0]
    start = START.ns if times.dtype.kind not in "if" or times.iloc[0] > 0 else 0
    return [(name, start, 100.0, frame[name].to_numpy(dtype=np.float64)) for name in frame.columns[1:]
            if not frame[name].isna().all()]


def parquet(rng, path):
    n = int(rng.integers(20, 3000))
    kinds = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]
    columns = {"time": np.arange(n) / 100}
    for i in range(int(rng.integers(1, 5))):
        kind = str(rng.choice(kinds))
        values = rng.normal(0, 9, n).astype(kind) if "float" in kind else rng.integers(0, 256, (n, 8)).astype(np.uint8).view(np.uint64).ravel().astype(kind)
        columns[f"c{i}"] = pa.array(values, mask=rng.random(n) < 0.1) if rng.random() < 0.5 else pa.array(values)
    if rng.random() < 0.5:
        scale = int(rng.integers(0, 9))
        columns["decimal"] = pa.array([Decimal(int(v)).scaleb(-scale) for v in rng.integers(-10**8, 10**8, n)],
                                      pa.decimal128(int(rng.choice([9, 18, 30])), scale))
    pq.write_table(pa.table(columns), path, compression=str(rng.choice(["none", "snappy", "gzip", "brotli", "zstd", "lz4"])),
                   row_group_size=int(rng.integers(10, 4000)), use_dictionary=bool(rng.integers(2)),
                   data_page_version=str(rng.choice(["1.0", "2.0"])), data_page_size=int(rng.choice([256, 4096, 1 << 20])))


def by_pyarrow(path):
    read = pq.read_table(path)
    return [(name, 0, 100.0, np.array([np.nan if v is None else float(v) for v in read[name].to_pylist()]))
            for name in read.column_names[1:]]


def to_hdf(rng, path):
    n = int(rng.integers(20, 3000))
    frame = pd.DataFrame({name: values for name, values in numbers(rng, n).items() if not np.isnan(values).all()})
    stamps = pd.date_range("2024-05-01T10:00:00", periods=n, freq="10ms", unit=str(rng.choice(["ns", "us", "ms"])))
    if rng.random() < 0.5:
        frame.index = stamps.tz_localize("UTC").tz_convert("Asia/Tokyo") if rng.random() < 0.3 else stamps
    else:
        frame.insert(int(rng.integers(len(frame.columns) + 1)), "time", [stamps, np.arange(n) / 100, stamps - stamps[0]][rng.integers(3)])
    keys = [{}, {"format": "table", "index": False}, {"format": "table", "data_columns": ["Z"], "index": bool(rng.integers(2))}][rng.integers(3)]
    keys |= [{}, {"complib": "zlib", "complevel": int(rng.integers(1, 10))}][rng.integers(2)]
    frame.to_hdf(path, key=str(rng.choice(["df", "a/b/c"])), mode="w", **keys)


def by_to_hdf(path):
    frame = pd.read_hdf(path)
    times = frame["time"] if "time" in frame else frame.index
    start = START.ns if times.dtype.kind == "M" or isinstance(times.dtype, pd.DatetimeTZDtype) else 0
    return [(name, start, 100.0, frame[name].to_numpy(dtype=np.float64)) for name in frame.columns if name != "time"]


def differs(ours, theirs, ending):
    if "error" in ours:
        return f"refused: {ours['error']}"
    own = sorted(((t["channel"], t["start"]), t) for t in ours["traces"])
    theirs = sorted(theirs, key=lambda t: t[:2])
    names = [(t["channel"], len(t["samples"])) for _, t in own]
    expected = [(channel, len(samples)) for channel, _, _, samples in theirs]
    if names != expected:
        return f"{names} instead of {expected}"
    for (_, trace), (_, start, rate, samples) in zip(own, theirs):
        found = np.array(trace["samples"], dtype=np.float64)
        # ObsPy reads the numbers of this format as float32.
        found = found.astype(np.float32) if ending == "ASC" else found
        if not np.array_equal(found, samples, equal_nan=True):
            return f"other samples of {trace['channel']}"
        # ObsPy and float32 resolve times to a microsecond and rates to seven digits.
        if abs(trace["start"] - start) > 1000 or abs(trace["rate"] / rate - 1) > 1e-6:
            return f"{trace['channel']} at {trace['start']} with {trace['rate']} Hz instead of {start} with {rate} Hz"
    return None


KINDS = [("mseed", miniseed, by_libmseed), ("wav", wav, by_scipy), ("sac", sac, by_obspy), ("csv", csv, by_pandas),
         ("parquet", parquet, by_pyarrow), ("sgy", segy, by_segy), ("gse", gse, by_gse), ("gse1", gse1, by_gse1),
         ("wfdisc", css, by_any), ("gcf", gcf, by_gcf), ("rt130", reftek, by_any), ("seisan", seisan, by_any), ("evt", evt, by_any), ("y", y, by_any), ("pdas", pdas, by_pdas), ("rg16", rg16, by_rg16), ("win", win, by_win), ("ah", ah, by_any), ("dmx", dmx, by_any),
         ("QHD", handler, by_any), ("ASC", handler, by_any), ("h5", to_hdf, by_to_hdf)]


def options():
    """The options of a comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("example")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="endings, such as win,ah")
    return parser


def main():
    args = options().parse_args()
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(args.seed)
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        for ending, write, read in KINDS:
            if args.only and ending not in args.only.split(","):
                continue
            paths = [Path(folder) / f"{i}.{ending}" for i in range(args.files)]
            for path in paths:
                write(rng, path)
            output = subprocess.run([args.example, "--samples", *paths], capture_output=True, text=True, check=True).stdout
            problems = [differs(json.loads(line), read(path), ending) for path, line in zip(paths, output.splitlines(), strict=True)]
            for path, problem in zip(paths, problems):
                if problem:
                    print(f"{path.name}: {problem}")
            different += sum(map(bool, problems))
            print(f"{ending}: {len(paths)} files, {sum(map(bool, problems))} differ", flush=True)
    sys.exit(min(different, 100))


if __name__ == "__main__":
    main()
