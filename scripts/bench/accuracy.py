#!/usr/bin/env python3
"""Accuracy of networks and simple baselines on real recordings: macro F1 and calibration error over several seeds.

    python3 scripts/bench/accuracy.py --data DIR [--sets goodvibes:4,treetools,...] [--models simple_cnn,...] [--seeds 5]
        [--variant NAME=PRESET ...] [--baselines all|quick|none] [--jobs 2] [--trainer BIN] [--out FILE.json]

DIR has a folder for each set, with `train.npz` and `val.npz` (`x` [N, channels, samples], `y` [N], `group` [N]). The networks
are trained on `train.npz` and tested on `val.npz`. `NAME:K` cross-validates instead: both files are put together and cut into
K folds by group, every class spread over the folds, and the predictions of all folds are scored together. The simple baselines
of `trainer baselines` are trained and tested on the same windows.

Networks are trained with the defaults. A variant is trained as well: PRESET is the file of a preset, or its text. With
`--jobs 2` two trainings run at once, each on one thread, which changes no result. `accuracy_report.py` makes tables and
figures from FILE.json. Needs numpy.
"""

import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

KEYS = ("x", "y", "group")


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


def write_set(folder, train_part, val_part):
    """Writes a dataset; returns its configuration."""
    folder.mkdir(parents=True)
    classes = max(int(part["y"].max()) for part in (train_part, val_part)) + 1
    text = f"x_classification:\n  num_classes: {classes}\n"
    for name, part in (("train", train_part), ("val", val_part)):
        np.savez(folder / f"{name}.npz", **part)
        (folder / f"{name}.txt").write_text(f"{name}.npz\n")
        text += f"  {name}_index_file: {name}.txt\n"
    config = folder / "dataset_config.yaml"
    config.write_text(text)
    return config


def write_folds(data, name, folds, folder):
    """Writes the datasets of a set, one for each fold; returns their configurations."""
    parts = [dict(np.load(data / name / f"{part}.npz", allow_pickle=False)) for part in ("train", "val")]
    train_part, val_part = ({key: part[key] for key in KEYS} for part in parts)
    if not folds:
        return [write_set(folder, train_part, val_part)]
    both = {key: np.concatenate([train_part[key], val_part[key]]) for key in KEYS}
    fold = group_folds(both["y"], both["group"], folds)
    keep = lambda mask: {key: both[key][mask] for key in KEYS}
    return [write_set(folder / f"fold{k}", keep(fold != k), keep(fold == k)) for k in range(folds)]


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def train(job, args):
    """Trains one network on one fold; returns its confusion matrix and calibration error."""
    command = [args.trainer, "--model", job["model"], "--dataset-config", job["config"], "--seed", job["seed"]]
    command += ["--experiments-dir", job["experiments"], "--no-baseline", "--json"]
    command += ["--config", job["preset"]] if job["preset"] else []
    command += ["--threads", "1"] if args.jobs > 1 else []
    test = json.loads(run(command))["results"]["test"]
    return np.asarray(test["confusion_matrix"]), test.get("calibration_error", float("nan"))


def networks(args, name, folds, configs, presets, experiments):
    """A row for each network and variant."""
    variants = [(model, variant) for model in filter(None, args.models.split(",")) for variant in presets]
    jobs = [
        {"model": model, "variant": variant, "preset": presets[variant], "seed": seed, "config": config, "experiments": experiments}
        for model, variant in variants
        for seed in range(1, args.seeds + 1)
        for config in configs
    ]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        found = iter(list(pool.map(lambda job: train(job, args), jobs)))
    for model, variant in variants:
        scores, errors = [], []
        for _ in range(args.seeds):
            of_folds = [next(found) for _ in configs]
            scores.append(macro_f1(sum(confusion for confusion, _ in of_folds)))
            errors.append(float(np.mean([error for _, error in of_folds])))
        yield {"set": name, "folds": folds, "model": model, "variant": variant, "macro_f1": scores, "calibration_error": errors}


def baselines(args, name, folds, configs):
    """A row for each simple baseline."""
    pooled = {}
    for config in configs:
        command = [args.trainer, "baselines", "--untracked", "--json", "--dataset-config", config]
        command += ["--quick"] if args.baselines == "quick" else []
        for result in json.loads(run(command))["results"]:
            confusion = next(own for own in result["judgements"] if own["split"] == "validation")["scores"]["confusion"]
            pooled[result["title"]] = pooled.get(result["title"], 0) + np.asarray(confusion)
    for title, confusion in pooled.items():
        yield {"set": name, "folds": folds, "baseline": title, "macro_f1": [macro_f1(confusion)]}


def write_presets(given, folder):
    """Files of the variants by name; None for the defaults."""
    presets = {"default": None}
    for text in given:
        name, preset = text.split("=", 1)
        if "\n" not in preset and ": " not in preset:
            presets[name] = pathlib.Path(preset).resolve()
        else:
            presets[name] = folder / f"{name}.yaml"
            presets[name].write_text(preset + "\n")
    return presets


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--sets", default="goodvibes:4,treetools,icequakes,walkers")
    parser.add_argument("--models", default="simple_cnn")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--variant", action="append", default=[], metavar="NAME=PRESET")
    parser.add_argument("--only-variants", action="store_true", help="do not train with the defaults")
    parser.add_argument("--baselines", choices=("all", "quick", "none"), default="all")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--trainer", default="target/debug/trainer")
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        presets = write_presets(args.variant, temporary)
        if args.only_variants:
            del presets["default"]
        for text in args.sets.split(","):
            name, _, folds = text.partition(":")
            folds = int(folds or 0)
            configs = write_folds(args.data, name, folds, temporary / name)
            for row in networks(args, name, folds, configs, presets, temporary / "experiments"):
                rows.append(row)
                f1, error = row["macro_f1"], np.mean(row["calibration_error"])
                label = f"{name:<10} {row['model']:<22} {row['variant']:<14}"
                print(f"{label} macro F1 {np.mean(f1):.3f} +- {np.std(f1):.3f}  calibration error {error:.3f}", flush=True)
            if args.baselines != "none":
                for row in baselines(args, name, folds, configs):
                    rows.append(row)
                    print(f"{name:<10} {row['baseline']:<42} macro F1 {row['macro_f1'][0]:.3f}", flush=True)
            if args.out:
                args.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
