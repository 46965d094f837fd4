"""Writes crates/data/tests/fixtures/reftek: files of a Reftek 130, and what ObsPy reads from them.

    pip install numpy obspy
    python scripts/conformance/make_reftek.py

This script assembles the packets; ObsPy compresses the samples. `expected.json` has channel, start (ns), rate and samples of each trace by
file.
"""
import io
import json
import struct
import warnings
from pathlib import Path

import numpy as np
import obspy

FIXTURES = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/reftek"
START = obspy.UTCDateTime("2024-02-29T23:59:58.255Z")
FORMATS = {"16": 0x16, "32": 0x32, "C0": 0xC0, "C2": 0xC2}


def bcd(text):
    return bytes.fromhex(text)


def packet(kind, time, sequence, payload, event=1, stream=0, channel=0, count=0, form="C0", unit="9E16"):
    """A packet of 1024 bytes."""
    day = f"{time.julday:03d}{time.hour:02d}{time.minute:02d}{time.second:02d}{time.microsecond // 1000:03d}"
    head = kind + bcd(f"00{time.year % 100:02d}{unit}{day}1024{sequence:04d}{event:04d}{stream:02d}{channel:02d}{count:04d}00")
    return head + bytes([FORMATS[form]]) + payload.ljust(1000, b"\0")


def header(rate, station="NODE", stream="EH", codes=()):
    """The payload of an event's header or trailer."""
    own = bytearray(b" " * 1000)
    for at, text in ((0, "Trigger Time = 2024001000000000"), (35, station[4:5]), (36, station[:4]), (40, stream), (64, f"{rate:<4.4}"),
                     (836, "03"), *((440 + 4 * i, code) for i, code in enumerate(codes))):
        own[at:at + len(text)] = text.encode()
    return bytes(own)


def parts(samples, form):
    """Payloads and numbers of samples of packets."""
    if form in ("16", "32"):
        dtype, most = {"16": (">i2", 500), "32": (">i4", 250)}[form]
        return [(samples[i:i + most].astype(dtype).tobytes(), len(samples[i:i + most])) for i in range(0, len(samples), most)]
    content = io.BytesIO()
    obspy.Trace(samples.astype(np.int32)).write(content, format="MSEED", encoding={"C0": "STEIM1", "C2": "STEIM2"}[form], reclen=1024)
    records = content.getvalue()
    # Frames follow 64 bytes of a record, and 40 bytes of a payload.
    return [(bytes(40) + records[i + 64:i + 1024], struct.unpack(">H", records[i + 30:i + 32])[0]) for i in range(0, len(records), 1024)]


def file(channels, form, rate, start=START, event=1, heads=(True, True), **keys):
    """A header, packets of channels in turn, and a trailer."""
    queues = [[(number, start, own) for own in parts(samples, form)] for number, samples in channels]
    at = {number: start for number, _ in channels}
    content, sequence = [], 1
    while any(queues):
        for queue in queues:
            if queue:
                number, _, (payload, count) = queue.pop(0)
                content.append(packet(b"DT", at[number], sequence, payload, event, 0, number, count, form))
                at[number] += count / rate
                sequence += 1
    head = header(rate, **keys)
    before = [packet(b"EH", start, 0, head, event, form=form)] if heads[0] else []
    behind = [packet(b"ET", start, sequence, head, event, form=form)] if heads[1] else []
    return b"".join(before + content + behind)


def walk(rng, count, step):
    return np.cumsum(rng.integers(-step, step + 1, count))


def expected(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = obspy.read(str(path), format="REFTEK130")
    return [{"channel": own.id, "start": own.stats.starttime.ns, "rate": own.stats.sampling_rate, "samples": own.data.astype(np.float64).tolist()}
            for own in read]


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rng, all_files = np.random.default_rng(59), {}
    state = packet(b"SH", START, 0, b"State of health")
    files = {
        "integers.rt130": file([(0, walk(rng, 260, 99) % 30_000), (1, walk(rng, 20, 9))], "32", 100.0),
        "short.rt130": file([(0, walk(rng, 40, 9))], "16", 0.1, codes=["LHZ"]),
        "steim1.rt130": state + file([(0, walk(rng, 900, 300)), (2, walk(rng, 30, 9))], "C0", 200.0, station="KW1", heads=(True, False)),
        "steim2.rt130": file([(0, walk(rng, 1000, 900))], "C2", 62.5, station="LONGN", stream="DS 1", heads=(False, True)),
    }
    # A gap of two seconds, in another event.
    files["events.rt130"] = (file([(0, walk(rng, 50, 99))], "32", 50.0) + file([(0, walk(rng, 50, 99))], "32", 50.0, START + 1, 2)
                             + file([(0, walk(rng, 50, 99))], "32", 50.0, START + 4, 3))
    for name, content in files.items():
        (FIXTURES / name).write_bytes(content)
        all_files[name] = expected(FIXTURES / name)
    (FIXTURES / "expected.json").write_text(json.dumps(all_files))
    print({path.name: path.stat().st_size for path in FIXTURES.iterdir()})


if __name__ == "__main__":
    main()
