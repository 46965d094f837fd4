#!/usr/bin/env python3
"""Reads an experiment with the real TensorBoard and checks every run, tag, image, histogram and text.

    pip install tensorboard
    python scripts/check_tensorboard.py experiments/ID

Reads with EventAccumulator, and over the HTTP API of two servers (the data server and the Python loader). Missing or
malformed data, or a warning, is an error (exit code 1).
"""

import contextlib
import io
import json
import logging
import pathlib
import struct
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import zlib

from tensorboard.backend.event_processing.event_accumulator import DEFAULT_SIZE_GUIDANCE, EventAccumulator

problems = []


def check(condition, message):
    if not condition:
        problems.append(message)


def expected(experiment):
    """run -> tag -> (plugin, steps), by the design's table."""
    metadata = json.loads((experiment / "metadata.json").read_text())
    history = [json.loads(line) for line in (experiment / "history.jsonl").read_text().splitlines()]
    epochs = len(history)
    classes = [name.replace("/", "_") for name in metadata["class_names"]]
    header = (experiment / "model/model.safetensors").read_bytes()
    size = struct.unpack("<Q", header[:8])[0]
    tensors = [name for name in json.loads(header[8 : 8 + size]) if name != "__metadata__"]

    def report(prefix):
        for metric in ("f1_score", "recall", "precision"):
            yield from (f"{prefix}{metric}/{kind}" for kind in ("macro", "micro", "weighted"))
            yield from (f"{prefix}{metric}_per_class/{name}" for name in classes)
        yield from (f"{prefix}class_support/{name}" for name in classes)

    once, best = [0], [metadata["results"]["best_epoch"]]
    epochs = list(range(epochs))
    scalars = lambda tags, steps: {tag: ("scalars", steps) for tag in tags}
    curves = lambda prefix, steps: {f"{prefix}pr_curve_per_class/{name}": ("pr_curves", steps) for name in classes}
    runs = {
        "training/train": scalars(["epoch_loss", "epoch_accuracy", "epoch_learning_rate"], epochs)
        | {name: ("histograms", epochs) for name in tensors},
        "training/validation": scalars(["epoch_loss", "epoch_accuracy"], epochs),
        "detailed_metrics": scalars(report(""), epochs) | {"confusion_matrix": ("images", epochs)} | curves("", best),
        "test_metrics": scalars(["test_loss", "test_accuracy", *report("test_")], once)
        | {"test_confusion_matrix": ("images", once)} | curves("test_", once),
        "experiment_metadata": scalars(
            ["model/total_params", "config/batch_size", "config/epochs", "config/learning_rate", "config/num_classes"]
            + ["dataset/train_size", "dataset/val_size", "dataset/test_size", "results/test_f1_macro"], once)
        | {tag: ("text", once) for tag in ("model/type", "model/summary", "config/model_type", "dataset/input_shape")}
        | {f"_hparams_/{tag}": ("hparams", once) for tag in ("experiment", "session_start_info", "session_end_info")},
    }
    return metadata, history, runs


def check_png(data, what):
    """The signature, and every chunk's checksum."""
    check(data[:8] == b"\x89PNG\r\n\x1a\n", f"{what}: no PNG")
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        crc = struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        check(crc == zlib.crc32(data[at + 4 : at + 8 + length]), f"{what}: chunk {kind} is damaged")
        at += 12 + length
    check(at == len(data), f"{what}: truncated")


def check_accumulator(experiment, metadata, history, runs):
    logs = experiment / "logs"
    found = {str(p.parent.relative_to(logs)) for p in logs.rglob("*tfevents*")}
    check(found == set(runs), f"runs are {sorted(found)}, expected {sorted(runs)}")
    values = 0
    for run, tags in runs.items():
        accumulator = EventAccumulator(str(logs / run), size_guidance={k: 0 for k in DEFAULT_SIZE_GUIDANCE})
        accumulator.Reload()
        there = set(accumulator.Tags()["tensors"])
        check(set(tags) <= there, f"{run}: missing {sorted(set(tags) - there)}")
        for tag in there:
            plugin = accumulator.SummaryMetadata(tag).plugin_data.plugin_name
            events = accumulator.Tensors(tag)
            wanted, steps = tags.get(tag, (plugin, [0]))
            check(plugin == wanted, f"{run} {tag}: plugin {plugin}, expected {wanted}")
            check([e.step for e in events] == steps, f"{run} {tag}: steps {[e.step for e in events]}")
            for event in events:
                values += 1
                if plugin == "images":
                    width, height, png = event.tensor_proto.string_val
                    check(int(width) > 100 and int(height) > 100, f"{run} {tag}: size {width} x {height}")
                    check_png(png, f"{run} {tag} step {event.step}")
    accumulator = EventAccumulator(str(logs / "training/validation"), size_guidance={k: 0 for k in DEFAULT_SIZE_GUIDANCE})
    accumulator.Reload()
    for event, epoch in zip(accumulator.Tensors("epoch_loss"), history):
        value = struct.unpack("<f", event.tensor_proto.tensor_content)[0]
        check(abs(value - epoch["metrics"]["val_loss"]) <= 1e-6 * abs(value), f"epoch_loss {value} is not the history's")
    return values


def get(url, body=None):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=body and json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read()


def check_pr_curves(base, what, metadata, runs):
    """Every curve begins with all windows taken for the class, and its counts are those of the confusion matrix."""
    shown = json.loads(get(f"{base}plugin/pr_curves/tags"))
    for run, split in (("detailed_metrics", "validation"), ("test_metrics", "test")):
        matrix = metadata["results"][split]["confusion_matrix"]
        tags = [tag for tag, (kind, _) in runs[run].items() if kind == "pr_curves"]
        check(len(tags) == len(matrix), f"{what}: {len(tags)} curves of {len(matrix)} classes")
        for number, tag in enumerate(tags):
            check(tag in shown.get(run, {}), f"{what}: {run} {tag} is not shown under PR CURVES")
            query = urllib.parse.urlencode({"run": run, "tag": tag})
            entries = json.loads(get(f"{base}plugin/pr_curves/pr_curves?{query}"))[run]
            check([entry["step"] for entry in entries] == runs[run][tag][1], f"{what}: {tag} is not there once")
            entry, own = entries[0], sum(matrix[number])
            tp, fp, fn = (entry[key] for key in ("true_positives", "false_positives", "false_negatives"))
            check((tp[0], fp[0]) == (own, sum(map(sum, matrix)) - own), f"{what}: {tag} begins with {tp[0]}, {fp[0]}")
            check(all(a + b == own for a, b in zip(tp, fn)), f"{what}: {tag}: true positives and false negatives")
            check(tp == sorted(tp, reverse=True) and fp == sorted(fp, reverse=True), f"{what}: {tag} does not fall")
            for t, f, precision, recall in zip(tp, fp, entry["precision"], entry["recall"]):
                check(t + f == 0 or abs(precision - t / (t + f)) < 1e-6, f"{what}: {tag}: precision {precision}")
                check(own == 0 or abs(recall - t / own) < 1e-6, f"{what}: {tag}: recall {recall}")
            # A class with a probability above one half is the most probable one.
            half = entry["thresholds"].index(0.5) if 0.5 in entry["thresholds"] else None
            taken = sum(row[number] for row in matrix)
            check(half is None or tp[half] <= matrix[number][number] and tp[half] + fp[half] <= taken, f"{what}: {tag} at 0.5")


def check_projector(base, what, metadata, plugins):
    """The features of validation windows, with their labels."""
    check("projector" in plugins, f"{what}: no projector")
    run = "detailed_metrics"
    listed = json.loads(get(f"{base}plugin/projector/runs"))
    check(listed == [run], f"{what}: the projector lists {listed}")
    if listed != [run]:
        return
    embeddings = json.loads(get(f"{base}plugin/projector/info?{urllib.parse.urlencode({'run': run})}"))["embeddings"]
    check(len(embeddings) == 1, f"{what}: {len(embeddings)} embeddings")
    name = embeddings[0]["tensorName"]
    count, width = embeddings[0]["tensorShape"]
    query = urllib.parse.urlencode({"run": run, "name": name})
    tensor = get(f"{base}plugin/projector/tensor?{query}")
    values = struct.unpack(f"<{count * width}f", tensor)
    check(len(tensor) == 4 * count * width and any(values), f"{what}: features {count} x {width}")
    head, *rows = get(f"{base}plugin/projector/metadata?{query}").decode().splitlines()
    check(head.split("\t") == ["label", "predicted", "confidence", "group", "window"], f"{what}: columns {head}")
    check(len(rows) == count, f"{what}: {len(rows)} lines for {count} windows")
    check(count == min(1000, 200_000 // width, metadata["dataset_info"]["val_size"]), f"{what}: {count} windows")
    cells = [row.split("\t") for row in rows]
    check(all(len(row) == 5 for row in cells), f"{what}: lines of the metadata")
    if count == metadata["dataset_info"]["val_size"]:
        right = sum(row[0] == row[1] for row in cells) / count
        accuracy = metadata["results"]["validation"]["accuracy"]
        check(abs(right - accuracy) < 1e-9, f"{what}: {right} of the windows are right, not {accuracy}")


def check_server(experiment, metadata, runs, load_fast, port):
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(experiment / "logs"), "--port", str(port),
               "--load_fast", load_fast, "--samples_per_plugin", "images=1000", "--reload_interval", "1"]
    output = open(f"/tmp/tensorboard-{port}.log", "w+")
    server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    base = f"http://localhost:{port}/data/"
    what = f"server (load_fast {load_fast})"
    try:
        deadline = time.time() + 60
        while time.time() < deadline:
            with contextlib.suppress(Exception):
                if set(runs) <= set(json.loads(get(base + "runs"))):
                    break
            time.sleep(0.5)
        time.sleep(2)
        listed = json.loads(get(base + "runs"))
        check(set(listed) == set(runs), f"{what}: runs {listed}")
        plugins = json.loads(get(base + "plugins_listing"))
        for plugin in ("scalars", "images", "histograms", "distributions", "text", "hparams", "pr_curves"):
            check(plugins[plugin]["enabled"], f"{what}: the tab {plugin} is empty")
        for plugin, path in (("scalars", "scalars/scalars"), ("images", "images/images"),
                             ("histograms", "histograms/histograms"), ("text", "text/text")):
            shown = json.loads(get(f"{base}plugin/{plugin}/tags"))
            for run, tags in runs.items():
                for tag, (kind, steps) in tags.items():
                    if kind != plugin:
                        continue
                    check(tag in shown.get(run, []), f"{what}: {run} {tag} is not shown under {plugin}")
                    query = urllib.parse.urlencode({"run": run, "tag": tag} | ({"sample": 0} if plugin == "images" else {}))
                    points = json.loads(get(f"{base}plugin/{path}?{query}"))
                    check(len(points) == len(steps), f"{what}: {run} {tag} has {len(points)} points, expected {len(steps)}")
                    if plugin == "images" and points:
                        check_png(get(f"{base}plugin/images/individualImage?{points[-1]['query']}"), f"{what}: {tag}")
        check_pr_curves(base, what, metadata, runs)
        check_projector(base, what, metadata, plugins)
        shown = json.loads(get(base + "plugin/hparams/experiment", {"experimentName": "", "includeMetrics": True}))
        columns = [info["name"]["tag"] for info in shown["metricInfos"]]
        results = [f"results/{split}_{metric}" for metric in ("f1_macro", "accuracy", "loss") for split in ("test", "best_val")]
        check(sorted(columns) == sorted(results), f"{what}: HPARAMS shows the metrics {columns}, expected {results}")
        hparams = {info["name"] for info in shown["hparamInfos"]}
        check({"model", "learning_rate", "seed"} <= hparams, f"{what}: HPARAMS shows the hyperparameters {sorted(hparams)}")
        groups = json.loads(get(base + "plugin/hparams/session_groups", {
            "experimentName": "", "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
            "colParams": [{"metric": {"group": "", "tag": tag}} for tag in results], "startIndex": 0, "sliceSize": 10}))
        sessions = groups["sessionGroups"]
        check(len(sessions) == 1, f"{what}: {len(sessions)} hparams sessions")
        if sessions:
            check(sessions[0]["hparams"].get("model"), f"{what}: hparams without the model")
            values = {value["name"]["tag"]: value["value"] for value in sessions[0]["metricValues"]}
            for split, key in (("test", "test"), ("best_val", "validation")):
                for metric in ("f1_macro", "accuracy", "loss"):
                    value, own = values.get(f"results/{split}_{metric}"), metadata["results"][key][metric]
                    check(value is not None and abs(value - own) < 1e-6, f"{what}: {split}_{metric} is {value}, not {own}")
            check(sessions[0]["sessions"][0]["status"] == "STATUS_SUCCESS", f"{what}: status {sessions[0]['sessions'][0]}")
    finally:
        server.terminate()
        server.wait(20)
        output.seek(0)
        for line in output:
            # TensorBoard's warning about a missing TensorFlow does not concern the files.
            if "warn" in line.lower() and "TensorFlow installation not found" not in line and "bind_all" not in line:
                problems.append(f"{what} warned: {line.strip()}")


def main():
    experiment = pathlib.Path(sys.argv[1])
    stream = io.StringIO()
    logging.getLogger("tensorboard").addHandler(logging.StreamHandler(stream))
    metadata, history, runs = expected(experiment)
    values = check_accumulator(experiment, metadata, history, runs)
    if stream.getvalue():
        problems.append(f"EventAccumulator warned: {stream.getvalue().strip()}")
    for port, load_fast in ((16106, "true"), (16107, "false")):
        check_server(experiment, metadata, runs, load_fast, port)
    for problem in problems:
        print(f"PROBLEM: {problem}")
    tags = sum(len(tags) for tags in runs.values())
    print(f"{experiment.name}: {len(runs)} runs, {tags} tags, {values} values, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
