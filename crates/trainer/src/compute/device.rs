//! A GPU found on this machine.

use burn::tensor::Device;

/// A GPU, or a software driver that simulates one.
#[derive(Clone, Debug)]
pub struct Accelerator {
    /// Burn's handle, opened once and shared by clones.
    pub device: Device,
    /// Device name.
    pub name: String,
    /// Whether it is a software driver running on the CPU.
    pub software: bool,
    /// Size limit of a buffer in bytes.
    pub largest_buffer: u64,
    /// Memory in bytes, if the driver reports it.
    pub memory: Option<u64>,
}

impl Accelerator {
    /// A device without known limits.
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
