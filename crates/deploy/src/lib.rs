//! Trained networks as files of other programs.
//!
//! - [`TrainedModel`]: a network with what turns windows into its inputs, checked to fit together;
//! - [`saved_model`]: TensorFlow's SavedModel, with variables and, where a graph can do it, the preprocessing;
//! - [`onnx`]: ONNX, from the network's input to logits and probabilities.
//!
//! The crate writes nothing: it returns files as paths and bytes ([`ModelFile`]), and whoever owns the directory writes
//! them. It does not depend on Burn.

mod error;
pub mod onnx;
mod proto;
pub mod saved_model;
mod tensor_bundle;
mod trained;

pub use error::DeployError;
pub use trained::{ModelFile, TrainedModel};
