"""Code that the checks on a real Slurm share."""

import json
import os
import subprocess
import sys
import time


def run(*command, check=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if check and done.returncode:
        sys.exit(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_for(what, condition, seconds=600):
    deadline = time.time() + seconds
    while not condition():
        if time.time() > deadline:
            sys.exit(f"waited {seconds} s for {what}\n{run('squeue', check=False)}")
        time.sleep(0.2)


def running(job):
    return run("squeue", "-h", "-j", job, "-o", "%i %T", check=False).split("\n")


def job_number(said):
    """The job that a program says it has submitted; none where it had nothing to submit."""
    return said.split("Slurm job ")[1].split()[0] if "Slurm job " in said else None


def wait_for_end(job):
    wait_for(f"the end of job {job}", lambda: not any(running(job)))


def requeue_one(job):
    """Requeues a task that runs, where one does."""
    tasks = [line.split()[0] for line in running(job) if line.endswith("RUNNING")]
    if tasks:
        run("scontrol", "requeue", tasks[0])
        print(f"requeued {tasks[0]}")


def workers(folder):
    """Process IDs that hold an item, as their claims in `folder` name them."""
    found = []
    for claim in (folder / "claims").iterdir():
        ended = any((claim / name).exists() for name in ("done", "released"))
        holder = claim / "holder.json"
        if not ended and holder.exists() and holder.read_text().startswith("{"):
            process = json.loads(holder.read_text())["pid"]
            if os.path.exists(f"/proc/{process}"):
                found.append(process)
    return found
