"""Variants of samples, labels and SeisBench folders that occur in practice, each compared with the plain form of the same data.

    pip install numpy h5py tensorflow
    cargo build -p data --bin data
    python scripts/conformance/variations_samples.py target/debug/data [--keep FOLDER] [--only TEXT]

Every case is a dataset (NumPy, TFRecord) or an import (labels, SeisBench) with known windows. Its fingerprints must equal those
of the plain form, or it must be refused. Differences are printed, and their number is the exit status.
"""
import argparse
import datetime
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf  # noqa: E402

REFUSED = "refused"
SAME = "same"
RNG = np.random.default_rng(5)
X = RNG.integers(-2000, 2000, (24, 2, 256)).astype(np.float32)
Y = np.arange(24) % 2
CASES = []


class Case:
    def __init__(self, name, write, expected, kind):
        self.name, self.write, self.expected, self.kind = name, write, expected, kind


def case(kind, name, expected=SAME):
    def keep(function):
        CASES.append(Case(name, function, expected, kind))
        return function
    return keep


# Samples ----------------------------------------------------------------------------------------------------------


def numpy(name, expected=SAME, **arrays):
    @case("numpy", name, expected)
    def _(folder):
        np.savez(folder / "s.npz", **arrays)
        return "s.npz"


for kind in ["<f4", ">f4", "<f8", ">f8", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "<f2", "longdouble", "complex64", "object"]:
    own = X / 4 if kind == "<f2" else X
    numpy(f"x_{kind.strip('<>')}{'_big' if kind[0] == '>' else ''}", REFUSED if kind in ("longdouble", "complex64", "object") else (SAME if kind != "<f2" else None),
          x=own.astype(kind), y=Y)
numpy("fortran", x=np.asfortranarray(X), y=Y)
numpy("fortran_big_endian", x=np.asfortranarray(X.astype(">i4")), y=Y)
numpy("transposed_view", x=np.ascontiguousarray(X.transpose(2, 1, 0)).transpose(2, 1, 0), y=Y)
for kind in [np.int8, np.uint8, np.uint16, np.int32, np.uint64, np.float32, np.float64, bool, ">i4"]:
    numpy(f"y_{np.dtype(kind).str.strip('<>|')}", x=X, y=Y.astype(kind))
numpy("y_column", x=X, y=Y[:, None])
numpy("y_one_hot", REFUSED, x=X, y=np.eye(2)[Y])
numpy("y_halves", REFUSED, x=X, y=Y + 0.5)
numpy("y_texts", REFUSED, x=X, y=np.array(["a", "b"])[Y])
numpy("names_data_labels", data=X, labels=Y)
numpy("names_capital", X=X, Y=Y)
numpy("names_train", X_train=X, y_train=Y, expected=None)
numpy("names_positional", arr_0=X, arr_1=Y)
numpy("more_arrays", x=X, y=Y, note=np.array("text"), rate=np.float64(100))
numpy("structured", REFUSED, x=np.zeros(24, dtype=[("z", "f4", 256), ("e", "f4", 256)]), y=Y)
numpy("channels_last", None, x=np.ascontiguousarray(X.transpose(0, 2, 1)), y=Y)


@case("numpy", "compressed")
def _(folder):
    np.savez_compressed(folder / "s.npz", x=X, y=Y)
    return "s.npz"


@case("numpy", "npy_beside")
def _(folder):
    np.save(folder / "x.npy", X)
    np.save(folder / "y.npy", Y)
    return "x.npy"


@case("numpy", "npy_version_3")
def _(folder):
    for name, array in [("x.npy", X), ("y.npy", Y)]:
        with open(folder / name, "wb") as file:
            np.lib.format.write_array(file, array, version=(3, 0))
    return "x.npy"


def feature(value):
    value = np.asarray(value)
    if value.dtype.kind in "SU" or value.dtype == object:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.item() if isinstance(value.item(), bytes) else str(value).encode()]))
    if value.dtype.kind == "f":
        return tf.train.Feature(float_list=tf.train.FloatList(value=value.ravel()))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=value.ravel().astype(np.int64)))


def tfrecord(name, make, expected=SAME, compression=None):
    @case("tfrecord", name, expected)
    def _(folder):
        with tf.io.TFRecordWriter(str(folder / "s.tfrecord"), tf.io.TFRecordOptions(compression_type=compression)) as writer:
            for x, y in zip(X, Y):
                features = {key: value if isinstance(value, tf.train.Feature) else feature(value) for key, value in make(x, y).items()}
                writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
        return "s.tfrecord"


SHAPE = [2, 256]
tfrecord("floats_shape", lambda x, y: {"x": x, "shape": SHAPE, "label": y})
tfrecord("integers_shape", lambda x, y: {"x": x.astype(int), "shape": SHAPE, "label": y})
tfrecord("bytes_float32", lambda x, y: {"x": np.array(x.tobytes(), object), "shape": SHAPE, "label": y})
tfrecord("bytes_float64", lambda x, y: {"x": np.array(x.astype("f8").tobytes(), object), "shape": SHAPE, "label": y})
tfrecord("bytes_int16_dtype", lambda x, y: {"x": np.array(x.astype("i2").tobytes(), object), "shape": SHAPE, "dtype": np.array(b"int16", object), "label": y})
tfrecord("bytes_int16_no_dtype", lambda x, y: {"x": np.array(x.astype("i2").tobytes(), object), "shape": SHAPE, "label": y}, None)
tfrecord("bytes_int32_no_dtype", lambda x, y: {"x": np.array(x.astype("i4").tobytes(), object), "shape": SHAPE, "label": y}, None)
tfrecord("bytes_big_endian", lambda x, y: {"x": np.array(x.astype(">f4").tobytes(), object), "shape": SHAPE, "dtype": np.array(b">f4", object), "label": y}, None)
tfrecord("tensor", lambda x, y: {"x": np.array(tf.io.serialize_tensor(x).numpy(), object), "label": y})
tfrecord("tensor_int16", lambda x, y: {"x": np.array(tf.io.serialize_tensor(x.astype("i2")).numpy(), object), "label": y})
tfrecord("tensor_float64", lambda x, y: {"x": np.array(tf.io.serialize_tensor(x.astype("f8")).numpy(), object), "label": y})
tfrecord("label_float", lambda x, y: {"x": x, "shape": SHAPE, "label": np.float32(y)})
tfrecord("label_half", lambda x, y: {"x": x, "shape": SHAPE, "label": np.float32(y + 0.5)}, REFUSED)
tfrecord("label_text_number", lambda x, y: {"x": x, "shape": SHAPE, "label": np.array(str(y).encode(), object)}, None)
tfrecord("label_one_hot", lambda x, y: {"x": x, "shape": SHAPE, "label": np.eye(2, dtype=int)[y]}, REFUSED)
tfrecord("label_missing", lambda x, y: {"x": x, "shape": SHAPE}, REFUSED)
tfrecord("gzip", lambda x, y: {"x": x, "shape": SHAPE, "label": y}, SAME, "GZIP")
tfrecord("zlib", lambda x, y: {"x": x, "shape": SHAPE, "label": y}, None, "ZLIB")
tfrecord("shape_wrong", lambda x, y: {"x": x, "shape": [2, 255], "label": y}, REFUSED)
tfrecord("shape_batch", lambda x, y: {"x": x, "shape": [1, 2, 256], "label": y}, None)
tfrecord("more_features", lambda x, y: {"x": x, "shape": SHAPE, "label": y, "name": np.array(b"a", object), "rate": 100.0})
tfrecord("waveform_target", lambda x, y: {"waveform": x, "shape": SHAPE, "target": y})


# Imports ----------------------------------------------------------------------------------------------------------

T0 = 1714557600
LABELS = [(0.0, 10.24, "quiet"), (20.48, 40.96, "steps"), (61.44, 81.92, "quiet"), (100.0, 120.48, "steps")]
LIST = """sampling_rate: 100.0
window: 2.56
hop: 2.56
channels: [Z]
class_names: [quiet, steps]
recordings:
  - {name: one, files: [one.csv], labels_file: LABELS}
split: {by: time, train: 0.6, val: 0.2, test: 0.2, seed: 1}
"""


def labels(name, text, expected=SAME, file="labels.csv"):
    @case("labels", name, expected)
    def _(folder):
        moments = (T0 * 100 + np.arange(13000)) / 100
        rows = "".join(f"{t:.2f},{i}\n" for i, t in enumerate(moments))
        (folder / "one.csv").write_text("time,Z\n" + rows)
        (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
        (folder / "list.yaml").write_text(LIST.replace("LABELS", file))
        return "list.yaml"


def rows(form, head="start,end,class", separator=","):
    lines = [separator.join([form(a), form(b), c]) for a, b, c in LABELS]
    return "\n".join([head.replace(",", separator), *lines]) + "\n"


def moment(pattern, hours=0):
    zone = datetime.timezone(datetime.timedelta(hours=hours))
    return lambda t: datetime.datetime.fromtimestamp(round(T0 * 100 + t * 100) / 100, zone).strftime(pattern)


def epoch(factor):
    return lambda t: str(round((T0 * 100 + round(t * 100)) * factor // 100))


labels("plain", rows(str))
labels("iso_z", rows(moment("%Y-%m-%dT%H:%M:%S.%fZ")))
labels("iso_plus_2", rows(moment("%Y-%m-%dT%H:%M:%S.%f+02:00", 2)))
labels("iso_minus_5", rows(moment("%Y-%m-%d %H:%M:%S.%f-0500", -5)))
labels("slashes", rows(moment("%Y/%m/%d %H:%M:%S.%f")))
labels("german", rows(moment("%d.%m.%Y %H:%M:%S.%f"), separator=";"))
labels("epoch_s", rows(lambda t: f"{T0 + t:.2f}"))
labels("epoch_ms", rows(epoch(1000)))
labels("epoch_us", rows(epoch(10**6)))
labels("epoch_ns", rows(epoch(10**9)))
labels("epoch_ms_named", rows(epoch(1000), "start_ms,end_ms,label"))
labels("seconds_in_ms", rows(lambda t: str(round(t * 1000)), "start_ms,end_ms,label"))
labels("seconds_in_brackets", rows(str, "Start (s),End (s),Label"))
labels("raven", "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tClass\n" + "".join(f"{i}\tW\t1\t{a}\t{b}\t{c}\n" for i, (a, b, c) in enumerate(LABELS)), file="labels.txt")
labels("audacity", "".join(f"{a:.6f}\t{b:.6f}\t{c}\n" for a, b, c in LABELS), file="labels.txt")
labels("duration", "start,duration,class\n" + "".join(f"{a},{round(b - a, 3)},{c}\n" for a, b, c in LABELS))
labels("onset_offset", rows(str, "onset,offset,label"))
labels("commas", rows(lambda t: str(t).replace(".", ","), separator=";"))
labels("tabs", rows(str, separator="\t"))
labels("utf16", rows(str).encode("utf-16"))
labels("crlf", rows(str).replace("\n", "\r\n"))
labels("other_columns", "id,class,comment,start,end\n" + "".join(f"{i},{c},\"a, b\",{a},{b}\n" for i, (a, b, c) in enumerate(LABELS)))
labels("blank_class", rows(str).replace("steps", " steps "))
labels("pandas_index", ",start,end,class\n" + "".join(f"{i},{a},{b},{c}\n" for i, (a, b, c) in enumerate(LABELS)))
labels("unknown_class", rows(str).replace("steps", "walk"), REFUSED)
labels("swapped", "start,end,class\n" + "".join(f"{b},{a},{c}\n" for a, b, c in LABELS), REFUSED)
labels("nan", rows(str).replace("40.96", "nan"), REFUSED)
labels("day_or_month", rows(moment("%d/%m/%Y %H:%M:%S.%f")).replace("01/05", "05/06"), REFUSED)

TRACES = RNG.integers(-2000, 2000, (12, 3, 600)).astype(np.float32)
FOLDER = """sampling_rate: 100.0
window: 2.56
hop: 2.56
channels: [Z, E]
class_names: [noise, earthquake]
seisbench:
  - {folder: own, class_column: source_type}
split: {by: recording, train: 0.6, val: 0.2, test: 0.2, seed: 1}
"""


def seisbench(name, expected=SAME, data=None, order="ZNE", dimensions="CW", head="", columns=None, groups=True, **keys):
    """`data` gives the array of a trace from channels x samples; `columns` more or other columns by trace."""
    @case("seisbench", name, expected)
    def _(folder):
        own = folder / "own"
        own.mkdir()
        with h5py.File(own / "waveforms.hdf5", "w") as file:
            if groups:
                if dimensions:
                    file["data_format/dimension_order"] = dimensions
                if order is not None:
                    file["data_format/component_order"] = order
                file["data_format/sampling_rate"] = 100.0
            for i, trace in enumerate(TRACES):
                array = data(trace) if data else trace
                file.create_dataset(f"data/t{i}", data=array, **keys)
        lines = []
        for i in range(len(TRACES)):
            cells = {"trace_name": f"t{i}", "source_type": ["noise", "earthquake"][i % 2], "source_id": f"s{i // 2}",
                     "trace_sampling_rate_hz": "100.0", "trace_start_time": f"2024-05-01T{i:02d}:00:00.000000Z"}
            cells.update(columns(i) if columns else {})
            lines.append(cells)
        names = [n for n in lines[0] if lines[0][n] is not None]
        text = ",".join(names) + "\n" + "".join(",".join(str(c[n]) for n in names) + "\n" for c in lines)
        (own / "metadata.csv").write_text(text)
        (folder / "list.yaml").write_text(FOLDER)
        return "list.yaml"


def permuted(order):
    return lambda trace: trace[["ZNE".index(c) for c in order]]


seisbench("plain")
for order in ["NEZ", "ENZ", "EZN"]:
    seisbench(f"order_{order}", order=order, data=permuted(order))
seisbench("order_list", order=list("ZNE"))
seisbench("WC", dimensions="WC", data=lambda t: t.T)
seisbench("NWC", dimensions="NWC", data=lambda t: t.T)
seisbench("no_dimensions", dimensions=None)
seisbench("wrong_dimensions", None, dimensions="WC")
for kind in ["<f8", ">f4", ">f8", "<i2", ">i2", "<i4", ">i4", "<i8"]:
    seisbench(f"type_{kind.strip('<>')}{'_big' if kind[0] == '>' else ''}", data=lambda t, kind=kind: t.astype(kind))
seisbench("gzip_shuffle", chunks=(1, 100), compression="gzip", shuffle=True)
seisbench("lzf", chunks=(3, 50), compression="lzf")
seisbench("fletcher", chunks=(3, 50), fletcher32=True)
seisbench("scaleoffset", data=lambda t: t.astype(np.int32), chunks=(3, 50), scaleoffset=0, expected=None)
seisbench("growing", maxshape=(3, None))
seisbench("mv_rate_ms", columns=lambda i: {"trace_sampling_rate_hz": None, "trace_dt_s": "0.01"})
seisbench("rate_text", columns=lambda i: {"trace_sampling_rate_hz": "100"})
seisbench("rate_differs", None, columns=lambda i: {"trace_sampling_rate_hz": "100.0" if i else "50.0"})
seisbench("start_slashes", columns=lambda i: {"trace_start_time": f"2024/05/01 {i:02d}:00:00.00"})
seisbench("start_zone", columns=lambda i: {"trace_start_time": f"2024-05-01 {i:02d}:00:00+00:00"})
seisbench("start_none", columns=lambda i: {"trace_start_time": None}, expected=None)
seisbench("component_order_column", order="EEE", columns=lambda i: {"trace_component_order": "ZNE"})
seisbench("class_blank", columns=lambda i: {"source_type": " noise" if i % 2 == 0 else "earthquake "}, expected=None)
seisbench("index_column", columns=lambda i: {"": i})


CONFIG = """task_x:
  num_classes: 2
  class_names: [a, b]
  train_index_file: index.txt
  val_index_file: val.txt
"""


def fingerprints(program, path):
    result = subprocess.run([program, "fingerprint", path], capture_output=True, text=True)
    if result.returncode:
        return None, result.stderr.strip().splitlines()[-1:]
    return [line.split()[1] for line in result.stdout.splitlines()], result.stderr


def run(program, case, folder):
    folder.mkdir(exist_ok=True)
    source = case.write(folder)
    if case.kind in ("numpy", "tfrecord"):
        (folder / "index.txt").write_text(source + "\n")
        path = folder / "config.yaml"
        path.write_text(CONFIG)
        # The validation split has separate windows, which are the same in every case.
        np.savez(folder / "val.npz", x=X[:8] * 3 + 1, y=Y[:8])
        (folder / "val.txt").write_text("val.npz\n")
        return fingerprints(program, path)
    out = folder / "out"
    result = subprocess.run([program, "import", source, "--out", "out"], capture_output=True, text=True, cwd=folder)
    if result.returncode not in (0, 2):
        return None, [f"ends with {result.returncode}: {result.stderr[-200:]}"]
    if result.returncode:
        left = " BUT LEFT FILES" if out.exists() else ""
        return None, [line for line in result.stderr.splitlines() if "error" in line] + ([left] if left else [])
    own, _ = fingerprints(program, out / "dataset_config.yaml")
    return own, result.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    program = args.program.resolve()
    plain, different = {}, 0
    with tempfile.TemporaryDirectory() as folder:
        folder = (args.keep or Path(folder)).resolve()
        folder.mkdir(exist_ok=True)
        for own in CASES:
            kind = "samples" if own.kind in ("numpy", "tfrecord") else own.kind
            if args.only not in own.name and kind in plain:
                continue
            found, said = run(program, own, folder / f"{own.kind}_{own.name}")
            plain.setdefault(kind, found)
            same = found == plain[kind]
            result = "refused" if found is None else "same" if same else "other windows"
            if own.expected is None or (own.expected == REFUSED and found is None):
                print(f"({own.kind} {own.name}: {result}; {str(said)[:300]})")
            elif (own.expected == SAME and not same) or (own.expected == REFUSED and found is not None):
                print(f"{own.kind} {own.name}: {result}; {str(said)[:400]}")
                different += 1
    print(f"{len(CASES)} cases, {different} differ; plain {[k for k, v in plain.items() if v]}")
    sys.exit(min(different, 100))


main()
