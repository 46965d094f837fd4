"""Writes a database of MLflow with MLflow itself, and what its own interface returns of the runs in it.

    pip install mlflow-skinny sqlalchemy alembic
    python scripts/conformance/make_mlflow_database.py crates/experiment/tests/fixtures/mlflow_database

`mlflow.db.gz` is the whole database, packed. `expected.json` has settings, last values and curves of each run as
`MlflowClient` returns them. IDs, times and paths are replaced by ones that do not change. MLflow 3.17 was used.
"""

import gzip
import json
import math
import os
import pathlib
import random
import sqlite3
import sys
import tempfile

SETTINGS = {"batch_size": 32, "lr": 0.001, "model": "simple_cnn", "shuffle": True, "layers": "[" + "64, " * 1500 + "64]"}


def write_runs():
    import mlflow

    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment("vehicles")
    draw = random.Random(1)
    with mlflow.start_run(run_name="many steps") as run:
        mlflow.log_params(SETTINGS)
        mlflow.set_tag("mlflow.note.content", "windy day\n" + "over the hill and " * 400)
        for step in range(150):
            values = {name: round(draw.random(), 4) for name in ["loss", "val_loss", "val_accuracy", "Größe"]}
            mlflow.log_metrics(values, step=step)
        mlflow.log_metric("test_accuracy", 0.7125)
        mlflow.log_metric("system/cpu_utilization_percentage", 12.0)
        # The latest value of a step counts.
        mlflow.log_metric("val_loss", 0.0625, step=7)
    runs = {"a" * 32: run.info.run_id}
    try:
        with mlflow.start_run(run_name="without curves") as run:
            mlflow.log_params({"C": 1.0, "kernel": "rbf"})
            mlflow.log_metrics({"accuracy": 0.93, "test_f1_macro": 1.0, "auc": math.nan})
            raise RuntimeError("no more")
    except RuntimeError:
        runs["b" * 32] = run.info.run_id
    mlflow.set_experiment("walks")
    with mlflow.start_run(run_name="one value") as run:
        mlflow.log_metrics({"val_loss": 0.125, "loss": 2}, step=-1)
    runs["c" * 32] = run.info.run_id
    with mlflow.start_run(run_name="deleted") as run:
        mlflow.log_metric("loss", 0.5)
    mlflow.delete_run(run.info.run_id)
    runs["d" * 32] = run.info.run_id
    client = mlflow.MlflowClient()
    expected = {}
    for name, own in list(runs.items())[:3]:
        run = client.get_run(own)
        curves = {key: {m.step: m.value for m in client.get_metric_history(own, key)} for key in run.data.metrics}
        curves = {key: sorted(points.items()) for key, points in curves.items()}
        expected[f"mlflow.db/{run.info.experiment_id}/{name}"] = {
            "settings": run.data.params, "last": run.data.metrics, "curves": curves}
    # Which of two values of one step is last, MLflow tells by their times.
    return runs, expected


def make_steady(runs):
    """Replaces what differs from one run of this script to the next."""
    database = sqlite3.connect("mlflow.db")
    tables = [name for (name,) in database.execute("select name from sqlite_schema where type = 'table'")]
    for table in tables:
        names = [row[1] for row in database.execute(f"pragma table_info({table})")]
        for name in names:
            if name == "run_uuid":
                for new, old in runs.items():
                    database.execute(f"update {table} set run_uuid = ? where run_uuid = ?", (new, old))
            if name in ("artifact_uri", "artifact_location"):
                database.execute(f"update {table} set {name} = '/data/mlruns'")
    database.execute("update tags set value = 'user' where key = 'mlflow.user'")
    database.execute("update tags set value = 'train.py' where key = 'mlflow.source.name'")
    database.execute("update runs set user_id = 'user'")
    first = database.execute("select min(start_time) from runs").fetchone()[0]
    for table, name in [("runs", "start_time"), ("runs", "end_time"), ("metrics", "timestamp"), ("latest_metrics", "timestamp")]:
        database.execute(f"update {table} set {name} = {name} - ? + 1741944413000", (first,))
    database.commit()
    database.close()


def main():
    target = pathlib.Path(sys.argv[1]).absolute()
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        runs, expected = write_runs()
        make_steady(runs)
        packed = gzip.compress(pathlib.Path("mlflow.db").read_bytes(), mtime=0)
        os.chdir(target)
    (target / "mlflow.db.gz").write_bytes(packed)
    (target / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
