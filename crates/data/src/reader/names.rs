//! Common names of samples, labels and groups.

use crate::error::sample::AmbiguousName;

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

#[cfg(test)]
mod tests {
    use super::*;

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
