#!/usr/bin/env python3
"""Tables and figures from what `accuracy.py` measured.

    python3 scripts/bench/accuracy_report.py FILE.json ... [--figure FILE.png] [--ablation MODEL]

Prints Markdown tables: the networks with the defaults, the simple baselines and, with `--ablation`, the variants of one
network. The figure shows every seed of every network beside the baselines. Needs numpy; the figure, matplotlib.
"""

import argparse
import json
import pathlib

import numpy as np

# Minimum range of a panel, so that insignificant differences look small.
SPAN = 0.15


def of_set(rows, name):
    return [row for row in rows if row["set"] == name]


def title(row):
    return row["set"] + (f", {row['folds']} folds" if row["folds"] else ", validation")


def mean_and_deviation(row):
    return f"{np.mean(row['macro_f1']):.3f} ± {np.std(row['macro_f1']):.3f}"


def table(head, lines):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for line in lines:
        print("| " + " | ".join(line) + " |")
    print()


def print_networks(rows, sets):
    networks = [row for row in rows if row.get("variant") == "default"]
    lines = []
    for name in sets:
        for row in of_set(networks, name):
            error = f"{np.mean(row['calibration_error']):.3f}"
            lines.append([title(row), f"`{row['model']}`", mean_and_deviation(row), error])
    table(["recordings", "network", "macro F1", "calibration error"], lines)


def print_baselines(rows, sets):
    found = [row for row in rows if "baseline" in row]
    lines = []
    for kind in dict.fromkeys(row["baseline"] for row in found):
        score = {row["set"]: row["macro_f1"][0] for row in found if row["baseline"] == kind}
        best = {name: max(row["macro_f1"][0] for row in of_set(found, name)) for name in score}
        cell = lambda name: f"**{score[name]:.3f}**" if score[name] == best[name] else f"{score[name]:.3f}"
        lines.append([kind, *(cell(name) if name in score else "" for name in sets)])
    table(["baseline", *sets], lines)


def print_ablation(rows, sets, model):
    found = [row for row in rows if row.get("model") == model]
    lines = []
    for variant in dict.fromkeys(row["variant"] for row in found):
        cells = {row["set"]: mean_and_deviation(row) for row in found if row["variant"] == variant}
        lines.append([variant, *(cells.get(name, "") for name in sets)])
    table([f"`{model}`", *sets], lines)


def draw(rows, sets, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows_of_panels = -(-len(sets) // 2)
    figure, axes = plt.subplots(rows_of_panels, 2, figsize=(12.8, 2.6 * rows_of_panels), layout="constrained")
    axes = axes.flat
    for name, axis in zip(sets, axes):
        networks = [row for row in of_set(rows, name) if row.get("variant") == "default"]
        simple = sorted((row for row in of_set(rows, name) if "baseline" in row), key=lambda row: row["macro_f1"][0])
        labels = []
        for row in simple[-3:] + networks:
            network = "model" in row
            colour = "tab:blue" if network else "tab:gray"
            place = len(labels)
            axis.plot(row["macro_f1"], [place] * len(row["macro_f1"]), "o", color=colour, alpha=0.5, markersize=5)
            axis.plot([np.mean(row["macro_f1"])] * 2, [place - 0.3, place + 0.3], color=colour, linewidth=2)
            labels.append(row["model"] if network else row["baseline"])
        axis.set_yticks(range(len(labels)), labels, fontsize=8)
        axis.invert_yaxis()
        low, high = axis.get_xlim()
        half = max(high - low, SPAN) / 2
        # No score is above 1: a little room for the marks is enough.
        top = min((low + high) / 2 + half, 1.01)
        axis.set_xlim(top - 2 * half, top)
        axis.set_title(title(next(iter(of_set(rows, name)))), fontsize=9)
        axis.set_xlabel("macro F1", fontsize=8)
        axis.grid(axis="x", alpha=0.3)
    for axis in axes:
        axis.set_visible(False)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=pathlib.Path, nargs="+")
    parser.add_argument("--figure", type=pathlib.Path)
    parser.add_argument("--ablation", metavar="MODEL")
    args = parser.parse_args()
    rows = [row for file in args.files for row in json.loads(file.read_text())]
    sets = list(dict.fromkeys(row["set"] for row in rows))
    if args.ablation:
        print_ablation(rows, sets, args.ablation)
    else:
        print_networks(rows, sets)
        print_baselines(rows, sets)
    if args.figure:
        draw(rows, sets, args.figure)


if __name__ == "__main__":
    main()
