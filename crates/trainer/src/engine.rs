//! What computes a training: the native CPU path, or Burn on a device. Both hold network and
//! optimizer and give the same results within rounding (`crates/model/tests/conformance.rs`).

use data::{Dataset, Inputs, Normalisation, Preprocessing, Split, batch};
use model::native::NativeNetwork;
use model::{AdamConfig, AdamState, Architecture, Mode, Weights};

use crate::backend::Place;
use crate::devices::Accelerator;
use crate::error::TrainerError;
use crate::guard;
use crate::metrics::Evaluation;
use crate::on_device::OnDevice;

/// Windows classified at once while evaluating: enough for speed, little enough for a small machine.
pub(crate) const EVALUATION_BATCH: usize = 256;

/// A network that is being trained, on samples that outlive it.
pub struct Engine<'d> {
    kind: Kind<'d>,
}

/// The samples of a step.
pub enum Samples<'d, 'i> {
    /// Assembled.
    Batch(batch::Batch),
    /// Those at `indices` of inputs that lie end to end, with their labels.
    Of {
        /// All inputs, where [`Engine::direct`] gives them.
        x: &'d [f32],
        /// Which of them.
        indices: &'i [usize],
        /// Their labels.
        y: &'i [u32],
        /// Where they begin in the order that [`Engine::begin_epoch`] was told.
        first: usize,
    },
}

impl Samples<'_, '_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Samples::Batch(batch) => batch.y.len(),
            Samples::Of { y, .. } => y.len(),
        }
    }
}

enum Kind<'d> {
    Native {
        network: Box<NativeNetwork>,
        /// Of the steps since [`Engine::take_logits`].
        logits: Vec<f32>,
    },
    Burn(Box<Burn<'d>>),
}

/// A network on a device, and how it fails.
struct Burn<'d> {
    /// None once the device has failed: what lay on it must not be touched again, not even to free it.
    work: Option<OnDevice<'d>>,
    accelerator: Option<Accelerator>,
}

impl<'d> Burn<'d> {
    fn run<T>(
        &mut self,
        work: impl FnOnce(&mut OnDevice<'d>) -> Result<T, TrainerError>,
    ) -> Result<T, TrainerError> {
        let own = self.work.as_mut();
        let Some(accelerator) = &self.accelerator else {
            return work(own.expect("a CPU does not fail"));
        };
        let gone = || guard::failed(accelerator, "it failed before".into());
        let result = guard::guarded(accelerator, || work(own.ok_or_else(gone)?));
        if let Err(TrainerError::Device { problem, .. }) = &result {
            std::mem::forget(self.work.take());
            return Err(guard::failed(accelerator, problem.clone()));
        }
        result
    }
}

impl<'d> Engine<'d> {
    /// Places `weights` at `place`, for batches of `batch` samples, with an optimizer that goes on from `adam`.
    ///
    /// # Errors
    /// [`TrainerError::Plan`] where the architecture does not fit its input, or [`TrainerError::Device`].
    pub fn new(
        place: &Place,
        batch: usize,
        architecture: &Architecture,
        weights: &Weights,
        adam: AdamState,
    ) -> Result<Self, TrainerError> {
        let on = |device, largest| {
            OnDevice::new(device, largest, batch, architecture, weights, adam.clone())
        };
        let kind = match place {
            Place::Native => {
                let mut network = NativeNetwork::new(architecture, weights, AdamConfig::default())?;
                network.restore_adam(adam);
                Kind::Native {
                    network: Box::new(network),
                    logits: Vec::new(),
                }
            }
            Place::Cpu(device) => {
                let work = Some(on(device, None)?);
                Kind::Burn(Box::new(Burn {
                    work,
                    accelerator: None,
                }))
            }
            Place::Accelerator(accelerator) => {
                let largest = Some(accelerator.largest_buffer);
                let work = Some(guard::guarded(accelerator, || {
                    on(&accelerator.device, largest)
                })?);
                let accelerator = Some(accelerator.clone());
                Kind::Burn(Box::new(Burn { work, accelerator }))
            }
        };
        Ok(Self { kind })
    }

    /// Has samples count in the loss as much as their class weighs, as with Keras' `class_weight`.
    ///
    /// # Errors
    /// [`TrainerError::Device`].
    pub fn set_class_weights(&mut self, weights: Vec<f32>) -> Result<(), TrainerError> {
        match &mut self.kind {
            Kind::Native { network, .. } => {
                network.set_class_weights(weights);
                Ok(())
            }
            Kind::Burn(burn) => burn.run(|work| {
                work.set_class_weights(weights);
                Ok(())
            }),
        }
    }

    /// Copies the optimizer's state.
    ///
    /// # Errors
    /// [`TrainerError::Device`], as all of the following.
    pub fn adam_state(&mut self) -> Result<AdamState, TrainerError> {
        match &mut self.kind {
            Kind::Native { network, .. } => Ok(network.adam_state().clone()),
            Kind::Burn(burn) => burn.run(|work| Ok(work.adam_state())),
        }
    }

    /// Optimizer steps taken.
    pub fn steps(&self) -> u64 {
        match &self.kind {
            Kind::Native { network, .. } => network.steps(),
            Kind::Burn(burn) => burn.work.as_ref().map_or(0, OnDevice::steps),
        }
    }

    /// The inputs of `split`, where steps and evaluations can take them as they lie.
    pub fn direct(&self, split: &'d Split, preprocessing: &Preprocessing) -> Option<&'d [f32]> {
        match (&self.kind, &split.x, preprocessing.normalisation) {
            // A batch's own statistics make new inputs of it.
            (_, _, Normalisation::Batch) => None,
            (Kind::Native { .. }, Inputs::Memory(x), _) => Some(x),
            (Kind::Burn(burn), ..) => burn.work.as_ref()?.direct(split, preprocessing),
            _ => None,
        }
    }

    /// Tells order and labels of the epoch whose steps come.
    ///
    /// # Errors
    /// As above.
    pub fn begin_epoch(&mut self, order: &[usize], labels: &[u32]) -> Result<(), TrainerError> {
        match &mut self.kind {
            Kind::Native { .. } => Ok(()),
            Kind::Burn(burn) => burn.run(|work| {
                work.begin_epoch(order, labels);
                Ok(())
            }),
        }
    }

    /// One step. Says whether the loss was a finite number, or true where that is only known later.
    ///
    /// # Errors
    /// As above.
    pub fn step(
        &mut self,
        samples: Samples<'d, '_>,
        learning_rate: f64,
        seed: u64,
    ) -> Result<bool, TrainerError> {
        let step = self.steps();
        match &mut self.kind {
            Kind::Native { network, logits } => {
                let mode = Mode::Training {
                    dropout: true,
                    seed,
                    step,
                };
                let pass = match samples {
                    Samples::Batch(batch) => network.training_pass(&batch.x, &batch.y, mode),
                    // The threads that need the samples copy them.
                    Samples::Of { x, indices, y, .. } => {
                        network.training_pass_over(x, indices, y, mode)
                    }
                };
                logits.extend_from_slice(pass.0);
                let finite = pass.1.is_finite();
                network.step(learning_rate);
                Ok(finite)
            }
            Kind::Burn(burn) => burn
                .run(|work| work.step(samples, learning_rate, seed))
                .map(|()| true),
        }
    }

    /// Copies the logits of all steps since they were taken, in their order.
    ///
    /// # Errors
    /// As above.
    pub fn logits(&mut self) -> Result<Vec<f32>, TrainerError> {
        match &mut self.kind {
            Kind::Native { logits, .. } => Ok(logits.clone()),
            Kind::Burn(burn) => burn.run(|work| Ok(work.logits())),
        }
    }

    /// Takes the logits of all steps since the last call, in their order.
    ///
    /// # Errors
    /// As above.
    pub fn take_logits(&mut self) -> Result<Vec<f32>, TrainerError> {
        match &mut self.kind {
            Kind::Native { logits, .. } => Ok(std::mem::take(logits)),
            Kind::Burn(burn) => burn.run(|work| Ok(work.take_logits())),
        }
    }

    /// Copies the weights.
    ///
    /// # Errors
    /// As above.
    pub fn weights(&mut self) -> Result<Weights, TrainerError> {
        match &mut self.kind {
            Kind::Native { network, .. } => Ok(network.weights()),
            Kind::Burn(burn) => burn.run(|work| Ok(work.weights())),
        }
    }

    /// Loss and confusion matrix over `split`, with running statistics and without dropout.
    ///
    /// # Errors
    /// As above, or [`TrainerError::Stream`] where a streamed source cannot be read any more.
    pub fn evaluate(
        &mut self,
        split: &'d Split,
        dataset: &'d Dataset,
    ) -> Result<Evaluation, TrainerError> {
        let preprocessing = &dataset.preprocessing;
        let direct = self.direct(split, preprocessing);
        let logits: Vec<f32> = match (&mut self.kind, direct) {
            (Kind::Native { network, .. }, Some(x)) => x
                .chunks(EVALUATION_BATCH * split.sample_length())
                .flat_map(|x| network.logits(x).to_vec())
                .collect(),
            (Kind::Native { network, .. }, None) => {
                let indices: Vec<usize> = (0..split.len()).collect();
                let mut logits = Vec::new();
                batch::for_each(
                    split,
                    preprocessing,
                    indices.chunks(EVALUATION_BATCH),
                    |batch| {
                        logits.extend_from_slice(network.logits(&batch.x));
                        true
                    },
                )
                .map_err(TrainerError::Stream)?;
                logits
            }
            (Kind::Burn(burn), _) => burn.run(|work| work.evaluate(split, dataset))?,
        };
        let classes = dataset.class_names.len();
        Ok(Evaluation::new(&logits, &split.y, classes))
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use std::collections::BTreeSet;

    use burn::tensor::Device;
    use data::SpectralConfig;
    use model::rng::Rng;
    use model::{ModelKind, Plan};

    use super::*;

    const SAMPLES: usize = 10;
    const BATCH: usize = 4;
    const SHAPE: [usize; 3] = [2, 7, 16];

    fn dataset(normalisation: Normalisation) -> Dataset {
        let mut rng = Rng::new(1, 1 << 40);
        let x = (0..SAMPLES * 224)
            .map(|_| 2.0 * rng.uniform() - 1.0)
            .collect();
        let split = Split {
            x: Inputs::Memory(x),
            y: (0..SAMPLES as u32).map(|i| i * i % 3).collect(),
            groups: BTreeSet::new(),
            fingerprint: String::new(),
            shape: SHAPE,
        };
        Dataset {
            class_names: ["a", "b", "c"].map(String::from).to_vec(),
            train: split.clone(),
            val: split.clone(),
            test: split,
            test_is_val: true,
            preprocessing: Preprocessing {
                normalisation,
                ..Preprocessing::new(Vec::new(), SpectralConfig::default())
            },
            warnings: Vec::new(),
        }
    }

    /// Weights, logits of the steps and of the evaluation after two epochs of three steps, the last of two samples.
    fn trained(
        place: &Place,
        kind: ModelKind,
        dataset: &Dataset,
        weighted: bool,
    ) -> (Weights, Vec<f32>, Evaluation) {
        let architecture = Architecture::narrowed(kind, SHAPE.into(), 3, 8);
        let weights = Weights::init(&Plan::new(&architecture).unwrap(), 7);
        let mut engine =
            Engine::new(place, BATCH, &architecture, &weights, AdamState::default()).unwrap();
        if weighted {
            engine.set_class_weights(vec![0.5, 2.0, 1.0]).unwrap();
        }
        let split = &dataset.train;
        for epoch in 0..2 {
            let order = batch::shuffled(SAMPLES, 3, epoch);
            let labels: Vec<u32> = order.iter().map(|&i| split.y[i]).collect();
            match engine.direct(split, &dataset.preprocessing) {
                Some(x) => {
                    engine.begin_epoch(&order, &labels).unwrap();
                    for (i, (indices, y)) in
                        order.chunks(BATCH).zip(labels.chunks(BATCH)).enumerate()
                    {
                        let samples = Samples::Of {
                            x,
                            indices,
                            y,
                            first: i * BATCH,
                        };
                        engine.step(samples, 1e-3, 5).unwrap();
                    }
                }
                None => batch::for_each(
                    split,
                    &dataset.preprocessing,
                    order.chunks(BATCH),
                    |batch| engine.step(Samples::Batch(batch), 1e-3, 5).unwrap(),
                )
                .unwrap(),
            }
        }
        let logits = engine.take_logits().unwrap();
        assert_eq!(engine.steps(), 6);
        (
            engine.weights().unwrap(),
            logits,
            engine.evaluate(&dataset.val, dataset).unwrap(),
        )
    }

    fn assert_close(what: &str, ours: &[f32], theirs: &[f32]) {
        assert_eq!(ours.len(), theirs.len(), "{what}");
        for (a, b) in ours.iter().zip(theirs) {
            assert!(
                (a - b).abs() <= 2e-4 * b.abs().max(1.0),
                "{what}: {a} is not {b}"
            );
        }
    }

    /// Weights change what is learned: a check that they are not passed over by both.
    #[test]
    fn class_weights_count() {
        let dataset = dataset(Normalisation::None);
        let [plain, weighted] = [false, true]
            .map(|weighted| trained(&Place::Native, ModelKind::Simple, &dataset, weighted).0);
        assert_ne!(
            plain.tensors().last().unwrap().values,
            weighted.tensors().last().unwrap().values
        );
    }

    /// What a GPU is told (resident samples, batches filled up to one size), computed by a CPU: dropout, batch
    /// normalisation and gradients see the samples that are there, and no others.
    #[test]
    fn batches_of_one_size_train_as_the_native_path_does() {
        let simulated = Accelerator::new(Device::flex(), "Test GPU".into());
        for kind in [ModelKind::Simple, ModelKind::UltraLightweight] {
            for (normalisation, weighted) in
                [(Normalisation::None, true), (Normalisation::Batch, false)]
            {
                let dataset = dataset(normalisation);
                let gpu = Place::Accelerator(simulated.clone());
                let (ours, logits, evaluation) = trained(&gpu, kind, &dataset, weighted);
                let (theirs, native_logits, native) =
                    trained(&Place::Native, kind, &dataset, weighted);
                assert_eq!(logits.len(), 2 * SAMPLES * 3);
                assert_close("logits", &logits, &native_logits);
                for (a, b) in ours.tensors().iter().zip(theirs.tensors()) {
                    assert_close(&a.name, &a.values, &b.values);
                }
                assert_close("loss", &[evaluation.loss as f32], &[native.loss as f32]);
            }
        }
    }

    /// A split that no buffer of the device holds is taken to it batch by batch.
    #[test]
    fn splits_too_large_for_a_buffer_are_not_resident() {
        let dataset = dataset(Normalisation::None);
        let mut small = Accelerator::new(Device::flex(), "Test GPU".into());
        small.largest_buffer = 100;
        let architecture = Architecture::narrowed(ModelKind::Simple, SHAPE.into(), 3, 8);
        let weights = Weights::init(&Plan::new(&architecture).unwrap(), 7);
        let place = Place::Accelerator(small);
        let engine =
            Engine::new(&place, BATCH, &architecture, &weights, AdamState::default()).unwrap();
        assert!(
            engine
                .direct(&dataset.train, &dataset.preprocessing)
                .is_none()
        );
        let (ours, ..) = trained(&place, ModelKind::Simple, &dataset, false);
        let (theirs, ..) = trained(&Place::Native, ModelKind::Simple, &dataset, false);
        for (a, b) in ours.tensors().iter().zip(theirs.tensors()) {
            assert_close(&a.name, &a.values, &b.values);
        }
    }
}
