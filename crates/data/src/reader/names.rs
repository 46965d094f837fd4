//! Common names of samples, labels and groups.

use crate::error::sample::AmbiguousName;
pub(crate) use crate::recording::is_rate;

/// Role of an array or a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// `x`.
    Samples,
    /// `y` of NumPy, `label` of TFRecord.
    Labels,
    /// `group`.
    Groups,
}

impl Role {
    /// Names in lower case, the usual ones first.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Samples => &[
                "x",
                "data",
                "samples",
                "sample",
                "windows",
                "window",
                "waveforms",
                "waveform",
                "signals",
                "signal",
                "features",
                "inputs",
                "input",
            ],
            Self::Labels => &[
                "y", "labels", "label", "targets", "target", "class", "classes",
            ],
            Self::Groups => &["group", "groups", "recordings", "recording"],
        }
    }

    /// Chooses among `names`: `usual` if it is one of them, otherwise the only known name.
    ///
    /// # Errors
    /// If several of the names are known.
    pub fn pick<'a>(
        self,
        usual: &str,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Option<&'a str>, AmbiguousName> {
        let known = |name: &&str| self.names().contains(&name.to_lowercase().as_str());
        let mut found: Vec<&str> = names.filter(known).collect();
        found.sort_unstable();
        if let Some(name) = found.iter().find(|name| **name == usual) {
            return Ok(Some(name));
        }
        match found[..] {
            [] => Ok(None),
            [name] => Ok(Some(name)),
            _ => Err(AmbiguousName {
                usual: usual.to_owned(),
                names: found.into_iter().map(str::to_owned).collect(),
            }),
        }
    }
}

/// The name of a group; none if it is empty. Spaces around it, with which tables pad texts, are not part of it.
pub(super) fn group(text: &str) -> Option<String> {
    let name = text.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

impl Role {
    /// Chooses among `names` the one that is a known name and a word for a split, such as `x_train`.
    ///
    /// # Errors
    /// The names, if there are several.
    pub fn pick_with_split<'a>(
        self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Option<&'a str>, Vec<String>> {
        let is_known = |name: &&str| {
            without_split(name).is_some_and(|(stem, _)| self.names().contains(&stem.as_str()))
        };
        let mut found: Vec<&str> = names.filter(is_known).collect();
        found.sort_unstable();
        match found[..] {
            [] => Ok(None),
            [name] => Ok(Some(name)),
            _ => Err(found.into_iter().map(str::to_owned).collect()),
        }
    }
}

/// The split that a name tells, such as `train` of `X_train` or `trainX`.
pub(crate) fn split_of(name: &str) -> Option<&'static str> {
    without_split(name).map(|(_, split)| split)
}

/// A name in lower case without the first or last word, which is that of a split; and the split.
fn without_split(name: &str) -> Option<(String, &'static str)> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || before.is_lowercase() && c.is_uppercase() {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut()?.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    let split = |word: &String| match &word[..] {
        "train" | "training" | "tr" => Some("train"),
        "val" | "valid" | "validation" | "dev" => Some("val"),
        "test" | "testing" | "te" | "holdout" => Some("test"),
        _ => None,
    };
    let parts = match &words[..] {
        [rest @ .., last] if !rest.is_empty() && split(last).is_some() => (rest, split(last)?),
        [first, rest @ ..] if !rest.is_empty() => (rest, split(first)?),
        _ => return None,
    };
    Some((parts.0.join("_"), parts.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_the_word_of_a_split() {
        for (name, expected) in [
            ("x_train", Some(("x", "train"))),
            ("X_test", Some(("x", "test"))),
            ("trainX", Some(("x", "train"))),
            ("val-labels", Some(("labels", "val"))),
            ("train", None),
            ("x", None),
            ("xtrain", None),
        ] {
            let found = without_split(name);
            let found = found.as_ref().map(|(stem, split)| (stem.as_str(), *split));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn names_of_groups() {
        for (text, name) in [
            ("run 1 ", Some("run 1")),
            ("run 1", Some("run 1")),
            (" ", None),
            ("", None),
        ] {
            assert_eq!(group(text).as_deref(), name);
        }
    }

    #[test]
    fn one_name_is_chosen() {
        let pick = |names: &[&'static str]| Role::Samples.pick("x", names.iter().copied());
        assert_eq!(pick(&["y", "waveform"]), Ok(Some("waveform")));
        assert_eq!(pick(&["X", "y"]), Ok(Some("X")));
        assert_eq!(pick(&["data", "x"]), Ok(Some("x")));
        assert_eq!(
            pick(&["data", "waveform"]).unwrap_err().to_string(),
            "`data`, `waveform` could all be `x`: rename the intended one to `x`"
        );
        assert_eq!(pick(&["seismogram"]), Ok(None));
    }
}
