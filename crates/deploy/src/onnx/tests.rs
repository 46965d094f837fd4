use model::{Architecture, Bundle, InputShape, ModelKind, Weights};

use super::*;

fn exported(kind: ModelKind) -> (Model, Bundle) {
    let architecture = Architecture::narrowed(kind, InputShape::from([2, 7, 16]), 3, 8);
    let weights = Weights::init(&Plan::new(&architecture).unwrap(), 1);
    let names = ["a", "b", "c"].map(String::from).to_vec();
    let preprocessing = serde_json::json!({
        "segments": 7, "spectral": {}, "normalisation": "none", "statistics": null,
    });
    let bundle = Bundle::new(&architecture, weights, names, preprocessing);
    let bytes = file(&TrainedModel::new(&bundle, &architecture).unwrap());
    (Model::decode(&bytes[..]).unwrap(), bundle)
}

#[test]
fn nodes_read_what_is_there() {
    for kind in ModelKind::ALL {
        let (model, bundle) = exported(kind);
        assert_eq!(model.opset_import[0].version, OPERATOR_SET);
        let graph = model.graph.unwrap();
        let mut known: Vec<&str> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(known.len(), bundle.weights.tensors().len());
        known.push("input");
        for node in &graph.node {
            for input in &node.input {
                assert!(
                    known.contains(&input.as_str()),
                    "{} reads {input}",
                    node.name
                );
            }
            assert!(
                !known.contains(&node.output[0].as_str()),
                "{} twice",
                node.output[0]
            );
            known.push(&node.output[0]);
        }
        for output in &graph.output {
            assert!(known.contains(&output.name.as_str()), "{}", output.name);
        }
    }
}

#[test]
fn pools_are_as_wide_as_the_network_says() {
    let windows = |kind| -> Vec<Vec<i64>> {
        let nodes = exported(kind).0.graph.unwrap().node.into_iter();
        let pools = nodes.filter(|node| node.op_type == "MaxPool");
        let attributes = pools.flat_map(|node| node.attribute);
        attributes.map(|attribute| attribute.ints).collect()
    };
    assert_eq!(windows(ModelKind::Simple), [[1, 2]; 4]);
    assert_eq!(windows(ModelKind::Seismic), [[1, 7]; 2]);
}

#[test]
fn kernels_have_their_output_first() {
    let (model, bundle) = exported(ModelKind::ResnetStyle);
    let initializers = model.graph.unwrap().initializer;
    let check = |name: &str, depthwise: bool| {
        let ours = bundle.weights.tensors().iter().find(|t| t.name == name);
        let ours = ours.unwrap();
        let theirs = initializers.iter().find(|t| t.name == name).unwrap();
        let &[kh, kw, a, b] = &ours.shape[..] else {
            panic!()
        };
        let dims = if depthwise {
            [a, b, kh, kw]
        } else {
            [b, a, kh, kw]
        };
        assert_eq!(theirs.dims, dims.map(|d| d as i64));
        let value =
            |i: usize| f32::from_le_bytes(theirs.raw_data[4 * i..][..4].try_into().unwrap());
        for y in 0..kh {
            for x in 0..kw {
                for i in 0..a {
                    for o in 0..b {
                        let at = if depthwise { i * b + o } else { o * a + i };
                        let expected = ours.values[((y * kw + x) * a + i) * b + o];
                        assert_eq!(value((at * kh + y) * kw + x), expected);
                    }
                }
            }
        }
    };
    check("stem.conv/kernel", false);
    check("block08.dw/kernel", true);
}
