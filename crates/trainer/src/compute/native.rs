//! The native CPU engine.

use data::{Dataset, Inputs, Normalisation, Preprocessing, Split, batch};
use model::native::NativeNetwork;
use model::{AdamState, Architecture, Mode, Targets, Weights};

use super::{EVALUATION_BATCH, Engine, Samples, Start};
use crate::error::TrainerError;

/// A network on the CPU, without Burn.
pub(super) struct NativeEngine {
    network: NativeNetwork,
    /// Whether a moving average is maintained.
    averaged: bool,
    /// Logits of the steps since [`Engine::take_logits`].
    logits: Vec<f32>,
}

impl NativeEngine {
    pub fn new(architecture: &Architecture, start: Start) -> Result<Self, TrainerError> {
        let mut network = NativeNetwork::new(architecture, &start.weights, start.optimizer)?;
        network.restore_adam(start.state);
        network.freeze(start.frozen_layers);
        if let Some(average) = &start.average {
            network.keep_average(average.decay, &average.weights);
        }
        Ok(Self {
            network,
            averaged: start.average.is_some(),
            logits: Vec::new(),
        })
    }

    /// Logits of all samples of `split` with the current weights.
    fn infer<'d>(
        &mut self,
        split: &'d Split,
        dataset: &'d Dataset,
    ) -> Result<Vec<f32>, TrainerError> {
        let mut logits = Vec::new();
        if let Some(x) = self.direct(split, &dataset.preprocessing) {
            for x in x.chunks(EVALUATION_BATCH * split.sample_length()) {
                logits.extend_from_slice(self.network.logits(x));
            }
            return Ok(logits);
        }
        let indices: Vec<usize> = (0..split.len()).collect();
        let batches = indices.chunks(EVALUATION_BATCH);
        batch::for_each(split, &dataset.preprocessing, batches, |batch| {
            logits.extend_from_slice(self.network.logits(&batch.x));
            true
        })
        .map_err(TrainerError::Stream)?;
        Ok(logits)
    }
}

impl<'d> Engine<'d> for NativeEngine {
    fn set_targets(&mut self, targets: Targets) -> Result<(), TrainerError> {
        self.network.set_targets(targets);
        Ok(())
    }

    fn steps(&self) -> u64 {
        self.network.steps()
    }

    fn direct(&self, split: &'d Split, preprocessing: &Preprocessing) -> Option<&'d [f32]> {
        match (&split.x, preprocessing.normalisation) {
            // Batch normalisation of inputs changes them for every batch.
            (_, Normalisation::Batch) | (Inputs::Streamed(_) | Inputs::Windows(..), _) => None,
            (Inputs::Memory(x), _) => Some(x),
        }
    }

    fn begin_epoch(&mut self, _order: &[usize], _labels: &[u32]) -> Result<(), TrainerError> {
        Ok(())
    }

    fn step(
        &mut self,
        samples: Samples<'d, '_>,
        learning_rate: f64,
        seed: u64,
    ) -> Result<bool, TrainerError> {
        let mode = Mode::Training {
            dropout: true,
            seed,
            step: self.network.steps(),
        };
        let (logits, loss) = match samples {
            Samples::Batch(batch) => self.network.training_pass(&batch.x, &batch.y, mode),
            // The worker threads copy the samples they need.
            Samples::Indexed { x, indices, y, .. } => {
                self.network.training_pass_over(x, indices, y, mode)
            }
        };
        self.logits.extend_from_slice(logits);
        self.network.step(learning_rate);
        Ok(loss.is_finite())
    }

    fn logits(&mut self) -> Result<Vec<f32>, TrainerError> {
        Ok(self.logits.clone())
    }

    fn take_logits(&mut self) -> Result<Vec<f32>, TrainerError> {
        Ok(std::mem::take(&mut self.logits))
    }

    fn weights(&mut self) -> Result<Weights, TrainerError> {
        Ok(self.network.weights())
    }

    fn average(&mut self) -> Result<Option<Weights>, TrainerError> {
        Ok(self.network.average())
    }

    fn adam_state(&mut self) -> Result<AdamState, TrainerError> {
        Ok(self.network.adam_state().clone())
    }

    fn classify(
        &mut self,
        split: &'d Split,
        dataset: &'d Dataset,
    ) -> Result<Vec<f32>, TrainerError> {
        if !self.averaged {
            return self.infer(split, dataset);
        }
        self.network.swap_average();
        let logits = self.infer(split, dataset);
        self.network.swap_average();
        logits
    }
}
