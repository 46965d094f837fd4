//! Errors of recipes. The error around them names the file, option or experiment.

use data::error::{SettingError, YamlError, in_words};
use data::folds::FoldError;

/// A recipe cannot be read, or asks for something impossible.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// Malformed YAML, or a value of the wrong kind; with line and column.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A value of the wrong kind in fields that come from no file.
    #[error("{}", in_words(&.0.to_string()))]
    Json(#[from] serde_json::Error),
    /// A newer program wrote it.
    #[error("has version {found}, and this program knows versions up to {known}: use a newer one")]
    Newer {
        /// Version of the recipe.
        found: u32,
        /// Newest version this program reads.
        known: u32,
    },
    /// No field has this name.
    #[error("unknown field `{key}`{}{}", in_line(*line), one_of(known, meant.as_deref()))]
    UnknownField {
        /// The name.
        key: String,
        /// Its line, if it is in a file.
        line: Option<usize>,
        /// What is probably meant, in words.
        meant: Option<String>,
        /// Names that exist; empty to leave them out of the message.
        known: Vec<String>,
    },
    /// A sweep names a parameter that does not exist, or that the program sets itself.
    #[error("there is no parameter `{path}`{}", choose_from(known, meant.as_deref()))]
    UnknownParameter {
        /// The name, such as `plateau.factor`.
        path: String,
        /// What is probably meant, in words.
        meant: Option<String>,
        /// Names that exist.
        known: Vec<String>,
    },
    /// The value of a parameter is invalid.
    #[error("`{path}`: {problem}")]
    Parameter {
        /// The parameter.
        path: String,
        /// What is wrong with it.
        problem: Box<RecipeError>,
    },
    /// The metadata of an experiment lack a field.
    #[error("`{key}` is missing")]
    Missing {
        /// The field.
        key: &'static str,
    },
    /// A count is zero.
    #[error("the {name} must be at least 1")]
    Zero {
        /// What is counted.
        name: &'static str,
    },
    /// A number is out of range.
    #[error("`{key}` is {value}: it must be {expected}")]
    OutOfRange {
        /// The field.
        key: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// A step would turn kernels around.
    #[error(
        "weight decay {weight_decay} at learning rate {learning_rate} would reverse the sign of kernels in one step"
    )]
    ReversesSigns {
        /// `weight_decay`.
        weight_decay: f64,
        /// `learning_rate`.
        learning_rate: f64,
    },
    /// A class weight is negative or not finite.
    #[error("the weight of class `{class}` is {weight}: it must be 0 or more")]
    ClassWeight {
        /// The class.
        class: String,
        /// Its weight.
        weight: f64,
    },
    /// The fold is invalid.
    #[error("`fold`: {0}")]
    Fold(#[from] FoldError),
    /// Groups are held out of no fold.
    #[error("`held_out` needs `fold`")]
    HeldOutWithoutFold,
    /// There are no layers to freeze.
    #[error("--freeze needs --init-from, whose layers it keeps")]
    FreezeWithoutInit,
    /// A setting of the augmentation is out of range.
    #[error(transparent)]
    Augmentation(#[from] SettingError),
}

impl RecipeError {
    /// Refuses the first value out of range of `(field, value, whether it fits, what it must be)`.
    pub(crate) fn check_ranges(
        ranges: impl IntoIterator<Item = (&'static str, f64, bool, &'static str)>,
    ) -> Result<(), Self> {
        match ranges.into_iter().find(|(_, _, fits, _)| !fits) {
            Some((key, value, _, expected)) => Err(Self::OutOfRange {
                key,
                value,
                expected,
            }),
            None => Ok(()),
        }
    }
}

fn in_line(line: Option<usize>) -> String {
    line.map_or(String::new(), |line| format!(" in line {line}"))
}

fn choose_from(known: &[String], meant: Option<&str>) -> String {
    match meant {
        Some(meant) => format!("; {meant}"),
        None => format!(": choose from {}", known.join(", ")),
    }
}

fn one_of(known: &[String], meant: Option<&str>) -> String {
    match meant {
        Some(meant) => format!("; {meant}"),
        None if known.is_empty() => String::new(),
        None => format!(": expected one of {}", known.join(", ")),
    }
}
