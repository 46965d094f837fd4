"""Compares the reading of generated and damaged samples with NumPy, TensorFlow and h5py: whole arrays, shapes and labels.

    pip install numpy h5py tensorflow
    cargo build -p data --example recordings
    python scripts/conformance/differential_samples.py target/debug/examples/recordings [--files 200] [--seed 1]

The generated files are NumPy's `.npz` and `.npy` with every numeric type, both byte orders and memory orders, stored and
deflated; TFRecord with floats, integers, bytes of every type and tensors, plain and with gzip; SeisBench's HDF5 with every
type, order, filter, chunking and library version. Half of the files are damaged, some before archives and records are framed
with checksums: the project must then read the same as the Python reader, or give an error. Differences are printed, and their
number is the exit status.
"""
import argparse
import io
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import warnings
import zipfile
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import h5py
import numpy as np

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
TYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]


def values(rng, kind, shape):
    """Numbers over the whole range of a type; of floats some that are not finite, too small to be normal, or zero below zero."""
    kind = np.dtype(kind)
    if kind.kind == "f":
        exponents = rng.uniform(*{2: (-7, 4.8), 4: (-44, 38), 8: (-44, 38)}[kind.itemsize], shape)
        own = rng.normal(0, 1, shape).clip(-1, 1) * 10.0**exponents
        special = rng.choice([np.nan, np.inf, -np.inf, -0.0, 1e-7], shape)
        return np.where(rng.random(shape) < 0.01, special, own).astype(kind)
    return rng.integers(np.iinfo(kind).min, np.iinfo(kind).max, shape, dtype=kind.newbyteorder("="), endpoint=True).astype(kind)


def typed(rng, kinds=TYPES):
    return str(rng.choice(["<", ">"])) + str(rng.choice(kinds))


def shape_of(rng):
    return int(rng.integers(1, 6)), int(rng.integers(1, 4)), int(rng.integers(1, 40)) * 8


def damaged(rng, content):
    """A few bytes changed, doubled or cut off; headers more often than data."""
    content = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        reach = min(len(content), 512) if rng.random() < 0.5 else len(content)
        at = int(rng.integers(reach))
        some = int(rng.integers(1, 9))
        change = rng.integers(5)
        if change == 0:
            content[at] = int(rng.integers(256))
        elif change == 1:
            content[at] ^= 1 << int(rng.integers(8))
        elif change == 2:
            content[at:at + some] = bytes([int(rng.choice([0, 255]))]) * len(content[at:at + some])
        elif change == 3 and len(content) - at < len(content) // 2:
            del content[at:]
        else:
            content[at:at] = content[at:at + some]
    return bytes(content)


def touched(rng, content):
    """One byte changed, or none: what a checksum would tell."""
    content = bytearray(content)
    if rng.random() < 0.5:
        content[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
    return bytes(content)


# NumPy ------------------------------------------------------------------------------------------------------------


def arrays(rng):
    shape = shape_of(rng)
    x = values(rng, typed(rng), shape)
    if rng.random() < 0.3:
        x = np.asfortranarray(x)
    y = rng.integers(0, 5, shape[0]).astype(typed(rng, ["i1", "u1", "i2", "i4", "i8", "u8"]))
    return x, y


def npz(rng, path, hurt):
    x, y = arrays(rng)
    more = {"note": np.array("a text"), "rate": np.float64(100)} if rng.random() < 0.3 else {}
    with zipfile.ZipFile(path, "w", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][rng.integers(2)]) as archive:
        for name, array in {"x": x, "y": y, **more}.items():
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(f"{name}.npy", hurt(content.getvalue()))
    return [path]


def npy(rng, path, hurt):
    x, y = arrays(rng)
    for own, array in [(path, x), (path.with_name("y" + path.name[1:]), y)]:
        version = [(1, 0), (2, 0), (3, 0)][rng.integers(3)]
        with open(own, "wb") as file:
            np.lib.format.write_array(file, array, version=version)
    return [path]


def records(x, y):
    if x.ndim != 3 or len(x) != len(y):
        return None
    with np.errstate(over="ignore"):
        return [(list(own.shape), own.astype(np.float32).ravel(), int(label)) for own, label in zip(x, y)]


def by_numpy(path):
    if path.suffix == ".npz":
        with np.load(path) as own:
            return records(own["x"], own["y"])
    return records(np.load(path), np.load(path.with_name("y" + path.name[1:])))


# TFRecord ---------------------------------------------------------------------------------------------------------


def tfrecord(rng, path, hurt):
    import tensorflow as tf
    def bytes_of(value):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    def ints(value):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=value))
    count, channels, n = shape_of(rng)
    form = rng.integers(5)
    kind = typed(rng, ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "f2", "f4", "f8"])
    options = tf.io.TFRecordOptions(compression_type="GZIP" if rng.random() < 0.3 else None)
    with tf.io.TFRecordWriter(str(path), options) as writer:
        for _ in range(count):
            features = {"shape": ints([channels, n]), "label": ints([int(rng.integers(5))])}
            if form == 0:
                own = values(rng, "<f4", (channels, n))
                features["x"] = tf.train.Feature(float_list=tf.train.FloatList(value=own.ravel()))
            elif form == 1:
                features["x"] = ints(values(rng, "<i8", (channels, n)).ravel())
            elif form == 2:
                features["x"] = bytes_of(values(rng, "<f4", (channels, n)).tobytes())
            elif form == 3:
                features["x"] = bytes_of(values(rng, kind, (channels, n)).tobytes())
                features["dtype"] = bytes_of(kind.encode())
            else:
                features["x"] = bytes_of(tf.io.serialize_tensor(values(rng, "<" + kind[1:], (channels, n))).numpy())
                del features["shape"]
            writer.write(hurt(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()))
    return [path]


def by_tensorflow(path):
    import tensorflow as tf
    packed = "GZIP" if path.read_bytes()[:2] == b"\x1f\x8b" else ""
    found = []
    for raw in tf.data.TFRecordDataset(str(path), compression_type=packed):
        own = tf.train.Example.FromString(raw.numpy()).features.feature
        kind = own["x"].WhichOneof("kind")
        if kind == "float_list":
            x = np.array(own["x"].float_list.value, np.float32)
        elif kind == "int64_list":
            x = np.array(own["x"].int64_list.value, np.int64)
        elif "shape" not in own:
            kinds = [tf.int8, tf.uint8, tf.int16, tf.uint16, tf.int32, tf.uint32, tf.int64, tf.half, tf.float32, tf.float64]
            proto = own["x"].bytes_list.value[0]
            x = None
            for one in kinds:
                try:
                    x = tf.io.parse_tensor(proto, one).numpy()
                    break
                except tf.errors.InvalidArgumentError:
                    pass
        else:
            kind = own["dtype"].bytes_list.value[0].decode() if "dtype" in own else "<f4"
            x = np.frombuffer(own["x"].bytes_list.value[0], kind)
        if "shape" in own:
            x = x.reshape(own["shape"].int64_list.value)
        elif x.ndim == 1:
            x = x.reshape(2, -1)  # the default if the file gives no shape
        with np.errstate(over="ignore"):
            found.append((list(x.shape), x.astype(np.float32).ravel(), int(own["label"].int64_list.value[0])))
    return found


# HDF5 -------------------------------------------------------------------------------------------------------------


def hdf5(rng, path, hurt):
    path.mkdir()
    n = int(rng.integers(1, 5))
    with h5py.File(path / "waveforms.hdf5", "w", libver=[None, "latest", ("earliest", "v110")][rng.integers(3)]) as file:
        file["data_format/dimension_order"] = "CW"
        file["data_format/component_order"] = "ZNE"
        file["data_format/sampling_rate"] = 100.0
        for i in range(n):
            kind = typed(rng)
            keys = {}
            samples = int(rng.integers(4, 400))
            if rng.random() < 0.6:
                keys["chunks"] = (int(rng.integers(1, 4)), int(rng.integers(1, samples + 1)))
                filters = [{}, {"compression": "gzip"}, {"compression": "gzip", "shuffle": True}, {"compression": "lzf"},
                           {"fletcher32": True}, {"shuffle": True, "fletcher32": True}]
                keys |= filters[rng.integers(len(filters))]
                if rng.random() < 0.3:
                    keys["maxshape"] = (3, None)
            own = file.create_dataset(f"data/t{i}", data=values(rng, kind, (3, samples)), **keys)
            if rng.random() < 0.3:
                own.attrs["unit"] = "counts"
    rows = "".join(f"t{i},noise,100.0\n" for i in range(n))
    (path / "metadata.csv").write_text("trace_name,source_type,trace_sampling_rate_hz\n" + rows)
    return [path / "waveforms.hdf5"]


def by_h5py(path):
    rows = (path / "metadata.csv").read_text().splitlines()[1:]
    with h5py.File(path / "waveforms.hdf5") as file:
        arrays = []
        for row in rows:
            try:
                arrays.append(file["data/" + row.split(",")[0]][()].astype(np.float64))
            except (OSError, KeyError, RuntimeError, ValueError, TypeError):
                arrays.append(None)
    return arrays


# Comparison -------------------------------------------------------------------------------------------------------


def same(ours, theirs):
    """Numbers to the bit but for what NaN is; JSON has no words for infinite ones, which are texts."""
    own = np.array([float(v) if v is not None else np.nan for v in ours])
    return own.size == theirs.size and np.array_equal(own, theirs.ravel().astype(np.float64), equal_nan=True)


def differs(ours, theirs, whole):
    """What is wrong, and whether anything was compared."""
    if "error" in ours:
        return (f"refused: {ours['error']}" if whole else None), False
    if theirs is None:
        return None, False
    if "rows" in ours:
        for i, (row, other) in enumerate(zip(ours["rows"], theirs)):
            if "error" in row:
                if whole:
                    return f"trace {i} refused: {row['error']}", False
            elif other is not None and (other.ndim != 2 or len(row["traces"]) != len(other)
                                        or not all(same(a, b) for a, b in zip(row["traces"], other))):
                return f"trace {i}: other samples", True
        return None, True
    own = ours["records"]
    if len(own) != len(theirs):
        return f"{len(own)} records instead of {len(theirs)}", True
    for i, (record, (shape, samples, label)) in enumerate(zip(own, theirs)):
        if record["shape"] != shape or record["label"] != label:
            return f"record {i}: {record['shape']} and {record['label']} instead of {shape} and {label}", True
        if not same(record["values"], samples):
            return f"record {i}: other samples", True
    return None, True


def read(reader, path):
    try:
        return reader(path), None
    except Exception as error:  # a damaged file may raise anything
        return None, f"{type(error).__name__}: {error}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("example")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(args.seed)
    kinds = [("npz", npz, by_numpy), ("npy", npy, by_numpy), ("tfrecord", tfrecord, by_tensorflow), ("hdf5", hdf5, by_h5py)]
    different = 0
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        folder = args.keep or Path(folder)
        folder.mkdir(exist_ok=True)
        for ending, write, reader in kinds:
            if args.only not in ending:
                continue
            own = folder / ending
            own.mkdir(exist_ok=True)
            paths = [own / (f"x_{i}" if ending == "hdf5" else f"x_{i}.{ending}") for i in range(args.files)]
            for i, path in enumerate(paths):
                # The content of archives and records may be damaged before the checksum is computed.
                inside = i % 4 == 1 and ending in ("npz", "tfrecord")
                files = write(rng, path, lambda content: touched(rng, content) if inside else content)
                for file in files if i % 2 and not inside else []:
                    file.write_bytes(damaged(rng, file.read_bytes()))
            output = subprocess.run([args.example, "--records", *paths], capture_output=True, text=True)
            if output.returncode:
                sys.exit(f"{ending}: ended with {output.returncode} after {len(output.stdout.splitlines())} files: {output.stderr[-2000:]}")
            wrong = compared = refused = 0
            pool = ProcessPoolExecutor(1, spawn)
            for i, (path, line) in enumerate(zip(paths, output.stdout.splitlines(), strict=True)):
                try:
                    theirs, error = pool.submit(read, reader, path).result()
                except BrokenProcessPool:
                    theirs, error = None, "died"
                    pool = ProcessPoolExecutor(1, spawn)
                if error and not i % 2:
                    sys.exit(f"{path.name}: its own library cannot read it: {error}")
                ours = json.loads(line)
                problem, had = differs(ours, theirs, not i % 2)
                compared += had and i % 2
                refused += "error" in ours
                if problem:
                    print(f"{path.name}{' (damaged)' if i % 2 else ''}: {problem}")
                wrong += problem is not None
            pool.shutdown()
            different += wrong
            print(f"{ending}: {len(paths)} files, {refused} refused, {compared} damaged ones compared, {wrong} differ", flush=True)
    sys.exit(min(different, 100))


if __name__ == "__main__":
    main()
