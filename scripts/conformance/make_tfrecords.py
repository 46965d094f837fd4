"""Writes TFRecord files with TensorFlow's own writer, plain and compressed, and their expected content.

    python scripts/conformance/make_tfrecords.py crates/data/tests/fixtures/tfrecord

Windows as float lists and as little-endian bytes. Needs TensorFlow (tensorflow-cpu 2.21 was used).
"""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf


def feature(**kind):
    return tf.train.Feature(**kind)


def main(folder: str) -> None:
    rng = np.random.default_rng(11)
    windows = rng.normal(size=(6, 2, 16)).astype("float32")
    expected = []
    examples = []
    for i, window in enumerate(windows):
        if i % 2:
            x = feature(bytes_list=tf.train.BytesList(value=[window.astype("<f4").tobytes()]))
        else:
            x = feature(float_list=tf.train.FloatList(value=window.ravel()))
        features = {
            "x": x,
            "shape": feature(int64_list=tf.train.Int64List(value=window.shape)),
            "label": feature(int64_list=tf.train.Int64List(value=[i % 3])),
            "group": feature(bytes_list=tf.train.BytesList(value=[f"run {i // 3}".encode()])),
        }
        examples.append(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
        expected.append({
            "shape": window.shape, "values": window.ravel().tolist(), "label": i % 3, "group": f"run {i // 3}",
        })
    for name, compression in (("plain.tfrecord", ""), ("packed.tfrecord.gz", "GZIP")):
        with tf.io.TFRecordWriter(os.path.join(folder, name), compression) as writer:
            for example in examples:
                writer.write(example)
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file)


if __name__ == "__main__":
    main(sys.argv[1])
