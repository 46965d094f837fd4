"""Writes crates/data/tests/fixtures/to_hdf: HDF5 that pandas writes, and what pandas reads from it.

    pip install numpy pandas tables
    python scripts/conformance/make_to_hdf.py

`expected.json` has channel, start (ns), rate and samples of each trace by file. Files in `refused` are those that are not read.
"""
import json
from pathlib import Path

import numpy as np
import pandas as pd

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/to_hdf"
START = pd.Timestamp("2024-05-01T10:00:07.255")
RATE = 100.0
# Without an index of its rows, and packed, a table has some kilobytes.
TABLE = {"format": "table", "index": False, "complib": "zlib", "complevel": 5}


def samples(rng, n=60):
    """Columns of several types."""
    return {"Z": np.cumsum(rng.normal(0, 40, n)), "N": rng.integers(-2**31, 2**31, n).astype(np.int32),
            "E": rng.normal(0, 1e-7, n).astype(np.float32), "flag": rng.integers(0, 2, n).astype(bool), "h": rng.normal(0, 9, n).astype(np.float16),
            "count": rng.integers(0, 256, n).astype(np.uint8), "gap": np.where(np.arange(n) % 20 == 7, np.nan, 1.0)}


def stamps(n=60, unit="ns", zone=None):
    own = pd.date_range(START, periods=n, freq="10ms", unit=unit)
    return own.tz_localize("UTC").tz_convert(zone) if zone else own


def traces(frame, start, leave_out=()):
    """What a frame holds; missing values divide a channel, and are left for the test to find."""
    return [{"channel": str(name), "start": start, "rate": RATE, "samples": [None if np.isnan(own) else float(own) for own in frame[name]]}
            for name in frame.columns if name not in leave_out]


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    (FIXTURES / "refused").mkdir(exist_ok=True)
    rng, all_files = np.random.default_rng(53), {}
    plain = pd.DataFrame(samples(rng))
    start = START.value

    def write(name, own, expected, **keys):
        path = FIXTURES / name
        own.to_hdf(path, key=keys.pop("key", "df"), mode="w", **keys)
        equal = pd.testing.assert_frame_equal if isinstance(own, pd.DataFrame) else pd.testing.assert_series_equal
        equal(pd.read_hdf(path), own, check_freq=False)
        all_files[name] = expected

    expected = traces(plain, start)
    no_half = plain.drop(columns="h")
    write("fixed-index.h5", plain.set_index(stamps()), expected)
    write("fixed-zone.h5", plain.set_index(stamps(unit="us", zone="Europe/Berlin")), expected)
    write("fixed-columns.h5", pd.concat([pd.Series(stamps(unit="ms"), name="stamp"), plain], axis=1)[["Z", "stamp", "N", "E"]],
          traces(plain[["Z", "N", "E"]], round(start, -6)), key="some/where")
    write("fixed-seconds.h5", plain.assign(time=np.arange(60) / RATE)[["Z", "time", "E"]], traces(plain[["Z", "E"]], 0))
    write("fixed-numbers.h5", plain[["Z", "N"]].set_axis([3, 4], axis=1).set_index(stamps()), traces(plain[["Z", "N"]].set_axis([3, 4], axis=1), start))
    write("fixed-packed.h5", plain[["Z"]].set_index(stamps()), traces(plain[["Z"]], start), complib="zlib", complevel=5)
    write("table-index.h5", no_half.set_index(stamps()), traces(no_half, start), **TABLE)
    write("table-zone.h5", no_half.set_index(stamps(zone="Europe/Berlin")), traces(no_half, start), **TABLE)
    columns = no_half.assign(time=pd.to_timedelta(np.arange(60) * 10, unit="ms"), activity="walking", kind=pd.Categorical(["a", "b"] * 30))
    columns = columns.rename(columns={"E": "Ost €"})[["N", "time", "activity", "Z", "kind", "Ost €"]]
    write("table-columns.h5", columns, traces(columns[["N", "Z", "Ost €"]], 0), data_columns=["Z", "activity"], **TABLE)
    series = plain.Z.set_axis(stamps())
    write("series-fixed.h5", series, traces(plain[["Z"]], start))
    write("series-table.h5", series, traces(plain[["Z"]], start), **TABLE)
    (FIXTURES / "expected.json").write_text(json.dumps(all_files))

    refused = FIXTURES / "refused"
    two = plain[["Z", "N"]].set_index(stamps())
    two.to_hdf(refused / "several.h5", key="a", mode="w")
    two.to_hdf(refused / "several.h5", key="b", mode="a")
    two.to_hdf(refused / "blosc.h5", key="df", mode="w", complib="blosc", complevel=5)
    two.set_axis(pd.MultiIndex.from_tuples([("a", "Z"), ("a", "N")]), axis=1).to_hdf(refused / "levels.h5", key="df", mode="w")
    two.set_index([stamps(), np.arange(60)]).to_hdf(refused / "rows.h5", key="df", mode="w")
    two[:0].to_hdf(refused / "empty.h5", key="df", mode="w")


if __name__ == "__main__":
    main()
    print({path.name: path.stat().st_size for path in FIXTURES.rglob("*.*")})
