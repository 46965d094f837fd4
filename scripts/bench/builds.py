"""Paths of the programs that the benchmarks run."""

import os
import pathlib

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", pathlib.Path(__file__).resolve().parents[2] / "target"))


def built(name):
    """The release build of `name` (`trainer`, `examples/throughput`), or else the dev build."""
    return next(p for p in (TARGET / "release" / name, TARGET / "debug" / name) if p.exists())
