"""Writes crates/data/tests/fixtures/gse2 and gcf: waveforms of both formats, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_gse_gcf.py

ObsPy writes CM6 and GCF; this script assembles GSE2 with integers as text and with a line `STA2`. `expected.json` has channel, start
(ns), rate and samples of each trace by file. Channels of GSE2 are those of ObsPy, with its auxiliary code as location where only that tells
two apart; those of GCF are the names of the streams, which ObsPy keeps beside channels that it makes up.
"""
import json
from pathlib import Path

import numpy as np
import obspy
from obspy.core import AttribDict
from obspy.io.gcf.core import get_time_denominator
from obspy.io.gse2 import libgse2

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures"
RNG = np.random.default_rng(19)
START = obspy.UTCDateTime("2024-05-01T10:00:07.255Z")


def expected(path, form, channel):
    # ObsPy adds parts of a second as a float64 since 1970, which rounds them.
    read = obspy.read(str(path), format=form)
    return [{"channel": channel(trace, read), "start": round(trace.stats.starttime.ns, -3), "rate": trace.stats.sampling_rate,
             "samples": trace.data.astype(np.float64).tolist()} for trace in read]


def gse_name(trace, read):
    own = trace.stats
    codes = {one.stats.gse2.auxid for one in read if one.id == trace.id}
    return f"{own.network}.{own.station}.{own.gse2.auxid if len(codes) > 1 else ''}.{own.channel}"


def gse_trace(data, channel, rate=100.0, network="", aux=""):
    own = obspy.Trace(np.require(data, np.int32), {"network": network, "station": "RNHA", "channel": channel, "starttime": START,
                                                   "sampling_rate": rate})
    own.stats.gse2 = AttribDict({"auxid": aux})
    return own


def gse2():
    folder, all_files = FIXTURES / "gse2", {}
    folder.mkdir(parents=True, exist_ok=True)
    streams = {
        "small": [gse_trace(RNG.integers(-20, 20, 200), "EHZ")],
        "large": [gse_trace(np.cumsum(RNG.integers(-300_000, 300_000, 300)), "EHN", 478.036133)],
        "three": [gse_trace(RNG.integers(-5000, 5000, 150), code, 200.0, "BW", "01") for code in ("EHZ", "EHN", "EHE")],
        "extreme": [gse_trace([0, 2**24, -2**24, 2**24, 1, 0, -1] + 50 * [3], "EHZ")],
        "one": [gse_trace([7], "EHZ")],
        "two": [gse_trace(RNG.integers(-9, 9, 40), "EHZ", aux=code) for code in ("00", "01")],
        # A line of samples that begins with a keyword.
        "keyword": [gse_trace(np.cumsum(np.cumsum(80 * [0] + [14, -3, -6, 4] + 40 * [1, -1])), "EHZ")],
    }
    for name, traces in streams.items():
        path = folder / f"{name}.gse"
        obspy.Stream(traces).write(str(path), format="GSE2")
        all_files[path.name] = expected(path, "GSE2", gse_name)
    # Integers as text, several in a line.
    assert (folder / "keyword.gse").read_bytes().count(b"\nCHK2") == 2
    data = RNG.integers(-3000, 3000, 97).astype(np.int32)
    lines = [" ".join(map(str, data[at:at + 10])) for at in range(0, len(data), 10)]
    head = (folder / "three.gse").read_text().splitlines()[:2]
    head[0] = head[0].replace("CM6", "INT").replace("     150", f"{len(data):8d}")
    check = libgse2.clibgse2.check_sum(data, len(data), 0)
    text = "\n".join([*head, "DAT2", *lines, f"CHK2 {check:8d}", ""])
    path = folder / "integers.gse"
    path.write_text(text)
    all_files[path.name] = expected(path, "GSE2", gse_name)
    # The same in a message, with the line ends of DOS.
    message = "BEGIN GSE2.0\nMSG_TYPE DATA\nMSG_ID 1 TEST\nDATA_TYPE WAVEFORM GSE2.0\n" + text + "STOP\n"
    (folder / "message.gse").write_bytes(message.replace("\n", "\r\n").encode())
    all_files["message.gse"] = all_files[path.name]
    (folder / "expected.json").write_text(json.dumps(all_files))


def gcf():
    folder, all_files = FIXTURES / "gcf", {}
    folder.mkdir(parents=True, exist_ok=True)

    def write(name, traces):
        content = b""
        for data, rate, stream, part in traces:
            start = obspy.UTCDateTime("2024-05-01T10:00:07Z") + part / get_time_denominator(rate)
            path = folder / f"{name}.gcf"
            own = obspy.Trace(np.require(data, np.int32), {"sampling_rate": rate, "starttime": start})
            obspy.Stream([own]).write(str(path), format="GCF", stream_id=stream, system_id="ABCD")
            content += path.read_bytes()
        path.write_bytes(content)
        all_files[path.name] = expected(path, "GCF", lambda trace, _: trace.stats.gcf.stream_id)

    small = np.cumsum(RNG.integers(-100, 100, 1300))
    write("bytes", [(small, 100, "AB12Z2", 0)])
    write("words", [(np.cumsum(RNG.integers(-30_000, 30_000, 900)), 50, "AB12N2", 0)])
    write("longs", [(RNG.integers(-2**30, 2**30, 500), 1, "AB12E2", 0)])
    write("three", [(small[:400], 250, f"6018{code}2", 0) for code in "ZNE"])
    for rate, part in ((0.1, 0), (0.125, 0), (0.2, 0), (0.25, 0), (0.5, 0), (400, 3), (500, 1), (625, 4), (1000, 2), (1250, 3), (2000, 5),
                       (2500, 9), (4000, 15), (5000, 19)):
        write(f"rate-{rate}", [(small[:60], rate, "AB12Z2", part)])
    (folder / "expected.json").write_text(json.dumps(all_files))


if __name__ == "__main__":
    gse2()
    gcf()
    print({path.name: path.stat().st_size for name in ("gse2", "gcf") for path in (FIXTURES / name).iterdir()})
