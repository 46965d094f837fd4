//! Seismic CNNs: definition, training and inference.
//!
//! An architecture is data: [`Architecture`] is a list of [`Op`]s over a channels-last input of shape [`InputShape`]
//! (by default 2 sensor channels x 7 segments x 256 bins). Everything else is derived from it:
//!
//! - [`Plan`]: the execution plan, with the shape of every value and the name and shape of every tensor;
//! - [`Weights`]: the tensors on the host, initialised like Keras, stored as safetensors;
//! - [`native::NativeNetwork`]: forward and backward pass on a CPU without a tensor framework;
//! - [`native::Inference`]: the same network for classification only;
//! - `Network` (feature `burn`, on by default): forward and backward pass on a Burn device;
//! - [`TrainingState`]: the state from which a training resumes;
//! - [`summary`]: the text of `model_summary.txt`.
//!
//! Programs that only classify or export build this crate with `default-features = false`, without Burn. The crate
//! reads no configuration and prints nothing.

// Every match must name all operations, steps and tensor roles.
#![warn(clippy::wildcard_enum_match_arm)]

mod adam;
pub mod architecture;
mod average;
mod bundle;
#[cfg(feature = "burn")]
mod burn_engine;
mod checkpoint;
mod geometry;
mod mode;
pub mod native;
pub mod plan;
pub mod rng;
pub mod summary;
mod targets;
mod transfer;
mod weights;

pub use adam::{AdamConfig, AdamState};
pub use architecture::{
    Architecture, BATCH_NORM_MOMENTUM, InputShape, ModelKind, Op, UnknownModel,
};
pub use average::{average_decay, batch_norm_momentum};
pub use bundle::{
    Bundle, BundleError, CARD_FILE, CARD_VERSION, CardError, ModelCard, WEIGHTS_FILE,
};
#[cfg(feature = "burn")]
pub use burn_engine::{
    Adam, AveragedNetwork, Forward, Network, PaddedBatch, cross_entropy, soft_cross_entropy,
};
pub use checkpoint::TrainingState;
pub use geometry::same_padding;
pub use mode::Mode;
pub use plan::{
    Plan, PlanError, Step, StepKind, TensorId, TensorPlan, TensorRole, ValueId, ValueShape,
};
pub use targets::Targets;
pub use transfer::{Transferred, named_tensors};
pub use weights::{NamedTensor, Weights, WeightsError};
