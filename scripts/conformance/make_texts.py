"""Writes crates/data/tests/fixtures/texts: formats of numbers in text that ObsPy does not read. PEER, CSMNC, ESM, GeoNet, SMC, COSMOS and
CSMIP (strong motion), the data cast of a Raspberry Shake, and tables with several samples in each row.

    pip install numpy
    python scripts/conformance/make_texts.py

`expected.json` has channel, start (ns), rate and samples of each file, as they were before this script wrote them.
"""
import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/texts"
RNG = np.random.default_rng(29)
expected = {}


def noise(count, digits):
    return np.round(np.cumsum(RNG.normal(0, 1, count)), digits)


def rows(texts, count):
    return "".join("".join(texts[at:at + count]) + "\n" for at in range(0, len(texts), count))


def put(name, text, traces, encoding="utf-8"):
    (FOLDER / name).write_bytes(text.encode(encoding))
    expected[name] = [{"channel": channel, "start": start, "rate": rate, "samples": [float(f"{own:.6g}") for own in samples]}
                      for channel, start, rate, samples in traces]


def peer():
    data = noise(203, 4) / 1000
    text = "PEER NGA STRONG MOTION DATABASE RECORD\nImperial Valley-02, 5/19/1940, El Centro Array #9, 180\n" \
           f"ACCELERATION TIME SERIES IN UNITS OF G\nNPTS=   {len(data)}, DT=   .0050 SEC\n"
    put("new.at2", text + rows([f"{own:15.7E}" for own in data], 5), [("180", 0, 200.0, data)])
    text = text.replace(f"NPTS=   {len(data)}, DT=   .0050 SEC", f"  {len(data)}    0.0100    NPTS, DT")
    put("old.at2", text + rows([f"{own:15.7E}" for own in data], 5), [("180", 0, 100.0, data)])


def csmnc():
    data = noise(150, 4)
    text = "051ABC130420080201\n0130420080246 2013-04-20 8:2:46 BTM\nAN EARTHQUAKE, SOMEWHERE,CHN\n" \
           "EPICENTER  30.300N 103.000E DEPTH 13 KM\nMAGNITUDE  7.0(Ms)\nSTATION: 51ABC 30.400N 102.800E\nSITE CONDITION: ROCK\n" \
           "INSTRUMENT TYPE: MR2002/SLJ-100\nOBSERVING POINT: GROUND\nCOMP. EW\nUNCORRECTED ACCELERATION          UNIT: CM/SEC/SEC\n" \
           f"NO. OF POINTS:  {len(data)}  EQUALLY SPACED INTERVALS OF:  0.005  SEC\n" \
           "PEAK VALUE:    -1005.350   AT   26.35 SEC    DURATION:  60 SEC\nPRE-EVENT TIME:  20  SEC\nCSMNC\n\n"
    put("component.csmnc", text + rows([f"{own:13.6E} " for own in data], 8), [(".51ABC..EW", 0, 200.0, data)])


def esm():
    data = noise(150, 4)
    text = "EVENT_NAME: GREECE\nNETWORK: HI\nSTATION_CODE: ARS1\nLOCATION: 00\n" \
           "DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS: 20190728_160919.870\nSAMPLING_INTERVAL_S: 0.005000\n" \
           f"NDATA: {len(data)}\nSTREAM: HNE\nUNITS: cm/s^2\nDATA_TYPE: ACCELERATION\nUSER5:\n"
    put("component.asc", text + rows([f"{own:.6f}" for own in data], 1), [("HI.ARS1.00.HNE", 1_564_330_159_870_000_000, 200.0, data)])


def cosmos():
    integers, reals = np.full(100, -999), np.full(100, -999.0)
    integers[[39, 41, 42, 43, 44, 49]] = 2019, 5, 5, 6, 47, 3
    reals[[29, 33, 61]] = 39.932, 0.02, 5.0
    text, traces = "", []
    for quantity, code, suffix in [("Raw acceleration counts", "HNE", ""), ("Corrected velocity", "HNN", "-vel")]:
        data = noise(260, 3)
        text += f"{quantity}   (Format v01.20 with 13 text lines)\nRecord of  Fort Bragg, CA Earthquake of Sun May 05, 2019 06:47 UTC\n" \
                "Statn No: 02-001795 Code:NP-1795   USGS  SF FS 25 Bayview\n" \
                "Rcrd start time: 2019/05/05 06:47:39.932 UTC (Q=5) RcrdId: (see comment)\nSta Chan   3: 90 Deg (Rcrdr Chan  ?)\n " \
                "100 Integer-header values follow on  10 lines, Format = (10I8)\n" + rows([f"{own:8d}" for own in integers], 10) + \
                " 100 Real-header values follow on  20 lines, Format =(5F15.6)\n" + rows([f"{own:15.6f}" for own in reals], 5) + \
                f"   1 Comment line(s) follow, each starting with a |\n|<SCNL>1795.{code}.NP.--    <AUTH> 2019\n" \
                f"   {len(data)} {quantity}.   pts, approx    1 secs, units=counts (50),Format=(10F8.3)\n" + \
                rows([f"{own:8.3f}" for own in data], 10) + f"End-of-data for Chan  3 {quantity}\n"
        traces.append((f"NP.1795..{code}{suffix}", 1_557_038_859_932_000_000, 200.0, data))
    put("station.v0c", text.replace("\n", "\r\n"), traces)


def csmip():
    data = noise(300, 3)
    text = "CORRECTED ACCELEROGRAM   PRESS\nSTATION NO. 24436     34.160N, 118.534W\nTRIGGER TIME: 01/17/94, 12:30:55.0 GMT\n" \
           f"CHAN  2: 360 DEG\n  {len(data)} acceleration points equally spaced at  .020 sec, in cm/sec2. (8f10.3)\n" + \
           rows([f"{own:10.3f}" for own in data], 8) + "/&  ----------  END OF DATA FOR CHANNEL  2  ----------\n"
    put("corrected.v2", text, [(".24436..2", 758_809_855_000_000_000, 50.0, data)])


def uncorrected():
    head = "Uncorrected Accelerogram Data             Processed: 04/30/14, CGS  ciwlt1\n" \
           "15481673.CI.WLT.--.HN                Start time:  3/29/14, 04:09:34.0 UTC (GPS)\nStation Id. WLT     34.009N, 117.951W\n" \
           "Chan  1:  90 Deg\nNo. of Points =  200  Record Length = 1.000 sec   at 200 Samples/sec\n" + \
           rows(["    0"] * 100, 16) + rows(["      .000"] * 50, 8)
    end, data = "/&  ----------  End of data for channel  1  ----------\n", noise(200, 3) / 100
    start = 1_396_066_174 * 10**9
    text = head + " 200 Accelerogram points at 200 pts/sec in units of g .      Format: (8f9.6)\n"
    put("points.v1", text + rows([f"{own:9.6f}" for own in data], 8) + end, [("CI.WLT..1", start, 200.0, data)])
    pairs = [f"{i / 200:7.3f}{own:7.3f}" for i, own in enumerate(data)]
    put("film.raw", head + rows(pairs, 5) + end, [("CI.WLT..1", start, 200.0, [float(f"{own:.3f}") for own in data])])


def shake():
    data, start, lines = RNG.integers(-20000, 20000, (2, 500)), 1_582_315_130, []
    for packet in range(20):
        for channel, own in zip(["EHZ", "EHN"], data):
            texts = ", ".join(map(str, own[25 * packet:25 * packet + 25]))
            lines.append(f"2020-02-21 19:58:50,292 INFO b\"{{'{channel}', {start + packet / 4:.3f}, {texts}}}\"\n")
    put("shake.cast", "".join(lines), [(channel, start * 10**9, 100.0, own) for channel, own in zip(["EHZ", "EHN"], data)])


def packed():
    data, start = noise(400, 2), 1_714_557_600
    lines = ["time," + ",".join(f"s{number}" for number in range(10)) + "\n"]
    for row, own in enumerate(data.reshape(40, 10)):
        lines.append(f"{start + row / 10:.1f}," + ",".join(map(str, own)) + "\n")
    put("rows.packed", "".join(lines), [("s", start * 10**9, 100.0, data)])


def geonet():
    """By the format's description (Cousins, 2008), as of the record 20130816_023105_MRZ_20."""
    start, places = 1_376_620_254_250_000_000, {9: 2013, 10: 8, 19: 16, 20: 2, 39: 30, 40: 54250}
    for name, kind, unit in [("raw.v1a", "Uncorrected", 0.5), ("corrected.v2a", "Corrected", 1.0)]:
        text, traces = "", []
        for component in ["N00E", "N90E"]:
            blocks = [noise(127, 1) for _ in range(1 if unit == 0.5 else 3)]
            counts = {31: 127} if unit == 0.5 else {34: 127, 35: 127, 36: 127}
            integers = [{**places, **counts}.get(number, 0) for number in range(1, 41)]
            reals = [{24: 126 / 50, 25: 0.005, 26: 0.02}.get(number, 0.0) for number in range(1, 61)]
            text += f"{kind} accelerogram 20130816_023105_MRZ_20 GNS Science\nSite MRZ     40 39 38S 175 34 43E\n" + "text\n" * 8
            text += f"Raw readings in units of {unit:.2f} mm/s/s  at intervals of 0.020 s\nData is unfiltered\n"
            text += f"Component {component}    Transverse Accelerometer Axis\n" + "peak\n" * 3
            text += rows([f"{own:8d}" for own in integers], 10) + rows([f"{own:8.3f}" for own in reals], 10)
            for own, suffix in zip(blocks, ["", "-vel", "-disp"]):
                text += rows([f"{value:8.1f}" for value in own], 10)
                traces.append((f"NZ.MRZ..{component}{suffix}", start, 50.0, own * unit))
        put(name, text, traces)


def smc():
    """Columns of ten characters, of which exponents have one digit."""
    data = np.array([float(f"{own:.4E}") for own in noise(131, 4)])
    for name, kind, unit in (("corrected.smc", "2 CORRECTED ACCELEROGRAM", ""), ("velocity.smc", "3 VELOCITY", "-vel")):
        texts = [kind, "*", "SAF0A", "     1989  10  18    0004 Loma Prieta, CA", "Moment Mag=      7.1 Ms=      7.1 Ml=      7.0",
                 "station = San Francisco, 1295 Shafter, F component=    360", "epicentral dist =     89.0       pk     =    104.4",
                 "inst type=SMA-1      data source = USGS", "*", "*", "*"]
        integers = [-32768, 1989, 291, 0, 4, 15, 250, 111, 1, 3, 3, -32768, 90, 360, 101, 2, len(data)] + 31 * [-32768]
        numbers = [0.17e39, 200.0, 37.037, -121.883, 18.0] + 45 * [0.17e39]
        # Fortran begins numbers with 0.
        fortran = lambda own: f"{'-' if own < 0 else ''}0.{f'{abs(own):.6E}'.replace('.', '')[:7]}E{int(f'{abs(own):.6E}'[9:]) + 1:+03d}".rjust(15)
        short = lambda own: f"{own:.4E}".replace("E+0", "E+").replace("E-0", "E-").rjust(10)
        text = "".join(f"{line:80}\n" for line in texts) + rows([f"{own:10d}" for own in integers], 8)
        text += rows([fortran(own) for own in numbers], 5) + f"{'|':80}\n{'|ref - A. Nobody, 1989':80}\n" + rows([short(own) for own in data], 8)
        put(name, text, [(f".SAF0A..360{unit}", 624_672_255_250_000_000, 200.0, data)])


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for write in [peer, csmnc, cosmos, csmip, uncorrected, shake, packed, esm, geonet, smc]:
        write()
    (FOLDER / "expected.json").write_text(json.dumps(expected) + "\n")
