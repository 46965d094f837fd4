//! MLflow's database of SQLite, `mlflow.db`, which holds all runs: tables of experiments, runs, parameters, tags and metrics.
//!
//! Its values are read when the runs are listed, and shared by them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::metrics::TrackedMetrics;
use super::mlflow::typed;
use super::run::{TrackedRun, of_milliseconds};
use crate::metadata::Metadata;
use crate::sqlite::{Cell, Damage, Database};

/// Endings of files that may be a database.
const ENDINGS: [&str; 4] = ["db", "sqlite", "sqlite3", "sqlitedb"];
/// Tables by which a database is MLflow's.
const TABLES: [&str; 4] = ["experiments", "runs", "metrics", "params"];
/// Upper bound for points of all curves of a database.
const MAX_POINTS: usize = 4 << 20;
/// Upper bound for runs.
const MAX_RUNS: usize = 100_000;

/// The runs of a database.
#[derive(Debug, Default)]
pub(crate) struct DatabaseRuns {
    runs: Vec<DatabaseRun>,
    /// Names of metrics, by their numbers in points.
    names: Vec<String>,
}

/// A run, and what is known of it.
#[derive(Debug, Default)]
struct DatabaseRun {
    /// The experiment's number and the run's ID.
    path: PathBuf,
    is_deleted: bool,
    about: TrackedRun,
    /// In the order of the table.
    points: Vec<Point>,
    /// The last value of each metric.
    latest: Vec<Point>,
}

/// A value of a metric.
#[derive(Clone, Copy, Debug)]
struct Point {
    name: u32,
    /// Milliseconds since 1970.
    time: i64,
    step: i64,
    value: f64,
}

/// One of the runs of a database.
#[derive(Clone, Debug)]
pub(crate) struct StoredRun {
    runs: Arc<DatabaseRuns>,
    at: usize,
}

impl PartialEq for StoredRun {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.runs, &other.runs) && self.at == other.at
    }
}

/// Whether the name of a file may be that of a database.
pub(super) fn may_be(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ENDINGS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(ending))
}

/// A run with its path below the database, and whether it was deleted.
pub(super) type FoundRun = (PathBuf, bool, StoredRun);

/// How much of a database is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadScope {
    /// All that is known of its runs.
    Values,
    /// Which runs there are.
    Runs,
}

/// The runs of a file that is a database of MLflow; `None` for other files.
///
/// # Errors
/// What is wrong with the database, in words that follow its name.
pub(super) fn read(file: &Path, wanted: ReadScope) -> Result<Option<Vec<FoundRun>>, String> {
    let Some(database) = Database::open(file)? else {
        return Ok(None);
    };
    if !TABLES.iter().all(|name| database.has(name)) {
        return Ok(None);
    }
    let runs = Arc::new(runs(&database, wanted)?);
    let of = |at: usize| {
        let run = &runs.runs[at];
        let stored = StoredRun {
            runs: Arc::clone(&runs),
            at,
        };
        (file.join(&run.path), run.is_deleted, stored)
    };
    Ok(Some((0..runs.runs.len()).map(of).collect()))
}

impl StoredRun {
    fn run(&self) -> &DatabaseRun {
        &self.runs.runs[self.at]
    }

    /// What the database says of the run, without its metrics.
    pub fn metadata(&self, program: &str) -> Metadata {
        self.run().about.clone().metadata(program)
    }

    /// The metrics, and sentences about what was not read.
    pub fn metrics(&self) -> TrackedMetrics {
        let stored = self.run();
        let mut run = TrackedRun::default();
        run.notes.clone_from(&stored.about.notes);
        let mut points = stored.points.clone();
        // Of several values for one step, the latest counts.
        points.sort_by_key(|point| point.time);
        let name = |point: &Point| &self.runs.names[point.name as usize];
        for point in &points {
            run.put(name(point), point.step, point.value);
        }
        for point in &stored.latest {
            let known = run.curves.get(name(point));
            if known.is_none_or(|curve| !curve.contains_key(&point.step)) {
                run.put(name(point), point.step, point.value);
            }
        }
        let state = stored.about.facts.status.as_deref().unwrap_or("finished");
        if run.curves.is_empty() && state == "finished" && run.notes.is_empty() {
            run.note("it has no metrics".into());
        }
        TrackedMetrics::of(run)
    }
}

/// Reads the tables.
fn runs(database: &Database, wanted: ReadScope) -> Result<DatabaseRuns, String> {
    let mut reading = Reading::default();
    reading.experiments(database)?;
    reading.runs(database)?;
    if wanted == ReadScope::Values {
        reading.texts(database)?;
        reading.metrics(database)?;
    }
    let doubts = database.unsettled().into_iter();
    let damage = reading
        .damage
        .words()
        .map(|words| format!("of the database, {words}"));
    let limit = reading
        .is_cut
        .then(|| "the database has too many values: curves are not complete".to_owned());
    let said: Vec<String> = doubts.chain(damage).chain(limit).collect();
    for run in &mut reading.found.runs {
        said.iter().for_each(|note| run.about.note(note.clone()));
    }
    Ok(reading.found)
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    found: DatabaseRuns,
    /// Numbers of runs by their IDs.
    by_id: HashMap<String, usize>,
    /// Numbers of metrics by their names.
    by_name: HashMap<String, u32>,
    /// Names of experiments, and whether they were deleted.
    experiments: HashMap<i64, (String, bool)>,
    damage: Damage,
    points: usize,
    is_cut: bool,
}

fn is_deleted(stage: &Cell) -> bool {
    stage.text() == Some("deleted")
}

impl Reading {
    fn experiments(&mut self, database: &Database) -> Result<(), String> {
        let columns = ["experiment_id", "name", "lifecycle_stage"];
        let damage = database.select("experiments", &columns, &mut |row| {
            if let [Cell::Whole(id), Cell::Text(name), stage] = row {
                self.experiments
                    .insert(*id, (name.clone(), is_deleted(stage)));
            }
        })?;
        self.damage += damage;
        Ok(())
    }

    fn runs(&mut self, database: &Database) -> Result<(), String> {
        let columns = [
            "run_uuid",
            "name",
            "status",
            "start_time",
            "end_time",
            "lifecycle_stage",
            "experiment_id",
            "source_version",
        ];
        let damage = database.select("runs", &columns, &mut |row| {
            let [
                Cell::Text(id),
                name,
                status,
                start,
                end,
                stage,
                experiment,
                commit,
            ] = row
            else {
                return;
            };
            if self.found.runs.len() == MAX_RUNS || !is_plain(id) {
                return;
            }
            let experiment = experiment.whole().unwrap_or(0);
            let group = self.experiments.get(&experiment);
            let mut run = DatabaseRun {
                path: Path::new(&experiment.to_string()).join(id),
                is_deleted: is_deleted(stage) || group.is_some_and(|(_, deleted)| *deleted),
                ..DatabaseRun::default()
            };
            let filled = |cell: &Cell| {
                cell.text()
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
            };
            let time = |cell: &Cell| of_milliseconds(cell.number()?);
            let facts = &mut run.about.facts;
            facts.name = filled(name);
            facts.group = group.map(|(name, _)| name.clone());
            facts.status = status.text().map(str::to_lowercase);
            facts.start = time(start);
            facts.end = time(end);
            facts.commit = filled(commit);
            self.by_id.insert(id.clone(), self.found.runs.len());
            self.found.runs.push(run);
        })?;
        self.damage += damage;
        Ok(())
    }

    /// Parameters and tags.
    fn texts(&mut self, database: &Database) -> Result<(), String> {
        let columns = ["run_uuid", "key", "value"];
        let (found, by_id) = (&mut self.found.runs, &self.by_id);
        let damage = database.select("params", &columns, &mut |row| {
            if let [Cell::Text(id), Cell::Text(key), Cell::Text(value)] = row
                && let Some(at) = by_id.get(id)
            {
                found[*at].about.config.insert(key.clone(), typed(value));
            }
        })?;
        self.damage += damage;
        if !database.has("tags") {
            return Ok(());
        }
        let damage = database.select("tags", &columns, &mut |row| {
            if let [Cell::Text(id), Cell::Text(key), Cell::Text(value)] = row
                && let Some(at) = by_id.get(id)
            {
                let facts = &mut found[*at].about.facts;
                match &**key {
                    "mlflow.note.content" => facts.notes = Some(value.clone()),
                    "mlflow.source.git.commit" => facts.commit = Some(value.trim().to_owned()),
                    "mlflow.runName" if facts.name.is_none() => facts.name = Some(value.clone()),
                    _ => {}
                }
            }
        })?;
        self.damage += damage;
        Ok(())
    }

    /// Values of metrics, and the last of each. These count if there are too many others.
    fn metrics(&mut self, database: &Database) -> Result<(), String> {
        let columns = ["run_uuid", "key", "value", "timestamp", "step", "is_nan"];
        for table in ["metrics", "latest_metrics"] {
            // Versions before 1.0 have no table of the last values.
            if !database.has(table) {
                continue;
            }
            let is_latest = table == "latest_metrics";
            let damage = database.select(table, &columns, &mut |row| {
                let Some((at, point)) = self.point(row) else {
                    return;
                };
                let run = &mut self.found.runs[at];
                if is_latest {
                    run.latest.push(point);
                } else if self.points < MAX_POINTS {
                    self.points += 1;
                    run.points.push(point);
                } else {
                    self.is_cut = true;
                }
            })?;
            self.damage += damage;
        }
        Ok(())
    }

    fn point(&mut self, row: &[Cell]) -> Option<(usize, Point)> {
        let [Cell::Text(id), Cell::Text(key), value, time, step, is_nan] = row else {
            return None;
        };
        let at = *self.by_id.get(id)?;
        let names = &mut self.found.names;
        let name = *self.by_name.entry(key.clone()).or_insert_with(|| {
            names.push(key.clone());
            (names.len() - 1) as u32
        });
        let value = match (is_nan.whole(), value.number()?) {
            (Some(1), _) => f64::NAN,
            // MLflow stores infinity so, as SQL has none.
            (_, value) if value.abs() == f64::MAX => value.signum() * f64::INFINITY,
            (_, value) => value,
        };
        let point = Point {
            name,
            time: time.whole().unwrap_or(0),
            step: step.whole().unwrap_or(0),
            value,
        };
        Some((at, point))
    }
}

/// Whether an ID is one name of a path.
fn is_plain(id: &str) -> bool {
    !id.is_empty()
        && id
            .chars()
            .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}
