//! What computes, out of what is compiled in.

use burn::tensor::Device;
use clap::ValueEnum;
use serde::Deserialize;

use crate::devices::{self, Accelerator};
use crate::error::TrainerError;
use crate::guard;

/// The backends the trainer knows; which of them a build has is decided by its features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The best GPU that works, else native
    Auto,
    /// CPU, written for these networks (the default)
    Native,
    /// CPU, through Burn: the reference
    Flex,
    /// GPU through Vulkan, Metal or DX12 (feature `wgpu`)
    Wgpu,
    /// NVIDIA GPU through CUDA (feature `cuda`)
    Cuda,
    /// AMD GPU through ROCm (feature `rocm`)
    Rocm,
    /// Apple GPU through Metal (feature `metal`)
    Metal,
    /// CPU, deprecated upstream and slower than flex (feature `ndarray`)
    Ndarray,
}

/// Where a backend computes.
#[derive(Clone, Debug)]
pub enum Place {
    /// On the CPU, without Burn.
    Native,
    /// On a CPU device of Burn.
    Cpu(Device),
    /// On a GPU, or a driver that simulates one.
    Accelerator(Accelerator),
}

impl Place {
    /// What `metadata.json` calls the device.
    pub fn name(&self) -> String {
        match self {
            Place::Native | Place::Cpu(_) => "cpu".into(),
            Place::Accelerator(accelerator) => accelerator.name.clone(),
        }
    }
}

/// What was asked for, as far as this machine and this build have it.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Never `auto`.
    pub backend: Backend,
    /// Where it computes.
    pub place: Place,
    /// What people should know of the choice.
    pub said: Vec<String>,
}

impl Backend {
    /// Backends of GPUs, the best first: those of the maker before those of all.
    pub const ACCELERATORS: [Backend; 4] =
        [Backend::Cuda, Backend::Rocm, Backend::Metal, Backend::Wgpu];

    /// Name on the command line; that of a Burn backend is the name of its feature too.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Auto => "auto",
            Backend::Native => "native",
            Backend::Flex => "flex",
            Backend::Wgpu => "wgpu",
            Backend::Cuda => "cuda",
            Backend::Rocm => "rocm",
            Backend::Metal => "metal",
            Backend::Ndarray => "ndarray",
        }
    }

    /// Whether this build has it.
    pub fn is_built_in(self) -> bool {
        match self {
            Backend::Auto | Backend::Native => true,
            Backend::Flex => cfg!(feature = "flex"),
            Backend::Wgpu => cfg!(feature = "wgpu"),
            Backend::Cuda => cfg!(feature = "cuda"),
            Backend::Rocm => cfg!(feature = "rocm"),
            Backend::Metal => cfg!(feature = "metal"),
            Backend::Ndarray => cfg!(feature = "ndarray"),
        }
    }

    /// Finds where it computes: on device `index` of those `trainer devices` lists for it.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] where the build lacks the backend or the machine the device, with what to do.
    pub fn choose(self, index: Option<usize>) -> Result<Choice, TrainerError> {
        let name = self.name();
        if !self.is_built_in() {
            return Err(TrainerError::Usage(format!(
                "this build has no `{name}` backend; build it in with: \
                 cargo run --release -p trainer --features {name} -- --backend {name}"
            )));
        }
        let mut said = Vec::new();
        let place = match self {
            Backend::Auto => return automatic(index),
            Backend::Wgpu | Backend::Cuda | Backend::Rocm | Backend::Metal => {
                let accelerator = devices::open(self, index)?;
                guard::probe(&accelerator)?;
                if accelerator.software {
                    said.push(format!(
                        "{} is a driver that simulates a GPU on the CPU: --backend native is many times faster",
                        accelerator.name
                    ));
                }
                Place::Accelerator(accelerator)
            }
            _ if index.is_some_and(|index| index > 0) => {
                return Err(TrainerError::Usage(format!(
                    "--device {}: --backend {name} computes on the CPU, its only device, 0; `trainer devices` lists \
                     the GPUs",
                    index.unwrap_or_default()
                )));
            }
            #[cfg(feature = "flex")]
            Backend::Flex => Place::Cpu(Device::flex()),
            #[cfg(feature = "ndarray")]
            Backend::Ndarray => {
                said.push(
                    "burn-ndarray is deprecated and goes with one of Burn's next releases: --backend flex computes \
                     the same, faster"
                        .into(),
                );
                #[allow(deprecated)] // the user's name for it, as long as it is there
                Place::Cpu(Device::ndarray())
            }
            _ => Place::Native,
        };
        Ok(Choice {
            backend: self,
            place,
            said,
        })
    }
}

/// The first backend that is built in and has a GPU that works; the CPU where there is none.
fn automatic(index: Option<usize>) -> Result<Choice, TrainerError> {
    let mut reasons = Vec::new();
    for backend in Backend::ACCELERATORS
        .into_iter()
        .filter(|backend| backend.is_built_in())
    {
        match backend.choose(index) {
            Ok(Choice {
                place: Place::Accelerator(accelerator),
                ..
            }) if accelerator.software => {
                reasons.push(format!(
                    "{}: {} is no GPU",
                    backend.name(),
                    accelerator.name
                ));
            }
            Ok(mut choice) => {
                let said = format!(
                    "--backend auto: {} on {}",
                    choice.backend.name(),
                    choice.place.name()
                );
                choice.said.insert(0, said);
                return Ok(choice);
            }
            Err(error) => reasons.push(format!("{}: {error}", backend.name())),
        }
    }
    if reasons.is_empty() {
        reasons.push("this build has no GPU backend; --features wgpu builds one in".into());
    }
    Ok(Choice {
        backend: Backend::Native,
        place: Place::Native,
        said: vec![format!(
            "--backend auto: native on the CPU ({})",
            reasons.join("; ")
        )],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_always_finds_something_and_says_what() {
        let choice = Backend::Auto.choose(None).unwrap();
        assert_ne!(choice.backend, Backend::Auto);
        assert!(choice.said[0].starts_with(&format!("--backend auto: {}", choice.backend.name())));
    }

    #[test]
    fn the_cpu_is_one_device() {
        Backend::Native.choose(Some(0)).unwrap();
        let error = Backend::Native.choose(Some(1)).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("--device 1"), "{error}");
    }
}
