//! Reads weights saved by Keras: `.keras`, `.weights.h5`, and `.h5` of older versions. No code of the file is
//! executed: layers are read as arrays, and layers with code (`Lambda`) are skipped.

mod error;

use std::collections::HashMap;
use std::io::{Cursor, Read};

use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Hdf5File};
use model::{NamedTensor, Plan, StepKind};
use serde_json::Value;
use support::panics::catch;
use zip::ZipArchive;

pub use error::KerasError;

/// Size limit of a decompressed archive entry, in bytes.
const MAX_SIZE: u64 = 4 << 30;
/// Maximum nesting of HDF5 groups.
const MAX_DEPTH: usize = 6;

/// Kind of layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Conv,
    Depthwise,
    Norm,
    Dense,
}

impl Kind {
    /// Keras class name of each kind.
    const CLASSES: [(Kind, &'static str); 4] = [
        (Kind::Conv, "Conv2D"),
        (Kind::Depthwise, "DepthwiseConv2D"),
        (Kind::Norm, "BatchNormalization"),
        (Kind::Dense, "Dense"),
    ];
}

/// A layer with weights: shapes and values in Keras order.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    name: String,
    kind: Kind,
    arrays: Vec<(Vec<usize>, Vec<f32>)>,
}

/// Whether a file has a Keras weight format.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89HDF\r\n\x1a\n") || bytes.starts_with(b"PK\x03\x04")
}

/// Reads the tensors of a network under the names used by `plan`. Layers are matched by name if every layer has a
/// match, otherwise by kind and order: first convolution to first convolution, and so on.
///
/// # Errors
/// If the file is damaged, has no weights, or its layers cannot be matched.
pub(super) fn tensors(
    bytes: Vec<u8>,
    plan: &Plan,
) -> Result<HashMap<String, NamedTensor>, KerasError> {
    let layers = catch(|| read(bytes)).map_err(|_| KerasError::Damaged)??;
    let wanted = plan_layers(plan);
    let by_name = wanted
        .iter()
        .all(|(name, _)| layers.iter().any(|layer| layer.name == *name));
    let branches = plan
        .steps
        .iter()
        .any(|step| matches!(step.kind, StepKind::Add { .. }));
    if !by_name && branches {
        return Err(KerasError::Names);
    }
    let mut tensors = HashMap::new();
    let mut counts: HashMap<Kind, usize> = HashMap::new();
    for (name, kind) in &wanted {
        let place = counts.entry(*kind).or_default();
        let found = if by_name {
            layers.iter().find(|layer| layer.name == *name)
        } else {
            layers
                .iter()
                .filter(|layer| layer.kind == *kind)
                .nth(*place)
        };
        *place += 1;
        let prefix = format!("{name}/");
        let named = plan
            .tensors
            .iter()
            .filter(|tensor| tensor.name.starts_with(&prefix));
        for (tensor, (shape, values)) in named.zip(found.iter().flat_map(|layer| &layer.arrays)) {
            let found = NamedTensor {
                name: tensor.name.clone(),
                shape: shape.clone(),
                values: values.clone(),
            };
            tensors.insert(tensor.name.clone(), found);
        }
    }
    Ok(tensors)
}

/// Layers of the plan that have weights.
fn plan_layers(plan: &Plan) -> Vec<(String, Kind)> {
    let kind = |step: &StepKind| match step {
        StepKind::Conv { .. } => Some(Kind::Conv),
        StepKind::Depthwise { .. } => Some(Kind::Depthwise),
        StepKind::BatchNorm { .. } => Some(Kind::Norm),
        StepKind::Dense { .. } => Some(Kind::Dense),
        StepKind::Relu
        | StepKind::MaxPool { .. }
        | StepKind::Add { .. }
        | StepKind::GlobalAveragePool
        | StepKind::Dropout { .. } => None,
    };
    let steps = plan.steps.iter();
    steps
        .filter_map(|step| Some((step.layer.clone(), kind(&step.kind)?)))
        .collect()
}

fn read(bytes: Vec<u8>) -> Result<Vec<Layer>, KerasError> {
    if !bytes.starts_with(b"PK") {
        return layers(bytes);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(KerasError::NotZip)?;
    let mut entry = |name: &str| {
        let entry = archive
            .by_name(name)
            .map_err(|source| KerasError::NoEntry {
                name: name.into(),
                source,
            })?;
        let mut bytes = Vec::new();
        let read = entry.take(MAX_SIZE).read_to_end(&mut bytes);
        read.map_err(|source| KerasError::Entry {
            name: name.into(),
            source,
        })?;
        Ok::<_, KerasError>(bytes)
    };
    let mut layers = layers(entry("model.weights.h5")?)?;
    if let Ok(config) = entry("config.json") {
        name_as_configured(
            &mut layers,
            &serde_json::from_slice(&config).unwrap_or_default(),
        );
    }
    Ok(layers)
}

/// A `.keras` file names weights by class and number; the configuration lists the layers' names in the same order.
fn name_as_configured(layers: &mut [Layer], config: &Value) {
    let configured = config["config"]["layers"].as_array().into_iter().flatten();
    let mut names: HashMap<&str, Vec<String>> = HashMap::new();
    for layer in configured {
        if let (Some(class), Some(name)) = (
            layer["class_name"].as_str(),
            layer["config"]["name"].as_str(),
        ) {
            names.entry(class).or_default().push(name.to_owned());
        }
    }
    for (kind, class) in Kind::CLASSES {
        let same_kind = layers.iter_mut().filter(|layer| layer.kind == kind);
        for (layer, name) in same_kind.zip(names.remove(class).unwrap_or_default()) {
            layer.name = name;
        }
    }
}

/// The layers of an HDF5 file; layers of one kind keep their order.
fn layers(bytes: Vec<u8>) -> Result<Vec<Layer>, KerasError> {
    let file = Hdf5File::from_vec(bytes)?;
    let root = file.root_group()?;
    // Keras 3, and Keras 2 with and without the model group around the weights.
    let inside = ["layers", "model_weights"]
        .iter()
        .find_map(|name| root.group(name).ok());
    let mut layers = Vec::new();
    for group in inside.unwrap_or(root).groups()? {
        layers.extend(layer(&group)?);
    }
    // HDF5 sorts names as text: `conv2d_10` comes before `conv2d_2`.
    layers.sort_by_key(|layer: &Layer| number(&layer.name));
    if layers.is_empty() {
        return Err(KerasError::NoLayers);
    }
    Ok(layers)
}

/// The number at the end of a layer name, or 0.
fn number(name: &str) -> u64 {
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    name[digits..].parse().unwrap_or(0)
}

/// Reads a layer if it is of a known kind.
fn layer(group: &Group) -> Result<Option<Layer>, KerasError> {
    let name = group
        .name()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut found = Vec::new();
    collect(group, 0, &mut found)?;
    // In the order in which Keras stores a layer's variables, whether they have names or numbers.
    let rank = |variable: &str| {
        let variable = variable.split(':').next().unwrap_or_default();
        let order = [
            "kernel",
            "depthwise_kernel",
            "gamma",
            "bias",
            "beta",
            "moving_mean",
            "moving_variance",
        ];
        let by_name = order.iter().position(|name| *name == variable);
        by_name.unwrap_or_else(|| variable.parse().unwrap_or(usize::MAX))
    };
    found.sort_by_key(|(variable, _)| rank(variable));
    let depthwise = name.contains("depthwise")
        || found
            .iter()
            .any(|(variable, _)| variable.starts_with("depthwise"));
    let shape = |set: &Dataset| -> Vec<usize> { set.shape().iter().map(|n| *n as usize).collect() };
    let kind = match found.first().map(|(_, set)| set.shape().len()) {
        Some(4) if depthwise => Kind::Depthwise,
        Some(4) => Kind::Conv,
        Some(2) => Kind::Dense,
        Some(1) if found.len() == 4 => Kind::Norm,
        _ => return Ok(None),
    };
    let arrays = found.iter().map(|(variable, set)| {
        let read = set
            .read_array::<f32>()
            .map_err(|source| KerasError::Variable {
                layer: name.clone(),
                variable: variable.clone(),
                source,
            })?;
        Ok((shape(set), read.iter().copied().collect()))
    });
    let arrays = arrays.collect::<Result<_, KerasError>>()?;
    Ok(Some(Layer { name, kind, arrays }))
}

/// Collects all arrays below a group by name.
fn collect(
    group: &Group,
    depth: usize,
    found: &mut Vec<(String, Dataset)>,
) -> Result<(), KerasError> {
    let (groups, sets) = group.members()?;
    for set in sets {
        let name = set.name().rsplit('/').next().unwrap_or_default().to_owned();
        // Optimiser state and seed generators are not weights.
        if !set.shape().is_empty() {
            found.push((name, set));
        }
    }
    if depth < MAX_DEPTH {
        for inner in groups {
            collect(&inner, depth + 1, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Architecture, InputShape, ModelKind};

    fn fixture(name: &str) -> Vec<u8> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keras");
        std::fs::read(folder.join(name)).unwrap()
    }

    /// Files written by Keras (`scripts/conformance/make_keras_weights.py`): first and last value and sum of every
    /// tensor.
    #[test]
    fn weights_are_those_of_keras() {
        let expected: HashMap<String, [f64; 3]> =
            serde_json::from_slice(&fixture("expected.json")).unwrap();
        let input = InputShape::from([2, 7, 8]);
        let plan = Plan::new(&Architecture::narrowed(ModelKind::Simple, input, 3, 16)).unwrap();
        for name in [
            "named.keras",
            "unnamed.keras",
            "named.h5",
            "unnamed.h5",
            "named.weights.h5",
        ] {
            let found = tensors(fixture(name), &plan).unwrap();
            for tensor in &plan.tensors {
                let tensor_read = &found[&tensor.name];
                assert_eq!(tensor_read.shape, tensor.shape, "{name}: {}", tensor.name);
                let sum: f64 = tensor_read.values.iter().map(|v| f64::from(*v)).sum();
                let [first, last, total] = expected[&tensor.name];
                assert_eq!(
                    f64::from(tensor_read.values[0]),
                    first,
                    "{name}: {}",
                    tensor.name
                );
                assert_eq!(
                    f64::from(tensor_read.values[tensor_read.values.len() - 1]),
                    last,
                    "{name}: {}",
                    tensor.name
                );
                assert!((sum - total).abs() < 1e-4, "{name}: {}", tensor.name);
            }
        }
    }

    #[test]
    fn branches_need_names() {
        let input = InputShape::from([2, 7, 8]);
        let plan = Plan::new(&Architecture::new(ModelKind::ResnetStyle, input, 3)).unwrap();
        assert!(
            tensors(fixture("named.h5"), &plan)
                .unwrap_err()
                .to_string()
                .contains("give them the same names")
        );
    }

    #[test]
    fn damaged_files_are_errors() {
        let plan = Plan::new(&Architecture::new(
            ModelKind::Simple,
            InputShape::from([2, 7, 8]),
            3,
        ))
        .unwrap();
        for name in ["named.keras", "named.h5"] {
            let whole = fixture(name);
            for at in (0..whole.len()).step_by(whole.len() / 40) {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x5a;
                let _ = tensors(bytes, &plan);
                let _ = tensors(whole[..at].to_vec(), &plan);
            }
        }
    }
}
