"""Compares the reading of damaged recordings with ObsPy and pandas, and that of formats which these do not read with what was written.

    pip install numpy obspy pandas pyarrow pymseed scipy tables
    cargo build -p data --example recordings
    python scripts/conformance/differential_damaged.py target/debug/examples/recordings [--files 200] [--seed 1] [--only win,ah]

The files are those of `differential.py`, of which a few bytes are changed, cut or doubled. The project must read the same as the Python
reader, or give an error or a note. What differs without a note is printed, and its number is the exit status: some of it is right, as
where ObsPy joins what is apart. WIN32 and SMC, which ObsPy does not read, are written here; sound files must hold what was written.
"""
import json
import multiprocessing
import struct
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np

import make_win
from differential import KINDS, START, differs, options
from differential_samples import damaged


def remember(path, traces):
    """Keeps what a file holds beside it."""
    found = [(name, start, rate, [float(own) for own in samples]) for name, start, rate, samples in traces]
    path.with_suffix(".json").write_text(json.dumps(found))


def recalled(path):
    return [(name, start, rate, np.array(samples)) for name, start, rate, samples in json.loads(path.with_suffix(".json").read_text())]


def win32(rng, path):
    """Blocks of a second or more, of several networks, that follow each other."""
    seconds, content, at = int(rng.integers(1, 4)), bytes(4), START
    channels = [(int(rng.integers(256)), int(rng.integers(256)), int(number), int(rng.integers(1, 300)))
                for number in rng.choice(2**16, int(rng.integers(1, 7)), replace=False)]
    found = {own: [] for own in channels}
    for _ in range(int(rng.integers(1, 6))):
        body = b""
        for own in channels:
            samples = make_win.walk(rng, int(rng.integers(5)), own[3] * seconds)
            found[own] += samples.tolist()
            body += bytes(own[:2]) + make_win.channel(own[2], samples)
        parts = at.year // 100, at.year % 100, at.month, at.day, at.hour, at.minute, at.second, 0
        content += bytes(map(make_win.bcd, parts)) + struct.pack(">II", 10 * seconds, len(body)) + body
        at += seconds
    path.write_bytes(content)
    remember(path, [(f"{number:04x}", START.ns, float(rate), samples) for (_, _, number, rate), samples in found.items()])


def smc(rng, path):
    """A component with numbers of ten characters, eight a line."""
    kind, suffix = [("2 CORRECTED ACCELEROGRAM", ""), ("3 VELOCITY", "-vel"), ("4 DISPLACEMENT", "-disp")][rng.integers(3)]
    n, rate = int(rng.integers(1, 900)), float(rng.choice([50, 100, 200, 62.5]))
    texts = [f"{float(own):10.4E}" for own in rng.normal(0, 1, n) * 10.0 ** rng.integers(-4, 4)]
    # An exponent has one digit, so that each number has its sign.
    texts = [f"{own[:-2]}{own[-1]}".rjust(10) for own in texts]
    at = START + int(rng.integers(10**6)) + int(rng.integers(1000)) / 1000
    integers = [-32768, at.year, at.julday, at.hour, at.minute, at.second, at.microsecond // 1000] + [-32768] * 41
    integers[16] = n
    numbers = [1.7e38, rate] + [1.7e38] * 48
    lines = [kind, "*", "NODE", "", "", "station = A town  component=    360"] + ["*"] * 5
    lines += ["".join(f"{own:10d}" for own in integers[i:i + 8]) for i in range(0, 48, 8)]
    lines += ["".join(f"{own:15.7E}" for own in numbers[i:i + 5]) for i in range(0, 50, 5)]
    lines += ["| a comment"] * int(rng.integers(3)) + ["".join(texts[i:i + 8]) for i in range(0, n, 8)]
    path.write_text("\n".join(lines) + "\n")
    remember(path, [(f".NODE..360{suffix}", at.ns, rate, [float(own) for own in texts])])


OWN = [("win32", win32, recalled), ("smc", smc, recalled)]


def read(reader, path):
    warnings.simplefilter("ignore")
    try:
        return reader(path)
    except Exception:  # a damaged file may raise anything
        return None


class Peer:
    """A process of its own, as damaged files may end it or keep it busy."""

    def __init__(self):
        self.context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(1, self.context)

    def read(self, reader, path):
        try:
            return self.pool.submit(read, reader, path).result(timeout=10)
        except (BrokenProcessPool, TimeoutError):
            for process in list((self.pool._processes or {}).values()):
                process.kill()
            self.pool = ProcessPoolExecutor(1, self.context)
            return None


def hurt(rng, path):
    """Damages a file, or the one with its samples beside it."""
    beside = path.with_suffix(".QBN")
    own = beside if beside.is_file() and rng.random() < 0.3 else path
    own.write_bytes(damaged(rng, own.read_bytes()))


def judge(ours, theirs, ending, sound):
    """What came of a file, and a problem if there is one."""
    if "error" in ours:
        alone = theirs is not None
        return "refused" if not alone else "refused alone", ours["error"] if sound else None
    if theirs is None:
        return "read alone", None
    problem = differs(ours, theirs, ending)
    if problem is None:
        return "same", None
    # That times have no zone is said of every file.
    notes = [note for note in ours["notes"] if "no time zone" not in str(note)]
    if sound or not notes:
        return "other", problem
    return "other, noted", None


def main():
    parser = options()
    parser.add_argument("--keep", type=Path, help="a folder for the files")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    rng, peer, wrong = np.random.default_rng(args.seed), Peer(), 0
    with tempfile.TemporaryDirectory() as folder:
        folder = args.keep or Path(folder)
        folder.mkdir(exist_ok=True)
        for ending, write, reader in KINDS + OWN:
            if args.only and ending not in args.only.split(","):
                continue
            is_own = reader is recalled
            paths = [folder / f"{i}.{ending}" for i in range(args.files)]
            for i, path in enumerate(paths):
                write(rng, path)
                # What damaged files of these hold is not known.
                if not is_own or i % 2:
                    hurt(rng, path)
            output = subprocess.run([args.example, "--samples", *paths], capture_output=True, text=True)
            if output.returncode:
                sys.exit(f"{ending}: ended with {output.returncode} after {len(output.stdout.splitlines())} files: {output.stderr[-2000:]}")
            counts = {}
            for i, (path, line) in enumerate(zip(paths, output.stdout.splitlines(), strict=True)):
                sound = is_own and i % 2 == 0
                theirs = recalled(path) if sound else None if is_own else peer.read(reader, path)
                kind, problem = judge(json.loads(line), theirs, ending, sound)
                counts[kind] = counts.get(kind, 0) + 1
                wrong += problem is not None
                if problem:
                    print(f"{path.name}: {problem}")
            print(f"{ending}: {len(paths)} files, {json.dumps(counts, sort_keys=True)}", flush=True)
    sys.exit(min(wrong, 100))


if __name__ == "__main__":
    main()
