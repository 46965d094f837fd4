"""Writes crates/data/tests/fixtures/handler: files of Seismic Handler, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_handler.py

ObsPy writes them. `expected.json` has channel, start (ns), rate and samples of each trace by file. ObsPy reads samples in texts as float32, and those
without a byte order in that of the machine, unless it is told another.
"""
import json
from pathlib import Path

import numpy as np
import obspy
from obspy.core import AttribDict

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/handler"
START = obspy.UTCDateTime("2024-05-01T10:00:07.255Z")


def stream(rng, rates, order=None, station="NODE", channel="EH"):
    """Traces whose headers name a byte `order`, or none."""
    own = obspy.Stream()
    for number, rate in enumerate(rates):
        data = np.cumsum(rng.normal(0, 40, int(rng.integers(30, 60)))).astype(np.float32)
        code = channel + "ZNE"[number % 3] if channel else ""
        trace = obspy.Trace(data, {"station": station, "channel": code, "starttime": START + 100 * number, "sampling_rate": rate})
        trace.stats.sh = AttribDict({"COMMENT": "A LONG COMMENT, SO THAT A HEADER HAS MORE THAN FOUR LINES. " * 4} if number else {})
        if order:
            trace.stats.sh["BYTEORDER"] = order
        own.append(trace)
    return own


def expected(path, order):
    """What ObsPy reads."""
    read = obspy.read(str(path), byteorder=order)
    numbered = all(own.id == "..." for own in read)
    return [{"channel": str(number + 1) if numbered else own.id, "start": own.stats.starttime.ns, "rate": own.stats.sampling_rate,
             "samples": own.data.astype(np.float64).tolist()} for number, own in enumerate(read)]


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rng, all_files = np.random.default_rng(47), {}
    for name, order, own in (("little", "<", stream(rng, (100, 20, 62.5), "<")), ("big", ">", stream(rng, (100, 20), ">")),
                             ("untold", ">", stream(rng, (50, 50))), ("unnamed", "<", stream(rng, (4, 4), "<", "", ""))):
        path = FIXTURES / f"{name}.QHD"
        own.write(str(path), format="Q", byteorder=order)
        all_files[path.name] = expected(path, order)
    path = FIXTURES / "text.ASC"
    stream(rng, (100, 20, 62.5)).write(str(path), format="SH_ASC")
    all_files[path.name] = expected(path, "<")
    (FIXTURES / "expected.json").write_text(json.dumps(all_files))


if __name__ == "__main__":
    main()
    print({path.name: path.stat().st_size for path in FIXTURES.iterdir()})
