"""Compares the reading of the recordings in a folder with ObsPy, SciPy and pandas: samples, rates, starts and gaps.

    pip install numpy obspy scipy pandas
    cargo build -p data --example recordings
    python scripts/conformance/compare_recordings.py FOLDER [--example target/debug/examples/recordings]

miniSEED, SAC, GSE1, GSE2, CSS 3.0, AH, PC-SUDS and Seismic Handler are compared with ObsPy to the microsecond, WAV with SciPy, and tables with pandas. Every
numeric column must be identical bit for bit. Start, rate and gaps are compared with a least-squares line through the time column. Files
that ObsPy refuses are named, and are no difference. Differences are printed, and their number is the exit status.
"""
import argparse
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import obspy
import pandas as pd
from scipy.io import wavfile

SEISMIC = {".ms", ".mseed", ".mseed3", ".msd", ".seed", ".sac"}
GSE = {".gse", ".gse1", ".gse2", ".z", ".wrong_chksum"}
CSS = {".wfdisc"}
OTHERS = {".ah", ".dmx", ".qhd"}
TABLES = {".csv", ".tsv", ".txt"}
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def ours(example, paths):
    """Traces of every file, read in processes of a hundred files each."""
    found = {}
    for i in range(0, len(paths), 100):
        some = paths[i:i + 100]
        output = subprocess.run([example, "--samples", *some], capture_output=True, text=True, check=True).stdout
        found.update(zip(some, map(json.loads, output.splitlines()), strict=True))
    return found


def values(trace):
    return np.array(trace["samples"], dtype=np.float64)


def by_obspy(path):
    """ObsPy's traces; None if it refuses the file. It puts blanks before the channels of GSE1."""
    try:
        read = obspy.read(str(path))
    except Exception as problem:
        print(f"{path.name}: ObsPy refuses it: {problem}")
        return None
    for own in read:
        own.stats.channel = own.stats.channel.strip()
    return read


def seismic(path, traces):
    """Against ObsPy, which joins records of a channel where they continue each other, as this reader does."""
    theirs = by_obspy(path)
    if theirs is None:
        return
    theirs = sorted(theirs, key=lambda t: (t.id, t.stats.starttime))
    own = sorted(traces, key=lambda t: (t["channel"], t["start"]))
    if [t["channel"] for t in own] != [t.id for t in theirs]:
        yield f"{[t['channel'] for t in own]} instead of {[t.id for t in theirs]}"
        return
    for trace, other in zip(own, theirs):
        if not np.array_equal(values(trace), other.data.astype(np.float64)):
            yield f"other samples of {other.id}"
        if abs(trace["start"] - other.stats.starttime.ns) > 1000:
            yield f"{other.id} starts at {trace['start']} instead of {other.stats.starttime.ns}"
        if trace["rate"] != other.stats.sampling_rate:
            yield f"{other.id} at {trace['rate']} Hz instead of {other.stats.sampling_rate} Hz"


def wav(path, traces):
    rate, samples = wavfile.read(path)
    samples = samples.reshape(len(samples), -1).T
    if samples.dtype == np.uint8:
        samples = samples.astype(np.int16) - 128
    if len(traces) != len(samples) or any(t["rate"] != rate for t in traces):
        yield f"{len(traces)} channels at {[t['rate'] for t in traces]} Hz instead of {len(samples)} at {rate}"
    for trace, own in zip(traces, samples):
        if not np.array_equal(values(trace), own.astype(np.float64)):
            yield f"other samples of channel {trace['channel']}"


def seconds_of(frame):
    """Name and seconds of the column of times, as far as its name says so; None where there is none."""
    for name in frame.columns:
        words = name.lower().replace("(", "_").replace(")", "").replace(" ", "_").split("_")
        if words[0] in ("time", "timestamp", "t") and pd.api.types.is_numeric_dtype(frame[name]):
            unit = words[-1] if words[-1] in UNITS else "s"
            return name, frame[name].to_numpy(dtype=np.float64) * UNITS[unit]
        if words[0] in ("time", "timestamp", "datetime"):
            return name, pd.to_datetime(frame[name], utc=True).astype("int64").to_numpy() / 1e9
    return None, None


def table(path, traces):
    frame = pd.read_csv(path, sep=None, engine="python", comment="#")
    own = {}
    for trace in sorted(traces, key=lambda t: t["start"]):
        own.setdefault(trace["channel"], []).append(trace)
    name, seconds = seconds_of(frame)
    numbers = frame.select_dtypes("number").columns
    for column in numbers.drop(name, errors="ignore"):
        theirs = frame[column].to_numpy(dtype=np.float64)
        if column not in own:
            if not np.isnan(theirs).all() and not np.array_equal(theirs, np.arange(len(theirs)) + theirs[0]):
                yield f"column `{column}` is not read"
            continue
        joined = np.concatenate([values(t) for t in own[column]])
        if not np.array_equal(joined, theirs, equal_nan=True):
            yield f"other samples of `{column}`"
    if name is None:
        return
    # One slope for all stretches, with one level each. Outliers are ignored, since loggers stall.
    parts = list(own.values())[0]
    ends = np.cumsum([len(t["samples"]) for t in parts])
    pieces = [slice(end - len(t["samples"]), end) for t, end in zip(parts, ends)]
    rows, slope = np.arange(len(seconds)), 1 / parts[0]["rate"]
    centred = np.concatenate([rows[p] - rows[p].mean() for p in pieces])
    kept = np.ones(len(rows), bool)
    for _ in range(5):
        level = np.concatenate([np.full(p.stop - p.start, np.median(seconds[p] - slope * rows[p])) for p in pieces])
        late = seconds - slope * rows - level
        kept = np.abs(late) <= max(3 * np.median(np.abs(late)), slope)
        slope += (late * centred)[kept].sum() / (centred[kept] ** 2).sum()
    longest = max(p.stop - p.start for p in pieces)
    drift = abs(slope * parts[0]["rate"] - 1) * longest
    # If the clock is useless, several rates fit equally well.
    if drift > max(2, 3 * np.std(late) / slope):
        yield f"{parts[0]['rate']} Hz instead of {1 / slope:.4f}: {drift:.2f} samples apart at the end of the longest stretch"
    for trace, piece in zip(parts, pieces):
        x = np.arange(piece.stop - piece.start)
        off = np.median(seconds[piece] - trace["start"] / 1e9 - x / trace["rate"]) * trace["rate"]
        if abs(off) > 3:
            yield f"the stretch of {len(x)} rows from row {piece.start} starts {off:.2f} samples early"


def is_of_labels(path):
    """Whether a table lists labels or picks, which are no samples."""
    first = path.read_text(errors="replace").partition("\n")[0].lower()
    return any(word in first for word in ("class", "label", "phase", "event"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--example", default="target/debug/examples/recordings")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    kinds = [(SEISMIC, seismic, "miniSEED and SAC"), (GSE, seismic, "GSE1 and GSE2"), (CSS, seismic, "CSS 3.0"),
             (OTHERS, seismic, "AH, PC-SUDS and Seismic Handler"),
             ({".wav"}, wav, "WAV"), (TABLES, table, "tables")]
    different = 0
    for endings, compare, name in kinds:
        paths = sorted(p for p in args.folder.rglob("*") if p.suffix.lower() in endings)
        paths = [p for p in paths if compare is not table or not is_of_labels(p)]
        samples = traces = wrong = 0
        rates = set()
        for path, read in ours(args.example, paths).items():
            if "error" in read:
                is_refused = compare is seismic and by_obspy(path) is None
                problems = [] if is_refused else [f"refused: {read['error']}"]
            else:
                problems = list(compare(path, read["traces"]))
            for problem in problems:
                print(f"{path.relative_to(args.folder)}: {problem}")
            own = read.get("traces", [])
            wrong += bool(problems)
            traces += len(own)
            samples += sum(len(t["samples"]) for t in own)
            rates |= {t["rate"] for t in own}
        rates = ", ".join(f"{rate:g}" for rate in sorted(rates)[:12])
        print(f"{name}: {len(paths)} files, {traces} traces, {samples} samples, {wrong} files differ; Hz: {rates}", flush=True)
        different += wrong
    sys.exit(min(different, 100))


main()
