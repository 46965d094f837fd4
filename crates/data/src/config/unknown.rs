//! Unknown keys, and the known ones that they may stand for.

use std::fmt;

use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use support::words::{letters_and_digits, nearest};

use super::Task;
use super::file::{OF_TASKS, TOP, is_task};
use crate::preprocessing::{BandsConfig, SpectralConfig, WelchConfig};
use crate::reader::{is_rate, split_of};

/// An unknown key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigWarning {
    /// Dotted key.
    pub key: String,
    /// The known key that is probably meant, likewise.
    pub meant: Option<String>,
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown key `{}` is ignored", self.key)?;
        match &self.meant {
            Some(meant) => write!(f, "; do you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

impl ConfigWarning {
    /// The warning of a key of the file, as the library names it, where `task` is the chosen one.
    pub(super) fn new(key: &str, task: &str) -> Self {
        // An optional value is a step of its own.
        let key = key.replace(".?", "");
        let meant = meant(&key, task);
        Self { key, meant }
    }
}

/// What to say of an unknown key that probably means one of `keys`, which is missing.
pub(super) fn rename(unknown: &[ConfigWarning], keys: &[&str]) -> String {
    let found = unknown.iter().find_map(|warning| {
        let meant = warning.meant.as_ref()?.rsplit('.').next()?;
        keys.contains(&meant).then_some((&warning.key, meant))
    });
    found.map_or_else(String::new, |(key, meant)| {
        format!("; `{key}` is unknown: rename it to `{meant}` if that is meant")
    })
}

/// Stands for the name of a task.
const TASK: &str = "task";

/// What of a task a text without one has all the same, and what to do, in words; empty if nothing.
pub(super) fn part_of_a_task(text: &str) -> String {
    let root: serde_yaml::Value = serde_yaml::from_str(text).unwrap_or_default();
    if let Some(key) = OF_TASKS.iter().find(|key| root.get(**key).is_some()) {
        return format!(
            "`{key}` is at the top level: put it into such a section, with the other keys of the task"
        );
    }
    let sections = root.as_mapping().into_iter().flatten();
    let sections =
        sections.filter_map(|(name, section)| Some((name.as_str()?, section.as_mapping()?)));
    for (name, section) in sections {
        let within = section.iter().find(|(_, value)| is_task(value));
        if let Some(inner) = within.and_then(|(key, _)| key.as_str()) {
            return format!("`{inner}` is within `{name}`: move it to the top level");
        }
        let keys = section.keys().filter_map(serde_yaml::Value::as_str);
        let mut meant = keys.filter_map(|key| {
            let meant = meant(&format!("{TASK}.{key}"), TASK)?;
            let meant = meant.strip_prefix(TASK)?.trim_start_matches('.').to_owned();
            OF_TASKS.contains(&&*meant).then_some((key, meant))
        });
        if let Some((key, meant)) = meant.next() {
            return format!("`{name}` has `{key}`: rename it to `{meant}` if that is meant");
        }
    }
    String::new()
}

/// The known key that an unknown one probably means: one of its own section, or else the same one of another.
fn meant(key: &str, task: &str) -> Option<String> {
    let spectral = "spectral_processing";
    let sections = [
        (task.to_owned(), keys_of::<Task>()),
        (String::new(), TOP.to_vec()),
        (spectral.to_owned(), keys_of::<SpectralConfig>()),
        (format!("{spectral}.welch"), keys_of::<WelchConfig>()),
        (format!("{spectral}.bands"), keys_of::<BandsConfig>()),
    ];
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let listed = sections.iter().find(|(candidate, _)| candidate == section);
    let is_same = |known: &str| letters_and_digits(known) == letters_and_digits(name);
    let of_own = listed.and_then(|(_, known)| {
        let of_word = of_word(name).filter(|word| known.contains(word));
        let same = known.iter().copied().find(|known| is_same(known));
        same.or(of_word)
            .or_else(|| nearest(name, known.iter().copied()))
            .map(|known| (section, known))
    });
    let others = || {
        let others = sections.iter().filter(|(other, _)| other != section);
        let mut same = others.filter_map(|(other, known)| {
            let is_meant = |known: &&str| is_same(known) || of_word(name) == Some(*known);
            Some((&**other, known.iter().copied().find(is_meant)?))
        });
        same.next()
    };
    of_own.or_else(others).map(|(section, known)| {
        if section.is_empty() {
            known.to_owned()
        } else {
            format!("{section}.{known}")
        }
    })
}

/// The key that other programs call `name`.
fn of_word(name: &str) -> Option<&'static str> {
    if is_rate(name) {
        return Some("sampling_rate");
    }
    Some(match (&*letters_and_digits(name), split_of(name)) {
        (_, Some("train")) => "train_index_file",
        (_, Some("val")) => "val_index_file",
        (_, Some("test")) => "test_index_file",
        ("classes" | "names" | "labels" | "labelnames" | "categories" | "targetnames", _) => {
            "class_names"
        }
        ("nclasses" | "numlabels" | "nlabels" | "numberofclasses", _) => "num_classes",
        ("normalize" | "normalise" | "scaling", _) => "normalisation",
        _ => return None,
    })
}

/// The keys of a structure.
fn keys_of<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let mut keys = Keys(Vec::new());
    // It has no value to give.
    let _ = T::deserialize(&mut keys);
    keys.0
}

/// Keeps the keys that a structure asks for.
struct Keys(Vec<&'static str>);

impl<'de> Deserializer<'de> for &mut Keys {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no value"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0 = fields.to_vec();
        Err(Error::custom("no value"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_task() {
        for (text, expected) in [
            (
                "num_classes: 3\n",
                "`num_classes` is at the top level: put it into such a section",
            ),
            (
                "tasks:\n  car: {num_classes: 3}\n",
                "`car` is within `tasks`: move it to the top level",
            ),
            (
                "car: {numClasses: 3}\n",
                "`car` has `numClasses`: rename it to `num_classes`",
            ),
            (
                "x: 1\ncar: {colour: red, classes: [a, b]}\n",
                "`car` has `classes`: rename it to `class_names`",
            ),
            (
                "car: {train_list: a.txt}\n",
                "`car` has `train_list`: rename it to `train_index_file`",
            ),
            ("spectral_processing: {method: fft}\n", ""),
            ("", ""),
            ("- num_classes\n", ""),
        ] {
            let found = part_of_a_task(text);
            assert!(found.starts_with(expected), "{text}: {found}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{text}: {found}");
        }
    }

    #[test]
    fn the_key_that_is_meant() {
        for (key, expected) in [
            ("Sampling-Rate", "sampling_rate"),
            ("fs", "sampling_rate"),
            ("sample_rate", "sampling_rate"),
            ("normalize", "normalisation"),
            ("preproccessing", "preprocessing"),
            ("recording_chanels", "recording_channels"),
            ("spectral_procesing", "spectral_processing"),
            ("car.clas_names", "car.class_names"),
            ("car.classes", "car.class_names"),
            ("car.valid_index_file", "car.val_index_file"),
            ("car.dev_list", "car.val_index_file"),
            ("car.holdout_index_file", "car.test_index_file"),
            ("car.train_indx_file", "car.train_index_file"),
            ("car.num_class", "car.num_classes"),
            // Of another section.
            ("car.sampling_rate", "sampling_rate"),
            ("car.sfreq", "sampling_rate"),
            ("class_names", "car.class_names"),
            ("spectral_processing.?.methd", "spectral_processing.method"),
            (
                "spectral_processing.?.nperseg",
                "spectral_processing.welch.nperseg",
            ),
            (
                "spectral_processing.?.welch.npersegs",
                "spectral_processing.welch.nperseg",
            ),
            ("car.colour", ""),
            ("optimiser", ""),
        ] {
            let found = ConfigWarning::new(key, "car");
            assert_eq!(found.meant.unwrap_or_default(), expected, "{key}");
            assert!(!found.key.contains('?'), "{key}");
        }
    }
}
