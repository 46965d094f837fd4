"""Recordings that `instructions.py` reads: three channels of a random walk at 200 Hz, written with Python's standard library alone."""

import array
import datetime
import pathlib
import random
import struct
import wave

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/recordings"
RATE = 200
# Samples of the shorter and of the longer file.
SAMPLES = (100_000, 300_000)


def walk(samples, seed=1):
    draw = random.Random(seed)
    value, values = 0, []
    for _ in range(samples):
        value = max(-30_000, min(30_000, value + draw.randint(-20, 20)))
        values.append(value)
    return values


def write_csv(path, samples):
    columns = [walk(samples, seed) for seed in (1, 2, 3)]
    rows = (f"{i / RATE:.3f},{a},{b},{c}\n" for i, (a, b, c) in enumerate(zip(*columns)))
    path.write_text("time,Z,N,E\n" + "".join(rows))


def write_dates(path, samples):
    start = datetime.datetime(2024, 5, 1)
    step = datetime.timedelta(seconds=1 / RATE)
    rows = (f"{(start + i * step).isoformat(timespec='milliseconds')}Z\t{value / 1000}\n" for i, value in enumerate(walk(samples)))
    path.write_text("time\tZ\n" + "".join(rows))


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array.array("h", walk(samples)).tobytes())


def write_sac(path, samples):
    """The header of the fixture, with another number of samples."""
    header = bytearray((FIXTURES / "le.sac").read_bytes()[:632])
    struct.pack_into("<f", header, 0, 1 / RATE)
    struct.pack_into("<i", header, 4 * 79, samples)
    for extreme in (1, 2, 6, 56):
        struct.pack_into("<f", header, 4 * extreme, -12345.0)
    path.write_bytes(header + array.array("f", walk(samples)).tobytes())


def write_miniseed(path, samples):
    """Records of 512 bytes with Steim-1, whose differences all fit in bytes: 103 words of four in seven frames."""
    header = bytearray((FIXTURES / "steim1.mseed").read_bytes()[:64])
    start = datetime.datetime(2024, 5, 1)
    values = walk(samples)
    differences = [0, *(b - a for a, b in zip(values, values[1:]))]
    held = 4 * 103
    with path.open("wb") as file:
        for number, first in enumerate(range(0, samples, held)):
            part = differences[first : first + held]
            count = len(part)
            time = start + datetime.timedelta(seconds=first / RATE)
            header[:6] = f"{number:06d}".encode()
            struct.pack_into(">HHBBBBHHhh", header, 20, time.year, time.timetuple().tm_yday, time.hour, time.minute,
                             time.second, 0, time.microsecond // 100, count, RATE, 1)
            part += [0] * (held - count)
            words = [struct.pack(">ii", values[first], values[first + count - 1])]
            words += [struct.pack(">4b", *part[i : i + 4]) for i in range(0, held, 4)]
            body = b"".join(words)
            # Two bits for each of 16 words: none for the control word, the first and the last value, 1 for bytes.
            controls = [0x05555555, *[0x15555555] * 6]
            frames = (struct.pack(">I", control) + body[60 * i : 60 * (i + 1)] for i, control in enumerate(controls))
            file.write(header + b"".join(frames))


# By row of the table: what writes the file, and its ending.
FILES = {
    "csv-three-channels": (write_csv, "csv"),
    "tsv-dates": (write_dates, "tsv"),
    "wav-16-bits": (write_wav, "wav"),
    "sac": (write_sac, "sac"),
    "miniseed-steim-1": (write_miniseed, "mseed"),
}
