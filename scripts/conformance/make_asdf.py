"""Writes crates/data/tests/fixtures/asdf: files of pyasdf, and what it reads from them.

    pip install pyasdf
    python scripts/conformance/make_asdf.py

`expected.json` has channel, start (ns), rate and samples of each trace by file, in the order of the names of their arrays.
"""
import json
from pathlib import Path

import h5py
import numpy as np
import obspy
import pyasdf

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/asdf"
RNG = np.random.default_rng(23)
START = obspy.UTCDateTime("2024-05-01T10:00:07.123456Z")


def trace(dtype, station, channel, start=START, rate=100.0, location=""):
    data = np.require(np.round(RNG.normal(0, 40, 53), 3), dtype)
    return obspy.Trace(data, {"network": "XX", "station": station, "location": location, "channel": channel, "starttime": start,
                              "sampling_rate": rate})


def write(name, traces, compression, tags=("raw_recording",)):
    path = FOLDER / f"{name}.h5"
    with pyasdf.ASDFDataSet(str(path), compression=compression, mpi=False) as own:
        for tag in tags:
            for one in traces:
                own.add_waveforms(one, tag=tag)
    found = {}
    with h5py.File(path) as own:
        for station in own["Waveforms"].values():
            for key, array in station.items():
                channel, _, _, tag = key.split("__")
                channel = channel if len(tags) == 1 else f"{channel}-{tag}"
                found[key] = {"channel": channel, "start": int(array.attrs["starttime"]),
                              "rate": float(array.attrs["sampling_rate"]), "samples": array[()].astype(np.float64).tolist()}
    # What pyasdf has, as ObsPy's traces.
    with pyasdf.ASDFDataSet(str(path), mode="r", mpi=False) as own:
        read = [(one.id if len(tags) == 1 else f"{one.id}-{tag}", one) for station in own.waveforms for tag in tags for one in station[tag]]
    assert sorted((channel, one.stats.starttime.ns, one.stats.sampling_rate, one.data.astype(np.float64).tolist()) for channel, one in read) == sorted(
        tuple(one.values()) for one in found.values())
    return [found[key] for key in sorted(found)]


def repacked(name, of):
    """The file `of`, as h5py copies it with LZF, which pyasdf also has."""
    with h5py.File(FOLDER / of) as old, h5py.File(FOLDER / name, "w") as new:
        new.attrs.update(old.attrs)
        for station, arrays in old["Waveforms"].items():
            for key, array in arrays.items():
                own = new.require_group(f"Waveforms/{station}").create_dataset(key, data=array[()], compression="lzf")
                own.attrs.update(array.attrs)


def unsigned(name, of):
    """The file `of` as programs in C may write it, with the start as an unsigned and the rate as a float of 4 bytes."""
    repacked(name, of)
    with h5py.File(FOLDER / name, "r+") as new:
        for arrays in new["Waveforms"].values():
            for array in arrays.values():
                array.attrs["starttime"] = np.uint64(array.attrs["starttime"])
                array.attrs["sampling_rate"] = np.float32(array.attrs["sampling_rate"])


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    expected = {
        "plain.h5": write("plain", [trace("f4", "AAA", "EHZ"), trace("f8", "AAA", "EHN"), trace("i4", "BBB", "EHZ", rate=478.036)], None),
        "packed.h5": write("packed", [trace("i4", "AAA", "EHZ", location="00"), trace("i2", "AAA", "EHZ", START + 60, location="00")], "gzip-3"),
        "tags.h5": write("tags", [trace("i4", "AAA", "EHZ")], None, ("raw_recording", "filtered")),
    }
    repacked("lzf.h5", "packed.h5")
    unsigned("unsigned.h5", "packed.h5")
    expected["lzf.h5"] = expected["unsigned.h5"] = expected["packed.h5"]
    (FOLDER / "expected.json").write_text(json.dumps(expected))
    print({path.name: path.stat().st_size for path in FOLDER.iterdir()})


if __name__ == "__main__":
    main()
