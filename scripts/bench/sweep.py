#!/usr/bin/env python3
"""Overhead of a study, and its losses when it is killed.

    cargo build -p trainer
    python3 scripts/bench/sweep.py TRAINER [--runs 1000] [--kills 5] [--folder DIR]

The local executor makes a thousand runs of two epochs on 240 short windows of noise and tones. SIGKILL ends the program and
all its workers at random moments, and the study is resumed each time; the last resumption runs to the end and is timed. Every
line of the plan must have exactly one completed experiment. The time is compared with that of the same runs as separate
commands, on one thread as in the study.
"""

import argparse
import array
import json
import math
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

STUDY = """name: study
base: {model: ultra_lightweight_cnn, epochs: 2, dataset_config: windows/dataset_config.yaml}
vary:
  learning_rate: {log_uniform: [1e-4, 1e-2], steps: 5}
  batch_size: [32, 64]
seeds: SEEDS
"""
SINGLE = 10


CONFIG = """task:
  class_names: [noise, low, high]
  train_index_file: train.txt
  val_index_file: val.txt
  test_index_file: test.txt
sampling_rate: 100
"""


def npy(code, shape, values):
    """A NumPy file."""
    head = f"{{'descr': '{code}', 'fortran_order': False, 'shape': {shape}, }}"
    head = head.ljust(118 - 1) + "\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + values.tobytes()


def windows(folder):
    """Noise, and noise with tones of two frequencies: `[n, 2, 64]` in three splits."""
    folder.mkdir(parents=True)
    rng = random.Random(0)
    for split, count in [("train", 240), ("val", 60), ("test", 60)]:
        x, labels = array.array("f"), array.array("q", [i % 3 for i in range(count)])
        for label in labels:
            phase = rng.uniform(0, 6)
            for _ in range(2):
                x.extend(rng.gauss(0, 1) + bool(label) * math.sin(0.4 * label * i + phase) for i in range(64))
        with zipfile.ZipFile(folder / f"{split}.npz", "w") as file:
            file.writestr("x.npy", npy("<f4", (count, 2, 64), x))
            file.writestr("y.npy", npy("<i8", (count,), labels))
        (folder / f"{split}.txt").write_text(f"{split}.npz\n")
    (folder / "dataset_config.yaml").write_text(CONFIG)


def processor():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def completed(experiments):
    """Line of the plan -> metadata of completed experiments; and the number of all experiments."""
    lines, count = {}, 0
    for path in experiments.glob("2*/metadata.json"):
        metadata = json.loads(path.read_text())
        count += 1
        if metadata["status"] == "completed":
            lines.setdefault(metadata["study_line"], []).append(metadata)
    return lines, count


def singles(trainer, root):
    """Processor time of a run as a command of its own, and of a command that does nothing."""
    before = processor()
    for _ in range(SINGLE):
        subprocess.run([trainer, "--version"], check=True, stdout=subprocess.DEVNULL)
    start = (processor() - before) / SINGLE
    before = processor()
    for seed in range(SINGLE):
        subprocess.run([trainer, "--model", "ultra_lightweight_cnn", "--epochs", "2", "--learning-rate", "0.001",
                        "--seed", str(seed), "--batch-size", str(32 if seed % 2 else 64), "--threads", "1",
                        "--no-baseline", "--experiments-dir", root / "single", "--dataset-config",
                        root / "windows/dataset_config.yaml"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    single = (processor() - before) / SINGLE
    print(f"a command of its own: {1e3 * single:.0f} ms of processor time, {1e3 * start:.0f} ms of them to start")
    return single


def killed(command, seconds):
    """Starts the program, and ends it and its workers after so many seconds."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.time() + seconds
    while time.time() < deadline and process.poll() is None:
        time.sleep(0.01)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    time.sleep(0.5)


def timed(command, runs, single):
    """Runs the study to its end: wall and processor time, that of the program itself apart from its workers'."""
    begun, before, own = time.perf_counter(), processor(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            own = max(own, sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK"))
        except (OSError, IndexError):
            pass
        time.sleep(0.05)
    wall, used = time.perf_counter() - begun, processor() - before
    print(f"{runs} runs in {wall:.0f} s, {used:.1f} s of processor time, {own:.1f} s of it outside the workers; "
          f"{1e3 * used / runs:.0f} ms a run, {used / runs / single - 1:+.1%} of a command of its own")


def check(lines, count, runs):
    problems = [f"line {line}: {len(found)} completed experiments" for line, found in lines.items() if len(found) != 1]
    problems += [f"line {line} is missing" for line in range(runs) if line not in lines]
    for problem in problems[:20]:
        print(f"PROBLEM: {problem}")
    print(f"{len(lines)} of {runs} lines completed, {count} experiments, {len(problems)} problems")
    return not problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("trainer")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--folder")
    options = parser.parse_args()
    trainer = os.path.abspath(options.trainer)
    root = pathlib.Path(options.folder or tempfile.mkdtemp(prefix="sweep-")).absolute()
    root.mkdir(exist_ok=True, parents=True)
    runs = options.runs // 10 * 10
    (root / "study.yaml").write_text(STUDY.replace("SEEDS", str(runs // 10)))
    windows(root / "windows")
    single = singles(trainer, root)
    experiments = root / "experiments"
    command = [trainer, "sweep", root / "study.yaml", "--experiments-dir", experiments]
    rng, lines = random.Random(1), {}
    for number in range(options.kills):
        killed(command, rng.uniform(1, 10))
        lines, count = completed(experiments)
        print(f"killed {number + 1}: {len(lines)} lines done, {count} experiments")
        if (root / "studies/study").exists():
            command = [trainer, "sweep", "--resume", "study", "--experiments-dir", experiments]
    timed(command, runs - len(lines), single)
    good = check(*completed(experiments), runs)
    if not options.folder:
        shutil.rmtree(root)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
