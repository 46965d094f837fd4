//! The devices of this machine: `trainer devices`, and the one a training asks for.

use burn::tensor::Device;
use serde::Serialize;

use crate::backend::Backend;
use crate::error::TrainerError;

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

/// A line of `trainer devices`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// For `--backend`.
    pub backend: &'static str,
    /// For `--device`.
    pub index: usize,
    /// Its own name.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// Bytes of its memory, where its driver tells.
    pub memory: Option<u64>,
    /// Driver or interface.
    pub driver: String,
}

/// Every device of every backend of this build.
pub fn list() -> Vec<Listed> {
    #[allow(unused_mut)] // without a GPU feature there is nothing to add
    let mut listed = vec![cpu()];
    #[cfg(any(feature = "cuda", feature = "rocm"))]
    listed.extend(compute::list());
    #[cfg(feature = "wgpu")]
    listed.extend(graphics::list());
    listed
}

/// What people read.
pub fn table(listed: &[Listed]) -> String {
    let heads = ["BACKEND", "DEVICE", "NAME", "KIND", "MEMORY", "DRIVER"].map(String::from);
    let rows = listed.iter().map(|device| {
        [
            device.backend.into(),
            device.index.to_string(),
            device.name.clone(),
            device.kind.into(),
            device.memory.map_or("-".into(), |bytes| {
                format!("{:.1} GiB", bytes as f64 / (1u64 << 30) as f64)
            }),
            device.driver.clone(),
        ]
    });
    let rows: Vec<[String; 6]> = std::iter::once(heads).chain(rows).collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    let missing: Vec<&str> = Backend::ACCELERATORS
        .iter()
        .filter(|b| !b.is_built_in())
        .map(|b| b.name())
        .collect();
    if !missing.is_empty() {
        text.push_str(&format!(
            "\nnot in this build (cargo's --features has them): {}\n",
            missing.join(", ")
        ));
    }
    text
}

fn cpu() -> Listed {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
    let name = system
        .cpus()
        .first()
        .map(|cpu| cpu.brand().trim().to_owned());
    Listed {
        backend: Backend::Native.name(),
        index: 0,
        name: name
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| std::env::consts::ARCH.into()),
        kind: "cpu",
        memory: Some(system.total_memory()).filter(|&bytes| bytes > 0),
        driver: format!("{} threads", rayon::current_num_threads()),
    }
}

/// Opens device `index` of `backend`, or its best.
///
/// # Errors
/// [`TrainerError::Usage`] where there is none, with what to install.
pub fn open(backend: Backend, index: Option<usize>) -> Result<Accelerator, TrainerError> {
    match backend {
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => graphics::open(index, None),
        #[cfg(feature = "metal")]
        Backend::Metal => graphics::open(index, Some(burn::tensor::wgpu::wgpu::Backend::Metal)),
        #[cfg(any(feature = "cuda", feature = "rocm"))]
        Backend::Cuda | Backend::Rocm => compute::open(backend, index),
        other => Err(TrainerError::Usage(format!(
            "--backend {} has no devices ({index:?})",
            other.name()
        ))),
    }
}

/// Device `index` of `found`, or the first.
#[cfg(any(feature = "wgpu", feature = "cuda", feature = "rocm"))]
fn pick<T>(
    backend: Backend,
    found: Vec<T>,
    index: Option<usize>,
    advice: &str,
) -> Result<T, TrainerError> {
    let name = backend.name();
    let count = found.len();
    let mut found = found.into_iter();
    let picked = found.nth(index.unwrap_or(0));
    picked.ok_or_else(|| {
        TrainerError::Usage(match count {
            0 => format!("no device for --backend {name} was found: {advice}, or use --backend native"),
            _ => format!(
                "--device {} is not there: --backend {name} has devices 0 to {}; `trainer devices` lists them",
                index.unwrap_or(0),
                count - 1
            ),
        })
    })
}

/// Bytes of memory of the card at `bus`, such as `0000:01:00.0`, where its driver tells.
#[cfg(any(feature = "wgpu", feature = "cuda", feature = "rocm"))]
fn memory_of(bus: &str) -> Option<u64> {
    let own = std::fs::read_to_string(format!("/sys/bus/pci/devices/{bus}/mem_info_vram_total"));
    if let Some(bytes) = own.ok().and_then(|text| text.trim().parse().ok()) {
        return Some(bytes);
    }
    #[cfg(target_os = "linux")]
    {
        let nvml = nvml_wrapper::Nvml::init().ok()?;
        let card = nvml.device_by_pci_bus_id(bus).ok()?;
        Some(card.memory_info().ok()?.total)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Devices of wgpu.
#[cfg(feature = "wgpu")]
mod graphics {
    use burn::cubecl::config::autotune::AutotuneLevel;
    use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
    use burn::tensor::wgpu::{WgpuBackend, wgpu};
    use burn::tensor::{Device, DeviceKind};

    use super::{Accelerator, Listed, memory_of, pick};
    use crate::backend::Backend;
    use crate::error::TrainerError;

    struct Found {
        kind: DeviceKind,
        info: wgpu::AdapterInfo,
    }

    /// The interfaces of this platform, the best first, as Burn tries them.
    fn interfaces() -> &'static [wgpu::Backend] {
        match cfg!(target_vendor = "apple") {
            true => &[wgpu::Backend::Metal],
            false => &[
                wgpu::Backend::Vulkan,
                wgpu::Backend::Dx12,
                wgpu::Backend::Gl,
            ],
        }
    }

    fn adapters(interface: wgpu::Backend) -> Vec<Found> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: interface.into(),
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let adapters =
            futures_lite::future::block_on(instance.enumerate_adapters(interface.into()));
        let mut found = Vec::new();
        // Burn counts every kind from 0.
        let mut counts = [0; 3];
        for adapter in adapters {
            let info = adapter.get_info();
            let mut next = |kind: usize| {
                counts[kind] += 1;
                counts[kind] - 1
            };
            let kind = match info.device_type {
                wgpu::DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(next(0)),
                wgpu::DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(next(1)),
                wgpu::DeviceType::VirtualGpu => DeviceKind::VirtualGpu(next(2)),
                wgpu::DeviceType::Cpu => DeviceKind::Cpu,
                wgpu::DeviceType::Other => continue,
            };
            found.push(Found { kind, info });
        }
        found.sort_by_key(|found| match found.kind {
            DeviceKind::DiscreteGpu(_) => 0,
            DeviceKind::IntegratedGpu(_) => 1,
            DeviceKind::VirtualGpu(_) => 2,
            _ => 3,
        });
        found
    }

    /// Those of the first interface that has a GPU, or else of the first that has anything.
    fn find(interfaces: &[wgpu::Backend]) -> Vec<Found> {
        let mut software = Vec::new();
        for interface in interfaces {
            let found = adapters(*interface);
            if found.iter().any(|found| found.kind != DeviceKind::Cpu) {
                return found;
            }
            if software.is_empty() {
                software = found;
            }
        }
        software
    }

    pub fn list() -> Vec<Listed> {
        let found = find(interfaces()).into_iter().enumerate();
        let listed = found.map(|(index, Found { kind, info })| Listed {
            backend: Backend::Wgpu.name(),
            index,
            kind: match kind {
                DeviceKind::DiscreteGpu(_) => "discrete GPU",
                DeviceKind::IntegratedGpu(_) => "integrated GPU",
                DeviceKind::VirtualGpu(_) => "virtual GPU",
                _ => "software, no GPU",
            },
            memory: memory_of(&info.device_pci_bus_id),
            driver: format!("{:?}: {} {}", info.backend, info.driver, info.driver_info)
                .trim()
                .to_owned(),
            name: info.name,
        });
        listed.collect()
    }

    /// On a driver that simulates a GPU, tuning takes minutes and gains nothing. Who sets cubecl's own variable
    /// keeps it.
    fn tune_little() {
        if std::env::var_os("CUBECL_AUTOTUNE_LEVEL").is_none() {
            let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
            config.autotune.level = AutotuneLevel::Minimal;
            CubeClRuntimeConfig::try_set(config);
        }
    }

    pub fn open(
        index: Option<usize>,
        only: Option<wgpu::Backend>,
    ) -> Result<Accelerator, TrainerError> {
        let (backend, wanted) = match &only {
            Some(only) => (Backend::Metal, std::slice::from_ref(only)),
            None => (Backend::Wgpu, interfaces()),
        };
        let advice = match cfg!(target_os = "linux") {
            true => {
                "install its Vulkan driver (NVIDIA: the driver's own; Intel and AMD, or to simulate one on the CPU: \
                 `apt install mesa-vulkan-drivers`)"
            }
            false => "install its maker's newest driver",
        };
        let found = pick(backend, find(wanted), index, advice)?;
        if found.kind == DeviceKind::Cpu {
            // Mesa 22.3's llvmpipe ends the process while it compiles SPIR-V kernels.
            if cfg!(feature = "vulkan") {
                return Err(TrainerError::Usage(format!(
                    "{} is no GPU, and software drivers crash on the kernels of feature `vulkan`: build with \
                     --features wgpu alone, or use --backend native",
                    found.info.name
                )));
            }
            tune_little();
        }
        let options = Device::wgpu_options()
            .device_kind(found.kind.clone())
            .graphics_api(match found.info.backend {
                wgpu::Backend::Vulkan => WgpuBackend::Vulkan,
                wgpu::Backend::Metal => WgpuBackend::Metal,
                wgpu::Backend::Dx12 => WgpuBackend::Dx12,
                wgpu::Backend::Gl => WgpuBackend::Gl,
                _ => WgpuBackend::Auto,
            });
        let (device, setup) = options.init_with_setup().map_err(|error| {
            TrainerError::Usage(format!(
                "{} cannot be opened: {error}: {advice}, or use --backend native",
                found.info.name
            ))
        })?;
        let limits = setup.device.limits();
        Ok(Accelerator {
            device,
            software: found.kind == DeviceKind::Cpu,
            largest_buffer: limits
                .max_storage_buffer_binding_size
                .min(limits.max_buffer_size),
            memory: memory_of(&found.info.device_pci_bus_id),
            name: found.info.name,
        })
    }
}

/// Devices of CUDA and ROCm.
#[cfg(any(feature = "cuda", feature = "rocm"))]
mod compute {
    use burn::tensor::{Device, DeviceType};

    use super::{Accelerator, Listed, memory_of, pick};
    use crate::backend::Backend;
    use crate::error::TrainerError;

    fn find(backend: Backend) -> Vec<Accelerator> {
        let kind = match backend {
            #[cfg(feature = "cuda")]
            Backend::Cuda => DeviceType::Cuda,
            #[cfg(feature = "rocm")]
            Backend::Rocm => DeviceType::Rocm,
            _ => return Vec::new(),
        };
        // Without a driver the libraries cannot be loaded, which Burn reports by a panic.
        let found = crate::guard::quietly(|| {
            let devices = Device::enumerate(kind).into_vec().into_iter();
            let named = devices.map(|device| {
                let identity = device.identity();
                let name = identity
                    .as_ref()
                    .map_or(backend.name().to_owned(), |own| own.name.clone());
                let bus = identity
                    .and_then(|own| own.physical)
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

    pub fn list() -> Vec<Listed> {
        let backends = [Backend::Cuda, Backend::Rocm].into_iter();
        let listed = backends.flat_map(|backend| {
            find(backend)
                .into_iter()
                .enumerate()
                .map(move |(index, found)| Listed {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_always_there() {
        let listed = list();
        assert_eq!(listed[0].backend, "native");
        assert!(listed[0].memory.unwrap() > 1 << 26);
        let text = table(&listed);
        assert!(text.starts_with("BACKEND  DEVICE  NAME"), "{text}");
        assert!(text.contains(&listed[0].name), "{text}");
    }
}
