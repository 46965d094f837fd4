use model::ModelKind;

use super::*;
use crate::TrainedModel;
use crate::test_model::{features, trained};

#[test]
fn integers_do_what_float32_does() {
    for kind in ModelKind::ALL {
        let (bundle, architecture) = trained(kind);
        let network = Network::new(&TrainedModel::new(&bundle, &architecture).unwrap()).unwrap();
        let x = features(&architecture, 24);
        let (quantised, agreement) = IntegerNetwork::new(&network, &x, &x).unwrap();
        // Random weights give logits that are close together.
        assert!(agreement.logit_error < 0.2, "{kind}: {agreement:?}");
        let reports = layer_reports(&network, &quantised, &x);
        assert_eq!(reports.len(), network.layers.len() + 1);
        let bytes: usize = reports.iter().map(|r| r.bytes).sum();
        assert_eq!(bytes, quantised.weight_bytes());
        for report in &reports {
            assert!(report.signal_to_noise > 10.0, "{kind}: {report:?}");
        }
    }
}

#[test]
fn encodings_hold_zero() {
    let encoding = Encoding::of_range(1.0, 2.0).unwrap();
    assert_eq!((encoding.zero_point, encoding.encode(0.0)), (-128, -128));
    assert_eq!(encoding.range(), (0.0, 255.0 * encoding.scale));
    let encoding = Encoding::of_range(-1.0, 1.0).unwrap();
    assert_eq!(encoding.decode(encoding.encode(0.0)), 0.0);
    assert_eq!(encoding.encode(9.0), 127);
    assert_eq!(encoding.encode(-9.0), -128);
    assert_eq!(Encoding::of_range(0.0, 0.0), None);
    assert_eq!(Encoding::of_range(0.0, f32::INFINITY), None);
    assert_eq!(
        Encoding::of_range(-1e38, 3e38),
        Encoding::of_range(-1e38, 3e38)
    );
}

#[test]
fn what_has_no_range_is_refused() {
    let (bundle, architecture) = trained(ModelKind::UltraLightweight);
    let network = Network::new(&TrainedModel::new(&bundle, &architecture).unwrap()).unwrap();
    let none = IntegerNetwork::new(&network, &[], &[]).unwrap_err();
    assert!(matches!(none, DeployError::NoWindows));
    let mut x = features(&architecture, 2);
    x[3] = f32::INFINITY;
    let error = IntegerNetwork::new(&network, &x, &x)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("`input`"), "{error}");
}

/// Channels without weights keep their bias, also if it is zero.
#[test]
fn channels_without_weights_keep_their_bias() {
    let input = Encoding::of_range(-1.0, 1.0).unwrap();
    let shape = |channels| Shape {
        height: 1,
        width: 1,
        channels,
    };
    let network = Network {
        layers: vec![crate::network::Layer {
            name: "head".into(),
            operation: crate::network::Operation::Conv {
                kernel: vec![0.0, 0.0, 1.0, 0.0, 0.0, 1e-12],
                bias: vec![0.0, 3.0, 0.5],
                size: (1, 1),
                stride: 1,
            },
            relu: false,
            input: 0,
            output: 1,
        }],
        values: vec![shape(2), shape(3)],
        output: 1,
    };
    let x = [1.0, -1.0, -1.0, 1.0];
    let quantised = IntegerNetwork::with_method(&network, &x, RangeMethod::Range).unwrap();
    let logits = IntegerRunner::new(&quantised).run(&x[..2]);
    for (ours, exact) in logits.iter().zip([0.0, 3.0, 1.5]) {
        assert!((ours - exact).abs() < 0.03, "{logits:?}");
    }
    assert!(input.scale > 0.0);
}
