#!/usr/bin/env python3
"""Writes crates/deploy/tests/fixtures/variables.index with TensorFlow: two variables, `fc1/kernel` of zeros and
`fc1/bias` of ones.

    pip install tensorflow-cpu
    python scripts/conformance/make_tensor_bundle.py
"""

import pathlib
import shutil
import tempfile

import tensorflow as tf

v1 = tf.compat.v1
target = pathlib.Path(__file__).parents[2] / "crates/deploy/tests/fixtures/variables.index"
with tempfile.TemporaryDirectory() as folder, tf.Graph().as_default(), v1.Session() as session:
    v1.get_variable("fc1/kernel", shape=[4, 3], use_resource=True, initializer=v1.zeros_initializer())
    v1.get_variable("fc1/bias", shape=[3], use_resource=True, initializer=v1.ones_initializer())
    session.run(v1.global_variables_initializer())
    v1.train.Saver().save(session, f"{folder}/variables", write_meta_graph=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(f"{folder}/variables.index", target)
