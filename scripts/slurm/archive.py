"""Checks an archive of station-days on a real Slurm: one task is killed, one requeued, and the catalogue equals that of a local run."""

import array
import datetime
import math
import os
import random
import signal
import struct

from common import job_number, requeue_one, run, wait_for, wait_for_end, workers

RATE = 100
SAMPLES_A_RECORD = (4096 - 64) // 2
START = datetime.date(2024, 2, 20)
EVENTS = ["--channels", "Z,E", "--on", "0.4", "--off", "0.3", ]


def trace(seconds, seed):
    """Noise and bursts, as int16."""
    rng = random.Random(seed)
    samples = array.array("h")
    for i in range(seconds * RATE):
        burst = 4000 * math.sin(0.6 * i) if (i // RATE) % 97 > 80 else 0
        samples.append(int(rng.gauss(0, 100) + burst))
    return samples


def record(channel, start, number, samples):
    """One miniSEED record of 4,096 bytes with 16-bit samples, which begins `start` seconds after midnight."""
    day, seconds = start
    fraction = round(seconds % 1 * 10_000)
    whole = int(seconds)
    time = struct.pack(">HHBBBBH", day.year, day.timetuple().tm_yday, whole // 3600, whole // 60 % 60, whole % 60, 0, fraction)
    head = f"{number % 1_000_000:06d}D MADE 00{channel}XX".encode() + time
    head += struct.pack(">HhhBBBBiHH", len(samples), RATE, 1, 0, 0, 0, 1, 0, 64, 48)
    blockette = struct.pack(">HHBBBB", 1000, 0, 1, 1, 12, 0)
    data = array.array("h", samples)
    data.byteswap()
    return (head + blockette).ljust(64, b"\0") + data.tobytes().ljust(4096 - 64, b"\0")


def make(root, days, seconds):
    """`days` days of one station with two channels, each `seconds` long from midnight, in the SeisComP Data Structure."""
    traces = {code: trace(seconds, seed) for seed, code in enumerate(("HHZ", "HHE"))}
    for i in range(days):
        day = START + datetime.timedelta(days=i)
        for code, samples in traces.items():
            # The bursts are at different times every day.
            turn = i * 7919 % len(samples)
            own = samples[turn:] + samples[:turn]
            folder = root / f"{day.year}/XX/MADE/{code}.D"
            folder.mkdir(parents=True, exist_ok=True)
            pieces = range(0, len(own), SAMPLES_A_RECORD)
            records = [record(code, (day, at / RATE), n, own[at:at + SAMPLES_A_RECORD]) for n, at in enumerate(pieces)]
            (folder / f"XX.MADE.00.{code}.D.{day.year}.{day:%j}").write_bytes(b"".join(records))


def results(out):
    return sorted((out / "days").glob("*.jsonl"))


def check(predict, model, root, days, seconds, hop):
    """Returns the problems found."""
    make(root / "sds", days, seconds)
    command = [predict, "recording", model, root / "sds", *EVENTS, "--hop", hop, "--out"]
    run(*command, root / "local")
    out = root / "array"
    submit = [*command, out, "--executor", "slurm", "--array-limit", 2, "--tasks", 6]
    said = run(*submit)
    job = job_number(said)
    print(said.splitlines()[0])
    wait_for("a first day", lambda: results(out) and workers(out))
    process = workers(out)[0]
    os.kill(process, signal.SIGKILL)
    print(f"killed {process}")
    wait_for("more days", lambda: len(results(out)) >= days // 3)
    requeue_one(job)
    wait_for_end(job)
    print(f"{days - len(results(out))} days were left when the array ended")
    if len(results(out)) < days:
        wait_for_end(job_number(run(*submit)))
    return compare(root / "local", out, days)


def compare(local, out, days):
    problems = []
    names = [path.name for path in results(local)]
    if len(names) != days or names != [path.name for path in results(out)]:
        problems.append(f"{len(results(out))} days of {days}, {len(names)} of the local run")
    for path in [*results(local), local / "events.jsonl"]:
        other = out / path.relative_to(local)
        if not other.exists() or other.read_bytes() != path.read_bytes():
            problems.append(f"{other} is not that of the local run")
    done = [line for log in (out / "logs").iterdir() for line in log.read_text().splitlines() if line.endswith(": done")]
    if len(done) != days or len(set(done)) != days:
        problems.append(f"{len(done)} days were done, {len(set(done))} of them different: expected {days}")
    events = sum(1 for _ in (local / "events.jsonl").open())
    if not events:
        problems.append("the archive has no events: nothing was compared")
    print(f"{len(done)} of {days} days done once, {events} events, {len(problems)} problems")
    return problems
