"""Writes crates/data/tests/fixtures/sac: SAC files as various programs write them, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_sac.py

`expected.json` has channel, start (ns), rate and samples by file. Files that ObsPy refuses (no header version, bytes after the
samples, truncated) differ from an intact file only in that defect; their expected values are those of the intact file.
"""
import json
import struct
import warnings
from pathlib import Path

import numpy as np
import obspy
from obspy.io.sac import SACTrace

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/sac"
N = 55
# Words of the header.
NVHDR, IFTYPE, LEVEN = 76, 85, 105


def trace(rate=100.0, **header):
    data = np.random.default_rng(5).normal(0, 1e-6, N).astype(np.float32)
    stats = {"network": "XX", "station": "NODE", "location": "00", "channel": "EHZ", "sampling_rate": rate,
             "starttime": obspy.UTCDateTime("2024-05-01T10:00:00.250Z"), **header}
    return obspy.Trace(data, stats)


def by_obspy(path, form=None):
    own = obspy.read(str(path), format=form)[0]
    return {"channel": own.id, "start": own.stats.starttime.ns, "rate": own.stats.sampling_rate,
            "samples": own.data.astype(np.float64).tolist()}


def word(content, number, value, order="<"):
    own = bytearray(content)
    own[4 * number:4 * number + 4] = struct.pack(order + "i", value)
    return bytes(own)


def main():
    warnings.simplefilter("ignore")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    expected = {}
    for name, order in (("le", 0), ("be", 1)):
        trace().write(str(FOLDER / f"{name}.sac"), format="SAC", byteorder=order)
        expected[name] = by_obspy(FOLDER / f"{name}.sac")
    for name, rate in (("rate-40", 40.0), ("rate-478.036", 478.036), ("rate-1000.3", 1000.3), ("rate-one-minute", 1 / 60)):
        trace(rate).write(str(FOLDER / f"{name}.sac"), format="SAC")
        # The file stores the period as float32; the reader must recover the original rate.
        expected[name] = {**by_obspy(FOLDER / f"{name}.sac"), "rate": rate}
    trace().write(str(FOLDER / "alphanumeric.sac"), format="SACXY")
    expected["alphanumeric"] = by_obspy(FOLDER / "alphanumeric.sac", "SACXY")
    for name, order in (("le", "<"), ("be", ">")):
        sound = (FOLDER / f"{name}.sac").read_bytes()
        for what, number in (("nvhdr", NVHDR), ("iftype", IFTYPE), ("leven", LEVEN)):
            (FOLDER / f"{what}-undefined-{name}.sac").write_bytes(word(sound, number, -12345, order))
            expected[f"{what}-undefined-{name}"] = expected[name]
    sound = (FOLDER / "le.sac").read_bytes()
    # Texts that end with a NUL followed by other bytes.
    names = sound[:600] + b"LYE\0\x07\xffab" + sound[608:]
    (FOLDER / "nul.sac").write_bytes(names)
    expected["nul"] = {**expected["le"], "channel": "XX.NODE.00.LYE"}
    (FOLDER / "extra-bytes.sac").write_bytes(sound + b"\0" * 100)
    expected["extra-bytes"] = expected["le"]
    (FOLDER / "cut.sac").write_bytes(sound[:632 + 4 * 20 + 3])
    expected["cut"] = {**expected["le"], "samples": expected["le"]["samples"][:20]}
    # Version 7 stores the times as float64 after the samples.
    seven = word(sound, NVHDR, 7)
    delta, begin = 0.0123456789, SACTrace.read(str(FOLDER / "le.sac")).b
    seven += struct.pack("<22d", delta, begin, *[-12345.0] * 20)
    (FOLDER / "version-7.sac").write_bytes(seven)
    expected["version-7"] = {**expected["le"], "rate": 1 / delta}
    (FOLDER / "expected.json").write_text(json.dumps(expected))
    for name, own in expected.items():
        try:
            read = by_obspy(FOLDER / f"{name}.sac")
            differ = [key for key in own if own[key] != read[key]]
            print(f"{name}: as ObsPy reads it" if not differ else f"{name}: ObsPy has another {', '.join(differ)}: {read[differ[0]] if differ != ['samples'] else ''}")
        except Exception as error:
            print(f"{name}: ObsPy refuses it: {type(error).__name__}")


main()
