//! A TensorFlow SavedModel: `saved_model.pb`, `variables/` and `assets/`.
//!
//! - `graph`: nodes under construction; `network`: a plan's steps as operations;
//! - `front_end`, with `window_steps` before and `scaling` after: preprocessing as operations;
//!   `left_out`: reasons why it is missing;
//! - `variables`: weights as variables that TensorFlow restores, lists and trains;
//! - `assets`: further information for people and programs.
//!
//! The file has one graph and no TensorFlow 2 objects, so that `tf.saved_model.load`, Keras' `TFSMLayer`, TensorFlow
//! Serving and older loaders can all read it.

mod assets;
mod front_end;
mod graph;
mod left_out;
mod network;
mod scaling;
#[cfg(test)]
mod tests;
mod variables;
mod window_steps;

use std::collections::BTreeMap;

use prost::Message;

use crate::proto::{
    Attr, DT_FLOAT, DT_INT32, MetaGraph, MetaInfo, SavedModelProto, Signature, TensorInfo,
    TensorShape,
};
use crate::tensor_bundle::TensorBundle;
use crate::{ModelFile, TrainedModel};

use self::front_end::FrontEnd;
use self::graph::{Float, Graph, Output};
pub use self::left_out::LeftOut;
use self::network::add_network;
use self::variables::Variables;

/// File name of the graph. It is written last, since a directory without it is not a SavedModel.
pub const GRAPH_FILE: &str = "saved_model.pb";
/// Signature from the network's input to its outputs.
pub const FEATURES_SIGNATURE: &str = "serving_default";
/// Signature from raw windows to the same outputs.
pub const WINDOWS_SIGNATURE: &str = "serving_windows";

/// The files of a SavedModel of `model`, with paths relative to its directory, in the order in which they must be
/// written.
///
/// Signature `serving_default` takes `input` `[batch, channels, segments, features]`, the network's input;
/// `serving_windows` takes raw `windows` `[batch, channels, samples]` and includes the preprocessing. Both return
/// `logits` and `probabilities` `[batch, classes]`. If the preprocessing cannot be in a graph ([`LeftOut`]),
/// `serving_windows` is missing and `assets/README.txt` gives the reason.
pub fn files(model: &TrainedModel<'_>) -> Vec<ModelFile> {
    let planned = FrontEnd::plan(model.preprocessing(), model.input(), model.window_samples());
    let bundle = TensorBundle::new(model.weights().tensors());
    let mut files = vec![
        ModelFile::new("variables/variables.data-00000-of-00001", bundle.data),
        ModelFile::new("variables/variables.index", bundle.index),
    ];
    files.extend(assets::files(model, planned.as_ref().err()));
    let proto = saved_model(model, planned.ok().as_ref());
    files.push(ModelFile::new(GRAPH_FILE, proto.encode_to_vec()));
    files
}

/// Reason why `serving_windows` is missing in the SavedModel of `model`; `None` if it is present.
pub fn left_out(model: &TrainedModel<'_>) -> Option<LeftOut> {
    FrontEnd::plan(model.preprocessing(), model.input(), model.window_samples()).err()
}

fn saved_model(model: &TrainedModel<'_>, front_end: Option<&FrontEnd<'_>>) -> SavedModelProto {
    let mut graph = Graph::default();
    let plan = model.plan();
    let variables = Variables::declare(&mut graph, plan);
    let input = model.input().dims();
    let features = graph.placeholder("input", &input);
    let logits = add_network(&mut graph, plan, &variables, &features);
    let outputs = Outputs::add(&mut graph, model, &logits);
    let mut signatures = BTreeMap::from([(
        FEATURES_SIGNATURE.to_owned(),
        outputs.signature("input", &features, &input),
    )]);
    if let Some(front_end) = front_end {
        let windows = graph.placeholder("windows", &front_end.window);
        let outputs = graph.within(WINDOWS_SIGNATURE, |graph| {
            let features = graph.within("preprocessing", |graph| front_end.add(graph, &windows));
            let logits = add_network(graph, plan, &variables, &features);
            let logits = only_of_finite(graph, &windows, &logits);
            Outputs::add(graph, model, &logits)
        });
        let signature = outputs.signature("windows", &windows, &front_end.window);
        signatures.insert(WINDOWS_SIGNATURE.to_owned(), signature);
    }
    let saver = variables.add_saver(&mut graph);
    SavedModelProto {
        schema_version: 1,
        meta_graphs: vec![MetaGraph {
            meta_info: Some(MetaInfo {
                tags: vec!["serve".into()],
            }),
            graph: Some(graph.finish()),
            saver: Some(saver),
            collections: variables.collections(),
            signatures,
        }],
    }
}

/// `logits`, or NaN if a sample of the window is not finite: the preprocessing would turn it into zeros.
fn only_of_finite(graph: &mut Graph, windows: &Output, logits: &Output) -> Output {
    const FLOAT: Float = Float::Single;
    graph.within("finite", |graph| {
        let finite = graph.apply("IsFinite", FLOAT, &[windows]);
        let axes = graph.integers("axes", &[2], &[1, 2]);
        let all = graph.add(
            "All",
            "All",
            &[&finite, &axes],
            [("Tidx", Attr::Type(DT_INT32))],
        );
        let all = graph.append_axis(&all, None);
        let none = graph.numbers("none", FLOAT, &[], &[f64::NAN]);
        graph.apply("SelectV2", FLOAT, &[&all, logits, &none])
    })
}

/// Outputs of both signatures.
struct Outputs {
    logits: Output,
    probabilities: Output,
    classes: usize,
}

impl Outputs {
    /// Names the network's `logits`, and adds their probabilities.
    fn add(graph: &mut Graph, model: &TrainedModel<'_>, logits: &Output) -> Self {
        const FLOAT: Float = Float::Single;
        let logits = graph.add("logits", "Identity", &[logits], [("T", FLOAT.attr())]);
        let mut tempered = logits.clone();
        if model.temperature() != 1.0 {
            let temperature = graph.numbers("temperature", FLOAT, &[], &[model.temperature()]);
            let attrs = [("T", FLOAT.attr())];
            tempered = graph.add("tempered", "RealDiv", &[&logits, &temperature], attrs);
        }
        let attrs = [("T", FLOAT.attr())];
        let probabilities = graph.add("probabilities", "Softmax", &[&tempered], attrs);
        Self {
            logits,
            probabilities,
            classes: model.class_names().len(),
        }
    }

    /// From `input`, called `name`, to these outputs.
    fn signature(&self, name: &str, input: &Output, shape: &[usize]) -> Signature {
        let info = |output: &Output, shape: &[usize]| TensorInfo {
            name: output.tensor(),
            dtype: DT_FLOAT,
            shape: Some(TensorShape::batch_of(shape)),
        };
        let output = |name: &str, output| (name.to_owned(), info(output, &[self.classes]));
        Signature {
            inputs: BTreeMap::from([(name.to_owned(), info(input, shape))]),
            outputs: BTreeMap::from([
                output("logits", &self.logits),
                output("probabilities", &self.probabilities),
            ]),
            method_name: "tensorflow/serving/predict".into(),
        }
    }
}
