"""Writes windows as lists in the rows of Parquet files.

    python scripts/conformance/make_parquet_lists.py crates/data/tests/fixtures/parquet_lists

150 windows of the numbers from 10 times their row on, with labels and groups; and files that are no such windows. pandas 3 and
pyarrow 26 were used.
"""

import json
import os
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def main(folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    x = np.arange(150)[:, None] * 10 + np.arange(8)
    label = np.arange(150) % 3
    group = [f"run {i // 50}" for i in range(150)]

    def at(name: str) -> str:
        return os.path.join(folder, f"{name}.parquet")

    def write(name: str, lists: pa.Array, **more) -> None:
        columns = {"x": lists, "label": pa.array(label), "group": pa.array(group), **more}
        pq.write_table(pa.table(columns), at(name), row_group_size=64)

    pd.DataFrame({"x": list(x.astype("f8")), "label": label, "group": group}).to_parquet(at("pandas"))
    nested = x.reshape(150, 2, 4)
    write("float32_nested", pa.array(nested.tolist(), pa.list_(pa.list_(pa.float32()))))
    write("int16_fixed", pa.array(nested.tolist(), pa.list_(pa.list_(pa.int16(), 4), 2)))
    deep = x.reshape(150, 2, 2, 2).astype("f2")
    write("float16_deep", pa.array([[[list(c) for c in b] for b in a] for a in deep], pa.list_(pa.list_(pa.list_(pa.float16())))))
    columns = {"window": pa.array(x.tolist(), pa.list_(pa.uint32())), "target": pa.array(label, pa.int8()),
               "recording": pa.array(group).dictionary_encode(), "site": pa.array(["north"] * 150)}
    pq.write_table(pa.table(columns), at("uint32_groups"), compression="zstd", data_page_size=256)
    decimals = [[Decimal(int(value)) for value in row] for row in x]
    write("decimals", pa.array(decimals, pa.list_(pa.decimal128(20, 2))))
    whole = pa.table({"x": pa.array(decimals, pa.list_(pa.decimal128(8, 2))), "label": pa.array(label), "group": pa.array(group)})
    pq.write_table(whole, at("decimals_int32"), store_decimal_as_integer=True)
    names = pa.array([["a", "b", "c"][i] for i in label])
    pq.write_table(pa.table({"x": pa.array(x.tolist()), "label": names}), at("text_labels"))

    write_channels(at, x, {"label": pa.array(label), "group": pa.array(group)})

    rated = {"x": pa.array(x[:5].tolist()), "label": pa.array(label[:5]), "sampling_rate": pa.array([100.0] * 5)}
    pq.write_table(pa.table(rated), at("rate"))
    rated["sampling_rate"] = pa.array([100, 100, 50, 100, 100])
    pq.write_table(pa.table(rated), at("rates"))

    write_told(at, x, label, {"label": pa.array(label), "group": pa.array(group)})

    few = x[:5].tolist()
    some = {"label": pa.array(label[:5])}
    pq.write_table(pa.table({"x": pa.array([*few[:3], few[3][:7], few[4]]), **some}), at("refused_ragged"))
    pq.write_table(pa.table({"x": pa.array([*few[:2], None, *few[3:]]), **some}), at("refused_null"))
    channels = [[row[:4], row[4:]] for row in few]
    channels[1] = [few[1][:3], few[1][3:]]
    pq.write_table(pa.table({"x": pa.array(channels), **some}), at("refused_channels"))
    pq.write_table(pa.table({"x": pa.array(few), "site": pa.array(["north"] * 5)}), at("refused_unlabelled"))
    pq.write_table(pa.table({"Z": pa.array([0.5] * 5), "gps": pa.array(few), **some}), at("refused_recording"))
    pq.write_table(pa.table({"x": pa.array(few), "y": pa.array(few), **some}), at("refused_two"))


def write_told(at, x: np.ndarray, label: np.ndarray, beside: dict) -> None:
    """What is beside the columns: shapes of tensors and names of classes; and labels that are true or false."""
    def tensors(kind: pa.DataType, rows: np.ndarray) -> pa.Array:
        flat = pa.FixedSizeListArray.from_arrays(pa.array(rows.astype("f4").ravel()), 8)
        return pa.ExtensionArray.from_storage(kind, flat)

    shaped = tensors(pa.fixed_shape_tensor(pa.float32(), [2, 4]), x)
    pq.write_table(pa.table({"x": shaped, **beside}), at("tensors"), row_group_size=64)
    few, some = x[:6], {"label": pa.array(label[:6])}
    permuted = tensors(pa.fixed_shape_tensor(pa.float32(), [4, 2], permutation=[1, 0]), few)
    pq.write_table(pa.table({"x": permuted, **some}), at("refused_permuted"))
    flags = pa.array([True, False, None, False, True, True])
    pq.write_table(pa.table({"x": pa.array(few.tolist()), "label": flags}), at("refused_flag"))
    pq.write_table(pa.table({"x": pa.array(few.tolist()), "label": pa.array(label[:6] == 1)}), at("flags"))
    features = {"label": {"names": ["a", "b", "c"], "_type": "ClassLabel"}}
    told = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(pa.table({"x": pa.array(few.tolist()), **some}).replace_schema_metadata(told), at("class_label"))
    names = pa.array([["a", "b", "c"][i] for i in label[:6]])
    pq.write_table(pa.table({"x": pa.array(few.tolist()), **some, "class_name": names}), at("class_name"))


def write_channels(at, x: np.ndarray, beside: dict) -> None:
    """Channels in parts of a structure, in lists of structures, and in a column for each sample."""
    parts = [{"a": row[:4].tolist(), "b": row[4:].tolist()} for row in x]
    pq.write_table(pa.table({"window": pa.array(parts), **beside}), at("structure"), row_group_size=64)
    items = [[{"a": a, "b": b} for a, b in zip(row[:4].tolist(), row[4:].tolist())] for row in x]
    kind = pa.list_(pa.struct([("a", pa.float32()), ("b", pa.float32())]))
    pq.write_table(pa.table({"window": pa.array(items, kind), **beside}), at("structures_in_lists"))
    wide = x[:, :1] + np.arange(16)
    columns = {f"{name}_{k}": pa.array(wide[:, k] + first, kind) for name, first, kind in (("a", 0, pa.int16()), ("b", 100, pa.float64()))
               for k in range(16)}
    pq.write_table(pa.table({**columns, **beside}), at("wide"))


if __name__ == "__main__":
    main(sys.argv[1])
