//! What else files of PyTorch tell of their sample: the sampling rate, names of classes, and what leaves a doubt.

use std::fs::File;
use std::path::Path;

use super::super::SourceSelection;
use super::super::class_names::{check_order, check_text, is_list};
use super::super::names::{Role, is_rate};
use super::super::notes::{Candidate, coarse, joined, twins};
use super::super::pickle::{Id, Pickle, Value};
use super::super::tensors::Tensors;
use super::{LARGEST, label_of, number, tensor_of, value, without_batch};
use crate::error::sample::ClassNameError;
use crate::limited;

/// Sensors have as many channels; segments are more.
const FEW: usize = 3;

/// The sampling rate beside the samples of a file.
pub(super) fn rate(path: &Path) -> Option<f64> {
    let bytes = limited::read(File::open(path).ok()?, LARGEST).ok()??;
    let mut tensors = Tensors::open(&bytes).ok()?;
    let pickle = &tensors.pickle;
    let root = pickle.root();
    // Beside the samples, or among what else is known of them.
    let others = ["metadata", "meta", "info"].iter();
    let mut dicts = others
        .filter_map(|name| pickle.key(root, name))
        .collect::<Vec<_>>();
    dicts.insert(0, root);
    let rate = |dict: Id| {
        let name = pickle.keys(dict).into_iter().find(|name| is_rate(name))?;
        pickle.key(dict, name)
    };
    let found = dicts.into_iter().find_map(rate)?;
    number(&mut tensors, found).ok()
}

/// Checks names of classes beside the label, which is read as `number`.
///
/// # Errors
/// If they contradict the configuration.
pub(super) fn check_names(
    pickle: &Pickle,
    label: Id,
    number: i64,
    wanted: &SourceSelection,
) -> Result<(), ClassNameError> {
    let root = pickle.root();
    for name in pickle.keys(root) {
        let Some(value) = pickle.key(root, name) else {
            continue;
        };
        if let (Some(text), None) = (pickle.text(value), pickle.text(label)) {
            check_text((name, text), number, wanted)?;
        }
        if let Some(names) = list(pickle, value).filter(|_| is_list(name)) {
            check_order(name, names, &wanted.class_names)?;
        }
    }
    Ok(())
}

/// The list of classes beside the sample of a file.
pub(super) fn classes(path: &Path) -> Option<Vec<String>> {
    let bytes = limited::read(File::open(path).ok()?, LARGEST).ok()??;
    let tensors = Tensors::open(&bytes).ok()?;
    let pickle = &tensors.pickle;
    let root = pickle.root();
    let mut names = pickle.keys(root).into_iter().filter(|name| is_list(name));
    names.find_map(|name| list(pickle, pickle.key(root, name)?))
}

/// Names in the order of their numbers: a list of them, or a dict from one to the other.
fn list(pickle: &Pickle, id: Id) -> Option<Vec<String>> {
    let text = |id: &Id| pickle.text(*id).map(str::to_owned);
    let Value::Dict(pairs) = pickle.get(id) else {
        return pickle.items(id)?.iter().map(text).collect();
    };
    let pair = |(one, other): &(Id, Id)| {
        let number = pickle.int(*one).or_else(|| pickle.int(*other))?;
        Some((number, text(one).or_else(|| text(other))?))
    };
    let mut pairs: Vec<(i64, String)> = pairs.iter().map(pair).collect::<Option<_>>()?;
    pairs.sort();
    let are_all = pairs.iter().zip(0..).all(|((number, _), at)| *number == at);
    are_all.then(|| pairs.into_iter().map(|(_, name)| name).collect())
}

/// What to say of a file that is read in an uncertain way.
pub(super) fn note(path: &Path, wanted: &SourceSelection) -> Option<String> {
    let bytes = limited::read(File::open(path).ok()?, LARGEST).ok()??;
    let mut tensors = Tensors::open(&bytes).ok()?;
    joined([
        of_twins(&tensors),
        of_label(&tensors, wanted),
        of_samples(&mut tensors, wanted),
    ])
}

/// The keys of a file.
fn keys<'t>(tensors: &'t Tensors<'_>) -> Vec<Candidate<'t>> {
    let pickle = &tensors.pickle;
    let root = pickle.root();
    let candidate = |name| Candidate {
        name,
        is_text: pickle
            .key(root, name)
            .is_some_and(|id| pickle.text(id).is_some()),
    };
    pickle.keys(root).into_iter().map(candidate).collect()
}

fn of_twins(tensors: &Tensors<'_>) -> Option<String> {
    let usual = [(Role::Samples, "data"), (Role::Groups, "group")];
    twins(usual, &keys(tensors))
}

/// What to say of a label that is in one of several keys.
fn of_label(tensors: &Tensors<'_>, wanted: &SourceSelection) -> Option<String> {
    let pickle = &tensors.pickle;
    let label = label_of(tensors, wanted).ok()??;
    // `label_field` is a key of such a label.
    if let Value::Dict(_) = pickle.get(label) {
        return None;
    }
    // The task has a key of the label, not of the sample.
    let wanted = SourceSelection {
        label: String::new(),
        ..wanted.clone()
    };
    wanted.note_of_labels("label", &keys(tensors))
}

/// What to say of a batch of one window that could be one channel, and of samples that float32 numbers are too coarse for.
fn of_samples(tensors: &mut Tensors<'_>, wanted: &SourceSelection) -> Option<String> {
    let data = value(tensors, Role::Samples, "data").ok()??;
    let data = tensor_of(tensors, data, wanted).ok()?;
    let (shape, values) = tensors.tensor(data).ok()?;
    let rounded: Vec<f32> = values.iter().map(|value| *value as f32).collect();
    let window = without_batch(shape.clone(), &rounded);
    let of_shape = match window[..] {
        [channels, count] if shape.len() == 3 && channels > FEW => Some(format!(
            "`data` is {shape:?} and read as a batch of one window with {channels} channels of {count} values: if it is one channel \
             with {channels} segments, save the samples as .npz"
        )),
        _ => None,
    };
    joined([of_shape, coarse(&values, *window.first()?)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pickles of Python, `pickle.dumps(sample, 2)`.
    #[test]
    fn names_of_classes_beside_a_label() {
        const TEXT: &[u8] = b"\x80\x02}q\x00(X\x05\x00\x00\x00labelq\x01K\x01X\n\x00\x00\x00class_nameq\x02X\x03\x00\x00\x00carq\x03u.";
        const MAP: &[u8] = b"\x80\x02}q\x00(X\x05\x00\x00\x00labelq\x01K\x01X\x0c\x00\x00\x00class_to_idxq\x02}q\x03(X\x03\x00\x00\
            \x00busq\x04K\x01X\x03\x00\x00\x00carq\x05K\x00uu.";
        const LIST: &[u8] = b"\x80\x02}q\x00(X\x05\x00\x00\x00labelq\x01K\x01X\x07\x00\x00\x00classesq\x02]q\x03(X\x03\x00\x00\x00carq\
            \x04X\x03\x00\x00\x00busq\x05eu.";
        const INVERSE: &[u8] = b"\x80\x02}q\x00(X\x05\x00\x00\x00labelq\x01K\x01X\x08\x00\x00\x00id2labelq\x02}q\x03(K\x00X\x03\x00\x00\
            \x00carq\x04K\x01X\x03\x00\x00\x00busq\x05uu.";
        const NO_NUMBER: &[u8] = b"\x80\x02}q\x00(X\x05\x00\x00\x00labelq\x01X\x03\x00\x00\x00carq\x02X\n\x00\x00\x00class_nameq\x03X\
            \x03\x00\x00\x00busq\x04u.";
        for (bytes, known, is_same) in [
            (TEXT, ["bus", "car"], true),
            (TEXT, ["car", "bus"], false),
            (MAP, ["car", "bus"], true),
            (MAP, ["bus", "car"], false),
            (LIST, ["car", "bus"], true),
            (LIST, ["bus", "car"], false),
            (INVERSE, ["car", "bus"], true),
            (INVERSE, ["bus", "car"], false),
            // Others describe the classes, and a label that is a text has no number.
            (LIST, ["noise", "event"], true),
            (NO_NUMBER, ["bus", "car"], true),
        ] {
            let pickle = Pickle::read(bytes).unwrap();
            let wanted = SourceSelection {
                class_names: known.map(str::to_owned).to_vec(),
                ..SourceSelection::default()
            };
            let label = pickle.key(pickle.root(), "label").unwrap();
            let checked = check_names(&pickle, label, 1, &wanted);
            assert_eq!(checked.is_ok(), is_same, "{pickle:?} {known:?}");
        }
    }

    /// Segments of one channel are no batch.
    #[test]
    fn batches_of_one() {
        let ramp = |count: usize| (0..count).map(|i| i as f32).collect::<Vec<_>>();
        let segments: Vec<f32> = (0..7)
            .flat_map(|k| (0..16).map(move |i| (k * 8 + i) as f32))
            .collect();
        for (shape, values, expected) in [
            (&[1, 7, 16][..], &segments, &[1, 7, 16][..]),
            (&[1, 1, 7, 16], &segments, &[1, 7, 16]),
            (&[1, 7, 16], &ramp(112), &[7, 16]),
            (&[1, 3, 16], &ramp(48), &[3, 16]),
            (&[1, 16], &ramp(16), &[1, 16]),
            (&[2, 7, 4], &ramp(56), &[2, 7, 4]),
        ] {
            assert_eq!(without_batch(shape.to_vec(), values), expected);
        }
    }
}
