//! Names of classes beside labels that are numbers: they show whether `class_names` of the configuration has another order.

use support::words::letters_and_digits;

use super::SourceSelection;
use crate::error::sample::ClassNameError;

/// Whether a name is that of a list of classes, in the order of their numbers.
pub(super) fn is_list(name: &str) -> bool {
    let name = letters_and_digits(name);
    [
        "classnames",
        "targetnames",
        "labelnames",
        "classes",
        "classtoidx",
        "idxtoclass",
        "label2id",
        "id2label",
        "labelmap",
    ]
    .contains(&&*name)
}

/// Whether a name is that of a text which names the class of one sample, such as `label_text`.
pub(super) fn is_text(name: &str) -> bool {
    let name = letters_and_digits(name);
    let is_part = |part: &&str| name.contains(*part);
    // What a network said, or another sample.
    let is_other = ["pred", "prev", "next"].iter().any(is_part);
    !is_other && ["label", "class", "category", "target"].iter().any(is_part)
}

/// The number of the class that is called `text`, whatever its case.
fn number_of(text: &str, known: &[String]) -> Option<usize> {
    let folded = text.trim().to_lowercase();
    known.iter().position(|name| name.to_lowercase() == folded)
}

/// Checks the classes `found`, which are called `name`.
///
/// # Errors
/// If one has another number in the configuration.
pub(super) fn check_order(
    name: &str,
    found: Vec<String>,
    known: &[String],
) -> Result<(), ClassNameError> {
    let numbers: Vec<_> = found.iter().map(|class| number_of(class, known)).collect();
    let is_other =
        |(at, number): (usize, &Option<usize>)| number.is_some_and(|number| number != at);
    // The class of each sample is no list of classes.
    let is_twice = |at: usize| numbers[at].is_some() && numbers[..at].contains(&numbers[at]);
    if !numbers.iter().enumerate().any(is_other) || (0..numbers.len()).any(is_twice) {
        return Ok(());
    }
    Err(ClassNameError::Order {
        name: name.to_owned(),
        found,
        known: known.to_vec(),
    })
}

/// A class that has another number in one list than in the other. `None` also if a list names one twice, as lists of the classes of
/// all samples do.
pub(super) fn other_number<'a>(one: &'a [String], other: &[String]) -> Option<&'a str> {
    let is_list = |names: &[String]| {
        let mut all = names.iter().enumerate();
        all.all(|(at, name)| number_of(name, names) == Some(at))
    };
    let mut names = one.iter().enumerate();
    let found =
        names.find(|(at, name)| number_of(name, other).is_some_and(|number| number != *at))?;
    (is_list(one) && is_list(other)).then_some(found.1.as_str())
}

/// Checks the text called `name` beside the label of a sample.
///
/// # Errors
/// If it is the name of another class, and the configuration does not say where the labels are.
pub(super) fn check_text(
    (name, text): (&str, &str),
    label: i64,
    wanted: &SourceSelection,
) -> Result<(), ClassNameError> {
    let known = &wanted.class_names;
    let meant = usize::try_from(label).ok().and_then(|at| known.get(at));
    let (Some(meant), None) = (meant, &wanted.given_label) else {
        return Ok(());
    };
    let found = number_of(text, known).filter(|_| is_text(name));
    if found.is_none_or(|number| number as i64 == label) {
        return Ok(());
    }
    Err(ClassNameError::Text {
        label,
        meant: meant.clone(),
        name: name.to_owned(),
        text: text.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn lists_in_another_order() {
        let known = names(&["noise", "car", "bus"]);
        for (found, is_same) in [
            (&["noise", "car", "bus"][..], true),
            (&["NOISE", " car", "Bus"], true),
            (&["rest", "car", "lorry"], true),
            (&["bus", "car", "noise"], false),
            (&["Car", "Noise", "Bus"], false),
            // A class that the file lacks shifts the others.
            (&["noise", "bus"], false),
            // One of each sample.
            (&["noise", "bus", "bus"], true),
        ] {
            let checked = check_order("classes", names(found), &known);
            assert_eq!(checked.is_ok(), is_same, "{found:?}");
        }
    }

    #[test]
    fn lists_that_differ() {
        let of = |one: &[&str], other: &[&str]| {
            let (one, other) = (names(one), names(other));
            other_number(&one, &other).map(str::to_owned)
        };
        let known = ["noise", "car", "bus"];
        assert_eq!(of(&known, &["Noise", "car"]), None);
        assert_eq!(of(&known, &["noise", "bus", "car"]), Some("car".into()));
        assert_eq!(of(&known, &["walk", "run"]), None);
        assert_eq!(of(&known, &["bus", "bus", "car"]), None);
    }

    #[test]
    fn texts_of_another_class() {
        let mut wanted = SourceSelection {
            class_names: names(&["noise", "car"]),
            ..SourceSelection::default()
        };
        for (name, text, label, is_same) in [
            ("class_name", "car", 1, true),
            ("class_name", "Noise", 1, false),
            ("label_text", "bus", 1, true),
            ("predicted_class", "noise", 1, true),
            ("site", "noise", 1, true),
            ("class_name", "car", 7, true),
        ] {
            let checked = check_text((name, text), label, &wanted);
            assert_eq!(checked.is_ok(), is_same, "{name} {text}");
        }
        wanted.given_label = Some("label".into());
        assert!(check_text(("class_name", "noise"), 1, &wanted).is_ok());
    }
}
