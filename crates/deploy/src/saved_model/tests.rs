//! Reads back what was written: every input of a node exists and precedes it, and everything that TensorFlow's loaders
//! require is present.

use std::collections::{HashMap, HashSet};

use model::{Architecture, Bundle, InputShape, ModelKind, Plan, Weights};
use serde_json::{Value, json};

use super::*;
use crate::proto::{Attr, Node, VariableDef};

fn bundle(kind: ModelKind, preprocessing: Value) -> (Bundle, Architecture) {
    let input = InputShape::from([2, 7, 16]);
    let architecture = Architecture::narrowed(kind, input, 3, 8);
    let weights = Weights::init(&Plan::new(&architecture).unwrap(), 1);
    let names = ["a", "b", "c"].map(String::from).to_vec();
    let bundle = Bundle::new(&architecture, weights, names, preprocessing);
    (bundle, architecture)
}

fn preprocessing(steps: Value, spectral: Value, normalisation: &str) -> Value {
    json!({
        "segments": 7, "steps": steps, "spectral": spectral, "normalisation": normalisation,
        "statistics": {"mean": [0.0, 1.0], "std": [1.0, 0.0]},
    })
}

fn written(bundle: &Bundle, architecture: &Architecture) -> HashMap<String, Vec<u8>> {
    let model = TrainedModel::new(bundle, architecture).unwrap();
    let files = files(&model).into_iter();
    files.map(|file| (file.path, file.bytes)).collect()
}

fn read(files: &HashMap<String, Vec<u8>>) -> MetaGraph {
    let proto = SavedModelProto::decode(&files[GRAPH_FILE][..]).unwrap();
    let [graph] = proto.meta_graphs.try_into().unwrap();
    assert_eq!(graph.meta_info.as_ref().unwrap().tags, ["serve"]);
    graph
}

/// Nodes by name; checks that every node comes after those it reads.
fn check_graph(graph: &MetaGraph) -> HashMap<&str, &Node> {
    let mut nodes = HashMap::new();
    for node in &graph.graph.as_ref().unwrap().node {
        for input in &node.input {
            let name = input.trim_start_matches('^').split(':').next().unwrap();
            assert!(nodes.contains_key(name), "{} reads {input}", node.name);
        }
        assert!(
            nodes.insert(node.name.as_str(), node).is_none(),
            "{} twice",
            node.name
        );
    }
    nodes
}

fn has_tensor(nodes: &HashMap<&str, &Node>, tensor: &str) -> bool {
    tensor
        .strip_suffix(":0")
        .is_some_and(|node| nodes.contains_key(node))
}

#[test]
fn all_networks_have_both_signatures_over_one_set_of_variables() {
    for kind in ModelKind::ALL {
        let spectral = json!({"method": "fft", "compression": "log"});
        let (bundle, architecture) = bundle(kind, preprocessing(json!([]), spectral, "sample"));
        let files = written(&bundle, &architecture);
        let graph = read(&files);
        let nodes = check_graph(&graph);
        assert_eq!(graph.signatures.len(), 2);
        for (signature, input, shape) in [
            (FEATURES_SIGNATURE, "input", vec![0, 2, 7, 16]),
            (WINDOWS_SIGNATURE, "windows", vec![0, 2, 64]),
        ] {
            let signature = &graph.signatures[signature];
            let inputs: Vec<_> = signature.inputs.keys().collect();
            assert_eq!(inputs, [input]);
            let info = &signature.inputs[input];
            assert_eq!(info.shape.as_ref().unwrap().dims(), shape);
            assert_eq!(nodes[input].op, "Placeholder");
            for name in ["logits", "probabilities"] {
                let info = &signature.outputs[name];
                assert!(has_tensor(&nodes, &info.name), "{}", info.name);
                assert_eq!(info.shape.as_ref().unwrap().dims(), [0, 3]);
            }
        }
        let handles = nodes.values().filter(|node| node.op == "VarHandleOp");
        assert_eq!(handles.count(), bundle.weights.tensors().len());
        assert!(!files.contains_key("assets/README.txt"));
        assert_eq!(files["assets/model.json"], bundle.card.to_bytes());
        assert_eq!(files["assets/class_names.txt"], b"a\nb\nc\n");
    }
}

#[test]
fn collections_and_saver_name_nodes_that_exist() {
    let (bundle, architecture) = bundle(
        ModelKind::ResnetStyle,
        preprocessing(json!([]), json!({"method": "none"}), "none"),
    );
    let graph = read(&written(&bundle, &architecture));
    let nodes = check_graph(&graph);
    let variables = |collection: &str| -> Vec<VariableDef> {
        let bytes = graph.collections[collection].bytes_list.as_ref().unwrap();
        let bytes = bytes.value.iter();
        bytes
            .map(|b| VariableDef::decode(&b[..]).unwrap())
            .collect()
    };
    let all = variables("variables");
    let trainable: HashSet<_> = variables("trainable_variables")
        .into_iter()
        .map(|variable| variable.variable_name)
        .collect();
    for (variable, tensor) in all.iter().zip(bundle.weights.tensors()) {
        assert_eq!(variable.variable_name, format!("{}:0", tensor.name));
        assert!(variable.is_resource);
        let moving = tensor.name.contains("/moving_");
        assert_eq!(trainable.contains(&variable.variable_name), !moving);
        assert!(nodes.contains_key(variable.initializer_name.as_str()));
        assert!(has_tensor(&nodes, &variable.snapshot_name));
        assert!(has_tensor(&nodes, &variable.initial_value_name));
    }
    let saver = graph.saver.as_ref().unwrap();
    assert!(has_tensor(&nodes, &saver.filename_tensor_name));
    assert!(has_tensor(&nodes, &saver.save_tensor_name));
    let restore = nodes[saver.restore_op_name.as_str()];
    assert_eq!(restore.input.len(), all.len());
    // Every assignment takes the tensor with its own name.
    let names = match &nodes["save/tensor_names"].attr["value"].value {
        Some(Attr::Tensor(tensor)) => tensor.strings.clone(),
        other => panic!("{other:?}"),
    };
    for (i, control) in restore.input.iter().enumerate() {
        let assign = nodes[control.trim_start_matches('^')];
        assert_eq!(assign.input[0].as_bytes(), names[i]);
        let restored = assign.input[1].strip_prefix("save/RestoreV2").unwrap();
        assert_eq!(
            restored,
            if i == 0 {
                String::new()
            } else {
                format!(":{i}")
            }
        );
    }
}

#[test]
fn what_a_graph_cannot_do_is_left_out_and_said() {
    let none = json!({"method": "none"});
    let welch = json!({"method": "welch", "welch": {"nperseg": 16, "noverlap": 8, "nfft": 30}});
    for (preprocessing, reason) in [
        (
            preprocessing(json!([]), none.clone(), "batch"),
            "`normalisation: batch`",
        ),
        (
            preprocessing(json!([]), welch, "none"),
            "how many samples a window has",
        ),
        (
            preprocessing(json!([{"low_pass": {"frequency": 300.0}}]), none, "none"),
            "`low_pass`: 300 Hz is not between",
        ),
    ] {
        let (bundle, architecture) = bundle(ModelKind::Simple, preprocessing);
        let files = written(&bundle, &architecture);
        let graph = read(&files);
        let signatures: Vec<_> = graph.signatures.keys().collect();
        assert_eq!(signatures, [FEATURES_SIGNATURE]);
        let note = String::from_utf8(files["assets/README.txt"].clone()).unwrap();
        assert!(note.contains(reason), "{note}");
        let nodes = check_graph(&graph);
        assert!(!nodes.contains_key("windows"));
    }
}

/// Samples that no window becomes, and preparation of recordings, which no graph does.
#[test]
fn the_assets_say_what_the_graph_does_not_do() {
    let with = |key: &str, value: Value| {
        let mut preprocessing = preprocessing(json!([]), json!({"method": "none"}), "none");
        preprocessing[key] = value;
        let (bundle, architecture) = bundle(ModelKind::Simple, preprocessing);
        let files = written(&bundle, &architecture);
        let signatures = read(&files).signatures.len();
        let note = String::from_utf8(files["assets/README.txt"].clone()).unwrap();
        (signatures, note)
    };
    let (signatures, note) = with("own_segments", json!([7, 16]));
    assert_eq!(signatures, 1);
    assert!(note.contains("7 segments of 16 values"), "{note}");
    let (signatures, note) = with("recording_steps", json!(["detrend"]));
    assert_eq!(signatures, 2);
    assert!(note.contains("[\"detrend\"]"), "{note}");
}

#[test]
fn equal_models_give_equal_bytes() {
    let steps = json!(["demean", {"band_pass": {"low": 5.0, "high": 80.0, "order": 1}}, {"scale": 2.0}, "standardise"]);
    let of = || {
        let spectral = json!({"method": "none"});
        let (bundle, architecture) = bundle(
            ModelKind::Simple,
            preprocessing(steps.clone(), spectral, "dataset"),
        );
        written(&bundle, &architecture)
    };
    assert_eq!(of(), of());
    let graph = read(&of());
    check_graph(&graph);
    assert!(graph.signatures.contains_key(WINDOWS_SIGNATURE));
}

#[test]
fn a_temperature_divides_the_logits_of_probabilities_alone() {
    let plain = preprocessing(json!([]), json!({"method": "none"}), "none");
    let (mut bundle, architecture) = bundle(ModelKind::Simple, plain);
    bundle.card.temperature = 2.5;
    let files = written(&bundle, &architecture);
    let graph = read(&files);
    let nodes = check_graph(&graph);
    for scope in ["", "serving_windows/"] {
        let node = |name: &str| nodes[format!("{scope}{name}").as_str()];
        assert_eq!(node("probabilities").input, [format!("{scope}tempered")]);
        assert_eq!(node("tempered").input[0], format!("{scope}logits"));
        match &node("temperature").attr["value"].value {
            Some(Attr::Tensor(tensor)) => assert_eq!(tensor.content, 2.5f32.to_le_bytes()),
            other => panic!("{other:?}"),
        }
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        bundle.card.temperature = bad;
        let error = TrainedModel::new(&bundle, &architecture).unwrap_err();
        assert!(
            error.to_string().contains("must be a number above 0"),
            "{error}"
        );
    }
}
