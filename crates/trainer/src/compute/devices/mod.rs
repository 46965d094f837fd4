//! The devices of this machine: lists them for `trainer devices` and opens one for a training.

#[cfg(any(feature = "cuda", feature = "rocm"))]
mod cuda_rocm;
#[cfg(feature = "wgpu")]
mod wgpu_devices;

use serde::Serialize;

use super::Backend;
#[cfg(feature = "burn")]
use super::device::Accelerator;
#[cfg(feature = "burn")]
use crate::error::{BackendError, TrainerError};

/// A line of `trainer devices`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceInfo {
    /// Value for `--backend`.
    pub backend: &'static str,
    /// Value for `--device`.
    pub index: usize,
    /// Device name.
    pub name: String,
    /// Kind of device.
    pub kind: &'static str,
    /// Memory in bytes, if the driver reports it.
    pub memory: Option<u64>,
    /// Driver or API.
    pub driver: String,
}

/// Every device of every backend of this build.
pub fn list() -> Vec<DeviceInfo> {
    #[allow(unused_mut)] // without a GPU feature there is nothing to add
    let mut listed = vec![cpu()];
    #[cfg(any(feature = "cuda", feature = "rocm"))]
    listed.extend(cuda_rocm::list());
    #[cfg(feature = "wgpu")]
    listed.extend(wgpu_devices::list());
    listed
}

/// Formats the devices as a table.
pub fn table(listed: &[DeviceInfo]) -> String {
    let head = ["BACKEND", "DEVICE", "NAME", "KIND", "MEMORY", "DRIVER"];
    let rows = listed.iter().map(|device| {
        vec![
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
    let mut text = support::table::table(&head, &rows.collect::<Vec<_>>(), &[]);
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

fn cpu() -> DeviceInfo {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
    let name = system
        .cpus()
        .first()
        .map(|cpu| cpu.brand().trim().to_owned());
    DeviceInfo {
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

/// Opens device `index` of `backend`, or its best one.
///
/// # Errors
/// [`TrainerError::Backend`] if there is no such device; the message says what to install.
#[cfg(feature = "burn")]
pub fn open(backend: Backend, index: Option<usize>) -> Result<Accelerator, TrainerError> {
    match backend {
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => wgpu_devices::open(index, None),
        #[cfg(feature = "metal")]
        Backend::Metal => wgpu_devices::open(index, Some(burn::tensor::wgpu::wgpu::Backend::Metal)),
        #[cfg(any(feature = "cuda", feature = "rocm"))]
        Backend::Cuda | Backend::Rocm => cuda_rocm::open(backend, index),
        other => {
            let backend = other.name();
            Err(BackendError::NoDevices { backend, index }.into())
        }
    }
}

/// Picks device `index` of `found`, or the first.
#[cfg(any(feature = "wgpu", feature = "cuda", feature = "rocm"))]
fn pick<T>(
    backend: Backend,
    found: Vec<T>,
    index: Option<usize>,
    advice: &str,
) -> Result<T, TrainerError> {
    let backend = backend.name();
    let last = found.len().checked_sub(1);
    let index = index.unwrap_or(0);
    let picked = found.into_iter().nth(index);
    picked.ok_or_else(|| {
        let missing = match last {
            None => BackendError::NotFound {
                backend,
                advice: advice.to_owned(),
            },
            Some(last) => BackendError::NoSuchDevice {
                backend,
                index,
                last,
            },
        };
        missing.into()
    })
}

/// Memory in bytes of the card at PCI address `bus`, such as `0000:01:00.0`, if its driver reports it.
#[cfg(any(feature = "wgpu", feature = "cuda", feature = "rocm"))]
fn memory_of(bus: &str) -> Option<u64> {
    let reported =
        std::fs::read_to_string(format!("/sys/bus/pci/devices/{bus}/mem_info_vram_total"));
    if let Some(bytes) = reported.ok().and_then(|text| text.trim().parse().ok()) {
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
