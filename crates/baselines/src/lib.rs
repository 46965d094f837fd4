//! Simple classifiers of seismic windows that a network has to beat, and scores with their uncertainty.
//!
//! - [`samples`]: the windows of a dataset with features, labels and groups;
//! - [`features`]: log band powers and temporal features; [`minirocket`]: features of fixed convolutions;
//! - [`model`]: the baselines: [`majority`], [`logistic`] regression, [`forest`]s, ridge classification;
//! - [`teacher`]: probabilities of training windows for knowledge distillation;
//! - [`metrics`]: precision, recall, F1, calibration, and bootstrap intervals over groups;
//! - [`evaluate`]: all scores of a prediction, overall, by fold and by group;
//! - [`mod@compare`]: evaluates baselines on splits or folds, caches the results, and compares a network with them.
//!
//! Everything is deterministic: the same data and seed give the same bits with any number of threads. No result
//! depends on the unit of the samples. The models are implemented here so that results do not change with the version
//! of another crate.

pub mod cache;
mod cholesky;
pub mod compare;
pub mod evaluate;
pub mod features;
pub mod forest;
mod lbfgs;
pub mod logistic;
pub mod majority;
mod matrix;
pub mod metrics;
pub mod minirocket;
pub mod model;
mod precondition;
mod random;
#[cfg(test)]
mod reference;
mod ridge;
pub mod samples;
pub mod table;
pub mod teacher;

pub use compare::{Budget, CompareOptions, Comparison, QuickOptions, Verdict, compare, quick};
pub use model::Baseline;
pub use samples::{Splits, identity};
