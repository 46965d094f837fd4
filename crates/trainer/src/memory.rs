//! Estimates the memory that a training needs, before it starts.

use data::{Dataset, DatasetConfig, Storage};
use model::Architecture;
use model::native::NativeNetwork;

use crate::compute::{MemoryPool, Target};
use crate::error::{TrainerError, UsageError};

/// Memory available without swapping, in bytes: of the machine, or of the container if that has less. `None` if the
/// system does not report it.
fn available() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let machine = Some(system.available_memory()).filter(|&bytes| bytes > 0);
    let container = system.cgroup_limits().map(|limits| limits.free_memory);
    match (machine, container) {
        (Some(machine), Some(container)) => Some(machine.min(container)),
        (machine, container) => machine.or(container),
    }
}

fn check(
    needed: u64,
    available: Option<u64>,
    what: &str,
    advice: &'static str,
) -> Result<(), TrainerError> {
    match available {
        Some(available) if needed > available => Err(UsageError::Memory {
            what: what.to_owned(),
            needed,
            available,
            advice,
        }
        .into()),
        _ => Ok(()),
    }
}

/// Refuses data that do not fit in memory.
///
/// # Errors
/// [`TrainerError::Usage`] if they do not fit, or an error from the index files.
pub fn check_data(config: &DatasetConfig, storage: Storage) -> Result<(), TrainerError> {
    if storage == Storage::Streamed {
        return Ok(());
    }
    let least = config.least_memory()?;
    check(
        least,
        available(),
        "the samples",
        "use --stream, or fewer samples",
    )
}

/// Refuses a batch size whose activations and gradients do not fit in memory.
///
/// # Errors
/// [`TrainerError::Usage`] naming the option to change.
pub fn check_batch(
    architecture: &Architecture,
    dataset: &Dataset,
    batch_size: usize,
    target: &Target,
) -> Result<(), TrainerError> {
    let batch = batch_size.min(dataset.train.len());
    let native = NativeNetwork::training_bytes(architecture, batch)?;
    let needed = native.saturating_mul(target.memory_factor());
    let free = match target.memory_pool() {
        MemoryPool::Machine => available(),
        MemoryPool::Device(bytes) => bytes,
    };
    let what = format!("batches of {batch} samples of {}", architecture.kind);
    check(needed, free, &what, "choose a smaller --batch-size")
}

/// Memory of a process besides data and network, in bytes.
const PROCESS: u64 = 48 << 20;

/// Estimates the memory in bytes that a separate process needs to train a network on a dataset.
///
/// # Errors
/// [`TrainerError`] if the network does not fit the data.
pub fn of_run(
    architecture: &Architecture,
    dataset: &Dataset,
    batch_size: usize,
) -> Result<u64, TrainerError> {
    let batch = batch_size.min(dataset.train.len());
    let network = NativeNetwork::training_bytes(architecture, batch)?;
    let splits = [&dataset.train, &dataset.val, &dataset.test];
    let samples: usize = splits.iter().map(|split| split.len()).sum();
    let [channels, segments, features] = dataset.train.shape;
    let layout = dataset.preprocessing.bands.as_ref();
    let widest = layout.map_or(features, |layout| {
        features.max(layout.features_with_rhythm())
    });
    let bytes = |features| samples * channels * segments * features * size_of::<f32>();
    // While a front end is chosen, another form is assembled, for which its data exist twice.
    Ok(PROCESS + network + (bytes(features) + 2 * bytes(widest)) as u64)
}

/// Number of processes of `bytes` each that fit in memory; `None` if the system does not report it.
pub fn processes(bytes: u64) -> Option<usize> {
    available().map(|available| (available / bytes.max(1)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{InputShape, ModelKind};

    #[test]
    fn this_machine_says_what_it_has() {
        let bytes = available().unwrap();
        assert!(bytes > 16 << 20, "{bytes}");
        // Cross-check: available memory cannot exceed total memory.
        if let Ok(text) = std::fs::read_to_string("/proc/meminfo") {
            let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
            let kib = total.and_then(|rest| rest.split_whitespace().next());
            let total = kib.unwrap().parse::<u64>().unwrap() << 10;
            assert!(bytes < total, "{bytes} of {total}");
        }
    }

    #[test]
    fn what_just_fits_is_taken_and_a_byte_more_is_not() {
        check(1 << 30, Some(1 << 30), "all of it", "").unwrap();
        check((1 << 30) + 1, Some(1 << 30), "more", "").unwrap_err();
    }

    #[test]
    fn what_cannot_fit_is_refused_with_the_option_that_helps() {
        let architecture =
            Architecture::new(ModelKind::DeepLarge, InputShape::from([2, 7, 256]), 3);
        let bytes = |batch| NativeNetwork::training_bytes(&architecture, batch).unwrap();
        // Twice 14 positions with thousands of float32 channels per sample.
        let sample = (bytes(1025) - bytes(1)) / 1024;
        assert!((1 << 20..2 << 20).contains(&sample), "{sample}");
        let error = check(
            bytes(100_000),
            Some(1 << 30),
            "batches",
            "choose a smaller --batch-size",
        );
        let error = error.unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let error = error.to_string();
        assert!(
            error.contains("1024 MiB are free: choose a smaller"),
            "{error}"
        );
        check(u64::MAX, None, "where nobody knows", "").unwrap();
    }
}
