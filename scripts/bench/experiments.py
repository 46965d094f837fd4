"""Times `experiment` over many experiments: copies of one real experiment with other IDs and metrics.

    cargo build --release -p experiment
    python scripts/bench/experiments.py EXPERIMENT [--count 10000] [--folder /tmp/many]

EXPERIMENT is the directory of a finished experiment. Copies share their large files (hard links). Prints wall time and peak
memory of each command: `cold` after dropping the page cache (only as root), and warm, the best of three.
"""

import argparse
import datetime
import json
import os
import random
import resource
import shutil
import subprocess
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def make(source: str, root: str, count: int) -> None:
    with open(os.path.join(source, "metadata.json"), encoding="utf-8") as file:
        metadata = json.load(file)
    rng = random.Random(0)
    start = datetime.datetime(2025, 1, 1)
    for i in range(count):
        moment = start + datetime.timedelta(minutes=7 * i)
        name = f"{moment:%Y%m%d_%H%M%S}_simple_cnn_3classes_32batch_{rng.getrandbits(32):08x}"
        shutil.copytree(source, os.path.join(root, name), copy_function=os.link)
        metadata["experiment_id"] = name
        metadata["timestamp"] = moment.isoformat(timespec="microseconds")
        for split in ("validation", "test"):
            metadata["results"][split]["f1_macro"] = rng.uniform(0.5, 1.0)
        path = os.path.join(root, name, "metadata.json")
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(metadata, file, indent=2)
    for i in range(5):
        os.makedirs(os.path.join(root, f"broken{i}"))
        with open(os.path.join(root, f"broken{i}", "metadata.json"), "w", encoding="utf-8") as file:
            file.write("{")


def measure(command: list[str]) -> tuple[float, int]:
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return time.perf_counter() - begun, usage.ru_maxrss


def drop_caches() -> bool:
    os.sync()
    try:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
            file.write("3")
        return True
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("experiment")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--folder", default="/tmp/many")
    parser.add_argument("--binary", default=os.path.join(REPOSITORY, "target/release/experiment"))
    options = parser.parse_args()
    root = os.path.join(options.folder, "experiments")
    if not os.path.isdir(root):
        make(os.path.abspath(options.experiment), root, options.count)
    for arguments in (
        ["list"],
        ["list", "--limit", "20", "--sort", "test_f1"],
        ["list", "--filter", "test.f1_macro>0.9 and status=completed", "--columns", "id,test_f1"],
        ["list", "--json"],
        ["list", "--group-by", "model,learning_rate"],
        ["summary", "latest"],
        ["summary", "best:test_f1"],
    ):
        command = [options.binary, "--experiments-dir", root, *arguments]
        cold = measure(command)[0] if drop_caches() else float("nan")
        warm = min(measure(command) for _ in range(3))
        print(f"{' '.join(arguments):70} cold {cold:6.2f} s  warm {warm[0]:6.2f} s  {warm[1] / 1024:7.1f} MiB")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    main()
