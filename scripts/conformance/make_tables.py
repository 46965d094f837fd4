"""Writes crates/data/tests/fixtures/tables: tables as data loggers, spreadsheets, pandas and pyarrow write them, and what pandas
and pyarrow read from them (expected.json).

    pip install numpy pandas pyarrow
    python scripts/conformance/make_tables.py

80 rows at 100 Hz from 2024-05-01T10:00:00Z, with a gap of 1.5 s after row 50. Missing values are null in expected.json.
"""
import base64
import datetime
import decimal
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/tables"
START = 1_714_557_600
N, GAP, LATE = 80, 50, 1.5
I = np.arange(N)
SECONDS = I / 100 + np.where(I >= GAP, LATE, 0)
NANOS = START * 10**9 + (SECONDS * 1000).round().astype(np.int64) * 10**6
STAMPS = pd.to_datetime(NANOS, utc=True)
Z = ((I * I * 37) % 1009 - 500) / 8
N_ = ((I * 91) % 257 - 128) / 4
expected = {}


def expect(name, start, channels):
    def plain(values):
        return [None if v is None or v != v else float(v) for v in values]
    expected[name] = {"start": int(start), "channels": {k: plain(v) for k, v in channels.items()}}


def numbers(name, start, reader, columns):
    """What pandas reads; `reader` is the call a user would write for this very file."""
    frame = reader(FOLDER / name)
    expect(name, start, {c: pd.to_numeric(frame[c], errors="coerce") for c in columns})


def texts():
    rows = [f"{t:.2f},{z},{n}" for t, z, n in zip(SECONDS, Z, N_)]
    plain = "time,Z,N\n" + "\n".join(rows) + "\n"

    def put(name, text, encoding="utf-8"):
        (FOLDER / name).write_bytes(text.encode(encoding))

    put("bom_crlf.csv", "\ufeff" + plain.replace("\n", "\r\n"))
    numbers("bom_crlf.csv", 0, pd.read_csv, "ZN")
    put("utf16.csv", plain, "utf-16")
    numbers("utf16.csv", 0, lambda p: pd.read_csv(p, encoding="utf-16"), "ZN")
    micros = "Zeit (µs),Z,N\n" + "\n".join(f"{round(t * 1e6)},{z},{n}" for t, z, n in zip(SECONDS, Z, N_)) + "\n"
    put("latin1.csv", micros, "latin-1")
    numbers("latin1.csv", 0, lambda p: pd.read_csv(p, encoding="latin-1"), "ZN")
    german = ["Zeit;Z;N"]
    for s, z, n in zip(STAMPS, Z, N_):
        german.append(s.strftime("%d.%m.%Y %H:%M:%S,%f")[:-3] + ";" + f"{z};{n}".replace(".", ","))
    put("german.csv", "\r\n".join(german) + "\r\n")
    numbers("german.csv", NANOS[0], lambda p: pd.read_csv(p, sep=";", decimal=","), "ZN")
    toa5 = ['"TOA5","CR6","CR6","1234","CR6.Std.10","CPU:geo.CR6","1","Geophone"', '"TIMESTAMP","RECORD","Z","N"', '"TS","RN","mm/s","mm/s"', '"","","Smp","Smp"']
    toa5 += [f'"{s.strftime("%Y-%m-%d %H:%M:%S.%f")[:-4]}",{i},{z if i != 7 else chr(34) + "NAN" + chr(34)},{n}' for i, (s, z, n) in enumerate(zip(STAMPS, Z, N_))]
    put("toa5.dat", "\r\n".join(toa5) + "\r\n")
    numbers("toa5.dat", NANOS[0], lambda p: pd.read_csv(p, skiprows=[0, 2, 3]), "ZN")
    put("preamble.csv", 'Vendor,"ACME"\nSampling interval,10ms\n\nNumber,ms,Z,N\nNO.,ms,mV,mV\n' + "".join(f"{i + 1},{round(t * 1000)},{z},{n}\n" for i, (t, z, n) in enumerate(zip(SECONDS, Z, N_))))
    numbers("preamble.csv", 0, lambda p: pd.read_csv(p, skiprows=[0, 1, 2, 4]), "ZN")
    put("spaces.txt", plain.replace(",", "   "))
    numbers("spaces.txt", 0, lambda p: pd.read_csv(p, sep=r"\s+"), "ZN")
    pd.DataFrame({"when": STAMPS, "Z": Z, "N": N_, "what": "walking", "battery": None}).to_csv(FOLDER / "pandas_index.csv")
    numbers("pandas_index.csv", NANOS[0], pd.read_csv, "ZN")
    odd = plain.replace(f"\n{rows[9]}\n", "\n" + rows[9].rsplit(",", 2)[0] + ",,\n")
    put("empty_cells.csv", odd.replace("\n", ",\n"))
    numbers("empty_cells.csv", 0, pd.read_csv, "ZN")
    put("slashes.csv", "time,Z,N\n" + "".join(f"{s.strftime('%Y/%m/%d %H:%M:%S.%f')},{z},{n}\n" for s, z, n in zip(STAMPS, Z, N_)))
    numbers("slashes.csv", NANOS[0], pd.read_csv, "ZN")


def habits():
    """Times in several columns or with their unit elsewhere, groups of digits, columns of one name."""
    def put(name, head, rows, reader=pd.read_csv, start=NANOS[0], columns="ZN"):
        (FOLDER / name).write_text(head + "\n" + "\n".join(rows) + "\n")
        numbers(name, start, reader, columns)

    def rows(times, separator=","):
        return [separator.join((t, str(z), str(n))) for t, z, n in zip(times, Z, N_)]

    def stamps(form):
        return [s.strftime(form)[:-3] for s in STAMPS]

    names = [s.strftime("%d-%b-%Y %H:%M:%S.%f") for s in STAMPS]
    assert (pd.to_datetime(names, utc=True) == STAMPS).all()
    put("month_names.csv", "time,Z,N", rows(names))
    put("year_day.csv", "time,Z,N", rows(stamps("%Y:%j:%H:%M:%S.%f")))
    elapsed = [f"{int(t) // 60 + 59:02}:{t % 60:06.3f}" for t in SECONDS]
    assert np.allclose(pd.to_timedelta(["00:" + t if t < "60" else "01:00" + t[2:] for t in elapsed]).total_seconds(), SECONDS + 59 * 60)
    put("minutes.csv", "time,Z,N", rows(elapsed), start=59 * 60 * 10**9)
    put("unit_below.csv", "time,Z,N\n(ms),(mV),(mV)", rows([f"{t * 1000:.1f}" for t in SECONDS]), lambda p: pd.read_csv(p, skiprows=[1]), 0)
    put("calendar.csv", "year,month,day,hour,minute,second,Z,N", rows(stamps("%Y,%m,%d,%H,%M,%S.%f")))
    put("milliseconds_apart.csv", "time,ms,Z,N", rows([f"{s:%Y-%m-%d %H:%M:%S},{s.microsecond // 1000}" for s in STAMPS]))
    large = [f'{t:.2f},"{z * 1000:,.0f}","{n * 1000:,.2f}"' for t, z, n in zip(SECONDS, Z, N_)]
    put("thousands.csv", "time,Z,N", large, lambda p: pd.read_csv(p, thousands=","), 0)
    german = [f"{t:.2f};{z * 1000:,.0f},0;{n * 1000:,.2f}".translate(str.maketrans(",.", ".,")).replace(".0;", ",0;") for t, z, n in zip(SECONDS, Z, N_)]
    put("german_thousands.csv", "time;Z;N", german, lambda p: pd.read_csv(p, sep=";", decimal=",", thousands="."), 0)
    put("twins.csv", "time,Z,Z", rows([f"{t:.2f}" for t in SECONDS]), start=0, columns=["Z", "Z.1"])
    again = rows([f"{t:.2f}" for t in SECONDS])
    put("names_again.csv", "time,Z,N", again[:40] + ["time,Z,N"] + again[40:], lambda p: pd.read_csv(p, skiprows=[41]), 0)
    wide = pa.array([decimal.Decimal(int(v * 8)) / 1000 for v in Z], pa.decimal256(50, 12))
    stamp = pa.array(NANOS, pa.timestamp("ns"))
    pq.write_table(pa.table({"when": stamp, "Z": wide}), FOLDER / "decimal256.parquet", compression="zstd")
    expect("decimal256.parquet", NANOS[0], {"Z": [float(v) for v in pq.read_table(FOLDER / "decimal256.parquet")["Z"].to_pylist()]})
    # Two nodes with alternating rows.
    both = pa.table({"when": pa.array(np.repeat(NANOS, 2), pa.timestamp("ns")), "node": np.tile([1, 2], N), "Z": np.stack([Z, N_], 1).ravel()})
    pq.write_table(both, FOLDER / "nodes.parquet", compression="zstd")
    nodes = pq.read_table(FOLDER / "nodes.parquet").to_pandas().groupby("node")["Z"]
    expect("nodes.parquet", NANOS[0], {f"{node}.Z": values for node, values in nodes})


class Keys(pe.KmsClient):
    """Keeps keys in the file itself."""

    def wrap_key(self, key, _):
        return base64.b64encode(key)

    def unwrap_key(self, key, _):
        return base64.b64decode(key)


def encrypted():
    """Files with a plain footer and encrypted columns."""
    table = pa.table({"time": I / 100, "Z": Z, "N": N_})
    factory = pe.CryptoFactory(lambda _: Keys())
    for name, columns in [("encrypted_column", ["N"]), ("encrypted_columns", ["time", "Z", "N"])]:
        config = pe.EncryptionConfiguration(footer_key="f", column_keys={"k": columns}, plaintext_footer=True)
        keys = factory.file_encryption_properties(pe.KmsConnectionConfig(), config)
        with pq.ParquetWriter(FOLDER / f"{name}.parquet", table.schema, encryption_properties=keys) as file:
            file.write_table(table)


def parquet():
    null = [None if i in (3, 60) else float(z) for i, z in enumerate(Z)]
    words = I.astype(np.uint64)
    columns = {
        "half": pa.array(Z.astype(np.float16)),
        "single": pa.array(Z.astype(np.float32)),
        "null": pa.array(null, pa.float64()),
        "byte": pa.array((I - 40).astype(np.int8)),
        "ubyte": pa.array((I + 170).astype(np.uint8)),
        "ushort": pa.array((I + 65400).astype(np.uint16)),
        "uint": pa.array((I + 3_000_000_000).astype(np.uint32)),
        "ulong": pa.array(words * np.uint64(2**40) + np.uint64(2**63)),
        "long": pa.array((I - 40) * 2**40),
        "money": pa.array([decimal.Decimal(int(v * 100)) / 100 for v in Z], pa.decimal128(9, 2)),
        "ledger": pa.array([decimal.Decimal(int(v * 8)) * decimal.Decimal(10) ** 15 / 1000 for v in Z], pa.decimal128(30, 3)),
    }
    aside = {
        "label": pa.array(["walking"] * N),
        "moving": pa.array(I % 2 == 0),
        "raw": pa.array([[1, 2]] * N),
        "day": pa.array([datetime.date(2024, 5, 1)] * N),
    }
    for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
        name = f"types_{codec}.parquet"
        stamp = pa.array(NANOS // 1000, pa.timestamp("us", tz="UTC"))
        pq.write_table(pa.table({**columns, "when": stamp, **aside}), FOLDER / name, compression=codec, row_group_size=33, data_page_version="2.0" if codec == "gzip" else "1.0")
        read = pq.read_table(FOLDER / name)
        expect(name, NANOS[0], {c: [None if v is None else float(v) for v in read[c].to_pylist()] for c in columns})
    times = {
        "ms": pa.array(NANOS // 10**6, pa.timestamp("ms")),
        "ns": pa.array(NANOS, pa.timestamp("ns")),
        "int96": pa.array(NANOS, pa.timestamp("ns")),
        "text": pa.array([s.isoformat() for s in STAMPS]),
        "unix": pa.array(NANOS / 1e9),
        "time32": pa.array((NANOS // 10**6 % 86_400_000).astype(np.int32), pa.time32("ms")),
        "time64": pa.array(NANOS // 1000 % 86_400_000_000, pa.time64("us")),
    }
    for kind, column in times.items():
        name = f"times_{kind}.parquet"
        pq.write_table(pa.table({"when" if kind != "unix" else "time": column, "Z": pa.array(Z)}), FOLDER / name, use_deprecated_int96_timestamps=kind == "int96", compression="zstd")
        start = NANOS[0] % 86_400_000_000_000 if kind.startswith("time") else NANOS[0]
        expect(name, start, {"Z": pq.read_table(FOLDER / name)["Z"].to_pylist()})
    # Parquet's types give no unit, so this must be rejected.
    pq.write_table(pa.table({"time": pa.array((SECONDS * 1e6).round().astype(np.int64), pa.duration("us")), "Z": Z}), FOLDER / "duration.parquet")
    pq.write_table(pa.table({"time": (SECONDS * 1000).round().astype(np.int64), "Z": Z}), FOLDER / "no_unit.parquet")


FOLDER.mkdir(parents=True, exist_ok=True)
print("pandas", pd.__version__, "pyarrow", pa.__version__)
texts()
habits()
parquet()
encrypted()
text = json.dumps(expected, indent=None, separators=(",", ":"), sort_keys=True)
(FOLDER / "expected.json").write_text(text.replace('},"', '},\n"') + "\n")
