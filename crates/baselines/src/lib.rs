//! Simple classifiers of seismic windows, and scores with their uncertainty: what a network has to beat, and how to tell
//! whether it does.
//!
//! - [`samples`]: the windows of a dataset with features, labels and groups;
//! - [`features`]: log band powers and how a window changes in time; [`minirocket`]: features of fixed convolutions;
//! - [`model`]: the baselines: [`majority`], [`logistic`] regression, [`forest`]s, ridge classification;
//! - [`metrics`]: precision, recall, F1, calibration, intervals by bootstrap over groups; [`evaluate`]: all of a
//!   prediction's scores, pooled, by fold and by group;
//! - [`mod@compare`]: baselines on a dataset's splits or in folds, remembered between runs, and the verdict on a network.
//!
//! All of it is deterministic: the same data and seed give the same bits with any number of threads. No result depends on
//! the unit of the samples. The models are written out here, so that their results stay the same to the bit whatever
//! another crate's next version does.

pub mod compare;
pub mod evaluate;
pub mod features;
pub mod forest;
mod lbfgs;
pub mod logistic;
pub mod majority;
pub mod metrics;
pub mod minirocket;
pub mod model;
mod random;
#[cfg(test)]
mod reference;
mod remember;
mod ridge;
pub mod samples;
pub mod table;

pub use compare::{Budget, CompareOptions, Comparison, QuickOptions, Verdict, compare, quick};
pub use model::Baseline;
pub use samples::{Splits, identity};
