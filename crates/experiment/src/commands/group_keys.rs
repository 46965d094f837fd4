//! The fields by which `list` and `compare` group experiments.

use serde_json::Value;

use crate::fields::FEATURES;

/// Names of the field that `features` completes.
const MODEL: [&str; 6] = [
    "model",
    "model_type",
    "training_config.model_type",
    "type",
    "model_info.type",
    "model_info.name",
];

/// Fields to group by. A baseline is a model and its features: where experiments are grouped by model, the features are
/// added, or means would be over different baselines.
pub(super) struct GroupKeys<'a> {
    names: Vec<&'a str>,
    /// Position of the features, if they were added.
    added: Option<usize>,
}

impl<'a> GroupKeys<'a> {
    pub fn new(given: &'a [String]) -> Self {
        let mut names: Vec<&str> = given.iter().map(String::as_str).collect();
        let model = names.iter().position(|name| MODEL.contains(name));
        let added = model
            .filter(|_| !names.contains(&FEATURES))
            .map(|at| at + 1);
        if let Some(at) = added {
            names.insert(at, FEATURES);
        }
        Self { names, added }
    }

    pub fn names(&self) -> &[&'a str] {
        &self.names
    }

    /// Drops the added features if no row has any, as in a store of networks. `values` gives the values of a row, which
    /// begin with those of the keys.
    pub fn settle<R>(&mut self, rows: &mut [R], values: impl Fn(&mut R) -> &mut Vec<Value>) {
        let Some(at) = self.added else {
            return;
        };
        if rows.iter_mut().all(|row| values(row)[at].is_null()) {
            self.added = None;
            self.names.remove(at);
            rows.iter_mut().for_each(|row| {
                values(row).remove(at);
            });
        }
    }
}
