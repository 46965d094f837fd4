//! Devices of wgpu: any GPU with Vulkan, Metal or DX12.

use burn::cubecl::config::autotune::AutotuneLevel;
use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
use burn::tensor::wgpu::{WgpuBackend, wgpu};
use burn::tensor::{Device, DeviceKind};

use super::{Listed, memory_of, pick};
use crate::compute::Backend;
use crate::compute::device::Accelerator;
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
    let adapters = futures_lite::future::block_on(instance.enumerate_adapters(interface.into()));
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
