"""Writes crates/data/tests/fixtures/knet: files as of K-NET and KiK-net, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_knet.py

ObsPy does not write the format; this script does. `expected.json` has channel, start (ns), rate and samples of each file. Samples are in
gal: ObsPy's counts times its calibration, which is in m/s².
"""
import json
from pathlib import Path

import numpy as np
import obspy

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/knet"
RNG = np.random.default_rng(23)


def header(station, record, rate, seconds, direction, scale, memo=""):
    return f"""Origin Time       2011/03/11 14:46:00
Lat.              38.103
Long.             142.860
Depth. (km)       24
Mag.              9.0
Station Code      {station}
Station Lat.      38.7292
Station Long.     141.0217
Station Height(m) 39
Record Time       {record}
Sampling Freq(Hz) {rate}Hz
Duration Time(s)  {seconds}
Dir.              {direction}
Scale Factor      {scale}
Max. Acc. (gal)   2699.892
Last Correction   2011/03/11 14:46:23
Memo.             {memo}
"""


def write(name, station, record, rate, seconds, direction, scale, memo="", end="\n"):
    data = np.cumsum(RNG.integers(-9000, 9000, rate * seconds)) - 20_000
    rows = ["".join(f"{value:9d}" for value in data[at:at + 8]) + " " for at in range(0, len(data), 8)]
    text = header(station, record, rate, seconds, direction, scale, memo) + "\n".join(rows) + "\n"
    path = FOLDER / name
    path.write_bytes(text.replace("\n", end).encode())
    [trace] = obspy.read(str(path), format="KNET")
    return {"channel": trace.id, "start": trace.stats.starttime.ns, "rate": trace.stats.sampling_rate,
            "samples": (trace.data * trace.stats.calib * 100).tolist()}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    files = {
        "MYG0041103111446.EW": ("MYG004", "2011/03/11 14:46:36", 100, 4, "E-W", "7845(gal)/8223790"),
        "MYG0041103111446.UD": ("MYG004", "2011/03/11 14:46:36", 100, 3, "U-D", "3920(gal)/6182761", "a memo"),
        # In the early morning of Japan it is still the day before in UTC.
        "IWTH051612310201.NS1": ("IWTH05", "2017/01/01 02:01:07", 200, 2, "1", "2000(gal)/8388608"),
        "IWTH051612310201.UD2": ("IWTH05", "2017/01/01 02:01:07", 200, 2, "6", "2000(gal)/8388608", "", "\r\n"),
    }
    found = {name: [write(name, *own)] for name, own in files.items()}
    (FOLDER / "expected.json").write_text(json.dumps(found))
    print({name: (FOLDER / name).stat().st_size for name in [*files, "expected.json"]})
