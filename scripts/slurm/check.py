#!/usr/bin/env python3
"""Checks a study and an archive of station-days on a real Slurm.

    scripts/slurm/start.sh
    python3 scripts/slurm/check.py TRAINER [--predict PREDICT] [--runs 60] [--days 20] [--folder DIR]

TRAINER is the program. The study runs as a job array and with the local executor. The job array is killed and requeued, slurmd
is stopped and started, and the study is resumed once. Each line must have exactly one completed experiment, with identical
weights in both. Then the first model analyses the archive, see archive.py. Needs root (it stops and starts slurmd).
"""

import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

import archive
from common import job_number, requeue_one, run, wait_for, wait_for_end, workers

STUDY = """name: STUDY
base: {model: ultra_lightweight_cnn, epochs: EPOCHS, schedule: plateau, warmup: 0}
vary:
  learning_rate: {log_uniform: [1e-4, 1e-2], steps: 5}
  batch_size: [16, 32]
seeds: SEEDS
slurm: {array_limit: 2, tasks: 12}
"""


def completed(experiments):
    """Line of the plan -> directories of completed experiments."""
    lines = {}
    for path in sorted(experiments.glob("2*/metadata.json")):
        metadata = json.loads(path.read_text())
        if metadata["status"] == "completed":
            lines.setdefault(metadata["study_line"], []).append(path.parent)
    return lines


def disturb(job, folder, experiments, runs):
    """SIGKILL to two trainers, a requeue, slurmd stopped and started."""
    wait_for("a first result", lambda: completed(experiments))
    for process in workers(folder)[:2]:
        os.kill(process, signal.SIGKILL)
        print(f"killed {process}")
    wait_for("more results", lambda: len(completed(experiments)) >= runs // 4)
    requeue_one(job)
    wait_for("half of the results", lambda: len(completed(experiments)) >= runs // 2)
    daemon = pathlib.Path("/run/seismic-slurm/slurmd.pid")
    os.kill(int(daemon.read_text()), signal.SIGTERM)
    time.sleep(3)
    run("slurmd")
    print("slurmd was stopped and started")


def study(trainer, root, runs, epochs):
    """Returns the problems found."""
    text = STUDY.replace("SEEDS", str(runs // 10)).replace("EPOCHS", str(epochs))
    (root / "array.yaml").write_text(text.replace("STUDY", "array"))
    (root / "local.yaml").write_text(text.replace("STUDY", "local"))
    experiments = root / "slurm/experiments"
    folder = root / "slurm/studies/array"
    place = ["--experiments-dir", experiments, "--datasets-dir", root / "datasets"]
    begun = time.time()
    said = run(trainer, "sweep", root / "array.yaml", "--executor", "slurm", *place)
    job = job_number(said)
    print(said.splitlines()[0])
    disturb(job, folder, experiments, runs)
    wait_for_end(job)
    lost = runs - len(completed(experiments))
    print(f"{lost} runs were left when the array ended")
    said = run(trainer, "sweep", "--resume", "array", "--executor", "slurm", "--experiments-dir", experiments)
    if second := job_number(said):
        wait_for_end(second)
    print(f"the study took {time.time() - begun:.0f} s")
    run(trainer, "sweep", root / "local.yaml", "--experiments-dir", root / "local/experiments",
        "--datasets-dir", root / "datasets")
    array, local = completed(experiments), completed(root / "local/experiments")
    problems = [f"line {line}: {len(found)} experiments" for line, found in array.items() if len(found) != 1]
    problems += [f"line {line} is missing" for line in range(runs) if line not in array]
    for line, found in array.items():
        weights = [directory / "model/model.safetensors" for directory in (found[0], local[line][0])]
        if weights[0].read_bytes() != weights[1].read_bytes():
            problems.append(f"line {line}: weights differ from the local executor's")
    interrupted = sum(len(json.loads((e[0] / "metadata.json").read_text()).get("resumed", [])) for e in array.values())
    print(f"{len(array)} of {runs} runs completed, {interrupted} times resumed, {len(problems)} problems")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("trainer")
    parser.add_argument("--predict", help="the program `predict` [default: beside TRAINER]")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=7200, help="length of a station-day")
    parser.add_argument("--hop", type=int, default=128)
    parser.add_argument("--folder")
    options = parser.parse_args()
    if options.runs % 10:
        sys.exit("--runs must be a multiple of 10")
    trainer = os.path.abspath(options.trainer)
    root = pathlib.Path(options.folder or tempfile.mkdtemp(prefix="slurm-study-")).absolute()
    root.mkdir(exist_ok=True)
    problems = []
    if options.runs:
        problems += study(trainer, root, options.runs, options.epochs)
        model = completed(root / "local/experiments")[0][0]
    else:
        run(trainer, "--model", "ultra_lightweight_cnn", "--epochs", "2", "--no-baseline", "--experiments-dir",
            root / "experiments", "--datasets-dir", root / "datasets")
        model = next((root / "experiments").glob("2*"))
    if options.days:
        predict = os.path.abspath(options.predict or os.path.join(os.path.dirname(trainer), "predict"))
        problems += archive.check(predict, model, root, options.days, options.seconds, options.hop)
    for problem in problems:
        print(f"PROBLEM: {problem}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
