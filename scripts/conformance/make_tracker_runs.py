"""Writes runs of experiment trackers with the trackers themselves, and what their own interfaces return of them.

    pip install mlflow-skinny wandb dvclive sacred keras-tuner keras jax
    python scripts/conformance/make_tracker_runs.py crates/experiment/tests/fixtures/trackers

`expected.json` has, for each run, settings, last values and curves as the tracker's interface returns them, or as they were
logged where it has none to read. None of its values come from the project's own reader. MLflow 3.17, W&B 0.31, DVCLive 3.49,
Sacred 0.8.7 and Keras Tuner 1.4.8 were used.

W&B writes `wandb-summary.json` and `config.yaml` only if it reaches its server. The script writes these two of
`run-20250314_092653-synced01` itself, in the form of W&B 0.15 to 0.31.
"""

import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

os.environ |= {
    "KERAS_BACKEND": "numpy",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "DVC_NO_ANALYTICS": "true",
}

SETTINGS = {"batch_size": 32, "lr": 0.001, "model": "simple_cnn", "dropout": 0.25, "shuffle": True}
CURVES = {
    "train/loss": [1.0, 0.5, 1 / 3, 0.25],
    "val/loss": [1.0, 0.7, 0.6, 0.65],
    "val/accuracy": [0.5, 0.6, 0.7, 0.72],
    "val/iou": [0.3, 0.4, 0.5, 0.6],
}
TEST = 0.7125


def mlflow_runs(expected):
    import mlflow

    mlflow.set_tracking_uri("file:" + os.path.abspath("mlruns"))
    mlflow.set_experiment("vehicles")
    with mlflow.start_run(run_name="keras like") as run:
        mlflow.log_params(SETTINGS)
        names = {"train/loss": "loss", "val/loss": "val_loss", "val/accuracy": "val_accuracy", "val/iou": "val/iou"}
        for step in range(4):
            mlflow.log_metrics({names[name]: values[step] for name, values in CURVES.items()}, step=step)
        mlflow.log_metric("test_accuracy", TEST)
        mlflow.log_metric("system/cpu_utilization_percentage", 12.0)
        mlflow.set_tag("mlflow.note.content", "windy day")
    runs = {"curves": run.info.run_id}
    try:
        with mlflow.start_run(run_name="without curves") as run:
            mlflow.log_params({"C": 1.0, "kernel": "rbf"})
            mlflow.log_metrics({"accuracy": 0.93, "test_f1_macro": 0.91, "auc": math.nan})
            raise RuntimeError("no more")
    except RuntimeError:
        pass
    runs["values"] = run.info.run_id
    with mlflow.start_run() as run:
        mlflow.log_metric("val_loss", 0.125)
    mlflow.delete_run(run.info.run_id)
    client = mlflow.MlflowClient()
    group = client.get_experiment_by_name("vehicles").experiment_id
    # Names that do not change.
    steady = {group: "101", run.info.run_id: "d" * 32}
    for name, own in runs.items():
        data = client.get_run(own).data
        curves = {key: [[m.step, m.value] for m in client.get_metric_history(own, key)] for key in data.metrics}
        steady[own] = {"curves": "a", "values": "b"}[name] * 32
        expected[f"mlruns/101/{steady[own]}"] = {"settings": data.params, "last": data.metrics, "curves": curves}
    for path in pathlib.Path("mlruns").rglob("*"):
        if path.is_file():
            text = path.read_text().replace(os.path.abspath("mlruns"), "/data/mlruns").replace(os.getcwd(), "/data")
            for old, new in steady.items():
                text = text.replace(old, new)
            path.write_text(text.replace("user_id: root", "user_id: user"))
    for old, new in list(steady.items())[1:]:
        os.rename(f"mlruns/{group}/{old}", f"mlruns/{group}/{new}")
    os.rename(f"mlruns/{group}", "mlruns/101")
    for path in pathlib.Path("mlruns").rglob("mlflow.[us]*"):
        path.unlink()


def wandb_runs(expected):
    import wandb

    settings = wandb.Settings(x_disable_stats=True, x_disable_meta=True, console="off", host="lab", disable_code=True,
                              disable_git=True, x_save_requirements=False)
    run = wandb.init(project="vehicles", name="offline run", config=SETTINGS | {"optimiser": {"name": "adam"}}, id="offline01",
                     notes="windy day", tags=["field"], settings=settings)
    for step in range(4):
        run.log({name: values[step] for name, values in CURVES.items()} | {"epoch": step, "nested": {"gap": 0.5}})
    run.summary["test_accuracy"] = TEST
    summary = {key: value for key, value in dict(run.summary).items() if isinstance(value, float)}
    run.finish()
    folder = next(pathlib.Path("wandb").glob("offline-run-*"))
    own = folder.rename(folder.parent / "offline-run-20250314_102653-offline01")
    curves = {name: [[step, value] for step, value in enumerate(values)] for name, values in CURVES.items()}
    expected[str(own)] = {"settings": SETTINGS, "last": summary, "curves": curves}
    shutil.rmtree(own / "logs")
    shutil.rmtree(own / "tmp")
    for path in [*pathlib.Path("wandb").glob("debug*"), pathlib.Path("wandb/latest-run"), *(own / "files").glob("*")]:
        path.unlink()
    synced = pathlib.Path("wandb/run-20250314_092653-synced01/files")
    synced.mkdir(parents=True)
    config = ["wandb_version: 1", "", "_wandb:", "  desc: null", "  value:", "    python_version: 3.11.7"]
    for key, value in (SETTINGS | {"optimiser": {"name": "adam"}}).items():
        config += [f"{key}:", "  desc: null"]
        if isinstance(value, dict):
            config += ["  value:", *(f"    {key}: {inner}" for key, inner in value.items())]
        else:
            config.append(f"  value: {json.dumps(value)}")
    (synced / "config.yaml").write_text("\n".join(config) + "\n")
    last = {name.replace("/", "_"): values[-1] for name, values in CURVES.items()} | {"test_accuracy": TEST}
    hidden = {"_step": 3, "_runtime": 32.5, "_timestamp": 1741944445.5, "_wandb": {"runtime": 32}}
    picture = {"weights": {"_type": "histogram", "values": [1, 2], "bins": [0, 1, 2]}}
    (synced / "wandb-summary.json").write_text(json.dumps(last | hidden | picture))
    about = {"os": "Linux", "startedAt": "2025-03-14T09:26:53.500000Z", "host": "lab", "program": "train.py"}
    (synced / "wandb-metadata.json").write_text(json.dumps(about, indent=2))
    expected[str(synced.parent)] = {"settings": SETTINGS, "last": last, "curves": {}}


def dvclive_run(expected):
    from dvclive import Live

    with Live("dvclive", dvcyaml=None, save_dvc_exp=False) as live:
        live.log_params(SETTINGS)
        for step in range(4):
            for name, values in CURVES.items():
                live.log_metric(name, values[step], timestamp=name == "val/iou")
            live.next_step()
        live.log_metric("test/accuracy", TEST, plot=False)
        last = {f"{group}/{name}": value for group, own in live.summary.items() if isinstance(own, dict) for name, value in own.items()}
    curves = {name: [[step, value] for step, value in enumerate(values)] for name, values in CURVES.items()}
    expected["dvclive"] = {"settings": SETTINGS, "last": last, "curves": curves}


def sacred_runs(expected):
    import numpy
    import sacred
    from sacred.observers import FileStorageObserver

    sacred.SETTINGS["HOST_INFO"]["INCLUDE_CPU_INFO"] = False
    sacred.SETTINGS["HOST_INFO"]["INCLUDE_GPU_INFO"] = False
    sacred.SETTINGS["CAPTURE_MODE"] = "no"
    for fails in [False, True]:
        experiment = sacred.Experiment("vehicles", save_git_info=False)
        experiment.observers.append(FileStorageObserver("sacred", copy_sources=False))
        experiment.add_config(SETTINGS | {"seed": 7, "optimiser": {"name": "adam"}})

        @experiment.main
        def train(_run):
            for step in range(4):
                for name, values in CURVES.items():
                    _run.log_scalar(name.replace("/", "."), numpy.float64(values[step]), step)
            if fails:
                raise ValueError("no more")
            _run.info["gap"] = 0.5
            return {"test_accuracy": TEST}

        try:
            run = experiment.run()
        except ValueError:
            continue
        curves = {name.replace("/", "."): [[step, value] for step, value in enumerate(values)] for name, values in CURVES.items()}
        expected["sacred/1"] = {"settings": run.config, "last": run.result | run.info, "curves": curves}
        expected["sacred/2"] = {"settings": run.config, "last": {}, "curves": curves}
    for path in pathlib.Path("sacred").glob("*/run.json"):
        run = json.loads(path.read_text())
        run["host"] = {"hostname": "lab", "python_version": "3.11.7"}
        run["experiment"] |= {"base_dir": "/data", "dependencies": [], "sources": []}
        if "fail_trace" in run:
            run["fail_trace"] = ["Traceback (most recent call last):\n", run["fail_trace"][-1]]
        path.write_text(json.dumps(run, indent=2, sort_keys=True))
    for path in pathlib.Path("sacred").glob("*/cout.txt"):
        path.unlink()
    shutil.rmtree("sacred/_sources", ignore_errors=True)


def keras_tuner_trials(expected):
    import keras
    import keras_tuner

    class Search(keras_tuner.RandomSearch):
        def run_trial(self, trial, *_, **__):
            trial.hyperparameters.Float("lr", 1e-4, 1e-2, sampling="log")
            units = trial.hyperparameters.Int("units", 8, 64, step=8)
            if trial.trial_id == "2":
                raise keras_tuner.errors.FailedTrialError("no more memory")

            def execution(shift):
                history = keras.callbacks.History()
                names = {"train/loss": "loss", "val/loss": "val_loss", "val/accuracy": "val_accuracy"}
                history.history = {names[name]: [own + units / 1000 + shift for own in CURVES[name]] for name in names}
                return history

            return [execution(0), execution(0.0625)]

    tuner = Search(None, objective="val_loss", max_trials=3, max_consecutive_failed_trials=5, directory="tuner",
                   project_name="cnn", seed=3, overwrite=True)
    tuner.search(verbose=0)
    for trial in tuner.oracle.trials.values():
        last = {} if trial.score is None else {"score": trial.score}
        last |= {name: float(trial.metrics.get_best_value(name)) for name in trial.metrics.metrics if trial.score is not None}
        expected[f"tuner/cnn/trial_{trial.trial_id}"] = {"settings": trial.hyperparameters.values, "last": last, "curves": {}}
    for path in pathlib.Path("tuner").rglob("trial.json"):
        trial = json.loads(path.read_text())
        if trial["message"]:
            trial["message"] = "Traceback (most recent call last):\n" + trial["message"].strip().splitlines()[-1] + "\n"
        path.write_text(json.dumps(trial))


def main():
    target = pathlib.Path(sys.argv[1]).absolute()
    if len(sys.argv) > 2:
        # One tracker, in a process of its own.
        expected = {}
        globals()[sys.argv[2]](expected)
        pathlib.Path(f"{sys.argv[2]}.expected").write_text(json.dumps(expected))
        return
    everything = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ["mlflow_runs", "wandb_runs", "dvclive_run", "sacred_runs", "keras_tuner_trials"]:
            subprocess.run([sys.executable, os.path.abspath(__file__), str(target), name], cwd=folder, check=True)
            path = pathlib.Path(folder, f"{name}.expected")
            everything |= json.loads(path.read_text())
            path.unlink()
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder, target / "experiments", ignore=shutil.ignore_patterns(".gitignore", "tuner0.json"))
    text = json.dumps(everything, indent=1, sort_keys=True)
    (target / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
