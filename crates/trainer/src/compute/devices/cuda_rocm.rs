//! Devices of CUDA and ROCm.

use burn::tensor::{Device, DeviceType};

use super::{DeviceInfo, memory_of, pick};
use crate::compute::Backend;
use crate::compute::device::Accelerator;
use crate::error::TrainerError;

fn find(backend: Backend) -> Vec<Accelerator> {
    let kind = match backend {
        #[cfg(feature = "cuda")]
        Backend::Cuda => DeviceType::Cuda,
        #[cfg(feature = "rocm")]
        Backend::Rocm => DeviceType::Rocm,
        _ => return Vec::new(),
    };
    // Without a driver the libraries cannot be loaded, and Burn panics.
    let found = support::panics::catch_everywhere(|| {
        let devices = Device::enumerate(kind).into_vec().into_iter();
        let named = devices.map(|device| {
            let identity = device.identity();
            let name = identity
                .as_ref()
                .map_or(backend.name().to_owned(), |device| device.name.clone());
            let bus = identity
                .and_then(|device| device.physical)
                .and_then(|card| card.pci_address);
            let memory = bus.and_then(|bus| memory_of(&bus.to_string()));
            Accelerator {
                memory,
                ..Accelerator::new(device, name)
            }
        });
        named.collect()
    });
    found.unwrap_or_default()
}

pub fn list() -> Vec<DeviceInfo> {
    let backends = [Backend::Cuda, Backend::Rocm].into_iter();
    let listed = backends.flat_map(|backend| {
        find(backend)
            .into_iter()
            .enumerate()
            .map(move |(index, found)| DeviceInfo {
                backend: backend.name(),
                index,
                name: found.name,
                kind: "GPU",
                memory: found.memory,
                driver: backend.name().to_uppercase(),
            })
    });
    listed.collect()
}

pub fn open(backend: Backend, index: Option<usize>) -> Result<Accelerator, TrainerError> {
    let advice = match backend {
        Backend::Cuda => {
            "install NVIDIA's driver and the CUDA toolkit (`nvidia-smi` shows whether the driver works)"
        }
        _ => "install ROCm (`rocminfo` shows whether it works)",
    };
    pick(backend, find(backend), index, advice)
}
