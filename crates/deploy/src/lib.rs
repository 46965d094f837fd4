//! Exports trained networks to files of other programs.
//!
//! - [`TrainedModel`]: a network with its preprocessing, checked for consistency;
//! - [`saved_model`]: TensorFlow's SavedModel, with variables and, if a graph can express it, the preprocessing;
//! - [`onnx`]: ONNX, from the network's input to logits and probabilities;
//! - [`network`]: the network in a few types of operations, for the following exports;
//! - [`quantise`]: the network in 8 bits, and a runner in the integer arithmetic of TFLite's reference kernels;
//! - [`tflite`]: TFLite, from features to logits, in float32 or 8 bits;
//! - [`c`]: C99 for sensor nodes: front end and network, without heap or dependencies.
//!
//! The crate writes nothing: it returns files as paths and bytes ([`ModelFile`]), and the owner of the directory writes
//! them. It does not depend on Burn.

pub mod c;
mod error;
pub mod network;
pub mod onnx;
mod proto;
pub mod quantise;
pub mod saved_model;
mod tensor_bundle;
#[cfg(test)]
mod test_model;
pub mod tflite;
mod trained;

pub use error::{DeployError, RangeError};
pub use trained::{ModelFile, TrainedModel};
