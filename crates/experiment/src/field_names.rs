//! Checks the names of fields that a user gives: a misspelt one would sort, filter or group by nothing.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use chrono::NaiveDateTime;
use support::words::nearest;

use crate::catalogue::Metric;
use crate::error::ExperimentError;
use crate::fields::{Fields, is_short, names as short_names};
use crate::metadata::FIELDS;
use crate::store::ExperimentStore;

/// Settings that no run needs to have: those of other programs are not known.
const SETTINGS: [&str; 6] = [
    "batch_size",
    "learning_rate",
    "train_size",
    "val_size",
    "test_size",
    "trainable_params",
];

/// Names of fields from the command line, checked against all experiments while these are read.
#[derive(Debug, Default)]
pub(crate) struct FieldNames {
    names: Vec<GivenName>,
    /// Whether there is any experiment: without one, nothing says what fields there are.
    any: AtomicBool,
}

#[derive(Debug)]
struct GivenName {
    option: String,
    name: String,
    /// Whether some experiment has the field, or every one may have it.
    known: AtomicBool,
}

impl FieldNames {
    /// Adds the names given to `option`, or as part of an ID.
    pub fn with<'a>(mut self, option: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.names.extend(names.into_iter().map(|name| GivenName {
            option: option.to_owned(),
            name: name.to_owned(),
            known: AtomicBool::new(
                is_short(name) || FIELDS.contains(&name) || SETTINGS.contains(&name),
            ),
        }));
        self
    }

    /// Notes which of the names an experiment has.
    pub fn see(&self, fields: &Fields<'_>) {
        self.any.store(true, Relaxed);
        for given in &self.names {
            if !given.known.load(Relaxed) && fields.has(&given.name) {
                given.known.store(true, Relaxed);
            }
        }
    }

    /// Refuses names that no experiment has. Call it when all experiments have been seen.
    ///
    /// # Errors
    /// [`ExperimentError::UnknownField`] with the nearest name.
    pub fn check(
        &self,
        store: &ExperimentStore,
        now: NaiveDateTime,
    ) -> Result<(), ExperimentError> {
        let unknown = |given: &&GivenName| !given.known.load(Relaxed);
        match self.names.iter().find(unknown) {
            Some(given) if self.any.load(Relaxed) => Err(ExperimentError::UnknownField {
                option: given.option.clone(),
                name: given.name.clone(),
                nearest: nearest_field(&given.name, store, now)?,
                short: short_names(),
            }),
            _ => Ok(()),
        }
    }
}

/// The known field that a misspelt name most likely means.
fn nearest_field(
    name: &str,
    store: &ExperimentStore,
    now: NaiveDateTime,
) -> Result<Option<String>, ExperimentError> {
    let mut names: Vec<String> = short_names().iter().map(ToString::to_string).collect();
    for metric in Metric::ALL {
        for split in ["val", "test"] {
            let short = metric.row().short;
            names.extend(short.map(|short| format!("{split}_{short}")));
            names.push(format!("{split}_{}", metric.name()));
            names.push(format!("{split}.{}", metric.name()));
        }
    }
    names.extend(FIELDS.iter().map(ToString::to_string));
    let (keys, _) = store.scan(|entry| Some(Fields::new(&entry, now).keys()))?;
    let keys: BTreeSet<String> = keys.into_iter().flatten().collect();
    names.extend(keys);
    Ok(nearest(name, names.iter().map(String::as_str)).map(str::to_owned))
}
