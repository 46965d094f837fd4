use model::native::NativeNetwork;
use model::{AdamConfig, ModelKind};

use super::*;
use crate::test_model::{features, trained};

#[test]
fn folded_networks_give_the_logits_of_the_engine() {
    for kind in ModelKind::ALL {
        let (bundle, architecture) = trained(kind);
        let model = TrainedModel::new(&bundle, &architecture).unwrap();
        let network = Network::new(&model).unwrap();
        let x = features(&architecture, 5);
        let mut engine =
            NativeNetwork::new(&architecture, &bundle.weights, AdamConfig::default()).unwrap();
        let expected = engine.logits(&x).to_vec();
        let mut runner = Runner::new(&network);
        let ours = x.chunks_exact(architecture.input.elements());
        for (x, expected) in ours.zip(expected.chunks_exact(3)) {
            let logits = runner.run(x);
            let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            for (a, b) in logits.iter().zip(expected) {
                assert!(
                    (a - b).abs() <= 1e-5 * largest,
                    "{kind}: {logits:?} {expected:?}"
                );
            }
        }
    }
}

#[test]
fn batch_normalisation_stays_only_where_a_padded_convolution_follows_a_relu() {
    let names = |kind| {
        let (bundle, architecture) = trained(kind);
        let network = Network::new(&TrainedModel::new(&bundle, &architecture).unwrap()).unwrap();
        let scales = network.layers.into_iter().filter_map(|layer| {
            matches!(layer.operation, Operation::Scale { .. }).then_some(layer.name)
        });
        scales.collect::<Vec<_>>()
    };
    assert_eq!(names(ModelKind::UltraLightweight), [""; 0]);
    assert_eq!(names(ModelKind::Simple), ["bn1", "bn2"]);
    assert_eq!(names(ModelKind::DeepEfficient).len(), 7);
    assert_eq!(names(ModelKind::ResnetStyle), [""; 0]);
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let (mut bundle, architecture) = trained(ModelKind::Simple);
    let plan = model::Plan::new(&architecture).unwrap();
    let mut named: std::collections::HashMap<_, _> = bundle
        .weights
        .tensors()
        .iter()
        .map(|tensor| (tensor.name.clone(), tensor.clone()))
        .collect();
    named.get_mut("bn1/gamma").unwrap().values[0] = f32::NAN;
    bundle.weights = model::Weights::from_named(&plan, named).unwrap();
    let model = TrainedModel::new(&bundle, &architecture).unwrap();
    let error = Network::new(&model).unwrap_err().to_string();
    assert!(error.contains("bn1/gamma"), "{error}");
}
