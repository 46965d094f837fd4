//! Backends and the devices they open.

#[cfg(feature = "burn")]
use burn::tensor::Device;
use clap::ValueEnum;
use serde::Deserialize;

#[cfg(feature = "burn")]
use super::device::Accelerator;
use crate::error::{BackendError, TrainerError};

/// The backends the trainer knows. Cargo features decide which of them a build contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// Best working GPU, otherwise native
    Auto,
    /// CPU engine written for these networks (default)
    Native,
    /// CPU through Burn, the reference implementation
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

/// A device opened by a backend.
#[derive(Clone, Debug)]
pub enum Target {
    /// The CPU, without Burn.
    Native,
    /// A CPU device of Burn.
    #[cfg(feature = "burn")]
    BurnCpu(Device),
    /// A GPU, or a driver that simulates one.
    #[cfg(feature = "burn")]
    Accelerator(Accelerator),
}

/// The memory that a training allocates from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryPool {
    /// Main memory.
    Machine,
    /// GPU memory; its size in bytes if the driver reports it.
    Device(Option<u64>),
}

impl Target {
    /// Device name for `metadata.json`.
    pub fn name(&self) -> String {
        match self {
            Target::Native => "cpu".into(),
            #[cfg(feature = "burn")]
            Target::BurnCpu(_) => "cpu".into(),
            #[cfg(feature = "burn")]
            Target::Accelerator(accelerator) => accelerator.name.clone(),
        }
    }

    /// Whether it is a real GPU, not the CPU or a software driver.
    pub fn is_gpu(&self) -> bool {
        match self {
            Target::Native => false,
            #[cfg(feature = "burn")]
            Target::BurnCpu(_) => false,
            #[cfg(feature = "burn")]
            Target::Accelerator(accelerator) => !accelerator.software,
        }
    }

    /// The memory that it allocates from.
    pub fn memory_pool(&self) -> MemoryPool {
        match self {
            #[cfg(feature = "burn")]
            Target::Accelerator(accelerator) if self.is_gpu() => {
                MemoryPool::Device(accelerator.memory)
            }
            #[cfg(feature = "burn")]
            Target::BurnCpu(_) | Target::Accelerator(_) => MemoryPool::Machine,
            Target::Native => MemoryPool::Machine,
        }
    }

    /// Rough memory need of a batch relative to the native engine.
    pub fn memory_factor(&self) -> u64 {
        match self {
            Target::Native => 1,
            #[cfg(feature = "burn")]
            Target::BurnCpu(_) | Target::Accelerator(_) => 2,
        }
    }
}

/// The resolved backend and its device.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Backend; never `auto`.
    pub backend: Backend,
    /// Opened device.
    pub target: Target,
    /// Messages for the user.
    pub messages: Vec<String>,
}

impl Backend {
    /// GPU backends in order of preference: vendor-specific before generic.
    pub const ACCELERATORS: [Backend; 4] =
        [Backend::Cuda, Backend::Rocm, Backend::Metal, Backend::Wgpu];

    /// Name on the command line; for Burn backends also the name of the cargo feature.
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

    /// Whether this build contains it.
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

    /// Opens device `index` of the list that `trainer devices` prints, or the best device.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] if the build lacks the backend or the machine lacks the device; the message says how
    /// to get it.
    pub fn choose(self, index: Option<usize>) -> Result<Choice, TrainerError> {
        if !self.is_built_in() {
            return Err(self.not_built_in());
        }
        let mut messages = Vec::new();
        let target = match self {
            Backend::Auto => return automatic(index),
            Backend::Native => {
                self.check_only_device(index)?;
                Target::Native
            }
            Backend::Flex => {
                self.check_only_device(index)?;
                self.burn_cpu()?
            }
            Backend::Ndarray => {
                self.check_only_device(index)?;
                messages.push(
                    "burn-ndarray is deprecated and goes with one of Burn's next releases: --backend flex computes \
                     the same, faster"
                        .into(),
                );
                self.burn_cpu()?
            }
            Backend::Wgpu | Backend::Cuda | Backend::Rocm | Backend::Metal => {
                self.accelerator(index, &mut messages)?
            }
        };
        Ok(Choice {
            backend: self,
            target,
            messages,
        })
    }

    fn not_built_in(self) -> TrainerError {
        let backend = self.name();
        BackendError::NotBuiltIn { backend }.into()
    }

    fn check_only_device(self, index: Option<usize>) -> Result<(), TrainerError> {
        match index {
            None | Some(0) => Ok(()),
            Some(index) => {
                let problem = format!(
                    "--backend {} computes on the CPU, its only device, 0; `trainer devices` lists the GPUs",
                    self.name()
                );
                Err(TrainerError::option(format!("--device {index}"), problem))
            }
        }
    }

    fn burn_cpu(self) -> Result<Target, TrainerError> {
        #[cfg(feature = "flex")]
        if self == Backend::Flex {
            return Ok(Target::BurnCpu(Device::flex()));
        }
        #[cfg(feature = "ndarray")]
        if self == Backend::Ndarray {
            #[allow(deprecated)] // users may name it as long as it exists
            return Ok(Target::BurnCpu(Device::ndarray()));
        }
        Err(self.not_built_in())
    }

    #[cfg(feature = "burn")]
    fn accelerator(
        self,
        index: Option<usize>,
        messages: &mut Vec<String>,
    ) -> Result<Target, TrainerError> {
        let accelerator = super::devices::open(self, index)?;
        super::guard::probe(&accelerator)?;
        if accelerator.software {
            messages.push(format!(
                "{} is a driver that simulates a GPU on the CPU: --backend native is many times faster",
                accelerator.name
            ));
        }
        Ok(Target::Accelerator(accelerator))
    }

    #[cfg(not(feature = "burn"))]
    fn accelerator(
        self,
        _index: Option<usize>,
        _said: &mut Vec<String>,
    ) -> Result<Target, TrainerError> {
        Err(self.not_built_in())
    }
}

/// The first built-in GPU backend that works, otherwise the CPU.
fn automatic(index: Option<usize>) -> Result<Choice, TrainerError> {
    let mut reasons = Vec::new();
    for backend in Backend::ACCELERATORS
        .into_iter()
        .filter(|backend| backend.is_built_in())
    {
        match backend.choose(index) {
            Ok(choice) if !choice.target.is_gpu() => {
                reasons.push(format!(
                    "{}: {} is no GPU",
                    backend.name(),
                    choice.target.name()
                ));
            }
            Ok(mut choice) => {
                let messages = format!(
                    "--backend auto: {} on {}",
                    choice.backend.name(),
                    choice.target.name()
                );
                choice.messages.insert(0, messages);
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
        target: Target::Native,
        messages: vec![format!(
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
        assert!(
            choice.messages[0].starts_with(&format!("--backend auto: {}", choice.backend.name()))
        );
    }

    #[test]
    fn the_cpu_is_one_device() {
        Backend::Native.choose(Some(0)).unwrap();
        let error = Backend::Native.choose(Some(1)).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("--device 1"), "{error}");
    }

    /// A build without Burn still recognises the names of all backends and explains how to get them.
    #[test]
    fn what_is_not_built_in_says_how_to_build_it() {
        let known = [Backend::Flex, Backend::Ndarray].into_iter();
        for backend in known.chain(Backend::ACCELERATORS) {
            if !backend.is_built_in() {
                let error = backend.choose(None).unwrap_err();
                assert_eq!(error.exit_code(), 2);
                let advice = format!("--features {}", backend.name());
                assert!(error.to_string().contains(&advice), "{error}");
            }
        }
    }
}
