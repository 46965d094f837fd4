"""Writes the same samples in every form in which NumPy saves them.

    python scripts/conformance/make_numpy.py crates/data/tests/fixtures/numpy

Nine windows `[2, 64]` with labels and groups: as an archive, stored and compressed, and as separate arrays in several types and
both byte orders. The values are integers, which every type represents exactly. NumPy 2.4 was used.
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
    # Labels and groups in separate files with common names.
    for name, kind, labels, groups in [
        ("X_train", "<f4", "y_train", "group_train"), ("f8_data", ">f8", "f8_labels", "f8_groups"),
        ("f2", "<f2", "f2_y", "f2_group"), ("i2-windows-2", ">i2", "i2-targets-2", "i2-recordings-2"),
        ("i4.x", "<i4", "i4.Y", "i4.group"), ("i8_x", "<i8", "i8_label", "i8_group"),
    ]:
        np.save(at(f"{name}.npy"), x.astype(kind))
        np.save(at(f"{labels}.npy"), y.astype("<i4"))
        np.save(at(f"{groups}.npy"), group.astype("S5") if kind == "<f2" else group)
    np.save(at("alone_x.npy"), x[:1])
    np.save(at("fortran_x.npy"), np.asfortranarray(x.astype(">i2")))
    np.save(at("fortran_y.npy"), y.astype("<f8"))
    np.save(at("fortran_group.npy"), group)
    np.savez_compressed(at("fortran.npz"), x=np.asfortranarray(x), y=y[:, None], group=group)
    np.savez(at("other_names.npz"), data=x, labels=y.astype("u8"), recordings=group, azimuth=np.zeros((9, 3)))
    # Unsigned and narrow types: the numbers 0 to 127 in four windows [2, 16].
    small = np.arange(128).reshape(4, 2, 16)
    for kind in ["i1", "u1", "<u2", ">u2", "<u4", ">u4", "<u8", ">u8", "<i2", ">i4", ">f2"]:
        np.savez(at(f"small_{kind.replace('<', 'le_').replace('>', 'be_')}.npz"), small.astype(kind), np.arange(4) % 2 == 1)
    # Rejected: no labels, two candidates for the samples, labels as text, Python objects.
    np.savez(at("refused_alone.npz"), data=small)
    np.savez(at("refused_two.npz"), data=small, waveforms=small, y=np.arange(4))
    np.savez(at("refused_text.npz"), x=small, y=np.array(["a", "b", "a", "b"]))
    np.savez(at("one_hot.npz"), x=small, y=np.eye(4))
    np.savez(at("refused_halves.npz"), x=small, y=np.arange(4) / 2)
    np.savez(at("refused_complex.npz"), x=small.astype("c8"), y=np.arange(4))
    np.save(at("refused_objects.npy"), np.array({"x": 1}, dtype=object), allow_pickle=True)


if __name__ == "__main__":
    main(sys.argv[1])
