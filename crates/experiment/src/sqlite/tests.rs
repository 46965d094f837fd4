use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use proptest::prelude::*;

use super::*;

/// A database that MLflow wrote (`scripts/conformance/make_mlflow_database.py`).
fn packed() -> Vec<u8> {
    unpacked("mlflow.db.gz")
}

/// Its write-ahead log (`scripts/conformance/make_mlflow_wal.py`).
fn packed_log() -> Vec<u8> {
    unpacked("mlflow.db-wal.gz")
}

fn unpacked(name: &str) -> Vec<u8> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/mlflow_database"
    );
    let mut bytes = Vec::new();
    let packed = std::fs::read(Path::new(folder).join(name)).unwrap();
    GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

fn open(bytes: &[u8]) -> (tempfile::TempDir, Result<Option<Database>, String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    std::fs::write(&path, bytes).unwrap();
    let database = Database::open(&path);
    (folder, database)
}

#[test]
fn tables_of_a_database() {
    let (folder, database) = open(&packed());
    let database = database.unwrap().unwrap();
    assert!(database.has("runs") && database.has("RUNS") && !database.has("run"));
    let mut steps: BTreeMap<String, usize> = BTreeMap::new();
    let damage = database.select("metrics", &["key", "value", "absent"], &mut |row| {
        assert!(row[1].number().is_some() && row[2] == Cell::Null);
        *steps.entry(row[0].text().unwrap().to_owned()).or_default() += 1;
    });
    assert_eq!(damage.unwrap(), Damage::default());
    assert_eq!(
        (steps["Größe"], steps["val_loss"], steps["auc"]),
        (150, 152, 1)
    );
    // A number that is the row's ID, and texts on several pages.
    let mut names = Vec::new();
    let damage = database.select("experiments", &["experiment_id", "name"], &mut |row| {
        names.push((row[0].whole().unwrap(), row[1].text().unwrap().to_owned()));
    });
    assert_eq!(damage.unwrap(), Damage::default());
    let expected = [(0, "Default"), (1, "vehicles"), (2, "walks")];
    assert_eq!(names, expected.map(|(id, name)| (id, name.to_owned())));
    let mut longest = 0;
    let damage = database.select("tags", &["value"], &mut |row| {
        longest = longest.max(row[0].text().map_or(0, str::len));
    });
    assert_eq!((damage.unwrap(), longest), (Damage::default(), 7210));
    assert!(
        database
            .select("none", &[], &mut |_| {})
            .unwrap_err()
            .contains("has no table")
    );
    assert_eq!(database.unsettled(), None);
    std::fs::write(folder.path().join("x.db-journal"), "x").unwrap();
    assert!(database.unsettled().unwrap().contains("`x.db-journal`"));
    // A program began to write.
    std::fs::write(folder.path().join("x.db-wal"), "x").unwrap();
    let changed = database.unsettled().unwrap();
    assert!(changed.contains("changed while it was read"), "{changed}");
    let again = Database::open(&folder.path().join("x.db"))
        .unwrap()
        .unwrap();
    let damaged = again.unsettled().unwrap();
    assert!(
        damaged.contains("may be in `x.db-wal`, which is damaged"),
        "{damaged}"
    );
}

/// Rows of the tables that MLflow has, and the values of the run that is in the log alone.
fn rows(database: &Database) -> (BTreeMap<&'static str, usize>, Vec<(i64, f64)>) {
    let mut counts = BTreeMap::new();
    for table in ["runs", "metrics", "latest_metrics", "params"] {
        let mut rows = 0;
        let damage = database.select(table, &["run_uuid"], &mut |_| rows += 1);
        assert_eq!(damage.unwrap(), Damage::default());
        counts.insert(table, rows);
    }
    let mut values = Vec::new();
    let names = ["run_uuid", "key", "step", "value"];
    let damage = database.select("metrics", &names, &mut |row| {
        if row[0].text() == Some(&"e".repeat(32)) && row[1].text() == Some("val_loss") {
            values.push((row[2].whole().unwrap(), row[3].number().unwrap()));
        }
    });
    assert_eq!(damage.unwrap(), Damage::default());
    values.sort_by_key(|(step, _)| *step);
    (counts, values)
}

/// What SQLite itself returns with the log.
#[test]
fn committed_changes_of_a_write_ahead_log() {
    let expected = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/mlflow_database/wal.json"
    );
    let expected = std::fs::read(expected).unwrap();
    let mut expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
    let values = expected["val_loss"].take();
    let values: Vec<(i64, f64)> = serde_json::from_value(values).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    std::fs::write(&path, packed()).unwrap();
    let log = packed_log();
    let read = |log: &[u8]| {
        std::fs::write(folder.path().join("x.db-wal"), log).unwrap();
        let database = Database::open(&path).unwrap().unwrap();
        let (counts, values) = rows(&database);
        (counts, values, database.unsettled())
    };
    let (counts, found, doubt) = read(&log);
    for (table, count) in &counts {
        assert_eq!(expected[*table], *count, "{table}");
    }
    assert_eq!((found.len(), doubt), (200, None));
    assert_eq!(found, values);
    // The first transaction alone, and none.
    let (first, found, doubt) = read(&log[..log.len() / 4]);
    let without = read(&log[..32 + 2 * (24 + 4096)]);
    assert!(found.is_empty() || first["runs"] == 5, "{first:?}");
    assert_eq!(
        (without.0["runs"], without.1.len(), without.2),
        (4, 0, None)
    );
    assert_eq!(doubt, None);
    // A damaged frame ends the log before its transaction.
    let mut damaged = log.clone();
    damaged[32 + 24 + 100] ^= 1;
    assert_eq!(read(&damaged).0["runs"], 4);
    damaged = log;
    damaged[12] ^= 1;
    let (counts, _, doubt) = read(&damaged);
    assert_eq!(counts["runs"], 4);
    assert!(doubt.unwrap().contains("which is damaged and not read"));
}

#[test]
fn other_files() {
    assert!(open(b"").1.unwrap().is_none());
    assert!(open(b"SQLite format 3").1.unwrap().is_none());
    assert!(open(&[7; 4096]).1.unwrap().is_none());
    let bytes = packed();
    let change = |at: usize, to: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = to;
        open(&bytes).1.err().unwrap()
    };
    assert_eq!(change(16, 3), "is damaged: its pages have 768 bytes");
    assert_eq!(change(59, 2), "has texts in UTF-16, which are not read");
    assert_eq!(change(100, 2), "is damaged: 1 page cannot be read");
    let cut = open(&bytes[..200]).1.err().unwrap();
    assert_eq!(cut, "is damaged: 1 page cannot be read");
}

/// Reads every table.
fn read_all(bytes: &[u8]) -> usize {
    let (_folder, database) = open(bytes);
    let mut rows = 0;
    if let Ok(Some(database)) = database {
        for table in database.tables.clone() {
            let _ = database.select(&table.name, &["key", "value", "run_uuid"], &mut |_| {
                rows += 1
            });
        }
    }
    rows
}

#[test]
fn missing_pages_are_counted() {
    let bytes = packed();
    let all = read_all(&bytes);
    let half = read_all(&bytes[..bytes.len() / 2]);
    assert!(half < all && half > 0, "{half} of {all}");
    // Pages that name each other in a circle.
    let (_folder, database) = open(&bytes);
    let root = database.unwrap().unwrap().table("metrics").unwrap().root;
    let mut circle = bytes;
    let at = (root as usize - 1) * 4096;
    assert_eq!(circle[at], 5, "an inner page");
    let root_bytes = root.to_be_bytes();
    circle[at + 8..at + 12].copy_from_slice(&root_bytes);
    let (_folder, database) = open(&circle);
    let damage = database
        .unwrap()
        .unwrap()
        .select("metrics", &["key"], &mut |_| {})
        .unwrap();
    assert_eq!((damage.pages, damage.rows), (1, 0));
    assert_eq!(damage.words().unwrap(), "1 page cannot be read");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever bytes of a log are changed, reading ends without a panic.
    #[test]
    fn damage_of_a_log_ends(changes in proptest::collection::vec((0usize..354_352, any::<u8>()), 1..50)) {
        let mut log = packed_log();
        for (at, to) in changes {
            let at = at % log.len();
            log[at] = to;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        std::fs::write(&path, packed()).unwrap();
        std::fs::write(folder.path().join("x.db-wal"), log).unwrap();
        let database = Database::open(&path).unwrap().unwrap();
        let _ = database.select("metrics", &["key", "value"], &mut |_| {});
        let _ = database.unsettled();
    }

    /// Whatever bytes are changed, reading ends without a panic.
    #[test]
    fn damage_ends(changes in proptest::collection::vec((0usize..958_464, any::<u8>()), 1..200), whole in 0usize..234) {
        let mut bytes = packed();
        for (at, to) in &changes {
            let at = at % bytes.len();
            bytes[at] = *to;
            // Heads of pages matter most.
            bytes[at / 4096 * 4096 + at % 16] = *to;
        }
        let start = whole * 4096 % bytes.len();
        let end = bytes.len().min(start + 4096);
        bytes[start..end].fill(changes[0].1);
        read_all(&bytes);
    }
}
