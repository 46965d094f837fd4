//! A GPU, as the machine has it.

use burn::tensor::Device;

/// A GPU, or a driver that simulates one.
#[derive(Clone, Debug)]
pub struct Accelerator {
    /// Burn's handle. Opened once: clones share it.
    pub device: Device,
    /// Its own name.
    pub name: String,
    /// Whether it computes on the CPU after all.
    pub software: bool,
    /// Bytes of the largest buffer it can bind.
    pub largest_buffer: u64,
    /// Bytes of its memory, where its driver tells.
    pub memory: Option<u64>,
}

impl Accelerator {
    /// A device without limits that it tells.
    pub fn new(device: Device, name: String) -> Self {
        Self {
            device,
            name,
            software: false,
            largest_buffer: u64::MAX,
            memory: None,
        }
    }
}
