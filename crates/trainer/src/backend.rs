//! Which device trains.

use burn::tensor::Device;
use clap::ValueEnum;
use serde::Deserialize;

use crate::error::TrainerError;

/// The backends the trainer knows; which of them a build has is decided by its features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// CPU (the default build)
    Flex,
    /// GPU through Vulkan, Metal or DX12 (feature `wgpu`)
    Wgpu,
    /// CPU, deprecated upstream and slower than flex (feature `ndarray`)
    Ndarray,
}

impl Backend {
    /// Name on the command line, which is the name of the feature.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Flex => "flex",
            Backend::Wgpu => "wgpu",
            Backend::Ndarray => "ndarray",
        }
    }

    /// The device.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] with the command line of a build that has the backend.
    pub fn device(self) -> Result<Device, TrainerError> {
        match self {
            #[cfg(feature = "flex")]
            Backend::Flex => Ok(Device::flex()),
            #[cfg(feature = "wgpu")]
            Backend::Wgpu => Ok(Device::wgpu(burn::tensor::DeviceKind::default())),
            #[cfg(feature = "ndarray")]
            Backend::Ndarray => Ok(Device::ndarray()),
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
