"""Writes crates/data/tests/fixtures/gse1, gse2 and gcf: waveforms of these formats, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_gse_gcf.py

ObsPy writes CM6 and GCF; this script assembles GSE1, and GSE2 with integers as text and with a line `STA2`. `expected.json` has channel, start
(ns), rate and samples of each trace by file. Channels of GSE2 are those of ObsPy, with its auxiliary code as location where only that tells
two apart; those of GCF are the names of the streams, which ObsPy keeps beside channels that it makes up. Channels of GSE1 are without the blanks that
ObsPy puts before them; files that it does not read (first differences, a header in one line, CM8) have the samples that were written.
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
    data = np.cumsum(np.random.default_rng(37).integers(-60, 60, 97)).astype(np.int32)
    head[0] = head[0].replace("INT", "CM8")
    check = libgse2.clibgse2.check_sum(data, len(data), 0)
    text = "\n".join([*head, "DAT2", *cm8(np.diff(data, 2, prepend=[0, 0])), f"CHK2 {check:8d}", ""])
    (folder / "bytes.gse").write_bytes(text.encode("latin-1"))
    all_files["bytes.gse"] = [all_files[path.name][0] | {"samples": data.astype(float).tolist()}]
    (folder / "expected.json").write_text(json.dumps(all_files))


def cm8(numbers):
    """Bytes of integers, as geotool's decoder reads them: a last byte that could end a line is larger by 32, and a mark says so."""
    content = b""
    for number in map(int, numbers):
        rest, own = abs(number), []
        while rest >= 64:
            own.insert(0, rest & 127)
            rest >>= 7
        own.insert(0, rest | 64 * (number < 0))
        is_end = own[-1] in (0, 10, 13)
        own[-1] += 32 * is_end
        content += bytes([byte | 128 for byte in own[:-1]] + own[-1:]) + b"\x80\x01" * is_end
    content = (content + b"\x80\x80").decode("latin-1")
    return [content[at:at + 80] for at in range(0, len(content), 80)]


def gse1_text(data, code, form, differences, order, one_line=False, rate=124.9999924, start=START):
    """A waveform whose differences of an `order` are written, and `differences` of which the header speaks."""
    data = np.require(data, np.int32)
    check = libgse2.clibgse2.check_sum(data, len(data), 0)
    numbers = np.diff(data, order, prepend=[0] * order).astype(np.int32)
    if form == "CMP8":
        lines = cm8(numbers)
    elif form == "CMP6":
        lines = [line.decode() for line in libgse2.compress_cm6(numbers)]
    else:
        lines = [" " + " ".join(map(str, numbers[at:at + 8])) for at in range(0, len(numbers), 8)]
    time = f"{start.year}{start.julday:03d} {start.hour:02d} {start.minute:02d} {start.second:02d} {start.microsecond // 1000:03d}"
    head = f"WID1  {time} {len(data):8d} RNHA   RNHA{code:<4} {code:<2} {rate:11.7f}        {form} {differences}"
    more = "16.0000001 1.0000   49.6919   11.2217  499.5000 -999.0000   -1.00   -1.00   -1.0"
    return "\n".join([f"{head} {more}" if one_line else f"{head}\n{more}", "DAT1", *lines, f"CHK1 {check:14d}", ""])


def gse1():
    folder, all_files = FIXTURES / "gse1", {}
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(31)
    walk = lambda: np.cumsum(rng.integers(-3000, 3000, 93))
    files = {
        "integers": "XW01\n\n" + "\n".join(gse1_text(walk(), code, "INTV", 0, 0) for code in ("BZ", "BN")) + "\nSTOP\n",
        "characters": gse1_text(walk(), "z", "CMP6", 2, 2),
        # The checksum tells that integers are samples, whatever the header says.
        "integers-2": gse1_text(walk(), "BZ", "INTV", 2, 0),
        "no-order": gse1_text(walk(), "BZ", "CMP6", 0, 2),
        "dos": gse1_text(walk(), "BE", "CMP6", 2, 2).replace("\n", "\r\n"),
    }
    for name, text in files.items():
        path = folder / f"{name}.gse1"
        path.write_bytes(text.encode())
        read = expected(path, "GSE1", lambda trace, _: f".{trace.stats.station}..{trace.stats.channel.strip()}")
        all_files[path.name] = read
    others = (("first-differences", "CMP6", 1, 1, False), ("one-line", "CMP6", 2, 2, True), ("bytes", "CMP8", 2, 2, False),
              ("bytes-no-order", "CMP8", 2, 0, False))
    for name, form, differences, order, one_line in others:
        data = walk() // (50 if "bytes" in name else 1)
        (folder / f"{name}.gse1").write_bytes(gse1_text(data, "BZ", form, differences, order, one_line).encode("latin-1"))
        all_files[f"{name}.gse1"] = [read[0] | {"channel": ".RNHA..BZ", "samples": data.astype(float).tolist()}]
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
    gse1()
    print({path.name: path.stat().st_size for name in ("gse1", "gse2", "gcf") for path in (FIXTURES / name).iterdir()})
