"""Variants of recordings that occur in practice, each compared with the program that wrote or reads it.

    pip install numpy obspy scipy pandas pyarrow soundfile
    cargo build -p data --example recordings
    python scripts/conformance/variations.py target/debug/examples/recordings [--keep FOLDER] [--only TEXT]

A case is a file and its expected content: (channel, start in ns or None, rate or None, samples) for each trace, or REFUSED if
the file must be refused. Rates may differ by a millionth, starts by a microsecond, samples not at all. Differences are printed,
and their number is the exit status.
"""
import argparse
import gzip
import io
import json
import struct
import subprocess
import sys
import tempfile
import warnings
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import obspy
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile

REFUSED = "refused"
START = obspy.UTCDateTime("2024-05-01T10:00:00Z")
NS = START.ns
N = 400
RNG = np.random.default_rng(7)
Z = RNG.integers(-2000, 2000, N).astype(np.int32)
E = RNG.integers(-2000, 2000, N).astype(np.int32)
CASES = {}


def case(name, rate=None):
    """A function (path) -> expected, under the name of its file; `rate` is given as a hint."""
    def keep(function):
        CASES[name] = (function, rate)
        return function
    return keep


def both(start=0, rate=100.0):
    return [("E", start, rate, E), ("Z", start, rate, Z)]


def stamps(n=N, rate=100.0, unit="ns"):
    return pd.date_range("2024-05-01T10:00:00Z", periods=n, freq=pd.Timedelta(seconds=1 / rate)).as_unit(unit)


# Tables -----------------------------------------------------------------------------------------------------------


def table(name, time_name, times, start, rate=100.0, hint=None, **keys):
    @case(f"{name}.csv", hint)
    def _(path):
        pd.DataFrame({time_name: times, "Z": Z, "E": E}).to_csv(path, index=False, **keys)
        return both(start, rate)


for unit, factor in [("s", 1), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)]:
    whole = (np.arange(N) * 0.01 * factor).round(6)
    table(f"time_{unit}", f"time_{unit}", whole if unit == "s" else whole.astype(np.int64), 0)
    table(f"time_brackets_{unit}", f"Time [{unit}]", whole, 0)
    epoch = (NS + np.arange(N) * 10_000_000) // (10 ** 9 // int(factor))
    if unit == "s":
        table("epoch_s", "timestamp", (NS + np.arange(N) * 10_000_000) / 1e9, NS)
    else:
        table(f"epoch_{unit}_named", f"timestamp_{unit}", epoch, NS)
        table(f"epoch_{unit}_bare", "timestamp", epoch, NS)
        table(f"epoch_{unit}_time", "time", epoch, NS)
        table(f"epoch_{unit}_unix", "unix_time", epoch, NS)

FORMS = {
    "iso": "%Y-%m-%dT%H:%M:%S.%f", "iso_z": "%Y-%m-%dT%H:%M:%S.%fZ", "blank": "%Y-%m-%d %H:%M:%S.%f",
    "slash": "%Y/%m/%d %H:%M:%S.%f", "utc": "%Y-%m-%d %H:%M:%S.%f UTC", "zero": "%Y-%m-%dT%H:%M:%S.%f+00:00",
    "zero4": "%Y-%m-%dT%H:%M:%S.%f+0000", "compact": "%Y%m%dT%H%M%S.%f", "dots": "%d.%m.%Y %H:%M:%S.%f",
    "doy": "%Y-%jT%H:%M:%S.%f", "doy_commas": "%Y,%j,%H:%M:%S.%f",
}
for form, pattern in FORMS.items():
    table(f"stamp_{form}", "time", stamps().strftime(pattern), NS)
table("stamp_zone_plus2", "datetime", stamps().tz_convert("Europe/Berlin").map(lambda t: t.isoformat()), NS)
table("stamp_zone_minus", "datetime", stamps().tz_convert("Asia/Kolkata").map(lambda t: t.isoformat()), NS)
table("stamp_comma_fraction", "time", [t.replace(".", ",") for t in stamps().strftime(FORMS["blank"])], NS, sep=";")
table("semicolon", "time", np.arange(N) / 100, 0, sep=";")
table("tabs", "time", np.arange(N) / 100, 0, sep="\t")
table("pipes", "time", np.arange(N) / 100, 0, sep="|")
table("quoted_all", "time", np.arange(N) / 100, 0, quoting=1)
table("crlf", "time", np.arange(N) / 100, 0, lineterminator="\r\n")
table("cr_alone", "time", np.arange(N) / 100, 0, lineterminator="\r")
table("decimal_comma", "time", np.arange(N) / 100, 0, sep=";", decimal=",")
table("utf16", "time", np.arange(N) / 100, 0, encoding="utf-16")
table("utf8_bom", "time", np.arange(N) / 100, 0, encoding="utf-8-sig")
table("latin1", "time", np.arange(N) / 100, 0, encoding="latin-1")
table("milliseconds_as_text", "Time (ms)", [f"{t:.1f}" for t in np.arange(N) * 10.0], 0)
table("german", "Zeit (s)", np.arange(N) / 100, 0)
table("elapsed", "elapsed_time", np.arange(N) / 100, 0)
table("micros", "micros", np.arange(N) * 10_000, 0)
table("millis", "millis", np.arange(N) * 10, 0)
table("exponent", "time", [f"{t:.6e}" for t in np.arange(N) / 100], 0)
table("plus_signs", "time", [f"+{t:.2f}" for t in np.arange(N) / 100], 0)
table("given_rate_none", "count", np.arange(N), 0, 250.0, hint=250.0)
table("rate_478", "time", np.round(np.arange(N) / 478.036, 6), 0, 478.036)
table("rate_third", "time", np.round(np.arange(N) / 3, 6), 0, 3.0)
table("period_7s", "time", np.arange(N) * 7.0, 0, 1 / 7)


@case("index_column.csv")
def _(path):
    pd.DataFrame({"time": np.arange(N) / 100, "Z": Z, "E": E}).to_csv(path)
    return both()


@case("time_last.csv")
def _(path):
    pd.DataFrame({"Z": Z, "E": E, "time": np.arange(N) / 100}).to_csv(path, index=False)
    return both()


@case("gap.csv")
def _(path):
    times = np.arange(N) / 100
    times[200:] += 5
    pd.DataFrame({"time": times, "Z": Z}).to_csv(path, index=False)
    return [("Z", 0, 100.0, Z[:200]), ("Z", int(7e9), 100.0, Z[200:])]


@case("day_and_clock.csv")
def _(path):
    own = stamps()
    pd.DataFrame({"date": own.strftime("%Y-%m-%d"), "time": own.strftime("%H:%M:%S.%f"), "Z": Z, "E": E}).to_csv(path, index=False)
    return both(NS)


@case("over_midnight.csv")
def _(path):
    own = pd.date_range("2024-05-01T23:59:58", periods=N, freq="10ms")
    pd.DataFrame({"time": own.strftime("%H:%M:%S.%f"), "Z": Z, "E": E}).to_csv(path, index=False)
    return both(int((24 * 3600 - 2) * 1e9))


@case("us_dates.csv")
def _(path):
    own = stamps().map(lambda t: t.replace(day=13))
    pd.DataFrame({"time": own.strftime("%m/%d/%Y %H:%M:%S.%f"), "Z": Z, "E": E}).to_csv(path, index=False)
    return both(NS + 12 * 86400 * 10**9)


@case("am_pm.csv")
def _(path):
    own = stamps().map(lambda t: t.replace(day=13, hour=22))
    pd.DataFrame({"time": own.strftime("%m/%d/%Y %I:%M:%S.%f %p"), "Z": Z, "E": E}).to_csv(path, index=False)
    return both(NS + (12 * 86400 + 12 * 3600) * 10**9)


@case("zones_change.csv")
def _(path):
    """Clocks go back: the local times fall, the moments do not."""
    own = pd.date_range("2024-10-27T00:59:58Z", periods=N, freq="10ms").tz_convert("Europe/Berlin")
    pd.DataFrame({"time": own.map(lambda t: t.isoformat()), "Z": Z, "E": E}).to_csv(path, index=False)
    return both(int(pd.Timestamp("2024-10-27T00:59:58Z").value))


@case("headless_numbers.csv", 100.0)
def _(path):
    np.savetxt(path, np.stack([Z, E], 1), delimiter=",", fmt="%d")
    return [("1", 0, 100.0, Z), ("2", 0, 100.0, E)]


@case("savetxt_header.txt")
def _(path):
    np.savetxt(path, np.stack([np.arange(N) / 100, Z, E], 1), header="time Z E")
    return both()


@case("missing_values.csv")
def _(path):
    own = Z.astype(float)
    own[[5, 50]] = np.nan
    pd.DataFrame({"time": np.arange(N) / 100, "Z": own}).to_csv(path, index=False, na_rep="NaN")
    return [("Z", 0, 100.0, own)]


@case("missing_words.csv")
def _(path):
    own = [str(v) for v in Z]
    for i, word in enumerate(["NA", "null", "", "n/a", "-", "#N/A", "None", "<NA>"]):
        own[5 + 20 * i] = word
    expected = Z.astype(float)
    expected[5:5 + 160:20] = np.nan
    pd.DataFrame({"time": np.arange(N) / 100, "Z": own}).to_csv(path, index=False)
    return [("Z", 0, 100.0, expected)]


@case("long_form.csv")
def _(path):
    rows = [(f"{i / 100:.2f}", c, v) for i in range(N) for c, v in (("Z", Z[i]), ("E", E[i]))]
    pd.DataFrame(rows, columns=["time", "channel", "value"]).to_csv(path, index=False)
    return both()


@case("hex_counts.csv")
def _(path):
    """Counts in hexadecimal are no numbers for pandas either."""
    pd.DataFrame({"time": np.arange(N) / 100, "Z": [hex(abs(v)) for v in Z]}).to_csv(path, index=False)
    return REFUSED


@case("packed.csv.gz")
def _(path):
    with gzip.open(path, "wt") as file:
        pd.DataFrame({"time": np.arange(N) / 100, "Z": Z, "E": E}).to_csv(file, index=False)
    return both()


table("minutes", "Time (min)", np.arange(N) / 60, 0, 1.0)
table("hours", "time_h", np.arange(N) / 3600, 0, 1.0)
table("pretrigger", "time", np.arange(N) / 100 - 1, -10**9)
table("epoch_ms_float", "timestamp", [f"{NS // 10**6 + i * 10}.0" for i in range(N)], NS)
table("spreadsheet_days", "time", [f"{45413 + 10 / 24 + i / 100 / 86400:.12f}" for i in range(N)], NS)
table("matlab_days", "time", [f"{739373 + 10 / 24 + i / 100 / 86400:.12f}" for i in range(N)], None, None)
table("stamp_month_name", "time", stamps().strftime("%d-%b-%Y %H:%M:%S.%f"), NS)
table("stamp_nanoseconds", "time", [f"2024-05-01 10:00:{i // 100:02d}.{i % 100:02d}0000000" for i in range(N)], NS)
table("stamp_underscore", "time", stamps().strftime("%Y-%m-%d_%H:%M:%S.%f"), NS)


@case("stamp_two_digit_year.csv")
def _(path):
    """`01.05.24` may be three days."""
    pd.DataFrame({"time": stamps().strftime("%d.%m.%y %H:%M:%S.%f"), "Z": Z}).to_csv(path, index=False)
    return REFUSED


table("stamp_numpy", "time", stamps().tz_localize(None).to_numpy().astype(str), NS)
table("clock_am_pm", "time", stamps().strftime("%I:%M:%S.%f %p"), 10 * 3600 * 10**9)
table("ts", "ts", np.arange(N) / 100, 0)
table("timestamp_utc", "Timestamp (UTC)", stamps().strftime(FORMS["blank"]), NS)
table("datetime_utc", "datetime_utc", stamps().strftime(FORMS["blank"]), NS)
table("seconds_since_start", "seconds since start", np.arange(N) / 100, 0)
table("boolean_beside", "time", np.arange(N) / 100, 0)


def written(name, text, expected, hint=None):
    @case(name, hint)
    def _(path):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return expected


ROWS = [f"{i / 100:.2f},{Z[i]},{E[i]}" for i in range(N)]
written("two_rows_of_names.csv", "time,acc,acc\n,x,y\n" + "\n".join(ROWS) + "\n", None)
written("units_in_names.csv", "Time [s],Z [mm/s],E [mm/s]\n" + "\n".join(ROWS) + "\n", [("E [mm/s]", 0, 100.0, E), ("Z [mm/s]", 0, 100.0, Z)])
written("footer.csv", "time,Z,E\n" + "\n".join(ROWS) + "\n# end of recording\n", both())
written("footer_words.csv", "time,Z,E\n" + "\n".join(ROWS) + "\nend of recording\n", both())
written("blank_lines_between.csv", "time,Z,E\n" + "\n\n".join(ROWS) + "\n", both())
written("padded.csv", "time , Z , E\n" + "\n".join(row.replace(",", " ,  ") for row in ROWS) + "\n", both())
written("names_again.csv", "time,Z,E\n" + "\n".join(ROWS[:200]) + "\ntime,Z,E\n" + "\n".join(ROWS[200:]) + "\n", both())
written("sep_line.csv", "sep=;\ntime;Z;E\n" + "\n".join(ROWS).replace(",", ";") + "\n", both())
written("semicolon_after.csv", "time;Z;E;\n" + "\n".join(row.replace(",", ";") + ";" for row in ROWS) + "\n", both())
written("comments.csv", "# station NODE\n# rate 100 Hz\ntime,Z,E\n" + "\n".join(ROWS) + "\n", both())
written("percent_comments.csv", "% station NODE\n% rate 100 Hz\ntime,Z,E\n" + "\n".join(ROWS) + "\n", both())
written("nul_bytes.csv", b"time,Z,E\n" + "\n".join(ROWS).encode() + b"\n" + bytes(512), both())
written("cut_last_row.csv", "time,Z,E\n" + "\n".join(ROWS)[:-3], None)
written("twice.csv", "time,Z,Z\n" + "\n".join(ROWS) + "\n", [("Z", 0, 100.0, Z), ("Z.1", 0, 100.0, E)])
written("infinite.csv", "time,Z\n" + "\n".join(f"{i / 100:.2f},{'inf' if i == 7 else Z[i]}" for i in range(N)) + "\n",
        # JSON knows no infinity.
        [("Z", 0, 100.0, np.where(np.arange(N) == 7, np.nan, Z))])
written("thousands.csv", 'time,Z\n' + "\n".join(f'{i / 100:.2f},"{int(Z[i]) * 1000:,}"' for i in range(N)) + "\n", [("Z", 0, 100.0, Z.astype(float) * 1000)])
written("falls.csv", "time,Z\n" + "\n".join(f"{(N - i) / 100:.2f},{Z[i]}" for i in range(N)) + "\n", REFUSED)
written("whole_days.csv", "date,Z\n" + "\n".join(f"{d:%Y-%m-%d},{v}" for d, v in zip(pd.date_range("2020-01-01", periods=N), Z)) + "\n",
        [("Z", 1577836800 * 10**9, 1 / 86400, Z)])
written("day_or_month.csv", "time,Z\n" + "\n".join(f"05/06/2024 10:00:{i // 100:02d}.{i % 100:02d},{v}" for i, v in enumerate(Z)) + "\n", None)
written("year_to_second.csv", "year,month,day,hour,minute,second,Z\n" + "\n".join(f"2024,5,1,10,0,{i / 100:.2f},{v}" for i, v in enumerate(Z)) + "\n", [("Z", NS, 100.0, Z)])
written("seconds_and_micros.csv", "sec,usec,Z\n" + "\n".join(f"{NS // 10**9 + i // 100},{i % 100 * 10000},{v}" for i, v in enumerate(Z)) + "\n", [("Z", NS, 100.0, Z)])
written("epoch_rounded.csv", "timestamp,Z\n" + "\n".join(f"1.71456E+12,{v}" for v in Z) + "\n", REFUSED)
written("tiny.csv", "time,Z\n" + "\n".join(f"{i / 100:.2f},{v}e-9" for i, v in enumerate(Z)) + "\n", [("Z", 0, 100.0, [float(f"{v}e-9") for v in Z])])
written("many_digits.csv", "time,Z\n" + "\n".join(f"{i / 100:.2f},{v / 7:.25f}" for i, v in enumerate(Z)) + "\n", [("Z", 0, 100.0, [float(f"{v / 7:.25f}") for v in Z])])
written("large_counts.csv", "time,Z\n" + "\n".join(f"{i / 100:.2f},{int(v) * 10**15 + 1}" for i, v in enumerate(Z)) + "\n", [("Z", 0, 100.0, [float(int(v) * 10**15 + 1) for v in Z])])
written("bare_points.csv", "time,Z\n" + "\n".join(f"{i / 100:.2f},{v}." for i, v in enumerate(Z)) + "\n", [("Z", 0, 100.0, Z)])
written("leading_points.csv", "time,Z\n" + "\n".join(f"{i / 100:.2f},.{abs(int(v)):04d}" for i, v in enumerate(Z)) + "\n", [("Z", 0, 100.0, [float(f".{abs(int(v)):04d}") for v in Z])])
written("leading_zeros.csv", "time,Z\n" + "\n".join(f"{i / 100:.2f},{abs(int(v)):08d}" for i, v in enumerate(Z)) + "\n", [("Z", 0, 100.0, np.abs(Z))])
written("exponents.csv", "time,Z\n" + "\n".join(f"{i / 100:.2f},{v / 7:.17E}" for i, v in enumerate(Z)) + "\n", [("Z", 0, 100.0, [float(f"{v / 7:.17E}") for v in Z])])
written("minus_zero.csv", "time,Z\n" + "\n".join(f"{i / 100:.2f},-0.0" for i in range(N)) + "\n", [("Z", 0, 100.0, np.full(N, -0.0))])

# Parquet ----------------------------------------------------------------------------------------------------------


def parquet(name, columns, expected, hint=None, **keys):
    @case(f"{name}.parquet", hint)
    def _(path):
        pq.write_table(pa.table(columns), path, **keys)
        return expected


for unit in ["s", "ms", "us", "ns"]:
    zone = pa.timestamp(unit, "UTC")
    fine = [NS // 10 ** {"s": 9, "ms": 6, "us": 3, "ns": 0}[unit] + i * {"s": 1, "ms": 10, "us": 10_000, "ns": 10_000_000}[unit] for i in range(N)]
    rate = 1.0 if unit == "s" else 100.0
    for label, kind in [("utc", zone), ("berlin", pa.timestamp(unit, "Europe/Berlin")), ("naive", pa.timestamp(unit))]:
        parquet(f"stamp_{unit}_{label}", {"when": pa.array(fine, kind), "Z": Z, "E": E}, both(NS, rate))
seconds = np.arange(N) / 100
parquet("int96", {"t": pa.array([NS + i * 10_000_000 for i in range(N)], pa.timestamp("ns")), "Z": Z, "E": E}, both(NS),
        use_deprecated_int96_timestamps=True)
for digits, scale in [(7, 2), (16, 2), (25, 3)]:
    decimals = [Decimal(int(v)).scaleb(-scale) for v in Z]
    parquet(f"decimal_{digits}", {"time": seconds, "Z": pa.array(decimals, pa.decimal128(digits, scale))},
            [("Z", 0, 100.0, np.array([float(d) for d in decimals]))])
parquet("dictionary", {"time": seconds, "Z": pa.array(Z).dictionary_encode(), "E": E}, both(), use_dictionary=True)
parquet("dictionary_texts", {"time": np.repeat(seconds, 2), "channel": pa.array(["E", "Z"] * N).dictionary_encode(),
                             "samples": np.stack([E, Z], 1).ravel()}, both())
parquet("uint32_high", {"time": seconds, "Z": pa.array(Z.astype(np.int64) + 3_000_000_000, pa.uint32())},
        [("Z", 0, 100.0, Z.astype(np.float64) + 3e9)])
parquet("float16", {"time": seconds, "Z": (Z / 64).astype(np.float16)}, [("Z", 0, 100.0, (Z / 64).astype(np.float16).astype(float))])
parquet("nulls", {"time": seconds, "Z": pa.array([None if i % 50 == 7 else int(v) for i, v in enumerate(Z)], pa.int32())},
        [("Z", 0, 100.0, np.where(np.arange(N) % 50 == 7, np.nan, Z))])
parquet("lists_beside", {"time": seconds, "Z": Z, "E": E, "meta": pa.array([[1, 2]] * N)}, both())
parquet("struct_inside", {"time": seconds, "acc": pa.array([{"x": int(a), "y": int(b)} for a, b in zip(Z, E)])},
        [("acc.x", 0, 100.0, Z), ("acc.y", 0, 100.0, E)])
parquet("v2_pages_groups", {"time": seconds, "Z": Z, "E": E}, both(), data_page_version="2.0", row_group_size=37)
for codec in ["snappy", "gzip", "brotli", "zstd", "lz4", "none"]:
    parquet(f"codec_{codec}", {"time": seconds, "Z": Z, "E": E}, both(), compression=codec)
parquet("delta", {"time": seconds, "Z": Z, "E": E}, both(), use_dictionary=False,
        column_encoding={"time": "BYTE_STREAM_SPLIT", "Z": "DELTA_BINARY_PACKED", "E": "DELTA_BINARY_PACKED"})
parquet("epoch_ms_int64", {"timestamp_ms": NS // 10**6 + np.arange(N) * 10, "Z": Z, "E": E}, both(NS))
parquet("duration", {"t": pa.array([i * 10_000 for i in range(N)], pa.duration("us")), "Z": Z, "E": E}, None)
parquet("time_of_day", {"t": pa.array([i * 10_000 for i in range(N)], pa.time64("us")), "Z": Z, "E": E}, both())
parquet("text_times", {"time": stamps().strftime(FORMS["iso_z"]).tolist(), "Z": Z, "E": E}, both(NS))
parquet("date_alone", {"day": pa.array([date(2024, 5, 1)] * N), "Z": Z, "E": E}, None, 100.0)


@case("pandas_index.parquet")
def _(path):
    pd.DataFrame({"Z": Z, "E": E}, index=stamps()).to_parquet(path)
    return both(NS)


@case("pandas_named_index.parquet")
def _(path):
    pd.DataFrame({"Z": Z, "E": E}, index=stamps().rename("time")).to_parquet(path)
    return both(NS)


# WAV --------------------------------------------------------------------------------------------------------------

for subtype in ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]:
    for form in ["WAV", "WAVEX", "RF64"]:
        for endian in ["LITTLE", "BIG"] if form == "WAV" else ["LITTLE"]:
            @case(f"{form}_{subtype}_{endian}.wav".lower())
            def _(path, subtype=subtype, form=form, endian=endian):
                bits = {"PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}.get(subtype)
                data = np.stack([Z, E], 1)
                if bits:
                    data = (data.astype(np.int64) >> (4 if bits == 8 else 0)).astype(np.int32)
                    soundfile.write(path, data << (32 - bits), 512, subtype=subtype, format=form, endian=endian)
                else:
                    data = data / 3.0
                    soundfile.write(path, data, 512, subtype=subtype, format=form, endian=endian)
                    data = data.astype(np.float32) if subtype == "FLOAT" else data
                return [("1", 0, 512.0, data[:, 0]), ("2", 0, 512.0, data[:, 1])]

for codec in ["ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM"]:
    @case(f"wav_{codec}.wav".lower())
    def _(path, codec=codec):
        soundfile.write(path, (Z << 16).astype(np.int32), 8000, subtype=codec, format="WAV")
        return REFUSED


def riff(path, form, data, chunks=b""):
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + chunks + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


@case("extensible_24_in_32.wav")
def _(path):
    guid = bytes.fromhex("0100000000001000800000aa00389b71")
    form = struct.pack("<HHIIHH", 0xFFFE, 1, 512, 512 * 4, 4, 32) + struct.pack("<HHI", 22, 24, 4) + guid
    riff(path, form, (Z.astype(np.int32) << 8).astype("<i4").tobytes())
    return [("1", 0, 512.0, Z.astype(np.int64) << 8)]


@case("odd_chunk_before.wav")
def _(path):
    form = struct.pack("<HHIIHH", 1, 1, 512, 1024, 2, 16)
    riff(path, form, Z.astype("<i2").tobytes(), b"LIST" + struct.pack("<I", 5) + b"INFOx\0")
    return [("1", 0, 512.0, Z)]


@case("byte_rate_wrong.wav")
def _(path):
    riff(path, struct.pack("<HHIIHH", 1, 1, 512, 7, 2, 16), Z.astype("<i2").tobytes())
    return [("1", 0, 512.0, Z)]


@case("signed_8.wav")
def _(path):
    data = (Z >> 5).astype(np.int8)
    riff(path, struct.pack("<HHIIHH", 1, 1, 512, 512, 1, 8), (data.astype(np.int16) + 128).astype(np.uint8).tobytes())
    return [("1", 0, 512.0, data)]


# SAC --------------------------------------------------------------------------------------------------------------


def sac_trace(**header):
    stats = {"network": "XX", "station": "NODE", "location": "", "channel": "EHZ", "starttime": START, "sampling_rate": 100.0}
    trace = obspy.Trace(Z.astype(np.float32), stats)
    trace.stats.sac = header
    return trace


for order in [0, 1]:
    @case(f"order_{order}.sac")
    def _(path, order=order):
        sac_trace().write(str(path), format="SAC", byteorder=order)
        return [("XX.NODE..EHZ", NS, 100.0, Z)]

    @case(f"begins_late_{order}.sac")
    def _(path, order=order):
        sac_trace(b=-3.25, o=0.0).write(str(path), format="SAC", byteorder=order)
        own = obspy.read(str(path))[0]
        return [(own.id, own.stats.starttime.ns, 100.0, Z)]

    @case(f"uneven_{order}.sac")
    def _(path, order=order):
        sac_trace().write(str(path), format="SAC", byteorder=order)
        content = bytearray(path.read_bytes())
        struct.pack_into("<>"[order] + "i", content, 105 * 4, 0)
        path.write_bytes(content)
        return REFUSED

    @case(f"undefined_reference_{order}.sac")
    def _(path, order=order):
        sac_trace().write(str(path), format="SAC", byteorder=order)
        content = bytearray(path.read_bytes())
        for word in range(70, 76):
            struct.pack_into("<>"[order] + "i", content, word * 4, -12345)
        path.write_bytes(content)
        return [("XX.NODE..EHZ", None, 100.0, Z)]

    @case(f"delta_undefined_{order}.sac")
    def _(path, order=order):
        sac_trace().write(str(path), format="SAC", byteorder=order)
        content = bytearray(path.read_bytes())
        struct.pack_into("<>"[order] + "f", content, 0, -12345.0)
        path.write_bytes(content)
        return REFUSED

    @case(f"spectrum_{order}.sac")
    def _(path, order=order):
        sac_trace().write(str(path), format="SAC", byteorder=order)
        content = bytearray(path.read_bytes())
        struct.pack_into("<>"[order] + "i", content, 85 * 4, 2)
        path.write_bytes(content)
        return REFUSED

    @case(f"cut_{order}.sac")
    def _(path, order=order):
        sac_trace().write(str(path), format="SAC", byteorder=order)
        path.write_bytes(path.read_bytes()[:-6])
        return None


@case("version_7.sac")
def _(path):
    """Version 7 has the step and the start as float64 behind the samples."""
    sac_trace().write(str(path), format="SAC", byteorder=0)
    content = bytearray(path.read_bytes())
    struct.pack_into("<i", content, 76 * 4, 7)
    struct.pack_into("<f", content, 0, 1 / 478.036)
    foot = [-12345.0] * 22
    foot[0], foot[1] = 1 / 478.036, 0.0
    path.write_bytes(bytes(content) + struct.pack("<22d", *foot))
    return [("XX.NODE..EHZ", NS, 478.036, Z)]


# miniSEED ---------------------------------------------------------------------------------------------------------


def seed(path, data=Z, rate=100.0, start=START, **keys):
    trace = obspy.Trace(np.ascontiguousarray(data), {"network": "XX", "station": "NODE", "channel": "EHZ", "sampling_rate": rate, "starttime": start})
    trace.write(str(path), format="MSEED", **keys)


for encoding, dtype in [("STEIM1", np.int32), ("STEIM2", np.int32), ("INT32", np.int32), ("INT16", np.int16), ("FLOAT32", np.float32), ("FLOAT64", np.float64)]:
    for length in [256, 512, 4096, 65536]:
        for order in [0, 1]:
            @case(f"{encoding}_{length}_{order}.mseed".lower())
            def _(path, encoding=encoding, length=length, order=order, dtype=dtype):
                seed(path, Z.astype(dtype), encoding=encoding, reclen=length, byteorder=order)
                return [("XX.NODE..EHZ", NS, 100.0, Z)]

for rate in [0.01, 1 / 3, 0.1, 18.18, 62.5, 99.95, 478.036, 1000.0, 4000.0]:
    @case(f"rate_{rate:.3f}.mseed")
    def _(path, rate=rate):
        seed(path, rate=rate, encoding="STEIM2", reclen=512)
        return [("XX.NODE..EHZ", NS, obspy.read(str(path))[0].stats.sampling_rate, Z)]


@case("times_before_1970.mseed")
def _(path):
    start = obspy.UTCDateTime("1965-12-31T23:59:59.5Z")
    seed(path, start=start)
    return [("XX.NODE..EHZ", start.ns, 100.0, Z)]


@case("leap_year_day_366.mseed")
def _(path):
    start = obspy.UTCDateTime("2024-12-31T23:59:59.123456Z")
    seed(path, start=start)
    return [("XX.NODE..EHZ", start.ns, 100.0, Z)]


@case("time_correction.mseed")
def _(path):
    """A correction that is not applied is applied on reading, one that is, is not: as ObsPy and libmseed do."""
    seed(path, reclen=4096)
    content = bytearray(path.read_bytes())
    struct.pack_into(">i", content, 40, 12345)
    path.write_bytes(content)
    own = obspy.read(str(path))[0]
    return [("XX.NODE..EHZ", own.stats.starttime.ns, 100.0, Z)]


@case("time_correction_applied.mseed")
def _(path):
    seed(path, reclen=4096)
    content = bytearray(path.read_bytes())
    struct.pack_into(">i", content, 40, 12345)
    content[36] |= 2
    path.write_bytes(content)
    own = obspy.read(str(path))[0]
    return [("XX.NODE..EHZ", own.stats.starttime.ns, 100.0, Z)]


@case("shuffled_records.mseed")
def _(path):
    data = RNG.integers(-10**6, 10**6, 3000).astype(np.int32)
    seed(path, data, encoding="STEIM1", reclen=512)
    content = path.read_bytes()
    records = [content[i:i + 512] for i in range(0, len(content), 512)]
    path.write_bytes(b"".join(records[::-1]))
    return None


@case("packed.mseed.gz")
def _(path):
    buffer = io.BytesIO()
    obspy.Trace(Z, {"network": "XX", "station": "NODE", "channel": "EHZ", "sampling_rate": 100.0, "starttime": START}).write(buffer, format="MSEED")
    path.write_bytes(gzip.compress(buffer.getvalue()))
    return [("XX.NODE..EHZ", NS, 100.0, Z)]


def raw_seed(**keys):
    buffer = io.BytesIO()
    data, start, rate = keys.pop("data", Z), keys.pop("start", START), keys.pop("rate", 100.0)
    trace = obspy.Trace(np.ascontiguousarray(data), {"network": "XX", "station": "NODE", "channel": "EHZ", "sampling_rate": rate, "starttime": start})
    trace.write(buffer, format="MSEED", **keys)
    return buffer.getvalue()


def patched(name, patch, expected=None, **keys):
    """A file of one record or more, changed by `patch`; as ObsPy reads it unless said otherwise."""
    @case(name)
    def _(path):
        content = bytearray(raw_seed(**keys))
        path.write_bytes(patch(content) or content)
        if expected is not None:
            return expected
        return [(t.id, t.stats.starttime.ns, t.stats.sampling_rate, t.data) for t in obspy.read(str(path))]


def put(form, at, *values):
    return lambda content: struct.pack_into(form, content, at, *values)


patched("factor_negative.mseed", put(">hh", 32, -100, 1), reclen=4096)
patched("factor_both_negative.mseed", put(">hh", 32, -10, -3), reclen=4096)
patched("factor_product.mseed", put(">hh", 32, 25, 5), reclen=4096)
patched("factor_divided.mseed", put(">hh", 32, 500, -3), reclen=4096)
patched("factor_zero.mseed", put(">hh", 32, 0, 0), REFUSED, reclen=4096)
patched("quality_q.mseed", lambda c: c.__setitem__(6, ord("Q")), reclen=4096)
patched("quality_m_number_blank.mseed", lambda c: c.__setitem__(slice(0, 7), b"      M"), reclen=4096)
patched("leap_second.mseed", put(">B", 36, 0x10), reclen=4096)
patched("second_60.mseed", put(">B", 26, 60), [("XX.NODE..EHZ", NS + 60 * 10**9, 100.0, Z)], reclen=4096)
patched("hour_99.mseed", put(">B", 24, 99), REFUSED, reclen=4096)
patched("micros_1001.mseed", put(">b", 61, 37), reclen=4096, start=obspy.UTCDateTime("2024-05-01T10:00:00.123456Z"))


@case("mixed_lengths_encodings_orders.mseed")
def _(path):
    parts = [("STEIM2", 512, 1, np.int32), ("STEIM1", 4096, 1, np.int32), ("INT32", 256, 0, np.int32), ("FLOAT32", 1024, 0, np.float32), ("FLOAT64", 512, 1, np.float64)]
    content, at = b"", START
    for encoding, length, order, dtype in parts:
        content += raw_seed(data=Z.astype(dtype), start=at, encoding=encoding, reclen=length, byteorder=order)
        at += N / 100
    path.write_bytes(content)
    return [("XX.NODE..EHZ", NS, 100.0, np.tile(Z, 5))]


@case("copies.mseed")
def _(path):
    content = raw_seed(reclen=512)
    path.write_bytes(content + content)
    return None


@case("rate_changes.mseed")
def _(path):
    path.write_bytes(raw_seed(reclen=512) + raw_seed(reclen=512, rate=200.0, start=START + 4))
    return [("XX.NODE..EHZ", NS, 100.0, Z), ("XX.NODE..EHZ", NS + 4 * 10**9, 200.0, Z)]


@case("named_wrongly.csv")
def _(path):
    """miniSEED under another name: what counts is the content."""
    path.write_bytes(raw_seed())
    return [("XX.NODE..EHZ", NS, 100.0, Z)]


for form, subtype in [("W64", "PCM_16"), ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("FLAC", "PCM_16"), ("CAF", "PCM_16")]:
    @case(f"audio.{form.lower()}")
    def _(path, form=form, subtype=subtype):
        soundfile.write(path, (Z << 16).astype(np.int32), 8000, subtype=subtype, format=form)
        return REFUSED


@case("eight_channels.wav")
def _(path):
    data = np.stack([Z + i for i in range(8)], 1).astype(np.int16)
    soundfile.write(path, data, 512, subtype="PCM_16")
    return [(str(i + 1), 0, 512.0, Z + i) for i in range(8)]


@case("data_before_format.wav")
def _(path):
    data, form = Z.astype("<i2").tobytes(), struct.pack("<HHIIHH", 1, 1, 512, 1024, 2, 16)
    body = b"WAVE" + b"data" + struct.pack("<I", len(data)) + data + b"fmt " + struct.pack("<I", len(form)) + form
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return [("1", 0, 512.0, Z)]


@case("bits_12_in_16.wav")
def _(path):
    riff(path, struct.pack("<HHIIHH", 1, 1, 512, 1024, 2, 12), (Z.astype("<i2") << 4).tobytes())
    return [("1", 0, 512.0, Z.astype(np.int16) << 4)]


@case("format_18_fact.wav")
def _(path):
    form = struct.pack("<HHIIHHH", 3, 1, 512, 2048, 4, 32, 0)
    riff(path, form, Z.astype("<f4").tobytes(), b"fact" + struct.pack("<II", 4, N))
    return [("1", 0, 512.0, Z)]


def differs(read, expected):
    if expected is None:
        return None
    if "error" in read:
        return None if expected == REFUSED else f"refused: {read['error']}"
    traces = sorted(read["traces"], key=lambda t: (t["channel"], t["start"]))
    if expected == REFUSED:
        return f"read as {[(t['channel'], t['rate'], t['samples'][:3]) for t in traces]}, notes {read['notes']}"
    names, others = [(t["channel"], len(t["samples"])) for t in traces], [(t[0], len(t[3])) for t in expected]
    if names != others:
        return f"{names} instead of {others}; notes {read['notes']}"
    for trace, (channel, start, rate, samples) in zip(traces, expected):
        own, theirs = np.array(trace["samples"], dtype=np.float64), np.asarray(samples, dtype=np.float64)
        if not np.array_equal(own, theirs, equal_nan=True):
            i = np.flatnonzero(~((own == theirs) | (np.isnan(own) & np.isnan(theirs))))[0]
            return f"{channel}: sample {i} is {own[i]} instead of {theirs[i]}"
        if start is not None and abs(trace["start"] - start) > 1000:
            return f"{channel} starts at {trace['start']} instead of {start}"
        if rate is not None and abs(trace["rate"] / rate - 1) > 1e-6:
            return f"{channel} at {trace['rate']} Hz instead of {rate}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("example")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    different = 0
    cases = {name: own for name, own in CASES.items() if args.only in name}
    with tempfile.TemporaryDirectory() as folder:
        folder = args.keep or Path(folder)
        folder.mkdir(exist_ok=True)
        for name, (write, rate) in cases.items():
            expected = write(folder / name)
            hint = ["--rate", str(rate)] if rate else []
            output = subprocess.run([args.example, *hint, "--samples", folder / name], capture_output=True, text=True)
            if output.returncode:
                problem = f"ends with {output.returncode}: {output.stderr[-300:]}"
            else:
                read = json.loads(output.stdout)
                problem = differs(read, expected)
                if expected is None or args.verbose:
                    own = [(t["channel"], t["start"], t["rate"], len(t["samples"])) for t in read.get("traces", [])]
                    print(f"({name}: {own or read['error']}; notes {read.get('notes')})")
            if problem:
                print(f"{name}: {problem}")
            different += bool(problem)
    print(f"{len(cases)} cases, {different} differ")
    sys.exit(min(different, 100))


main()
