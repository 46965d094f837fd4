//! Which device trains.

use burn::tensor::Device;
use clap::ValueEnum;
use serde::Deserialize;

use crate::error::TrainerError;

/// The backends the trainer knows; which of them a build has is decided by its features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// CPU, written for these networks (the default)
    Native,
    /// CPU, through Burn: the reference
    Flex,
    /// GPU through Vulkan, Metal or DX12 (feature `wgpu`)
    Wgpu,
    /// CPU, deprecated upstream and slower than flex (feature `ndarray`)
    Ndarray,
}

/// Where a backend computes.
#[derive(Clone, Debug)]
pub enum Place {
    /// On the CPU, without Burn.
    Native,
    /// On a device of Burn.
    Device(Device),
}

impl Backend {
    /// Name on the command line; that of a Burn backend is the name of its feature too.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Native => "native",
            Backend::Flex => "flex",
            Backend::Wgpu => "wgpu",
            Backend::Ndarray => "ndarray",
        }
    }

    /// Where it computes.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] with the command line of a build that has the backend.
    pub fn place(self) -> Result<Place, TrainerError> {
        match self {
            Backend::Native => Ok(Place::Native),
            #[cfg(feature = "flex")]
            Backend::Flex => Ok(Place::Device(Device::flex())),
            #[cfg(feature = "wgpu")]
            Backend::Wgpu => Ok(Place::Device(Device::wgpu(
                burn::tensor::DeviceKind::default(),
            ))),
            #[cfg(feature = "ndarray")]
            Backend::Ndarray => Ok(Place::Device(Device::ndarray())),
            #[allow(unreachable_patterns)]
            missing => {
                let name = missing.name();
                Err(TrainerError::Usage(format!(
                    "this build has no `{name}` backend; build it in with: \
                     cargo run --release -p trainer --features {name} -- --backend {name}"
                )))
            }
        }
    }
}
