"""Writes crates/data/tests/fixtures/seg2 and su: SEG-2 of every sample format, Seismic Unix, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_seg2.py

ObsPy writes Seismic Unix; this script assembles SEG-2. `expected.json` has channel, start (ns), rate and samples of each trace by
file. ObsPy gives no names, leaves out delays, fractions of seconds and times in UTC, and keeps the descaling factor beside the
samples: these are added here.
"""
import json
import struct
import warnings
from pathlib import Path

import numpy as np
import obspy
from obspy.core import AttribDict
from obspy.io.segy.segy import SEGYTraceHeader

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures"
N = 36
RNG = np.random.default_rng(29)
START = obspy.UTCDateTime("2024-05-01T10:00:07Z")
DATE = {"ACQUISITION_DATE": "01/MAY/2024", "ACQUISITION_TIME": "10:00:07"}
FACTORS = ["2.17378e-05", "4.0e-04", "1"]


def packed(values, order):
    """Format 3: the exponents of four samples, and their fractions in ones' complement."""
    words = []
    for four in values.reshape(-1, 4):
        exponents, fractions = 0, []
        for number, value in enumerate(four):
            exponent = 0
            while abs(int(value)) >> exponent > 0x7FFF:
                exponent += 1
            fraction = abs(int(value)) >> exponent
            exponents |= exponent << 4 * number
            fractions.append(fraction if value >= 0 else 0xFFFF ^ fraction)
        words += [exponents, *fractions]
    return np.array(words, order + "u2").tobytes()


def texts(own, order, end):
    all = b""
    for key, value in own.items():
        text = f"{key} {value}".encode() + end
        all += struct.pack(order + "H", len(text) + 2) + text
    return all + struct.pack(order + "H", 0)


def seg2(name, form, order, header=DATE, trace=None, numbers=("1", "2", "3"), end=b"\0", shift=0):
    values = np.round(RNG.normal(0, 4000, (3, N)), 3)
    if form == 3:
        values *= 300
    dtype = {1: "i2", 2: "i4", 4: "f4", 5: "f8"}.get(form)
    blocks = []
    for number, own in zip(numbers, values):
        factor = FACTORS[len(blocks)]
        text = {"SAMPLE_INTERVAL": "0.00200000", "DESCALING_FACTOR": factor} | (trace or {})
        if number:
            text["CHANNEL_NUMBER"] = number
        text = texts(text, order, end)
        data = packed(own, order) if form == 3 else own.astype(order + dtype).tobytes()
        head = struct.pack(order + "HHIIB19x", 0x4422, 32 + len(text), len(data), N, form)
        blocks.append(head + text + data)
    free = texts(header | {"NOTE": "made for tests"}, order, end)
    at, pointers = 32 + 12 + len(free), []
    for block in blocks:
        pointers.append(at)
        at += len(block)
    head = struct.pack(order + "HHHHB2sB2s18x", 0x3A55, 1, 12, 3, len(end), end.ljust(2, b"\0"), 1, b"\n\0")
    path = FIXTURES / "seg2" / f"{name}.sg2"
    path.write_bytes(head + struct.pack(order + "3I", *pointers) + free + b"".join(blocks))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = obspy.read(str(path), format="SEG2")
    names = [number or str(index + 1) for index, number in enumerate(numbers)]
    return [{"channel": own, "start": one.stats.starttime.ns + shift, "rate": one.stats.sampling_rate,
             "samples": (one.data.astype(np.float64) * one.stats.calib).tolist()} for own, one in zip(names, read)]


def su(name, order, delay=0, count=3, year=START.year):
    stream = obspy.Stream()
    for number in range(count):
        data = np.require(np.round(RNG.normal(0, 40, N), 3), "f4")
        header = SEGYTraceHeader(endian=order)
        values = {"original_field_record_number": 5, "trace_number_within_the_original_field_record": number + 1,
                  "delay_recording_time": delay, "trace_identification_code": 1}
        if year:
            values |= {"year_data_recorded": year, "day_of_year": START.julday, "hour_of_day": START.hour,
                       "minute_of_hour": START.minute, "second_of_minute": START.second}
        for key, value in values.items():
            setattr(header, key, value)
        trace = obspy.Trace(data, {"delta": 0.002, "starttime": START})
        trace.stats.su = AttribDict({"trace_header": header})
        stream.append(trace)
    path = FIXTURES / "su" / f"{name}.su"
    stream.write(str(path), format="SU", byteorder=order)
    own = bytearray(path.read_bytes())
    if not year:
        for number in range(count):
            at = number * (240 + 4 * N) + 156
            own[at:at + 10] = bytes(10)
        path.write_bytes(own)
    read = obspy.read(str(path), format="SU")
    start = [one.stats.starttime.ns if year else 0 for one in read]
    return [{"channel": str(number + 1), "start": start[number] + delay * 10**6, "rate": 500.0,
             "samples": one.data.astype(np.float64).tolist()} for number, one in enumerate(read)]


def main():
    for folder in ("seg2", "su"):
        (FIXTURES / folder).mkdir(parents=True, exist_ok=True)
        for old in (FIXTURES / folder).iterdir():
            old.unlink()
    expected = {}
    for form in (1, 2, 3, 4, 5):
        for order, word in (("<", "le"), (">", "be")):
            expected[f"format-{form}-{word}"] = seg2(f"format-{form}-{word}", form, order)
    # ObsPy takes a time of day with a fraction for midnight.
    date = {"ACQUISITION_DATE": "1/5/2024", "ACQUISITION_TIME": "10:00:07.25"}
    expected["day-month-number"] = seg2("day-month-number", 2, "<", date, shift=36_007_250_000_000)
    expected["fraction"] = seg2("fraction", 2, "<", DATE | {"ACQUISITION_SECOND_FRACTION": "0.125"}, shift=125_000_000)
    utc = {"ACQUISITION_DATE_UTC": "01/MAY/2024", "ACQUISITION_TIME_UTC": "08:00:07", "ACQUISITION_TIME_MICROSECONDS_UTC": "500",
           "ACQUISITION_TIME_MICROSECONDS": "500", "TIME_ZONE": "CEST"}
    expected["utc"] = seg2("utc", 2, "<", DATE | utc, shift=500_000 - 7200 * 10**9)
    expected["two-byte-end"] = seg2("two-byte-end", 4, "<", end=b"\0\n")
    expected["delay"] = seg2("delay", 4, "<", trace={"DELAY": "-0.010"}, shift=-10_000_000)
    expected["no-date"] = seg2("no-date", 4, "<", {})
    expected["no-numbers"] = seg2("no-numbers", 4, "<", numbers=(None, None, None))
    (FIXTURES / "seg2/expected.json").write_text(json.dumps(expected))
    expected = {"be": su("be", ">"), "le": su("le", "<"), "delay": su("delay", "<", delay=250), "one-trace": su("one-trace", "<", count=1),
                "no-date": su("no-date", ">", year=0)}
    (FIXTURES / "su/expected.json").write_text(json.dumps(expected))
    print({path.name: path.stat().st_size for folder in ("seg2", "su") for path in (FIXTURES / folder).iterdir()})


if __name__ == "__main__":
    main()
