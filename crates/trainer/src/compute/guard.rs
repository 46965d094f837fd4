//! Turns GPU failures into errors. Burn reports a lost device, exhausted memory or a missing driver feature by a
//! panic; here these become errors with advice.
//!
//! - [`Guarded`]: an engine whose every call is guarded;
//! - [`guarded`]: a single guarded call;
//! - [`probe`]: tests whether a device works at all.

use burn::tensor::{Tensor, TensorData};
use data::{Dataset, Preprocessing, Split};
use model::{AdamState, Targets, Weights};
use support::panics::catch_everywhere;

use super::accelerator::AcceleratorEngine;
use super::device::Accelerator;
use super::{Engine, Samples};
use crate::error::TrainerError;

/// Runs `work` on `accelerator`.
///
/// # Errors
/// [`TrainerError::Device`] if `work` panics, or the error it returns. Its engine must not be used afterwards.
pub fn guarded<T>(
    accelerator: &Accelerator,
    work: impl FnOnce() -> Result<T, TrainerError>,
) -> Result<T, TrainerError> {
    catch_everywhere(work).unwrap_or_else(|problem| Err(failed(accelerator, problem)))
}

/// Turns a device's error message into an error with advice.
pub fn failed(accelerator: &Accelerator, problem: String) -> TrainerError {
    let lower = problem.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let advice = if says(&[
        "out of memory",
        "outofmemory",
        "too big",
        "allocat",
        "exceeds",
        "buffer size",
    ]) {
        "it does not fit in the device's memory: choose a smaller --batch-size, or --stream, or --backend native"
    } else if says(&["lost", "poisoned"]) {
        "the device was lost (driver restart or hardware fault): once it works again, continue with --resume"
    } else {
        "try a newer driver, another --device (`trainer devices` lists them), or --backend native"
    };
    TrainerError::Device {
        device: accelerator.name.clone(),
        problem: problem.lines().map(str::trim).collect::<Vec<_>>().join(" "),
        advice,
    }
}

/// Tests the device with a small computation.
///
/// # Errors
/// [`TrainerError::Device`] if the computation fails or its result is wrong.
pub fn probe(accelerator: &Accelerator) -> Result<(), TrainerError> {
    let values: Vec<f32> = (0..6).map(|i| i as f32).collect();
    let product: Vec<f32> = guarded(accelerator, || {
        let device = &accelerator.device;
        let a = Tensor::<2>::from_data(TensorData::new(values.clone(), [2, 3]), device);
        let b = Tensor::<2>::from_data(TensorData::new(values, [3, 2]), device);
        let data = (a.matmul(b) + 1.0).into_data_as::<f32>();
        data.try_into_vec()
            .map_err(|error| failed(accelerator, format!("{error:?}")))
    })?;
    if product != [11.0, 14.0, 29.0, 41.0] {
        let problem = format!("a test matrix product gave {product:?}");
        return Err(failed(accelerator, problem));
    }
    Ok(())
}

/// An engine on a GPU. After one call has failed, all others fail.
pub(super) struct Guarded<'d> {
    /// `None` after a failure: data on the device must not be touched again, not even to free it.
    engine: Option<AcceleratorEngine<'d>>,
    accelerator: Accelerator,
}

impl<'d> Guarded<'d> {
    /// Wraps the engine that `build` creates on `accelerator`.
    ///
    /// # Errors
    /// Those of `build`, or [`TrainerError::Device`] if it panics.
    pub fn new(
        accelerator: &Accelerator,
        build: impl FnOnce() -> Result<AcceleratorEngine<'d>, TrainerError>,
    ) -> Result<Self, TrainerError> {
        Ok(Self {
            engine: Some(guarded(accelerator, build)?),
            accelerator: accelerator.clone(),
        })
    }

    fn run<T>(
        &mut self,
        work: impl FnOnce(&mut AcceleratorEngine<'d>) -> Result<T, TrainerError>,
    ) -> Result<T, TrainerError> {
        let accelerator = &self.accelerator;
        let engine = self.engine.as_mut();
        let gone = || failed(accelerator, "an earlier call failed".into());
        let result = guarded(accelerator, || work(engine.ok_or_else(gone)?));
        if let Err(TrainerError::Device { problem, .. }) = &result {
            std::mem::forget(self.engine.take());
            return Err(failed(accelerator, problem.clone()));
        }
        result
    }
}

impl<'d> Engine<'d> for Guarded<'d> {
    fn set_targets(&mut self, targets: Targets) -> Result<(), TrainerError> {
        self.run(|engine| engine.set_targets(targets))
    }

    fn steps(&self) -> u64 {
        self.engine.as_ref().map_or(0, Engine::steps)
    }

    fn direct(&self, split: &'d Split, preprocessing: &Preprocessing) -> Option<&'d [f32]> {
        self.engine.as_ref()?.direct(split, preprocessing)
    }

    fn begin_epoch(&mut self, order: &[usize], labels: &[u32]) -> Result<(), TrainerError> {
        self.run(|engine| engine.begin_epoch(order, labels))
    }

    fn step(
        &mut self,
        samples: Samples<'d, '_>,
        learning_rate: f64,
        seed: u64,
    ) -> Result<bool, TrainerError> {
        self.run(|engine| engine.step(samples, learning_rate, seed))
    }

    fn logits(&mut self) -> Result<Vec<f32>, TrainerError> {
        self.run(|engine| engine.logits())
    }

    fn take_logits(&mut self) -> Result<Vec<f32>, TrainerError> {
        self.run(|engine| engine.take_logits())
    }

    fn weights(&mut self) -> Result<Weights, TrainerError> {
        self.run(|engine| engine.weights())
    }

    fn average(&mut self) -> Result<Option<Weights>, TrainerError> {
        self.run(|engine| engine.average())
    }

    fn adam_state(&mut self) -> Result<AdamState, TrainerError> {
        self.run(|engine| engine.adam_state())
    }

    fn classify(
        &mut self,
        split: &'d Split,
        dataset: &'d Dataset,
    ) -> Result<Vec<f32>, TrainerError> {
        self.run(|engine| engine.classify(split, dataset))
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn accelerator() -> Accelerator {
        Accelerator::new(Device::flex(), "Test GPU".into())
    }

    #[test]
    fn panics_become_errors_with_advice() {
        let run = |problem: &'static str| {
            let error = guarded::<()>(&accelerator(), || panic!("{problem}")).unwrap_err();
            assert_eq!(error.exit_code(), 1);
            error.to_string()
        };
        let error = run("Can't allocate buffer of size: 99\n in pool 3");
        assert!(
            error.starts_with("Test GPU failed: Can't allocate buffer of size: 99 in pool 3: "),
            "{error}"
        );
        assert!(error.contains("--batch-size"), "{error}");
        assert!(run("Parent device is lost").contains("--resume"));
        assert!(run("no such feature").contains("--device"));
    }

    #[test]
    fn the_first_panic_of_any_thread_is_told() {
        let error = guarded::<()>(&accelerator(), || {
            let _ = std::thread::spawn(|| panic!("device lost")).join();
            panic!("channel closed")
        });
        assert!(error.unwrap_err().to_string().contains("device lost"));
    }

    #[test]
    fn a_device_that_works_passes() {
        probe(&accelerator()).unwrap();
    }
}
