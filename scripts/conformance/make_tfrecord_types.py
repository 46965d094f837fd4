"""Writes TFRecord files with windows stored in every numeric type, without TensorFlow: the script writes framing, checksums and
protocol buffers by their specification, and numbers with NumPy.

    python scripts/conformance/make_tfrecord_types.py crates/data/tests/fixtures/tfrecord_types

Files `read_*` hold the windows of `expected.json`; files `refused_*` lack information that reading needs.
"""
import json
import os
import struct
import sys

import numpy as np

TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ 0x82F63B78 if n & 1 else n >> 1
    TABLE.append(n)


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def text(*values):
    return field(1, b"".join(field(1, v) for v in values))


def floats(values):
    return field(2, field(1, np.asarray(values, "<f4").tobytes()))


def ints(values):
    return field(3, field(1, b"".join(varint(int(v)) for v in values)))


def example(features):
    entries = b"".join(field(1, field(1, name.encode()) + field(2, kind)) for name, kind in features.items())
    return field(1, entries)


def tensor(array, number):
    shape = b"".join(field(2, varint(1 << 3) + varint(n)) for n in array.shape)
    return varint(1 << 3) + varint(number) + field(2, shape) + field(4, array.tobytes())


def main(folder):
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(3)
    windows = rng.integers(-2000, 2000, (4, 2, 16))
    shape = ints((2, 16))
    label = {"label": None}

    def write(name, features):
        with open(os.path.join(folder, name + ".tfrecord"), "wb") as file:
            for i, window in enumerate(windows):
                data = example({k: ints([i % 3]) if v is None else v for k, v in features(window).items()})
                length = struct.pack("<Q", len(data))
                file.write(length + masked_crc(length) + data + masked_crc(data))

    write("read_float_list", lambda w: {"x": floats(w.ravel()), "shape": shape, **label})
    write("read_int_list", lambda w: {"shape": shape, **label, "x": ints(w.ravel())})
    for kind in ["float32", "float64"]:
        write(f"read_{kind}_shape", lambda w: {"x": text(w.astype(kind).tobytes()), "shape": shape, **label})
        write(f"refused_{kind}_alone", lambda w: {"x": text(w.astype(kind).tobytes()), **label})
    for kind, number in [("float16", 19), ("float32", 1), ("float64", 2), ("int16", 5), ("int32", 3), ("int64", 9)]:
        write(f"read_{kind}_named", lambda w: {"x": text(w.astype(kind).tobytes()), "dtype": text(kind.encode()), **label})
        write(f"read_{kind}_tensor", lambda w: {"x": text(tensor(w.astype(kind), number)), **label})
    write("read_big_endian", lambda w: {"x": text(w.astype(">i2").tobytes()), "dtype": text(b">i2"), "shape": shape, **label})
    for kind in ["int16", "int32", "int64", "float16"]:
        write(f"refused_{kind}_shape", lambda w: {"x": text(w.astype(kind).tobytes()), "shape": shape, **label})
    write("refused_int16_alone", lambda w: {"x": text(w.astype("int16").tobytes()), **label})
    write("read_other_names", lambda w: {"waveform": floats(w.ravel()), "y": None})
    write("one_hot", lambda w: {"x": floats(w.ravel()), "label": ints([0, 1, 0])})
    write("refused_text_label", lambda w: {"x": floats(w.ravel()), "label": text(b"footsteps")})
    write("refused_two_names", lambda w: {"data": floats(w.ravel()), "waveform": floats(w.ravel()), **label})
    expected = {"windows": windows.reshape(4, -1).tolist(), "shape": [2, 16], "labels": [i % 3 for i in range(4)]}
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file)


if __name__ == "__main__":
    main(sys.argv[1])
