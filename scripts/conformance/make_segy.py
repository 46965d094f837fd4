"""Writes crates/data/tests/fixtures/segy: SEG-Y files of every sample format, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_segy.py

ObsPy writes formats 1 (IBM), 2, 3 and 5 (IEEE); this script assembles the others, and headers of revision 2. `expected.json` has
channel, start (ns), rate and samples of each trace by file. What ObsPy does not read has the values that were written. ObsPy
leaves out the delay of a trace, which is added here.
"""
import json
import struct
from pathlib import Path

import numpy as np
import obspy
from obspy.core import AttribDict
from obspy.io.segy.segy import SEGYBinaryFileHeader, SEGYTraceHeader

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/segy"
N = 37
RNG = np.random.default_rng(17)
START = obspy.UTCDateTime("2024-05-01T10:00:07Z")
DTYPES = {1: "f4", 2: "i4", 3: "i2", 5: "f4", 6: "f8", 8: "i1", 9: "i8", 10: "u4", 11: "u2", 12: "u8", 16: "u1"}


def traces(dtype):
    values = np.round(RNG.normal(0, 40, (3, N)), 3)
    if np.dtype(dtype).kind == "u":
        values = np.abs(values)
    return [np.require(own, dtype) for own in values]


def by_obspy(name, form, order, records=(5, 5, 5), delay=0, micros=2000):
    stream = obspy.Stream()
    for number, data in enumerate(traces(DTYPES[form])):
        trace = obspy.Trace(data, {"delta": micros / 1e6, "starttime": START})
        header = SEGYTraceHeader(endian=order)
        header.original_field_record_number = records[number]
        header.trace_number_within_the_original_field_record = number + 1
        header.delay_recording_time = delay
        header.trace_identification_code = 1
        time = {"year_data_recorded": START.year, "day_of_year": START.julday, "hour_of_day": START.hour,
                "minute_of_hour": START.minute, "second_of_minute": START.second, "time_basis_code": 4}
        for key, value in time.items():
            setattr(header, key, value)
        trace.stats.segy = AttribDict({"trace_header": header})
        stream.append(trace)
    stream.stats = AttribDict({"textual_file_header": b"C 1 test".ljust(3200), "binary_file_header": SEGYBinaryFileHeader()})
    path = FOLDER / f"{name}.sgy"
    stream.write(str(path), format="SEGY", data_encoding=form, byteorder=order,
                 textual_header_encoding="EBCDIC" if form == 1 else "ASCII")
    # Other programs set the trace's interval, too.
    own = obspy.io.segy.segy._read_segy(str(path))
    read = obspy.read(str(path), format="SEGY", unpack_trace_headers=True)
    assert len(own.traces) == 3
    return [{"channel": str(number + 1), "start": trace.stats.starttime.ns + delay * 10**6,
             "rate": 1e6 / micros, "samples": trace.data.astype(np.float64).tolist()} for number, trace in enumerate(read)]


def assembled(name, form, order, revision=0x100, extra=b"", long=False):
    head = bytearray(3600)
    head[:3200] = b"C 1 test".ljust(3200)
    own = traces(DTYPES[form])

    def put(at, kind, value):
        struct.pack_into(order + kind, head, at, value)
    put(3216, "H", 4000)
    put(3220, "H", N)
    put(3224, "H", form)
    put(3500, "H", revision)
    put(3502, "H", 1)
    put(3504, "h", len(extra) // 3200)
    if revision >= 0x200:
        put(3296, "I", 0x01020304)
        put(3272, "d", 4000.5)
        put(3268, "i", N)
    body = b""
    for number, data in enumerate(own):
        trace = bytearray(240)
        for at, kind, value in ((8, "i", 1), (12, "i", number + 1), (28, "h", 1), (114, "H", 0 if long else N), (156, "h", 2024),
                                (158, "h", 122), (160, "h", 10), (162, "h", 0), (164, "h", 7), (166, "h", 4)):
            struct.pack_into(order + kind, trace, at, value)
        body += bytes(trace) + data.astype(np.dtype(DTYPES[form]).newbyteorder(order)).tobytes()
    (FOLDER / f"{name}.sgy").write_bytes(bytes(head) + extra + body)
    rate = 1e6 / (4000.5 if revision >= 0x200 else 4000)
    return [{"channel": str(number + 1), "start": START.ns, "rate": rate, "samples": data.astype(np.float64).tolist()}
            for number, data in enumerate(own)]


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    expected = {}
    for form in (1, 2, 3, 5):
        for order, word in ((">", "be"), ("<", "le")):
            expected[f"format-{form}-{word}"] = by_obspy(f"format-{form}-{word}", form, order)
    expected["delay"] = by_obspy("delay", 5, ">", delay=250)
    for form in (6, 8, 9, 10, 11, 12, 16):
        for order, word in ((">", "be"), ("<", "le")):
            expected[f"format-{form}-{word}"] = assembled(f"format-{form}-{word}", form, order)
    expected["revision-2-be"] = assembled("revision-2-be", 5, ">", 0x200, long=True)
    expected["revision-2-le"] = assembled("revision-2-le", 3, "<", 0x200)
    expected["more-text"] = assembled("more-text", 5, ">", extra=b"((SEG: EndText))".ljust(3200))
    (FOLDER / "expected.json").write_text(json.dumps(expected))
    print({path.name: path.stat().st_size for path in FOLDER.iterdir()})


if __name__ == "__main__":
    main()
