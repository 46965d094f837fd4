#!/usr/bin/env python3
"""Accuracy of the networks on real recordings, cross-validated by group: pooled macro F1, mean and standard deviation over seeds.

    python3 scripts/bench/accuracy.py --data DIR [--sets goodvibes,...] [--models simple_cnn,...] [--seeds 5]
        [--folds 4] [--baselines all|quick|none] [--set-config FILE] [--trainer BIN] [--out FILE.json]
        [-- more options of the trainer]

DIR has one folder per dataset with `train.npz` and `val.npz` (`x` [N, channels, samples], `y` [N], `group` [N]). With
`--folds K` both are pooled and divided into K folds by group, stratified by class. Each fold is tested with a network trained
on the others. With `--folds 0` the networks are trained on `train.npz` and evaluated on `val.npz`. The simple baselines of
`trainer baselines` are trained and evaluated on the same windows; `*` marks the best of them. Needs numpy.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np


def group_folds(y, group, k, seed=0):
    """The fold of every group: the largest groups first, each to the fold that lacks most of its classes."""
    rng = np.random.default_rng(seed)
    names, index = np.unique(group, return_inverse=True)
    classes = int(y.max()) + 1
    counts = np.zeros((len(names), classes))
    np.add.at(counts, (index, y), 1)
    order = rng.permutation(len(names))
    order = order[np.argsort(-counts[order].sum(1), kind="stable")]
    due = counts.sum(0) / k
    held = np.zeros((k, classes))
    fold = np.zeros(len(names), int)
    for g in order:
        lack = (((due - held) / np.maximum(due, 1e-9)) * counts[g]).sum(1)
        fold[g] = int(np.argmax(lack))
        held[fold[g]] += counts[g]
    return fold[index]


def macro_f1(confusion):
    confusion = np.asarray(confusion, float)
    hit = np.diag(confusion)
    true, said = confusion.sum(1), confusion.sum(0)
    f1 = 2 * hit / np.maximum(true + said, 1e-12)
    return f1[(true + said) > 0].mean()


def write_set(folder, parts, rate, extra):
    folder.mkdir(parents=True)
    classes = max(int(part["y"].max()) for part in parts.values()) + 1
    text = f"x_classification:\n  num_classes: {classes}\n"
    for name, part in parts.items():
        np.savez(folder / f"{name}.npz", **part)
        (folder / f"{name}.txt").write_text(f"{name}.npz\n")
        text += f"  {name}_index_file: {name}.txt\n"
    if rate:
        text += f"sampling_rate: {rate}\n"
    config = folder / "dataset_config.yaml"
    config.write_text(text + extra)
    return config


def train(trainer, config, model, seed, more, work):
    command = [trainer, "--model", model, "--dataset-config", config, "--seed", str(seed), "--experiments-dir", work, "--no-baseline", *more]
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{run.stderr}")
    directory = next(line.split(None, 1)[1] for line in run.stdout.splitlines() if line.startswith("directory"))
    return json.loads((pathlib.Path(directory) / "metadata.json").read_text())


def baselines(trainer, configs, kind):
    """Macro-F1 of the simple baselines over the pooled windows of all folds, by name."""
    pooled = {}
    for config in configs:
        command = [trainer, "baselines", "--untracked", "--json", "--dataset-config", config]
        command += ["--quick"] if kind == "quick" else []
        run = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{run.stderr}")
        for result in json.loads(run.stdout)["results"]:
            confusion = next(own for own in result["judgements"] if own["split"] == "validation")["scores"]["confusion"]
            pooled[result["title"]] = pooled.get(result["title"], 0) + np.asarray(confusion)
    return {title: macro_f1(confusion) for title, confusion in pooled.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--sets", default="goodvibes,treetools,icequakes,walkers")
    parser.add_argument("--models", default="simple_cnn")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--baselines", choices=("all", "quick", "none"), default="all")
    parser.add_argument("--set-config", type=pathlib.Path, help="YAML appended to every dataset configuration")
    parser.add_argument("--trainer", default="target/debug/trainer")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("more", nargs="*")
    args = parser.parse_args()
    extra = args.set_config.read_text() if args.set_config else ""
    rows = []
    for name in args.sets.split(","):
        train_part, val_part = (dict(np.load(args.data / name / f"{part}.npz", allow_pickle=False)) for part in ("train", "val"))
        with tempfile.TemporaryDirectory() as temporary:
            temporary = pathlib.Path(temporary)
            keep = lambda part, mask: {key: part[key][mask] for key in ("x", "y", "group")}
            if args.folds:
                both = {key: np.concatenate([train_part[key], val_part[key]]) for key in ("x", "y", "group")}
                fold = group_folds(both["y"], both["group"], args.folds)
                splits = [(keep(both, fold != k), keep(both, fold == k)) for k in range(args.folds)]
            else:
                everything = slice(None)
                splits = [(keep(train_part, everything), keep(val_part, everything))]
            configs = [
                write_set(temporary / f"fold{k}", {"train": a, "val": b}, None, extra) for k, (a, b) in enumerate(splits)
            ]
            for model in filter(None, args.models.split(",")):
                scores, errors = [], []
                for seed in range(1, args.seeds + 1):
                    pooled, error = 0, []
                    for config in configs:
                        results = train(args.trainer, config, model, seed, args.more, temporary / "experiments")["results"]
                        pooled = pooled + np.asarray(results["test"]["confusion_matrix"])
                        error.append(results["test"].get("calibration_error", float("nan")))
                    scores.append(macro_f1(pooled))
                    errors.append(float(np.mean(error)))
                rows.append({"set": name, "model": model, "folds": args.folds, "macro_f1": scores, "calibration_error": errors})
                print(
                    f"{name:<10} {model:<22} macro-F1 {np.mean(scores):.3f} +- {np.std(scores):.3f}"
                    f"  calibration error {np.mean(errors):.3f}",
                    flush=True,
                )
            if args.baselines != "none":
                found = baselines(args.trainer, configs, args.baselines)
                best = max(found.values())
                for title, score in found.items():
                    rows.append({"set": name, "baseline": title, "folds": args.folds, "macro_f1": [score]})
                    print(f"{name:<10} {title:<42} {score:.3f}{' *' if score == best else ''}", flush=True)
    if args.out:
        args.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
