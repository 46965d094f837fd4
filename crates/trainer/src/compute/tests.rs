//! Compares every engine with the native one.

use std::collections::BTreeSet;

use burn::tensor::Device;
use data::{Inputs, Normalisation, SpectralConfig};
use model::rng::Rng;
use model::{ModelKind, Plan, Targets};

use super::device::Accelerator;

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
        group_of: vec![None; SAMPLES],
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

/// A start that uses every feature of the optimiser.
fn start(weights: Weights, frozen_layers: usize) -> Start {
    Start {
        optimizer: AdamConfig {
            weight_decay: 3.0,
            ..AdamConfig::default()
        },
        state: AdamState::default(),
        average: Some(Average {
            decay: 0.9,
            weights: weights.clone(),
        }),
        weights,
        frozen_layers,
    }
}

fn initial(kind: ModelKind) -> (Architecture, Weights) {
    let architecture = Architecture::narrowed(kind, SHAPE.into(), 3, 8);
    let weights = Weights::init(&Plan::new(&architecture).unwrap(), 7);
    (architecture, weights)
}

/// Weights, logits of the steps, and the evaluation, after two epochs of three steps, the last with two samples.
fn trained(
    target: &Target,
    kind: ModelKind,
    dataset: &Dataset,
    weighted: bool,
) -> (Weights, Vec<f32>, Evaluation) {
    trained_from(target, kind, dataset, (weighted, 0))
}

fn trained_from(
    target: &Target,
    kind: ModelKind,
    dataset: &Dataset,
    (weighted, frozen): (bool, usize),
) -> (Weights, Vec<f32>, Evaluation) {
    let (architecture, weights) = initial(kind);
    let start = start(weights, frozen);
    let mut engine = engine(target, BATCH, &architecture, start).unwrap();
    if weighted {
        let targets = Targets::new(3, 0.1).weighted(&[0.5, 2.0, 1.0]);
        // Every sample has another teacher.
        let teacher = |i: usize| [0.1, 0.02 * i as f32, 0.9 - 0.02 * i as f32];
        let teacher: Vec<f32> = (0..SAMPLES).flat_map(teacher).collect();
        let targets = targets.distilled(&teacher, &dataset.train.y, 0.5);
        engine.set_targets(targets).unwrap();
    }
    let split = &dataset.train;
    for epoch in 0..2 {
        let order = batch::shuffled(SAMPLES, 3, epoch);
        let label = |&i: &usize| if weighted { 3 + i as u32 } else { split.y[i] };
        let labels: Vec<u32> = order.iter().map(label).collect();
        match engine.direct(split, &dataset.preprocessing) {
            Some(x) => {
                engine.begin_epoch(&order, &labels).unwrap();
                for (i, (indices, y)) in order.chunks(BATCH).zip(labels.chunks(BATCH)).enumerate() {
                    let samples = Samples::Indexed {
                        x,
                        indices,
                        y,
                        first: i * BATCH,
                    };
                    engine.step(samples, 1e-3, 5).unwrap();
                }
            }
            None => {
                let (lists, mut labels) = (order.chunks(BATCH), labels.chunks(BATCH));
                let preprocessing = &dataset.preprocessing;
                let step = |batch: batch::Batch| {
                    let y = labels.next().unwrap().to_vec();
                    let samples = Samples::Batch(batch::Batch { y, ..batch });
                    engine.step(samples, 1e-3, 5).unwrap()
                };
                batch::for_each(split, preprocessing, lists, step).unwrap();
            }
        }
    }
    let logits = engine.take_logits().unwrap();
    assert_eq!(engine.steps(), 6);
    let average = engine.average().unwrap().unwrap();
    assert_ne!(average, engine.weights().unwrap());
    (
        average,
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

/// Targets change the result, so the comparison of engines does not pass because all of them ignore the targets.
#[test]
fn targets_count() {
    let dataset = dataset(Normalisation::None);
    let [plain, weighted] = [false, true]
        .map(|weighted| trained(&Target::Native, ModelKind::Simple, &dataset, weighted).0);
    assert_ne!(
        plain.tensors().last().unwrap().values,
        weighted.tensors().last().unwrap().values
    );
}

/// The code path for GPUs, with resident samples and padded batches, run on a CPU: dropout, batch normalisation and
/// gradients use only real samples.
#[test]
fn batches_of_one_size_train_as_the_native_path_does() {
    let simulated = Accelerator::new(Device::flex(), "Test GPU".into());
    for kind in [ModelKind::Simple, ModelKind::UltraLightweight] {
        for (normalisation, weighted) in
            [(Normalisation::None, true), (Normalisation::Batch, false)]
        {
            let dataset = dataset(normalisation);
            let gpu = Target::Accelerator(simulated.clone());
            let (ours, logits, evaluation) = trained(&gpu, kind, &dataset, weighted);
            let (theirs, native_logits, native) =
                trained(&Target::Native, kind, &dataset, weighted);
            assert_eq!(logits.len(), 2 * SAMPLES * 3);
            assert_close("logits", &logits, &native_logits);
            for (a, b) in ours.tensors().iter().zip(theirs.tensors()) {
                assert_close(&a.name, &a.values, &b.values);
            }
            assert_close("loss", &[evaluation.loss as f32], &[native.loss as f32]);
        }
    }
}

/// Frozen layers keep all their bits on every engine, including running statistics and average; the other layers train
/// as on the native engine.
#[test]
fn frozen_layers_stay_as_they_are() {
    let dataset = dataset(Normalisation::None);
    for (kind, frozen) in [
        (ModelKind::UltraLightweight, 3),
        // Two convolutions with their normalisations.
        (ModelKind::Simple, 4),
        // Ends within a block that has a shortcut.
        (ModelKind::ResnetStyle, 5),
    ] {
        let (architecture, before) = initial(kind);
        let kept = Plan::new(&architecture).unwrap().in_first_layers(frozen);
        assert!(kept.iter().any(|kept| *kept) && kept.iter().any(|kept| !kept));
        let (native, native_logits, _) =
            trained_from(&Target::Native, kind, &dataset, (false, frozen));
        for target in [
            Target::Native,
            Target::BurnCpu(Device::flex()),
            Target::Accelerator(Accelerator::new(Device::flex(), "Test GPU".into())),
        ] {
            let (after, logits, _) = trained_from(&target, kind, &dataset, (false, frozen));
            let pairs = after.tensors().iter().zip(before.tensors());
            for ((after, before), kept) in pairs.zip(&kept) {
                let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                let same = bits(&after.values) == bits(&before.values);
                assert_eq!(same, *kept, "{kind:?}: {}", after.name);
            }
            // Logits of the first step, before any update.
            let first = BATCH * 3;
            assert_close("logits", &logits[..first], &native_logits[..first]);
            // Where gradients vanish, Adam turns rounding errors into steps: for biases before a normalisation, and for
            // all of a deep network with two samples.
            let kernels = after.tensors().iter().zip(native.tensors());
            let kernels = kernels.filter(|(a, _)| a.name.ends_with("/kernel"));
            for (a, b) in kernels.filter(|_| kind != ModelKind::ResnetStyle) {
                assert_close(&a.name, &a.values, &b.values);
            }
        }
    }
}

/// A split that exceeds the largest buffer of the device is copied batch by batch.
#[test]
fn splits_too_large_for_a_buffer_are_not_resident() {
    let dataset = dataset(Normalisation::None);
    let mut small = Accelerator::new(Device::flex(), "Test GPU".into());
    small.largest_buffer = 100;
    let (architecture, weights) = initial(ModelKind::Simple);
    let target = Target::Accelerator(small);
    let engine = engine(&target, BATCH, &architecture, start(weights, 0)).unwrap();
    assert!(
        engine
            .direct(&dataset.train, &dataset.preprocessing)
            .is_none()
    );
    let (ours, ..) = trained(&target, ModelKind::Simple, &dataset, false);
    let (theirs, ..) = trained(&Target::Native, ModelKind::Simple, &dataset, false);
    for (a, b) in ours.tensors().iter().zip(theirs.tensors()) {
        assert_close(&a.name, &a.values, &b.values);
    }
}
