"""Writes the write-ahead log that SQLite keeps beside a database of MLflow while a program writes to it.

    python scripts/conformance/make_mlflow_wal.py crates/experiment/tests/fixtures/mlflow_database

`mlflow.db-wal.gz` goes with `mlflow.db.gz`: a run that is not in the database yet, more values of one that is, on new pages, and
a transaction that was not committed. `wal.json` has the rows that SQLite itself returns with it. SQLite 3.40 was used.
"""

import gzip
import json
import pathlib
import sqlite3
import sys
import tempfile

NEW = "e" * 32
OLD = "a" * 32
TIME = 1741944500000


def write(database):
    run = dict(database.execute("select * from runs where run_uuid = ?", (OLD,)).fetchone())
    run |= {"run_uuid": NEW, "name": "newest", "status": "RUNNING", "end_time": None, "start_time": TIME}
    marks = ", ".join("?" * len(run))
    database.execute(f"insert into runs ({', '.join(run)}) values ({marks})", list(run.values()))
    database.execute("insert into params (key, value, run_uuid) values ('batch_size', '16', ?)", (NEW,))
    metric = "insert into metrics (key, value, timestamp, run_uuid, step, is_nan) values (?, ?, ?, ?, ?, 0)"
    for step in range(200):
        for key in ["loss", "val_loss"]:
            database.execute(metric, (key, (step * 37 % 100) / 128, TIME + step, NEW, step))
    database.commit()
    database.execute(metric, ("val_loss", 0.03125, TIME, OLD, 150))
    database.execute("update latest_metrics set value = 0.03125, step = 150 where key = 'val_loss' and run_uuid = ?", (OLD,))
    database.commit()


def main():
    target = pathlib.Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "mlflow.db"
        path.write_bytes(gzip.decompress((target / "mlflow.db.gz").read_bytes()))
        database = sqlite3.connect(path)
        database.row_factory = sqlite3.Row
        database.execute("pragma journal_mode = wal")
        database.execute("pragma wal_autocheckpoint = 0")
        write(database)
        rows = {}
        for table in ["runs", "metrics", "latest_metrics", "params"]:
            own = database.execute(f"select * from {table}").fetchall()
            rows[table] = len(own)
        points = database.execute("select step, value from metrics where run_uuid = ? and key = 'val_loss' order by step", (NEW,))
        rows["val_loss"] = [list(row) for row in points]
        # Written to the log, as the cache is full, and never committed.
        database.execute("pragma cache_size = 4")
        database.execute("update metrics set value = 99")
        log = pathlib.Path(f"{path}-wal").read_bytes()
    (target / "mlflow.db-wal.gz").write_bytes(gzip.compress(log, mtime=0))
    (target / "wal.json").write_text(json.dumps(rows) + "\n")
    print(len(log), "bytes of log")


if __name__ == "__main__":
    main()
