//! The networks through Burn: the reference on CPUs, and what GPUs run.
//!
//! - `network`: a network's tensors on a device, and its passes;
//! - `pass`: the forward pass, step by step over the plan;
//! - `backward`: the backward pass by hand, for GPUs;
//! - `loss`: cross-entropy and its targets;
//! - `conv`: convolutions with positions first; `rows`: with samples first;
//! - `adam`: the optimizer.

mod adam;
mod average;
mod backward;
mod conv;
mod kernel;
mod loss;
mod network;
mod pass;
mod passes;
mod rows;

pub use adam::Adam;
pub use average::AveragedNetwork;
pub use loss::{cross_entropy, targets, weighted_cross_entropy};
pub use network::{Forward, Network, PaddedBatch};
