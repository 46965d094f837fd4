//! Names under which people keep samples, labels and groups.

/// What an array or a feature may be.
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

    /// The one of `names` that is meant: `usual` where it is there, else the only one of the known names.
    ///
    /// # Errors
    /// With the names where there are several.
    pub fn pick<'a>(
        self,
        usual: &str,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Option<&'a str>, String> {
        let known = |name: &&str| self.names().contains(&name.to_lowercase().as_str());
        let mut found: Vec<&str> = names.filter(known).collect();
        found.sort_unstable();
        if let Some(name) = found.iter().find(|name| **name == usual) {
            return Ok(Some(name));
        }
        match found[..] {
            [] => Ok(None),
            [name] => Ok(Some(name)),
            _ => Err(format!(
                "`{}` could all be `{usual}`: call the one that is meant so",
                found.join("`, `")
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_meant() {
        let pick = |names: &[&'static str]| Role::Samples.pick("x", names.iter().copied());
        assert_eq!(pick(&["y", "waveform"]), Ok(Some("waveform")));
        assert_eq!(pick(&["X", "y"]), Ok(Some("X")));
        assert_eq!(pick(&["data", "x"]), Ok(Some("x")));
        assert_eq!(
            pick(&["data", "waveform"]).unwrap_err(),
            "`data`, `waveform` could all be `x`: call the one that is meant so"
        );
        assert_eq!(pick(&["seismogram"]), Ok(None));
    }
}
