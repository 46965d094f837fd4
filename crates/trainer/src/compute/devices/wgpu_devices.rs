//! Devices of wgpu: any GPU with Vulkan, Metal or DX12.

use burn::cubecl::config::autotune::AutotuneLevel;
use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
use burn::tensor::wgpu::{WgpuBackend, wgpu};
use burn::tensor::{Device, DeviceKind};

use super::{DeviceInfo, memory_of, pick};
use crate::compute::Backend;
use crate::compute::device::Accelerator;
use crate::error::{BackendError, TrainerError};

struct Adapter {
    kind: DeviceKind,
    info: wgpu::AdapterInfo,
}

/// The graphics APIs of this platform in Burn's order of preference.
fn interfaces() -> &'static [wgpu::Backend] {
    if cfg!(target_vendor = "apple") {
        &[wgpu::Backend::Metal]
    } else {
        &[
            wgpu::Backend::Vulkan,
            wgpu::Backend::Dx12,
            wgpu::Backend::Gl,
        ]
    }
}

fn adapters(interface: wgpu::Backend) -> Vec<Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: interface.into(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = futures_lite::future::block_on(instance.enumerate_adapters(interface.into()));
    let mut found = Vec::new();
    // Burn numbers the devices of each kind from 0.
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
        found.push(Adapter { kind, info });
    }
    found.sort_by_key(|found| match found.kind {
        DeviceKind::DiscreteGpu(_) => 0,
        DeviceKind::IntegratedGpu(_) => 1,
        DeviceKind::VirtualGpu(_) => 2,
        _ => 3,
    });
    found
}

/// Adapters of the first API that has a GPU, otherwise of the first that has any adapter.
fn find(interfaces: &[wgpu::Backend]) -> Vec<Adapter> {
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

pub fn list() -> Vec<DeviceInfo> {
    let found = find(interfaces()).into_iter().enumerate();
    let listed = found.map(|(index, Adapter { kind, info })| DeviceInfo {
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

/// Autotuning takes minutes on a software driver and gains nothing. An explicit setting of cubecl's environment
/// variable is respected.
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
    let advice = if cfg!(target_os = "linux") {
        "install its Vulkan driver (NVIDIA: the driver's own; Intel and AMD, or to simulate one on the CPU: \
             `apt install mesa-vulkan-drivers`)"
    } else {
        "install its maker's newest driver"
    };
    let found = pick(backend, find(wanted), index, advice)?;
    if found.kind == DeviceKind::Cpu {
        // llvmpipe of Mesa 22.3 aborts the process while compiling SPIR-V kernels.
        if cfg!(feature = "vulkan") {
            let device = found.info.name;
            return Err(BackendError::SoftwareDriver { device }.into());
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
    let opened = options.init_with_setup();
    let (device, setup) = opened.map_err(|error| BackendError::Open {
        device: found.info.name.clone(),
        problem: error.to_string(),
        advice,
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
