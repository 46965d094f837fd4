//! Labels of examples: numbers, names of classes, a value for each class, and serialised tensors of these.

use tfrecord::protobuf::feature::Kind;

use super::super::lists::number_of;
use super::super::tensor_proto::{self, LabelTensor};
use super::super::{Record, SourceSelection};
use crate::error::sample::{ExampleError, LabelListProblem};

/// The class: an integer, a whole number, a 1 among zeros with a value for each class, or its name.
pub(super) fn label(kind: Kind, wanted: &SourceSelection) -> Result<i64, ExampleError> {
    match kind {
        Kind::Int64List(list) => match list.value[..] {
            [value] => Ok(value),
            _ => one_hot(
                &list.value.iter().map(|v| *v as f64).collect::<Vec<_>>(),
                wanted,
            ),
        },
        Kind::FloatList(list) => {
            let values: Vec<f64> = list.value.iter().copied().map(f64::from).collect();
            of_floats(&values, 16_777_216.0, wanted)
        }
        Kind::BytesList(list) => {
            let [text] = &list.value[..] else {
                let count = list.value.len();
                return Err(ExampleError::LabelTexts { count });
            };
            match tensor_proto::label(text) {
                Some(tensor) => of_tensor(tensor, wanted),
                None => of_text(text, wanted),
            }
        }
    }
}

/// The class of a whole number below `largest`, or of a value for each class.
fn of_floats(values: &[f64], largest: f64, wanted: &SourceSelection) -> Result<i64, ExampleError> {
    match *values {
        [value] if value.fract() == 0.0 && value.abs() < largest => Ok(value as i64),
        [value] => Err(ExampleError::LabelFloats {
            first: vec![value as f32],
        }),
        _ => one_hot(values, wanted),
    }
}

/// The class of a name.
fn of_text(text: &[u8], wanted: &SourceSelection) -> Result<i64, ExampleError> {
    let text = String::from_utf8_lossy(text);
    if let Some(number) = number_of(&text, &wanted.class_names) {
        return Ok(number);
    }
    let text: String = text.chars().take(40).collect();
    Err(ExampleError::LabelText { text })
}

/// The class in a serialised tensor.
fn of_tensor(tensor: LabelTensor<'_>, wanted: &SourceSelection) -> Result<i64, ExampleError> {
    match tensor {
        // Up to 2^53, a float64 holds every integer.
        LabelTensor::Numbers(values) => of_floats(&values, 9_007_199_254_740_992.0, wanted),
        LabelTensor::Texts(texts) => match texts[..] {
            [text] => of_text(text, wanted),
            _ => Err(ExampleError::LabelTexts { count: texts.len() }),
        },
        LabelTensor::Other(number) => Err(ExampleError::LabelTensor { number }),
    }
}

/// Values of a label that an error shows.
const SHOWN: usize = 8;

/// The class of a label that has a value for each class: the one whose value is 1, if all others are 0.
fn one_hot(values: &[f64], wanted: &SourceSelection) -> Result<i64, ExampleError> {
    let ones = values.iter().filter(|value| **value == 1.0).count();
    let are_bits = values.iter().all(|value| matches!(*value, 0.0 | 1.0));
    let is_share = |value: &f64| (0.0..=1.0).contains(value);
    let problem = match (are_bits, ones) {
        _ if values.is_empty() => LabelListProblem::Empty,
        (true, 1) => match wanted.other_classes(values.len()) {
            Some(classes) => LabelListProblem::Classes { classes },
            None => {
                let class = values.iter().position(|value| *value == 1.0);
                return Ok(class.map_or(Record::UNLABELLED, |class| class as i64));
            }
        },
        (true, 0) => LabelListProblem::None,
        (true, _) => LabelListProblem::Several,
        (false, _) if values.iter().all(is_share) => LabelListProblem::Probabilities,
        (false, _) => LabelListProblem::Other,
    };
    Err(ExampleError::LabelList {
        count: values.len(),
        first: values.iter().take(SHOWN).map(f64::to_string).collect(),
        problem,
    })
}
