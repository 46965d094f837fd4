"""Generates one day of one station as miniSEED (100 Hz, three components, Steim-2; a simulation) and times `predict recording` on it.

    python scripts/bench/station_day.py make DIR                    # needs numpy and obspy
    python scripts/bench/station_day.py time DIR PREDICT MODEL      # one thread; seconds, MB, windows
"""
import resource
import subprocess
import sys
import time
from pathlib import Path

RATE, SECONDS = 100, 86_400


def make(folder):
    import numpy as np
    import obspy

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    n = RATE * SECONDS
    clock = np.arange(n) / RATE
    bursts = (clock % 600 > 570) * np.sin(2 * np.pi * 9 * clock) * 2000
    start = obspy.UTCDateTime("2024-05-01T00:00:00Z")
    for code in ["HHZ", "HHN", "HHE"]:
        data = np.round(np.cumsum(rng.normal(0, 20, n)) % 5000 + rng.normal(0, 60, n) + bursts).astype(np.int32)
        header = {"network": "XX", "station": "DAY", "location": "00", "channel": code, "sampling_rate": RATE, "starttime": start}
        path = folder / f"XX.DAY.00.{code}.D.2024.122"
        obspy.Trace(data, header).write(str(path), format="MSEED", encoding="STEIM2", reclen=512)
        print(path, path.stat().st_size)


def measure(folder, program, model):
    paths = sorted(str(path) for path in folder.glob("XX.DAY.*"))
    command = [program, "recording", model, *paths, "--channels", "Z,N", "--hop", "512", "--threads", "1", "--quiet", "--json"]
    for _ in range(3):
        began, before = time.time(), resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{time.time() - began:.2f} s, {cpu:.2f} s of processor, {after.ru_maxrss / 1024:.0f} MB at most, "
              f"{len(out.splitlines())} events")


if sys.argv[1] == "make":
    make(Path(sys.argv[2]))
else:
    measure(Path(sys.argv[2]), *sys.argv[3:5])
