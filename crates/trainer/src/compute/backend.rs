//! What computes, out of what is compiled in.

#[cfg(feature = "burn")]
use burn::tensor::Device;
use clap::ValueEnum;
use serde::Deserialize;

#[cfg(feature = "burn")]
use super::device::Accelerator;
use crate::error::TrainerError;

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

/// What a backend computes on.
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

/// The memory that a training takes its batches from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryPool {
    /// That of the machine.
    Machine,
    /// A GPU's own: so many bytes, where its driver tells.
    Device(Option<u64>),
}

impl Target {
    /// What `metadata.json` calls the device.
    pub fn name(&self) -> String {
        match self {
            Target::Native => "cpu".into(),
            #[cfg(feature = "burn")]
            Target::BurnCpu(_) => "cpu".into(),
            #[cfg(feature = "burn")]
            Target::Accelerator(accelerator) => accelerator.name.clone(),
        }
    }

    /// Whether a GPU computes, and not the CPU or a driver that simulates one on it.
    pub fn is_gpu(&self) -> bool {
        match self {
            Target::Native => false,
            #[cfg(feature = "burn")]
            Target::BurnCpu(_) => false,
            #[cfg(feature = "burn")]
            Target::Accelerator(accelerator) => !accelerator.software,
        }
    }

    /// The memory it uses.
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

    /// How much memory a batch takes, about, in units of what it takes on the native path.
    pub fn memory_factor(&self) -> u64 {
        match self {
            Target::Native => 1,
            #[cfg(feature = "burn")]
            Target::BurnCpu(_) | Target::Accelerator(_) => 2,
        }
    }
}

/// What was asked for, as far as this machine and this build have it.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Never `auto`.
    pub backend: Backend,
    /// What it computes on.
    pub target: Target,
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

    /// Opens what it computes on: device `index` of those `trainer devices` lists for it.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] where the build lacks the backend or the machine the device, with what to do.
    pub fn choose(self, index: Option<usize>) -> Result<Choice, TrainerError> {
        if !self.is_built_in() {
            return Err(self.not_built_in());
        }
        let mut said = Vec::new();
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
                said.push(
                    "burn-ndarray is deprecated and goes with one of Burn's next releases: --backend flex computes \
                     the same, faster"
                        .into(),
                );
                self.burn_cpu()?
            }
            Backend::Wgpu | Backend::Cuda | Backend::Rocm | Backend::Metal => {
                self.accelerator(index, &mut said)?
            }
        };
        Ok(Choice {
            backend: self,
            target,
            said,
        })
    }

    fn not_built_in(self) -> TrainerError {
        let name = self.name();
        TrainerError::Usage(format!(
            "this build has no `{name}` backend; build it in with: \
             cargo run --release -p trainer --features {name} -- --backend {name}"
        ))
    }

    fn check_only_device(self, index: Option<usize>) -> Result<(), TrainerError> {
        match index {
            None | Some(0) => Ok(()),
            Some(index) => Err(TrainerError::Usage(format!(
                "--device {index}: --backend {} computes on the CPU, its only device, 0; `trainer devices` lists \
                 the GPUs",
                self.name()
            ))),
        }
    }

    fn burn_cpu(self) -> Result<Target, TrainerError> {
        #[cfg(feature = "flex")]
        if self == Backend::Flex {
            return Ok(Target::BurnCpu(Device::flex()));
        }
        #[cfg(feature = "ndarray")]
        if self == Backend::Ndarray {
            #[allow(deprecated)] // the user's name for it, as long as it is there
            return Ok(Target::BurnCpu(Device::ndarray()));
        }
        Err(self.not_built_in())
    }

    #[cfg(feature = "burn")]
    fn accelerator(
        self,
        index: Option<usize>,
        said: &mut Vec<String>,
    ) -> Result<Target, TrainerError> {
        let accelerator = super::devices::open(self, index)?;
        super::guard::probe(&accelerator)?;
        if accelerator.software {
            said.push(format!(
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

/// The first backend that is built in and has a GPU that works; the CPU where there is none.
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
                let said = format!(
                    "--backend auto: {} on {}",
                    choice.backend.name(),
                    choice.target.name()
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
        target: Target::Native,
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

    /// A build without Burn still knows every backend by name, and says how to get it.
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
