#!/usr/bin/env python3
"""A Keras script as users have it: trains one network on the demo's TFRecords and writes TensorBoard logs with scalars, weight
histograms and confusion-matrix images, detailed metrics, and a saved model. `scripts/bench/command.py` compares it with the
trainer.

    python scripts/bench/keras_script.py DEMO_FOLDER OUTPUT MODEL EPOCHS
"""

import io
import os
import pathlib
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import keras
import matplotlib
import numpy as np
import tensorflow as tf
from keras_models import build

matplotlib.use("Agg")
import matplotlib.pyplot as plt

CLASSES = ["background", "footsteps", "vehicle"]
tf.config.threading.set_intra_op_parallelism_threads(2)
tf.config.threading.set_inter_op_parallelism_threads(2)


def load(path):
    """Windows to log(1 + |FFT|) of seven half-overlapping segments, and labels."""
    features = {"x": tf.io.FixedLenFeature([2 * 1024], tf.float32), "label": tf.io.FixedLenFeature([], tf.int64)}
    records = tf.data.TFRecordDataset(str(path)).batch(256).map(lambda r: tf.io.parse_example(r, features))
    x = np.concatenate([r["x"].numpy() for r in records]).reshape(-1, 2, 1024)
    y = np.concatenate([r["label"].numpy() for r in records])
    segments = np.stack([x[:, :, i * 128 : i * 128 + 256] for i in range(7)], axis=2)
    return np.log1p(np.abs(np.fft.fft(segments))).astype(np.float32), y


def confusion_image(matrix, title):
    figure, axes = plt.subplots(figsize=(6, 6))
    image = axes.imshow(matrix, cmap="Blues")
    figure.colorbar(image)
    axes.set(title=title, xlabel="predicted", ylabel="true", xticks=range(3), yticks=range(3), xticklabels=CLASSES, yticklabels=CLASSES)
    for i in range(3):
        for j in range(3):
            axes.text(j, i, f"{matrix[i, j]}\n{100 * matrix[i, j] / max(matrix[i].sum(), 1):.0f}%", ha="center", va="center")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return tf.expand_dims(tf.image.decode_png(buffer.getvalue(), channels=4), 0)


def detailed(writer, prefix, matrix, step, name):
    true, predicted, hits = matrix.sum(1), matrix.sum(0), np.diag(matrix)
    precision, recall = hits / np.maximum(predicted, 1), hits / np.maximum(true, 1)
    f1 = 2 * hits / np.maximum(true + predicted, 1)
    with writer.as_default(step):
        for metric, values in (("precision", precision), ("recall", recall), ("f1_score", f1)):
            tf.summary.scalar(f"{prefix}{metric}/macro", values.mean())
            tf.summary.scalar(f"{prefix}{metric}/weighted", (values * true).sum() / true.sum())
            for label, value in zip(CLASSES, values):
                tf.summary.scalar(f"{prefix}{metric}_per_class/{label}", value)
        tf.summary.image(name, confusion_image(matrix, name))


def matrix_of(model, x, y):
    return tf.math.confusion_matrix(y, model.predict(x, batch_size=256, verbose=0).argmax(1), 3).numpy()


class Detailed(keras.callbacks.Callback):
    def __init__(self, directory, x, y):
        super().__init__()
        self.writer, self.x, self.y = tf.summary.create_file_writer(str(directory)), x, y

    def on_epoch_end(self, epoch, logs=None):
        detailed(self.writer, "", matrix_of(self.model, self.x, self.y), epoch, "confusion_matrix")


def main():
    data, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    (x, y), val, test = (load(data / f"{split}.tfrecord") for split in ("train", "val", "test"))
    mean, std = x.mean((0, 2, 3), keepdims=True), x.std((0, 2, 3), keepdims=True)
    x, val, test = (x - mean) / std, ((val[0] - mean) / std, val[1]), ((test[0] - mean) / std, test[1])
    model = build(sys.argv[3])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3, epsilon=1e-7), loss, metrics=["accuracy"])
    callbacks = [
        keras.callbacks.TensorBoard(str(output / "logs/training"), histogram_freq=1, write_graph=False),
        Detailed(output / "logs/detailed_metrics", *val),
        keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=3),
    ]
    model.fit(x, y, batch_size=32, epochs=int(sys.argv[4]), validation_data=val, callbacks=callbacks, verbose=2)
    model.evaluate(*test, verbose=0)
    writer = tf.summary.create_file_writer(str(output / "logs/test_metrics"))
    detailed(writer, "test_", matrix_of(model, *test), 0, "test_confusion_matrix")
    model.export(str(output / "model"), verbose=False)


if __name__ == "__main__":
    main()
