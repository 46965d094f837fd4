//! What to say of sources that are read in an uncertain way, and of their sampling rates.

use std::path::{Path, PathBuf};

use super::names::Role;
use super::{SourceSelection, class_names, of};
use crate::recording::is_other_rate;

/// What to say of a source that is read in an uncertain way, with its name; `None` also if it cannot be read.
pub fn note(path: &Path, wanted: &SourceSelection) -> Option<String> {
    let note = of(path).ok()?.note(path, wanted)?;
    Some(format!("{}: {note}", path.display()))
}

/// What to say of the sampling rates that sources have beside their samples, if they differ, or if the configuration has another
/// one or none.
pub fn rate_note<'a>(
    sources: impl IntoIterator<Item = &'a Path>,
    configured: Option<f64>,
) -> Option<String> {
    let of_source = |path: &'a Path| stored_rates(path).map(move |rate| (rate, path));
    let rates: Vec<(f64, &Path)> = sources.into_iter().flat_map(of_source).collect();
    let (first, path) = *rates.first()?;
    let other = rates.iter().find(|(rate, _)| is_other_rate(*rate, first));
    let said = match (other, configured) {
        (Some((rate, other)), _) => format!(
            "has a sampling rate of {first} Hz, and {} has {rate} Hz: windows of a dataset have one rate; resample them",
            if *other == path {
                "the same file also".into()
            } else {
                other.display().to_string()
            }
        ),
        (None, Some(rate)) if !is_other_rate(first, rate) => return None,
        (None, Some(rate)) => format!(
            "has a sampling rate of {first} Hz, but the configuration has {rate} Hz, which counts: correct `sampling_rate` if it is \
             wrong"
        ),
        (None, None) => format!(
            "has a sampling rate of {first} Hz, and the configuration has none: add `sampling_rate: {first}`"
        ),
    };
    Some(format!("{}: {said}", path.display()))
}

/// What to say of sources whose lists of classes give one class several numbers, which nothing else shows if the configuration
/// has no names.
pub fn class_note<'a>(sources: impl IntoIterator<Item = &'a Path>) -> Option<String> {
    let of_source = |path: &'a Path| Some((of(path).ok()?.classes(path)?, path));
    let mut lists = sources.into_iter().filter_map(of_source);
    let (first, path) = lists.next()?;
    let (classes, other, name) = lists.find_map(|(classes, other)| {
        let name = class_names::other_number(&first, &classes)?.to_owned();
        Some((classes, other, name))
    })?;
    Some(format!(
        "{}: lists the classes {}, and {} lists {}: if labels are numbers in these orders, `{name}` has two numbers; write all \
         labels in one order, and give the configuration `class_names`",
        path.display(),
        first.join(", "),
        other.display(),
        classes.join(", ")
    ))
}

/// What to say of a sampling rate that a source has beside its samples, if a model was trained with another one.
pub fn rate_of_other_model(path: &Path, model: f64) -> Option<String> {
    let stored = stored_rates(path).find(|rate| is_other_rate(*rate, model))?;
    Some(format!(
        "{}: has a sampling rate of {stored} Hz, but the model was trained with {model} Hz: its windows are other signals for it",
        path.display()
    ))
}

/// The sampling rates in Hz that a source has beside its samples; none also if it cannot be read.
fn stored_rates(path: &Path) -> impl Iterator<Item = f64> + use<> {
    let rates = of(path).map_or(Vec::new(), |reader| reader.rates(path));
    let rates = rates.into_iter();
    rates.filter(|rate| rate.is_finite() && *rate > 0.0)
}

/// What may have the labels of a source: an array, a feature, a column or a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    pub name: &'a str,
    /// Whether it has texts. Beside labels that are numbers, these name the classes.
    pub is_text: bool,
}

/// What to say if samples or groups have a second name that differs in upper and lower case only; `usual` are their names in the
/// format.
pub(super) fn twins(usual: [(Role, &str); 2], there: &[Candidate<'_>]) -> Option<String> {
    let names = || there.iter().map(|candidate| candidate.name);
    let twin = |(role, usual): (Role, &str)| {
        let taken = role.pick(usual, names()).ok()??;
        let twin = names().find(|name| *name != taken && name.eq_ignore_ascii_case(taken))?;
        let what = match role {
            Role::Groups => "groups",
            _ => "samples",
        };
        Some(format!(
            "the {what} are those in `{taken}`, not those in `{twin}`: leave out the one that is not meant, or call it otherwise"
        ))
    };
    joined(usual.map(twin))
}

impl SourceSelection {
    /// What to say if others of `there` could have the labels as well; they are called `usual` in the format.
    pub(super) fn note_of_labels(&self, usual: &str, there: &[Candidate<'_>]) -> Option<String> {
        let names = || there.iter().map(|candidate| candidate.name);
        let picked = Role::Labels.pick(usual, names()).ok().flatten();
        let preferred = self
            .own_label()
            .filter(|label| names().any(|name| name == *label));
        let taken = preferred.or(picked)?;
        let is_known = |name: &str| Role::Labels.names().contains(&&*name.to_lowercase());
        let is_other = |candidate: &&Candidate<'_>| {
            candidate.name != taken
                && !candidate.is_text
                && is_known(candidate.name)
                && !class_names::is_list(candidate.name)
        };
        let other = there.iter().find(is_other).map(|candidate| candidate.name);
        match (
            preferred,
            &self.given_label,
            picked.filter(|name| *name != taken).or(other),
        ) {
            (Some(_), Some(_), _) => None,
            (None, Some(given), _) => Some(format!(
                "there is no `{given}`, which `label_field` names: the labels are those in `{taken}`"
            )),
            (_, None, None) => None,
            (preferred, None, Some(other)) => Some(format!(
                "the labels are those in `{taken}`{}, not those in `{other}`: `label_field: {other}` takes these, and \
                 `label_field: {taken}` says that it is right so",
                if preferred.is_some() {
                    ", which is called as the task"
                } else {
                    ""
                }
            )),
        }
    }
}

/// Parts of the range of a signal that float32 numbers should tell apart.
const PARTS: f64 = 100.0;

/// What to say of a window `[channels, ...]` that lies so far from zero that its signal is lost between float32 numbers.
pub(super) fn coarse(values: &[f64], channels: usize) -> Option<String> {
    let each = (values.len() / channels.max(1)).max(1);
    let mut channels = values.chunks_exact(each).enumerate();
    channels.find_map(|(at, channel)| {
        let low = channel.iter().copied().fold(f64::INFINITY, f64::min);
        let high = channel.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let rounded = |value: &f64| (value - f64::from(*value as f32)).abs();
        let error = channel.iter().map(rounded).fold(0.0, f64::max);
        let is_coarse = (high - low).is_finite() && error > (high - low) / PARTS && high > low;
        is_coarse.then(|| {
            format!(
                "channel {} of the first window lies between {low} and {high}, and is rounded by up to {error} as all samples are \
                 read as float32: subtract its mean, or a constant, before saving",
                at + 1
            )
        })
    })
}

/// Notes as one text.
pub(super) fn joined(notes: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// Up to `most` sources, evenly spread.
pub fn spread(sources: &[PathBuf], most: usize) -> impl Iterator<Item = &Path> {
    let count = sources.len().min(most);
    let last = sources.len().saturating_sub(1);
    (0..count).map(move |at| &*sources[at * last / count.saturating_sub(1).max(1)])
}

/// Rates without those that appear twice.
pub(super) fn distinct(rates: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = Vec::new();
    for rate in rates {
        if !all.contains(&rate) {
            all.push(rate);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_that_are_lost_are_said() {
        let around =
            |mean: f64, size: f64| (0..64).map(move |i| mean + size * f64::from(i * 37 % 64 - 32));
        for (mean, size, is_said) in [
            (0.0, 1.0, false),
            (0.0, 1e-30, false),
            (16e6, 100.0, false),
            (1e9, 10.0, true),
            (-1e9, 10.0, true),
            (1e9, 1e4, false),
            (1e9, 0.0, false),
        ] {
            let values: Vec<f64> = around(0.0, 1.0).chain(around(mean, size)).collect();
            let said = coarse(&values, 2);
            assert_eq!(said.is_some(), is_said, "{mean} {size}: {said:?}");
            assert!(
                said.is_none_or(
                    |said| said.starts_with("channel 2 of the first window lies between")
                )
            );
        }
    }

    #[test]
    fn twins_of_samples_and_groups() {
        let of = |names: &[&'static str]| {
            let there: Vec<Candidate<'_>> = names
                .iter()
                .map(|name| Candidate {
                    name,
                    is_text: false,
                })
                .collect();
            twins([(Role::Samples, "data"), (Role::Groups, "group")], &there)
        };
        let said = of(&["Data", "Group", "data", "group", "y"]).unwrap();
        let expected = "the samples are those in `data`, not those in `Data`: leave out the one that is not meant, or call it \
                        otherwise; the groups are those in `group`, not those in `Group`";
        assert!(said.starts_with(expected), "{said}");
        for names in [&["Data", "y", "Y"][..], &["data", "dato"], &[]] {
            assert_eq!(of(names), None);
        }
    }
}
