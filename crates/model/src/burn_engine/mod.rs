//! The networks on Burn: the reference on CPUs, and the engine for GPUs.
//!
//! - `network`: a network's tensors on a device;
//! - `passes`: its forward and backward passes;
//! - `pass`: one forward pass over the steps of the plan;
//! - `backward`: hand-written backward pass for GPUs;
//! - `loss`: cross-entropy;
//! - `conv`: convolutions in the positions-first layout; `rows`: in the samples-first layout;
//! - `adam`: the optimiser.

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
pub use loss::{cross_entropy, soft_cross_entropy};
pub use network::{Forward, Network, PaddedBatch};
