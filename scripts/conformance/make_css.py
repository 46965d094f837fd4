"""Writes crates/data/tests/fixtures/css: tables of waveforms of CSS 3.0 and NNSA KB Core, their samples, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_css.py

This script assembles the tables and the samples, since ObsPy only reads them. `expected.json` has channel, start (ns), rate and samples of
each trace by table; those of the types s3 and i3, which ObsPy does not read, are as they were written.
"""
import gzip
import json
from pathlib import Path

import numpy as np
import obspy

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/css"
START = 1714557607.25512


def packed_three(data, order):
    """Integers of three bytes."""
    four = np.require(data, "<i4").view(np.uint8).reshape(-1, 4)[:, :3]
    return (four if order == "<" else four[:, ::-1]).tobytes()


def text(data, width, form):
    return b"".join((form % own).rjust(width).encode() for own in data)


# How each type is written.
TYPES = {kind: lambda data, form=form: np.asarray(data).astype(form).tobytes() for kind, form in
         {"s2": ">i2", "i2": "<i2", "s4": ">i4", "i4": "<i4", "t4": ">f4", "f4": "<f4", "t8": ">f8", "f8": "<f8"}.items()}
TYPES |= {"s3": lambda data: packed_three(data, ">"), "i3": lambda data: packed_three(data, "<"),
          "c0": lambda data: text(data, 12, "%d"), "a0": lambda data: text(data, 15, "%.7e"), "b0": lambda data: text(data, 24, "%.16e")}


def values(rng, kind, count):
    if kind[0] in "tfab":
        return rng.normal(0, 1, count) * 10.0 ** rng.integers(-9, 9)
    bits = {"2": 15, "3": 23, "4": 31, "0": 31}[kind[1]]
    small = rng.integers(-300, 300, count)
    small[:2] = -2**bits, 2**bits - 1
    return small


def row(channel, start, count, rate, kind, folder, file, offset, more=0, end=None):
    """A row of the table; NNSA KB Core has `more` columns in its numbers, and in its date."""
    end = start + (count - 1) / rate if end is None else end
    wide = 8 + more
    day = obspy.UTCDateTime(start).strftime("%Y%j")
    return (f"{'NODE':6.6} {channel:8.8} {start:17.5f} {1:{wide}d} {1:8d} {day:>8} {end:17.5f} {count:8d} {rate:11.7f} {0.5:16.6f} {1.0:16.6f} "
            f"{'3ESPC':6.6} - {kind:2.2} - {folder:64.64} {file:32.32} {offset:10d} {-1:{wide}d} {'2024/05/01':{17 + 2 * more}}")


def table(name, rows, end="\n"):
    (FIXTURES / f"{name}.wfdisc").write_bytes("".join(own + end for own in rows).encode())


def main():
    rng = np.random.default_rng(23)
    (FIXTURES / "moved").mkdir(parents=True, exist_ok=True)
    content, parts = b"", {}
    for kind, write in TYPES.items():
        data = values(rng, kind, 37)
        parts[kind] = (len(content), data)
        content += write(data)
    (FIXTURES / "samples.w").write_bytes(content)
    (FIXTURES / "moved/packed.w.gz").write_bytes(gzip.compress(content, mtime=0))

    def rows(kinds, folder="./", file="samples.w", more=0):
        return [row(f"BH{kind.upper()}", START + at, 37, [100.0, 478.036133][at % 2], kind, folder, file, parts[kind][0], more)
                for at, kind in enumerate(kinds)]

    read = [kind for kind in TYPES if kind not in ("s3", "i3")]
    table("types", rows(read))
    table("nnsa", rows(["s4", "f8", "c0"], more=1))
    table("dos", rows(["i4", "t4"]), "\r\n")
    table("packed", rows(["i2", "s4", "b0"], "moved", "packed.w"))
    table("three-bytes", rows(["s3", "i3"]))
    expected = {}
    for path in sorted(FIXTURES.glob("*.wfdisc")):
        if path.stem == "three-bytes":
            expected[path.stem] = [
                {"channel": f".NODE..BH{kind.upper()}", "start": round((START + at) * 1e5) * 10**4, "rate": [100.0, 478.036133][at],
                 "samples": parts[kind][1].astype(float).tolist()} for at, kind in enumerate(("s3", "i3"))]
            continue
        expected[path.stem] = [
            {"channel": own.id, "start": round(own.stats.starttime.ns, -3), "rate": own.stats.sampling_rate,
             "samples": own.data.astype(np.float64).tolist()} for own in obspy.read(str(path))]
    (FIXTURES / "expected.json").write_text(json.dumps(expected))
    print({str(path.relative_to(FIXTURES)): path.stat().st_size for path in FIXTURES.rglob("*") if path.is_file()})


if __name__ == "__main__":
    main()
