"""Writes crates/data/tests/fixtures/miniseed: records of every encoding in both byte orders, and what libmseed and ObsPy read from them.

    pip install numpy obspy pymseed
    python scripts/conformance/make_miniseed.py

`words-LEVEN.mseed` contains every kind of word of Steim 1 or 2. No program writes little-endian Steim frames or the old
gain-ranged encodings, so this script packs such records itself, by the SEED manual; the expected samples come from the readers.
For each file, `expected.json` has channels with start (ns), rate and samples, as libmseed reads them. For damaged files it has
only what libmseed reads from the intact records, since libmseed also returns samples of damaged ones. Deviations of ObsPy are
printed.
"""
import json
import struct
import warnings
from pathlib import Path

import numpy as np
import obspy
from pymseed import MS3TraceList

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/miniseed"
RATE = 100
# For each damaged file, a file with only its sound records.
SOUND = {}
# By level: bits per difference, differences per word, code of the word, and the two bits inside the word.
WORDS = {
    1: [(8, 4, 1, None), (16, 2, 2, None), (32, 1, 3, None)],
    2: [(8, 4, 1, None), (30, 1, 2, 1), (15, 2, 2, 2), (10, 3, 2, 3), (6, 5, 3, 0), (5, 6, 3, 1), (4, 7, 3, 2)],
}


def header(order, channel, count, encoding, power=9, start=(2024, 122, 10, 0, 0, 0), number=1, rate=RATE, data_order=None,
           blockettes=b"", data_offset=128, data=b""):
    """A record of version 2 with blockette 1000; `order` is > or <."""
    data_order = {">": 1, "<": 0}[order] if data_order is None else data_order
    year, day, hour, minute, second, fraction = start
    head = b"%06dD " % number + b"NODE 00EH" + channel.encode() + b"XX"
    head += struct.pack(order + "HHBBBBH", year, day, hour, minute, second, 0, fraction)
    head += struct.pack(order + "HhhBBBBiHH", count, rate, 1, 0, 0, 0, 1 + bool(blockettes), 0, data_offset, 48)
    head += struct.pack(order + "HHBBBB", 1000, 56 if blockettes else 0, encoding, data_order, power, 0) + blockettes
    return (head.ljust(data_offset, b"\0") + data).ljust(1 << power, b"\0")


def signed(rng, bits, n):
    """Numbers that need all of their bits, but whose sums stay in 32 bits."""
    own = rng.integers(-(1 << bits - 1), 1 << bits - 1, n) if bits < 30 else rng.integers(-(1 << 27), 1 << 27, n)
    return own.astype(np.int64)


def steim(level, order, rng, words=40):
    """Frames with every kind of word, and their samples. Words are packed by their meaning, then laid out in `order`."""
    kinds = [WORDS[level][i % len(WORDS[level])] for i in range(words)]
    differences = [signed(rng, bits, n) for bits, n, _, _ in kinds]
    samples = np.cumsum(np.concatenate(differences)) - differences[0][0] + 1234
    frames, i = b"", 0
    while i < words:
        first = not frames
        codes, body = 0, b""
        if first:
            body = struct.pack(order + "ii", int(samples[0]), int(samples[-1]))
        for place in range(3 if first else 1, 16):
            if i == words:
                body += b"\0" * 4
                continue
            (bits, n, code, sub), own = kinds[i], differences[i]
            i += 1
            codes |= code << 30 - 2 * place
            if bits == 8:  # bytes have no order
                body += struct.pack("4b", *own)
            elif bits == 16:  # differences have the byte order of the data
                body += struct.pack(order + "2h", *own)
            else:
                word = 0 if sub is None else sub << 30
                for k, value in enumerate(own):
                    word |= (int(value) & (1 << bits) - 1) << bits * (n - 1 - k)
                body += struct.pack(order + "I", word)
        frames += struct.pack(order + "I", codes) + body
    return frames, samples


def packed_twins():
    for level in (1, 2):
        frames = {order: steim(level, order, np.random.default_rng(level)) for order in "<>"}
        assert (frames["<"][1] == frames[">"][1]).all()
        for heads in "<>":
            for data in "<>":
                own, samples = frames[data]
                record = header(heads, "Z", len(samples), 9 + level, data=own, data_order=int(data == ">"))
                name = {"<": "le", ">": "be"}
                (FOLDER / f"steim{level}-{name[heads]}-header-{name[data]}-data.mseed").write_bytes(record)
    # An invalid byte order means the header's.
    for order, name in (("<", "le"), (">", "be")):
        own, samples = steim(2, order, np.random.default_rng(5))
        record = header(order, "Z", len(samples), 11, data=own, data_order=95)
        (FOLDER / f"order-95-{name}.mseed").write_bytes(record)


def plain_and_gain_ranged():
    rng = np.random.default_rng(7)
    n = 60
    words = rng.integers(0, 1 << 16, n).astype(np.uint16)
    sro = (rng.integers(0, 11, n).astype(np.uint16) << 12) | rng.integers(0, 1 << 12, n).astype(np.uint16)
    own = {1: ("i2", rng.integers(-32768, 32768, n)), 3: ("i4", rng.integers(-2**31, 2**31, n)),
           4: ("f4", rng.normal(0, 1e-6, n)), 5: ("f8", rng.normal(0, 1e-9, n)),
           13: ("u2", words), 14: ("u2", words), 16: ("u2", words), 30: ("u2", sro), 32: ("u2", words)}
    for encoding, (dtype, values) in own.items():
        for order, name in (("<", "le"), (">", "be")):
            data = np.asarray(values).astype(order + dtype).tobytes()
            record = header(order, "Z", n, encoding, power=10, data=data)
            (FOLDER / f"encoding-{encoding}-{name}.mseed").write_bytes(record)
    # 24 bits: libmseed 3 reads only big-endian ones.
    data = b"".join(int(v).to_bytes(3, "big", signed=True) for v in rng.integers(-2**23, 2**23, n))
    (FOLDER / "encoding-12-be.mseed").write_bytes(header(">", "Z", n, 12, data=data))


def record_at(i, length=512, channel="Z", rate=RATE, blockettes=b"", **more):
    """The `i`th Steim-2 record of a signal without gaps."""
    rng = np.random.default_rng(100)
    parts = [steim(2, ">", rng, words=30) for _ in range(i + 1)]
    before = sum(len(samples) for _, samples in parts[:-1])
    frames, samples = parts[-1]
    start = before / RATE
    assert start < 60
    start = (2024, 122, 10, 0, int(start), round(start % 1 * 10000))
    return header(">", channel, len(samples), 11, power=length.bit_length() - 1, start=start, number=i + 1, data=frames,
                  rate=rate, blockettes=blockettes, **more)


def exact_rate(rate):
    return struct.pack(">HHfBBBB", 100, 0, rate, 0, 0, 0, 0)


def amid_others():
    """Sound records amid all that is none."""
    sound = [record_at(i) for i in range(6)]
    text = header(">", "L", 30, 0, rate=1, data=b"clock locked, battery 12.4 V  ")
    text_without_rate = header(">", "L", 30, 0, rate=0, data=b"clock locked, battery 12.4 V  ")
    noise = np.random.default_rng(3).integers(0, 256, 777).astype(np.uint8).tobytes()
    blank = b"000009".ljust(512)
    volume = b"000001V 010009502.4121970,001~2500,365~~".ljust(4096)
    station = b"000002S 0500098".ljust(4096)
    continued = b"000003S*more of the station".ljust(4096)
    flipped = bytearray(sound[2])
    flipped[200] ^= 0x10
    files = {
        "noise-inside": sound[0] + sound[1] + noise + sound[2] + sound[3],
        "noise-first": noise[:300] + sound[0] + sound[1],
        "zeros-inside": sound[0] + bytes(1000) + sound[1],
        "blank-records": blank + sound[0] + blank + sound[1] + blank,
        "padding": sound[0] + sound[1] + bytes(512) + b" " * 100,
        "full-seed": volume + station + continued + sound[0] + sound[1],
        "text": sound[0] + text + sound[1] + text_without_rate,
        "cut-last": sound[0] + sound[1] + sound[2][:300],
        "cut-inside": sound[0] + sound[1][:300] + sound[2],
        "damaged": sound[0] + sound[1] + bytes(flipped) + sound[3],
        "lengths": sound[0] + record_at(1, length=1024) + record_at(2, length=4096) + record_at(3),
        "rates": b"".join(record_at(i, blockettes=exact_rate([100.0, 99.99999, 100.00001, 100.0][i])) for i in range(4)),
        "mseed3-inside": sound[0] + version_3() + sound[1],
    }
    for name, content in files.items():
        (FOLDER / f"{name}.mseed").write_bytes(content)
    SOUND["cut-inside"] = sound[0] + sound[2]
    SOUND["damaged"] = sound[0] + sound[1] + sound[3]
    # An int32 record that is cut off: the bytes after it must not become samples.
    values = np.arange(96).astype(">i4").tobytes()
    plain = [header(">", "Z", 96, 3, start=(2024, 122, 10, 0, i, 0), number=i + 1, data=values) for i in range(3)]
    (FOLDER / "int32-cut-inside.mseed").write_bytes(plain[0] + plain[1][:350] + plain[2])
    SOUND["int32-cut-inside"] = plain[0] + plain[2]
    # A damaged length hides the records after it.
    longer = bytearray(plain[0])
    longer[54] = 10
    (FOLDER / "length-damaged.mseed").write_bytes(bytes(longer) + plain[1] + plain[2])
    SOUND["length-damaged"] = b"".join(plain)
    # Without blockette 1000.
    old = [bytearray(record_at(i)) for i in range(3)]
    for i, record in enumerate(old):
        frames, samples = steim(1, ">", np.random.default_rng(40 + i), words=30)
        record[39] = 0
        record[46:48] = bytes(2)
        record[48:128] = bytes(80)
        record[128:] = frames.ljust(384, b"\0")
        record[24:30] = struct.pack(">BBBBH", 10, i, 0, 0, 0)
        record[30:32] = struct.pack(">H", len(samples))
    (FOLDER / "no-blockette-1000.mseed").write_bytes(b"".join(old))


def version_3():
    from pymseed import DataEncoding
    traces = MS3TraceList()
    traces.add_data(sourceid="FDSN:XX_NODE_00_E_H_N", data_samples=list(range(0, 300, 3)), sample_type="i", sample_rate=RATE,
                    starttime=int(obspy.UTCDateTime("2024-05-01T10:00:00Z").ns))
    out = Path("/tmp/three.mseed3")
    traces.to_file(str(out), overwrite=True, format_version=3, max_record_length=512, encoding=DataEncoding.STEIM2)
    return out.read_bytes()


def by_libmseed(path):
    traces = {}
    own = MS3TraceList.from_file(str(path), unpack_data=True, skip_not_data=True)
    for trace in own:
        for part in trace:
            if part.sampletype not in ("i", "f", "d"):
                continue
            network, station, location, band, source, sub = trace.sourceid.removeprefix("FDSN:").split("_")
            channel = f"{network}.{station}.{location}.{band}{source}{sub}"
            traces.setdefault(channel, []).append(
                {"start": part.starttime, "rate": part.samprate, "samples": np.array(part.np_datasamples).tolist()})
    return traces


def by_obspy(path):
    traces = {}
    for trace in obspy.read(str(path), format="MSEED"):
        if trace.data.dtype.kind in "if" and len(trace):
            traces.setdefault(trace.id, []).append(
                {"start": trace.stats.starttime.ns, "rate": trace.stats.sampling_rate, "samples": trace.data.tolist()})
    return traces


def main():
    warnings.simplefilter("ignore")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    packed_twins()
    plain_and_gain_ranged()
    amid_others()
    own, samples = steim(2, "<", np.random.default_rng(5))
    SOUND["order-95-le"] = header("<", "Z", len(samples), 11, data=own)
    expected = {}
    for path in sorted(FOLDER.glob("*.mseed")):
        sound = path
        if path.stem in SOUND:
            sound = Path("/tmp/sound.mseed")
            sound.write_bytes(SOUND[path.stem])
        expected[path.stem] = by_libmseed(sound)
        try:
            same = by_obspy(path) == expected[path.stem]
            print(f"{path.name}: {'as ObsPy reads it' if same else 'ObsPy reads something else'}")
        except Exception as error:
            print(f"{path.name}: ObsPy refuses it: {type(error).__name__}")
    (FOLDER / "expected.json").write_text(json.dumps(expected))


main()
