"""Writes the same samples in every way NumPy saves them.

    python scripts/conformance/make_numpy.py crates/data/tests/fixtures/numpy

Nine windows `[2, 64]` of whole numbers, so that every type holds them exactly, their labels and groups: as an archive, stored
and compressed, and as arrays of their own in several types and both orders of bytes. NumPy 2.4 was used.
"""

import os
import sys

import numpy as np


def main(folder: str) -> None:
    rng = np.random.default_rng(5)
    x = rng.integers(-2000, 2000, (9, 2, 64)).astype("<f4")
    y = np.arange(9) % 3
    group = np.array([f"run {i // 3}" for i in range(9)])
    os.makedirs(folder, exist_ok=True)

    def at(name: str) -> str:
        return os.path.join(folder, name)

    np.savez(at("stored.npz"), x=x, y=y, group=group)
    np.savez_compressed(at("compressed.npz"), x=x, y=y.astype("u1"), group=group)
    # Labels and groups beside the samples, by the names people give them.
    for name, kind, labels, groups in [
        ("X_train", "<f4", "y_train", "group_train"), ("f8_data", ">f8", "f8_labels", "f8_groups"),
        ("f2", "<f2", "f2_y", "f2_group"), ("i2-windows-2", ">i2", "i2-targets-2", "i2-recordings-2"),
        ("i4.x", "<i4", "i4.Y", "i4.group"), ("i8_x", "<i8", "i8_label", "i8_group"),
    ]:
        np.save(at(f"{name}.npy"), x.astype(kind))
        np.save(at(f"{labels}.npy"), y.astype("<i4"))
        np.save(at(f"{groups}.npy"), group.astype("S5") if kind == "<f2" else group)
    np.save(at("alone_x.npy"), x[:1])
    np.save(at("fortran_x.npy"), np.asfortranarray(x))
    np.save(at("fortran_y.npy"), y)


if __name__ == "__main__":
    main(sys.argv[1])
