"""Writes crates/data/tests/fixtures/seisbench: SeisBench-like datasets that store axes, components and rates in many ways.

    pip install numpy h5py
    python scripts/conformance/make_seisbench.py

Each dataset is a folder. For each folder, `expected.json` has a list of traces with the rate and the samples of every component,
as h5py reads them by position; null marks ambiguous traces.
"""
import json
from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/seisbench"
RNG = np.random.default_rng(17)
LENGTH = 20


def samples(count=3, length=LENGTH, dtype=np.float32):
    return RNG.integers(-1000, 1000, (count, length)).astype(dtype)


def lay(trace, order):
    return trace if order == "CW" else trace.T


def write(name, arrays, rows, heads, formats):
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "waveforms.hdf5", "w") as file:
        for key, array in arrays.items():
            file[f"data/{key}"] = array
        for key, value in formats.items():
            file[f"data_format/{key}"] = value
    quoted = [",".join(f'"{cell}"' if "," in str(cell) else str(cell) for cell in row) for row in rows]
    (folder / "metadata.csv").write_text("\n".join([",".join(heads), *quoted]) + "\n")


def by_h5py(name, axes, components, rates):
    """Traces of a folder, by the places in its metadata, and axes that are known here."""
    import csv
    expected = []
    with h5py.File(FOLDER / name / "waveforms.hdf5") as file, open(FOLDER / name / "metadata.csv", newline="") as table:
        for i, row in enumerate(csv.DictReader(table)):
            own = components[i] if isinstance(components, list) else components
            if own is None:
                expected.append(None)
                continue
            array, _, place = row["trace_name"].partition("$")
            values = file[f"data/{array}"][()]
            if place:
                index, *parts = place.split(",")
                slices = [slice(*[int(v) if v else None for v in part.split(":")]) for part in parts]
                values = values[(int(index), *slices)]
            values = lay(np.atleast_2d(values), axes)
            rate = rates[i] if isinstance(rates, list) else rates
            expected.append({"rate": rate, "channels": {c: v.astype(np.float64).tolist() for c, v in zip(own, values, strict=True)}})
    return expected


def main():
    expected = {}
    for stated in ("CW", "NCW", "WC", "NWC"):
        axes = stated.removeprefix("N")
        bucket = np.stack([lay(samples(), axes) for _ in range(3)])
        ends = bucket.shape[1:]
        rows = [(f"bucket0${i},:{ends[0]},:{ends[1]}", "x") for i in range(3)]
        write(stated, {"bucket0": bucket}, rows, ["trace_name", "source_type"],
              {"dimension_order": stated, "component_order": "ZNE", "sampling_rate": 100})
        expected[stated] = by_h5py(stated, axes, "ZNE", 100)
    # STEAD: one array per trace, samples first, no description.
    arrays = {f"trace{i}": lay(samples(), "WC") for i in range(3)}
    write("stead", arrays, [(name, "noise") for name in arrays], ["trace_name", "trace_category"], {})
    expected["stead"] = by_h5py("stead", "WC", "ENZ", 100)
    # The stated order differs from that of the arrays.
    write("turned", arrays, [(name, "noise") for name in arrays], ["trace_name", "source_type"],
          {"dimension_order": "CW", "component_order": "ZNE", "sampling_rate": 50.0})
    expected["turned"] = by_h5py("turned", "WC", "ZNE", 50)
    # As many samples as channels: only the stated order distinguishes them.
    for stated in ("CW", "WC", None):
        name = f"square-{stated}"
        formats = {"component_order": "ZNE", "sampling_rate": 100.0} | ({"dimension_order": stated} if stated else {})
        write(name, {"a": samples(length=3)}, [("a", "x")], ["trace_name", "source_type"], formats)
        expected[name] = by_h5py(name, stated or "CW", "ZNE" if stated else [None], 100)
    # Components as a list and by trace, buckets padded for traces with one component, and traces that do not fit.
    components = ["ZNE", "ENZ", "Z12", "Z", None, None]
    bucket = np.stack([samples() for _ in components])
    places = [f"bucket0${i},:3,:{LENGTH}" for i in range(3)] + [f"bucket0$3,:1,:{LENGTH}", f"bucket0$4,:2,:{LENGTH}", "bucket0$9,:3,:9"]
    rows = [(place, "x", own or "ZNE") for place, own in zip(places, components)]
    write("components", {"bucket0": bucket}, rows, ["trace_name", "source_type", "trace_component_order"],
          {"dimension_order": "CW", "component_order": ["Z", "N", "E"], "sampling_rate": 100.0})
    expected["components"] = by_h5py("components", "CW", components, 100)
    write("listed", {"bucket0": bucket[:1]}, [rows[0][:2]], ["trace_name", "source_type"],
          {"dimension_order": "CW", "component_order": ["Z", "N", "E"], "sampling_rate": 100.0})
    expected["listed"] = by_h5py("listed", "CW", "ZNE", 100)
    # Rates by trace, or that of the file if a trace has none.
    rows = [("t0", "x", "50"), ("t1", "x", ""), ("t2", "x", "nan"), ("t3", "x", "478.036")]
    for column, known in (("trace_sampling_rate_hz", [50, 100, 100, 478.036]), ("trace_dt_s", [1 / 50, 100, 100, 1 / 478.036]),
                          ("sampling_rate", [50, 100, 100, 478.036])):
        own = {f"t{i}": samples(dtype=dtype) for i, dtype in enumerate((np.int16, np.uint16, np.int64, np.float64))}
        write(f"rates-{column}", own, rows, ["trace_name", "source_type", column],
              {"dimension_order": "CW", "component_order": "ZNE", "sampling_rate": 100})
        expected[f"rates-{column}"] = by_h5py(f"rates-{column}", "CW", "ZNE", known)
    # One trace with one component and no channel axis.
    write("flat", {"a": samples()[0]}, [("a", "x")], ["trace_name", "source_type"],
          {"dimension_order": "CW", "component_order": "Z", "sampling_rate": 100.0})
    expected["flat"] = by_h5py("flat", "CW", "Z", 100)
    # Filters of h5py and 16-bit floats. A slow walk, so that LZF finds repetitions.
    walk = np.repeat(RNG.integers(-100, 100, (3, 20)), 8, axis=1)
    for name, order, options in (("lzf", "<i4", {"compression": "lzf"}), ("lzf-shuffled", ">f4", {"compression": "lzf", "shuffle": True, "chunks": (2, 77)}),
                                 ("half", "<f2", {}), ("half-big", ">f2", {"compression": "gzip"})):
        write(name, {}, [("a", "x")], ["trace_name", "source_type"], {"dimension_order": "CW", "component_order": "ZNE", "sampling_rate": 100.0})
        with h5py.File(FOLDER / name / "waveforms.hdf5", "a") as file:
            file.create_dataset("data/a", data=walk.astype(order), **options)
        expected[name] = by_h5py(name, "CW", "ZNE", 100)
    (FOLDER / "expected.json").write_text(json.dumps(expected))
    print({name: len(own) for name, own in expected.items()})


main()
