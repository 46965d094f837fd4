"""Writes event logs of other programs, intact and damaged, and what TensorBoard reads from them.

    pip install tensorboard
    python scripts/conformance/make_event_logs.py crates/experiment/tests/fixtures/event_logs

TensorBoard's own writer frames the records. For each experiment, `expected.json` holds the points of every curve as
TensorBoard's EventAccumulator reads them from the undamaged files, without the records that are damaged afterwards. None of
its values come from the project's own reader. TensorBoard 2.21 was used.
"""

import json
import os
import pathlib
import shutil
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util

BEGUN = 1741944413.0


class Log:
    """One event file, held back until it is written."""

    def __init__(self, folder, name, time=BEGUN):
        self.folder, self.name, self.time = folder, name, time
        self.events = [event_pb2.Event(wall_time=time, file_version="brain.Event:2")]

    def scalar(self, tag, step, value, style="simple"):
        self.time += 1.0
        if style == "simple":
            kind = summary_pb2.Summary.Value(tag=tag, simple_value=value)
        else:
            tensor = tensor_pb2.TensorProto(dtype=1, tensor_shape=tensor_shape_pb2.TensorShapeProto())
            if style == "content":
                tensor.tensor_content = struct.pack("<f", value)
            elif value != 0.0:  # TensorFlow omits zeros
                tensor.float_val.append(value)
            kind = summary_pb2.Summary.Value(tag=tag, tensor=tensor)
            kind.metadata.plugin_data.plugin_name = "scalars"
        event = event_pb2.Event(wall_time=self.time, step=step, summary=summary_pb2.Summary(value=[kind]))
        self.events.append(event)
        return self

    def write(self, logs):
        path = logs / self.folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            writer = RecordWriter(file)
            for event in self.events:
                writer.write(event.SerializeToString())
            writer.flush()
        return path


def records(data):
    """First byte and length of the content of every record."""
    at, found = 0, []
    while at < len(data):
        (length,) = struct.unpack("<Q", data[at : at + 8])
        found.append((at, length))
        at += 16 + length
    return found


def points(logs):
    """(folder, tag) -> {step: value}: of several values of a step that of the latest time."""
    found = {}
    for folder in sorted({path.parent for path in logs.rglob("*tfevents*")}):
        accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
        accumulator.Reload()
        tags = accumulator.Tags()
        for tag in tags["scalars"] + tags["tensors"]:
            latest = {}
            events = accumulator.Scalars(tag) if tag in tags["scalars"] else accumulator.Tensors(tag)
            for event in events:
                value = event.value if tag in tags["scalars"] else number(event.tensor_proto)
                if event.step not in latest or latest[event.step][0] <= event.wall_time:
                    latest[event.step] = (event.wall_time, value)
            name = str(folder.relative_to(logs))
            found[name, tag] = {step: value for step, (_, value) in sorted(latest.items())}
    return found


def number(proto):
    if not proto.tensor_content and not proto.float_val:
        return 0.0
    return float(tensor_util.make_ndarray(proto))


def metadata(name, epochs):
    return {
        "experiment_id": name,
        "timestamp": "2025-03-14T09:26:53.589793",
        "model_info": {"type": "simple_cnn"},
        "training_config": {"batch_size": 16, "epochs": epochs, "learning_rate": 0.01, "model_type": "simple_cnn"},
    }


def flip(path, offset):
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x40
    path.write_bytes(data)


LOSSES = [1.0, 0.75, 0.6, 0.5, 0.45, 0.40625, 0.4375, 0.375]
ACCURACIES = [0.0, 0.5, 0.625, 0.65, 0.7, 0.75, 0.71, 0.8]


def keras(style="content"):
    """Logs as Keras 2 writes them."""
    name = "events.out.tfevents.1741944413.lab.77.{}.v2"
    train, validation = Log("training/train", name.format(0)), Log("training/validation", name.format(1))
    for epoch, (loss, accuracy) in enumerate(zip(LOSSES, ACCURACIES)):
        train.scalar("epoch_loss", epoch, loss + 0.125, style).scalar("epoch_accuracy", epoch, accuracy / 2, style)
        validation.scalar("epoch_loss", epoch, loss, style).scalar("epoch_accuracy", epoch, accuracy, style)
    return [train, validation]


KERAS = {
    "loss": ("training/train", "epoch_loss"), "accuracy": ("training/train", "epoch_accuracy"),
    "val_loss": ("training/validation", "epoch_loss"), "val_accuracy": ("training/validation", "epoch_accuracy"),
}


def main(folder):
    target = pathlib.Path(folder)
    shutil.rmtree(target, ignore_errors=True)
    expected = {}

    def case(name, logs, curves, epochs, understood=True, damage=None, lost=(), foreign=0, others=()):
        """`lost`: (metric, step) whose record `damage` destroys; it is given the paths that were written."""
        directory = target / "experiments" / name
        directory.mkdir(parents=True)
        (directory / "metadata.json").write_text(json.dumps(metadata(name, epochs or 0), indent=2))
        paths = [log.write(directory / "logs") for log in logs]
        read = points(directory / "logs")
        found = {}
        for metric, key in curves.items():
            found[metric] = [[step, value] for step, value in read[key].items() if (metric, step) not in lost]
        extra = damage(paths) if damage else {}
        expected[name] = {"epochs": epochs, "curves": found, "not_understood": sorted(others), **extra}

    # Damage to one record, its length, the end of the file, or everything.
    def one_record(paths):
        at, _ = records(paths[1].read_bytes())[1 + 2 * 3]
        flip(paths[1], at + 12 + 3)
        return {"damaged": 1}

    case("20250314_090000_content", keras(), KERAS, 8, damage=one_record, lost=[("val_loss", 3)])

    def one_length(paths):
        at, _ = records(paths[1].read_bytes())[1 + 2 * 5 + 1]
        flip(paths[1], at)
        return {"damaged": 1}

    case("20250314_090100_length", keras("float"), KERAS, 8, damage=one_length, lost=[("val_accuracy", 5)])

    def power_cut(paths):
        """The file has its new size, and zeros where the last pages were not written."""
        data = paths[1].read_bytes()
        at, _ = records(data)[-1]
        sound = at
        paths[1].write_bytes(data[: at + 20] + bytes(4096))
        return {"torn": sound}

    case("20250314_090200_zeros", keras(), KERAS, 8, damage=power_cut, lost=[("val_accuracy", 7)])

    def cut_short(paths):
        data = paths[1].read_bytes()
        at, _ = records(data)[-1]
        paths[1].write_bytes(data[:-5])
        return {"torn": at}

    case("20250314_090300_short", keras("simple"), KERAS, 8, damage=cut_short, lost=[("val_accuracy", 7)])

    def page(paths):
        paths[1].write_text("<html>404</html>\n" * 20)
        return {"foreign": 1}

    case("20250314_090400_page", keras(), {k: v for k, v in KERAS.items() if "val" not in k}, 8, damage=page)

    # A restart whose later file sorts before the first one by name.
    first = Log("training/validation", "events.out.tfevents.999999999.lab.5.0.v2", 999_999_999.0)
    second = Log("training/validation", "events.out.tfevents.1000000500.lab.6.0.v2", 1_000_000_500.0)
    for epoch in range(5):
        first.scalar("epoch_loss", epoch, LOSSES[epoch] + 1.0, "content")
    for epoch in range(3, 8):
        second.scalar("epoch_loss", epoch, LOSSES[epoch], "content")
    case("20250314_090500_restart", [first, second], {"val_loss": KERAS["val_loss"]}, 8)

    # Tags and folders of other systems.
    log = Log("", "events.out.tfevents.1741944413.omaha")
    for epoch, (loss, accuracy) in enumerate(zip(LOSSES, ACCURACIES)):
        log.scalar("acc", epoch, accuracy / 2).scalar("loss", epoch, loss + 0.125)
        log.scalar("val_acc", epoch, accuracy).scalar("val_loss", epoch, loss).scalar("lr", epoch, 0.001)
    tags = {"accuracy": "acc", "loss": "loss", "val_accuracy": "val_acc", "val_loss": "val_loss"}
    case("20250314_091000_keras1", [log], {metric: (".", tag) for metric, tag in tags.items()}, 8)

    train, val = Log("train", "events.out.tfevents.1741944413.lab.1.v2"), Log("val", "events.out.tfevents.1741944413.lab.2.v2")
    for epoch, (loss, accuracy) in enumerate(zip(LOSSES, ACCURACIES)):
        train.scalar("epoch_loss", epoch, loss + 0.125, "content")
        train.scalar("epoch_sparse_categorical_accuracy", epoch, accuracy / 2, "content")
        val.scalar("epoch_loss", epoch, loss, "float")
        val.scalar("epoch_sparse_categorical_accuracy", epoch, accuracy, "float")
    name = "epoch_sparse_categorical_accuracy"
    case("20250314_091100_keras2", [train, val], {
        "loss": ("train", "epoch_loss"), "accuracy": ("train", name),
        "val_loss": ("val", "epoch_loss"), "val_accuracy": ("val", name),
    }, 8)

    # PyTorch: epochs from 1, and other kinds of scalars.
    log = Log("Nov25_11-02-03_lab", "events.out.tfevents.1741944413.lab.9.0")
    others = [f"grad_norm/layer{i}" for i in range(10)] + ["throughput", "f1"]
    for epoch, (loss, accuracy) in enumerate(zip(LOSSES, ACCURACIES), 1):
        log.scalar("Loss/train", epoch, loss + 0.125).scalar("Loss/val", epoch, loss)
        log.scalar("Accuracy/train", epoch, accuracy / 2).scalar("Accuracy/val", epoch, accuracy)
        log.scalar("F1/macro/val", epoch, accuracy / 4)
        for other in others:
            log.scalar(other, epoch, 7.0)
    tags = {"loss": "Loss/train", "val_loss": "Loss/val", "accuracy": "Accuracy/train", "val_accuracy": "Accuracy/val",
            "val_f1_macro": "F1/macro/val"}
    case("20250314_091200_torch", [log], {metric: (log.folder, tag) for metric, tag in tags.items()}, 8, others=others)

    # Steps are batches, so the number of epochs is unknown.
    log = Log("version_0", "events.out.tfevents.1741944413.lab.9.0")
    for step, (loss, accuracy) in zip(range(99, 10_000, 100), zip(LOSSES, ACCURACIES)):
        log.scalar("train_loss", step, loss + 0.125).scalar("val_loss", step, loss).scalar("val_acc", step, accuracy)
    tags = {"loss": "train_loss", "val_loss": "val_loss", "val_accuracy": "val_acc"}
    case("20250314_091300_lightning", [log], {metric: (log.folder, tag) for metric, tag in tags.items()}, None)

    # Only unknown tags.
    log = Log("tb", "events.out.tfevents.1741944413.lab.9.0")
    for step in range(3):
        log.scalar("reward", step, 1.0)
    case("20250314_091400_unknown", [log], {}, None, others=["reward"])

    (target / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(*sys.argv[1:])
