//! The seismic CNNs.
//!
//! An architecture is data: [`Architecture`] is a list of [`Op`]s over a channels-last input of
//! shape [`InputShape`] (2 sensor channels x 7 segments x 256 bins by default). Everything else is
//! derived from it and cannot disagree with it:
//!
//! - [`Plan`]: every layer's output shape, parameters and multiply-accumulates, and every tensor's
//!   name and shape;
//! - [`Weights`]: the tensors on the host, initialised as Keras does, saved as safetensors;
//! - [`Network`]: the same tensors on a Burn device, with the forward pass and the loss;
//! - [`native::NativeNetwork`]: the same computations on a CPU without a tensor framework, faster;
//! - [`TrainingState`]: what a training needs to go on where it was;
//! - [`summary`]'s text, which is `model_summary.txt`.
//!
//! The crate reads no configuration and prints nothing.

mod adam;
pub mod architecture;
mod backward;
mod bundle;
mod checkpoint;
mod conv;
pub mod native;
mod network;
mod pass;
mod plan;
pub mod rng;
mod rows;
pub mod summary;
mod weights;

pub use adam::{Adam, AdamConfig, AdamState};
pub use architecture::{Architecture, InputShape, ModelKind, Op, UnknownModel};
pub use bundle::{Bundle, BundleError, CARD_FILE, CARD_VERSION, ModelCard, WEIGHTS_FILE};
pub use checkpoint::TrainingState;
pub use network::{Filled, Forward, Mode, Network, cross_entropy, cross_entropy_of, targets};
pub use plan::{LayerPlan, Plan, PlanError, TensorPlan, TensorRole};
pub use weights::{NamedTensor, Weights, WeightsError};
