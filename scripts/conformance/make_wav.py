"""Writes crates/data/tests/fixtures/wav: every sample format of WAV, and what SciPy and soundfile read.

    pip install numpy scipy soundfile
    python scripts/conformance/make_wav.py

soundfile writes the formats it supports; this script assembles the others. `expected.json` has rate and channels by file, as
integers (SciPy shifts 24 bits up to 32; this is undone), 8-bit integers around 0. If both SciPy and soundfile read a file, they
must agree. Neither reads damaged files; their expected values are those of the intact part.
"""
import json
import struct
import warnings
from pathlib import Path

import numpy as np
import soundfile
from scipy.io import wavfile

FOLDER = Path(__file__).resolve().parents[2] / "crates/data/tests/fixtures/wav"
RATE = 512
N = 37
RNG = np.random.default_rng(11)
# The usual end of a WAVE_FORMAT_EXTENSIBLE GUID.
TAIL = bytes.fromhex("000000001000800000aa00389b71")


def by_soundfile():
    signal = RNG.uniform(-0.9, 0.9, (N, 2))
    for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"):
        name = subtype.lower().replace("_", "")
        soundfile.write(FOLDER / f"riff-{name}.wav", signal, RATE, subtype, format="WAV")
        soundfile.write(FOLDER / f"extensible-{name}.wav", signal, RATE, subtype, format="WAVEX")
        soundfile.write(FOLDER / f"rf64-{name}.wav", signal, RATE, subtype, format="RF64")
        soundfile.write(FOLDER / f"rifx-{name}.wav", signal, RATE, subtype, "BIG", format="WAV")
    for subtype in ("ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610"):
        rate, mono = (8000, signal[:, :1])
        soundfile.write(FOLDER / f"codec-{subtype.lower()}.wav", mono, rate, subtype, format="WAV")


def chunk(name, content, order="<", length=None, pad=True):
    length = len(content) if length is None else length
    return name + struct.pack(order + "I", length) + content + (b"\0" if pad and len(content) % 2 else b"")


def wav(chunks, order="<", head=None, length=None):
    body = b"WAVE" + b"".join(chunks)
    head = head or {"<": b"RIFF", ">": b"RIFX"}[order]
    return head + struct.pack(order + "I", len(body) if length is None else length) + body


def form(codec, channels, block, bits, order="<", extra=b""):
    own = struct.pack(order + "HHIIHH", codec, channels, RATE, RATE * block, block, bits)
    return chunk(b"fmt ", own + extra, order)


def extensible(codec, channels, block, bits, valid, order="<"):
    guid = struct.pack(order + "I", codec) + struct.pack(order + "HH", 0, 16) + TAIL[-8:]
    extra = struct.pack(order + "HHI", 22, valid, 0) + guid
    return form(0xFFFE, channels, block, bits, order, extra)


def put_together():
    left_16 = (RNG.integers(-1000, 1000, 2 * N) << 16).astype("<i4").tobytes()
    left_24 = (RNG.integers(-1000, 1000, 2 * N) << 8).astype("<i4").tobytes()
    left_20 = b"".join(int(v << 4).to_bytes(3, "little", signed=True) for v in RNG.integers(-1000, 1000, 2 * N))
    left_12 = (RNG.integers(-1000, 1000, 2 * N) << 4).astype("<i2").tobytes()
    int_64 = RNG.integers(-2**52, 2**52, 2 * N).astype("<i8").tobytes()
    int_16 = RNG.integers(-2**15, 2**15, 2 * N).astype("<i2").tobytes()
    odd = np.arange(9, dtype=np.uint8).tobytes()
    plain = form(1, 2, 4, 16)
    data = chunk(b"data", int_16)
    files = {
        "16-in-32": wav([extensible(1, 2, 8, 32, 16), chunk(b"data", left_16)]),
        "24-in-32": wav([extensible(1, 2, 8, 32, 24), chunk(b"data", left_24)]),
        "20-in-24": wav([form(1, 2, 6, 20), chunk(b"data", left_20)]),
        "12-in-16": wav([form(1, 2, 4, 12), chunk(b"data", left_12)]),
        "16-in-32-plain": wav([form(1, 2, 8, 16), chunk(b"data", left_16)]),
        "24-in-32-plain": wav([form(1, 2, 8, 24), chunk(b"data", left_24)]),
        "int64": wav([form(1, 2, 16, 64), chunk(b"data", int_64)]),
        "big-endian-extensible": wav([extensible(1, 2, 4, 16, 16, ">"), chunk(b"data", int_16, ">")], ">"),
        "odd-chunks": wav([chunk(b"JUNK", b"abc"), plain, chunk(b"note", b"x"), data, chunk(b"LIST", b"12345")]),
        "odd-data": wav([form(1, 1, 1, 8), chunk(b"data", odd), chunk(b"LIST", b"abcd")]),
        "chunk-after": wav([plain, data, chunk(b"LIST", b"INFOISFT\x04\0\0\0abcd")]),
    }
    # Damaged files, and files with only their sound part.
    sound = {
        "length-0": (wav([plain, chunk(b"data", int_16, length=0)], length=0), wav([plain, data])),
        "length-ffffffff": (wav([plain, chunk(b"data", int_16, length=2**32 - 1)], length=2**32 - 1), wav([plain, data])),
        "length-beyond": (wav([plain, chunk(b"data", int_16, length=10**6)]), wav([plain, data])),
        "half-frame": (wav([plain, chunk(b"data", int_16 + b"abc")]), wav([plain, data])),
        "without-pad": (wav([chunk(b"JUNK", b"abc", pad=False), plain, data]), wav([plain, data])),
        "rf64-unknown": (wav([chunk(b"ds64", struct.pack("<QQQI", 2**64 - 1, 2**64 - 1, 0, 0)), plain,
                              chunk(b"data", int_16, length=2**32 - 1)], head=b"RF64", length=2**32 - 1), wav([plain, data])),
        "block-0": (wav([form(1, 2, 0, 16), data]), wav([plain, data])),
    }
    for name, content in files.items():
        (FOLDER / f"{name}.wav").write_bytes(content)
    for name, (content, _) in sound.items():
        (FOLDER / f"{name}.wav").write_bytes(content)
    # An empty recording, which differs from one of unknown length.
    (FOLDER / "empty.wav").write_bytes(wav([plain, chunk(b"data", b""), chunk(b"LIST", b"abcd")]))
    return {name: content for name, (_, content) in sound.items()}


def by_scipy(path):
    rate, samples = wavfile.read(path)
    samples = samples.reshape(len(samples), -1)
    if samples.dtype == np.uint8:
        samples = samples.astype(np.int16) - 128
    elif samples.dtype.kind == "i" and samples.dtype.itemsize == 4 and "24" in path.name and "32" not in path.name or path.stem == "20-in-24":
        samples = samples >> 8
    return rate, samples.T.tolist()


def check_with_soundfile(path, expected):
    scale = {"PCM_U8": 2**7, "PCM_S8": 2**7, "PCM_16": 2**15, "PCM_24": 2**23, "PCM_32": 2**31, "FLOAT": 1, "DOUBLE": 1}
    try:
        with soundfile.SoundFile(path) as file:
            samples = file.read(dtype="float64", always_2d=True) * scale[file.subtype]
            rate = file.samplerate
    except soundfile.LibsndfileError as error:
        return f"soundfile refuses it: {error}"
    same = rate == expected["rate"] and samples.T.tolist() == expected["channels"]
    return "as soundfile reads it" if same else "soundfile reads something else"


def main():
    warnings.simplefilter("ignore")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    by_soundfile()
    sound = put_together()
    expected = {}
    for path in sorted(FOLDER.glob("*.wav")):
        if path.stem.startswith("codec-") or path.stem == "empty":
            continue
        own = path
        if path.stem in sound:
            own = Path("/tmp/sound.wav")
            own.write_bytes(sound[path.stem])
        rate, channels = by_scipy(own)
        expected[path.stem] = {"rate": rate, "channels": channels}
        print(f"{path.name}: {len(channels)} x {len(channels[0])}, {check_with_soundfile(path, expected[path.stem])}")
    (FOLDER / "expected.json").write_text(json.dumps(expected))


main()
