"""Writes an experiment like those of the Python/Keras scripts, with Keras' and TensorFlow's own writers.

    python scripts/make_python_experiment.py crates/experiment/tests/fixtures/python

The script trains a small network on a few random windows: two classes, three epochs. Tests use the fixture to check that
every command of `experiment` reads such experiments. Needs TensorFlow (tensorflow-cpu 2.21 was used).
"""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf

NAME = "20250314_092653_simple_cnn_2classes_16batch_5f3a9c01"


def main(folder: str) -> None:
    keras.utils.set_random_seed(7)
    directory = os.path.join(folder, "experiments", NAME)
    logs = os.path.join(directory, "logs")
    rng = np.random.default_rng(7)
    y = rng.integers(0, 2, 64)
    x = rng.normal(size=(64, 2, 7, 8)).astype("float32") + 0.2 * y[:, None, None, None]
    model = keras.Sequential(
        [
            keras.layers.Input((2, 7, 8)),
            keras.layers.Conv2D(4, (1, 3), padding="same", activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])

    class Detailed(keras.callbacks.Callback):
        """Per-epoch F1 and a confusion matrix, as users' scripts log them."""

        def __init__(self):
            super().__init__()
            self.writer = tf.summary.create_file_writer(os.path.join(logs, "detailed_metrics"))

        def on_epoch_end(self, epoch, _logs=None):
            matrix = confusion(self.model)
            f1 = f1_scores(matrix)
            with self.writer.as_default(step=epoch):
                tf.summary.scalar("f1_score/macro", float(np.mean(f1)))
                for i, value in enumerate(f1):
                    tf.summary.scalar(f"f1_score_per_class/class{i}", float(value))
                image = np.repeat(np.repeat(matrix / matrix.max(), 16, 0), 16, 1)
                tf.summary.image("confusion_matrix", image[None, :, :, None])
            self.writer.flush()

    def confusion(network):
        predicted = np.argmax(network.predict(x[48:], verbose=0), 1)
        matrix = np.zeros((2, 2))
        np.add.at(matrix, (y[48:], predicted), 1)
        return matrix

    def f1_scores(matrix):
        hits = np.diag(matrix)
        return 2 * hits / np.maximum(matrix.sum(0) + matrix.sum(1), 1)

    board = keras.callbacks.TensorBoard(os.path.join(logs, "training"), histogram_freq=1, write_graph=False)
    model.fit(
        x[:48], y[:48], validation_data=(x[48:], y[48:]), epochs=3, batch_size=16, verbose=0,
        callbacks=[board, Detailed()],
    )
    loss, accuracy = model.evaluate(x[48:], y[48:], verbose=0)
    with tf.summary.create_file_writer(os.path.join(logs, "test_metrics")).as_default(step=0):
        tf.summary.scalar("test_loss", loss)
        tf.summary.scalar("test_accuracy", accuracy)
        tf.summary.scalar("test_f1_score/macro", float(np.mean(f1_scores(confusion(model)))))
    with tf.summary.create_file_writer(os.path.join(logs, "experiment_metadata")).as_default(step=0):
        tf.summary.text("model/type", "simple_cnn")
        tf.summary.scalar("config/batch_size", 16)
    module = tf.Module()
    module.scale = tf.Variable(1.0)
    tf.saved_model.save(module, os.path.join(directory, "model"))

    shape = [2, 7, 8]
    metadata = {
        "experiment_id": NAME,
        "timestamp": "2025-03-14T09:26:53.589793",
        "model_info": {
            "type": "simple_cnn", "name": "simple_cnn", "input_shape": shape, "num_classes": 2,
            "total_params": model.count_params(), "trainable_params": model.count_params(),
        },
        "training_config": {
            "batch_size": 16, "epochs": 3, "learning_rate": 0.01, "input_shape": shape, "num_classes": 2,
            "model_type": "simple_cnn", "dataset_config": "configs/dataset_config.yaml",
        },
        "dataset_info": {
            "train_size": 48, "val_size": 16, "test_size": 16, "input_shape": shape, "num_classes": 2,
        },
        "system_info": {"tensorflow_version": tf.__version__, "python_version": sys.version.split()[0]},
    }
    with open(os.path.join(directory, "metadata.json"), "w", encoding="utf-8") as file:
        json.dump(metadata, file, indent=2)
    with open(os.path.join(directory, "model_summary.txt"), "w", encoding="utf-8") as file:
        model.summary(print_fn=lambda line: file.write(line + "\n"))

    # A run without tracking has only the files of Keras' callback.
    board = keras.callbacks.TensorBoard(
        os.path.join(folder, "logs", "seismic_training_20250101-120000"), write_graph=False
    )
    model.fit(x[:48], y[:48], validation_data=(x[48:], y[48:]), epochs=2, batch_size=16, verbose=0, callbacks=[board])


if __name__ == "__main__":
    main(sys.argv[1])
