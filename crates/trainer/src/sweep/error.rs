//! Errors of sweep files. The error around them names the file.

use std::path::PathBuf;

use data::error::{in_words, not_found};
use data::folds::FoldError;
use serde_json::Value;

use crate::error::RecipeError;

/// Maximum number of trials in a study.
pub const MAX_TRIALS: usize = 100_000;

/// A sweep file is invalid.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The YAML is malformed.
    #[error(transparent)]
    Yaml(#[from] data::error::YamlError),
    /// The name cannot be that of a folder.
    #[error(
        "`{name}` is not a valid study name: use letters, digits, `-`, `_` and `.`; `name:` sets one"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The base recipe is invalid.
    #[error("`base`: {problem}")]
    Base {
        /// What is wrong with it.
        problem: RecipeError,
    },
    /// A combination of values is invalid.
    #[error("`vary`, {values}: {problem}")]
    Values {
        /// The values.
        values: String,
        /// What is wrong with them.
        problem: RecipeError,
    },
    /// All runs would be the same.
    #[error("nothing varies: name parameters under `vary`, `seeds` or `folds`")]
    NothingVaries,
    /// Folds are given twice.
    #[error("the file has `folds` and the base recipe has a `fold`: remove one of them")]
    FoldsTwice,
    /// Seeds are given twice.
    #[error("both `vary: seed` and `seeds` are given: remove one of them")]
    SeedsTwice,
    /// More runs than a study can have.
    #[error("`{key}: {count}` is too many: at most {MAX_TRIALS}")]
    TooMany {
        /// `seeds` or `trials`.
        key: &'static str,
        /// Its value.
        count: u64,
    },
    /// The list of seeds is empty.
    #[error("`seeds` is empty: give a number or a list")]
    NoSeeds,
    /// A seed is listed twice.
    #[error("`seeds` contains a seed twice: the same run would be trained again")]
    RepeatedSeed,
    /// `trials` is given for a grid.
    #[error("`trials` is for `method: random`; a grid takes all")]
    TrialsOfGrid,
    /// `trials` is missing.
    #[error("`method: random` needs `trials: N`")]
    NoTrials,
    /// `trials` is 0.
    #[error("`trials: 0` trains nothing")]
    ZeroTrials,
    /// There are no parameters to draw.
    #[error("`method: random` needs parameters under `vary`")]
    NoParameters,
    /// A parameter is invalid.
    #[error("`vary`, `{name}`: {problem}")]
    Parameter {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        problem: ParameterError,
    },
    /// Conditions depend on each other.
    #[error(
        "the conditions of {} refer to each other in a cycle",
        quoted(names, " and ")
    )]
    Cycle {
        /// The parameters.
        names: Vec<String>,
    },
    /// A range cannot be part of a grid.
    #[error(
        "`{name}` is a range: add `steps: N` for N values of it in the grid, or use `method: random`"
    )]
    RangeInGrid {
        /// The parameter.
        name: String,
    },
    /// The grid is too large.
    #[error("the grid has more than {MAX_TRIALS} combinations: vary less, or use `method: random`")]
    GridTooLarge,
    /// The space has fewer combinations than trials.
    #[error(
        "`trials: {wanted}`: there are only about {found} different combinations; ask for fewer, or use `method: grid`"
    )]
    TooFewCombinations {
        /// The setting.
        wanted: u64,
        /// Different combinations that were drawn.
        found: usize,
    },
    /// The folds are invalid.
    #[error("`folds`: {0}")]
    Folds(#[from] FoldPlanError),
}

/// A parameter under `vary` is invalid.
#[derive(Debug, thiserror::Error)]
pub enum ParameterError {
    /// A single value.
    #[error(
        "{value} is one value: give a list, or a map with `choice`, `uniform` or `log_uniform`; what does not vary \
         belongs under `base`"
    )]
    OneValue {
        /// The value.
        value: Value,
    },
    /// An unknown or malformed key.
    #[error("{}", in_words(&.0.to_string()))]
    Malformed(#[from] serde_json::Error),
    /// The condition refers to its own parameter.
    #[error("its condition refers to itself")]
    OwnCondition,
    /// The condition refers to a parameter without a value.
    #[error("its condition names `{name}`, which is not a parameter with a value")]
    UnknownCondition {
        /// The parameter in the condition.
        name: String,
    },
    /// The list of values is empty.
    #[error("the list is empty: the grid would have no runs")]
    EmptyList,
    /// A value is listed twice.
    #[error("{value} is listed twice")]
    Repeated {
        /// The value.
        value: Value,
    },
    /// Keys of ranges in a list.
    #[error("`steps` and `integer` are for ranges")]
    KeysOfRange,
    /// No domain or several.
    #[error("give one of `choice`, `uniform` and `log_uniform`")]
    Domain,
    /// The bounds are in the wrong order.
    #[error("[{low}, {high}] is not a range: the second bound must be greater")]
    Bounds {
        /// First bound.
        low: f64,
        /// Second bound.
        high: f64,
    },
    /// A logarithmic range includes 0 or negative numbers.
    #[error("a logarithmic range must start above 0, not at {low}")]
    Logarithmic {
        /// First bound.
        low: f64,
    },
    /// Too few steps.
    #[error("`steps` must be at least 2: both bounds")]
    Steps,
    /// Fractional bounds of an integer range.
    #[error("[{low}, {high}]: an integer range needs integer bounds")]
    IntegerBounds {
        /// First bound.
        low: f64,
        /// Second bound.
        high: f64,
    },
}

/// `folds` of a sweep file is invalid, or does not fit the data.
#[derive(Debug, thiserror::Error)]
pub enum FoldPlanError {
    /// An unknown scheme.
    #[error(
        "unknown value `{name}`: give a number, leave-one-group-out, or a map with `k` or `leave_out`"
    )]
    Unknown {
        /// The name.
        name: String,
    },
    /// An unknown or malformed key.
    #[error("{}", in_words(&.0.to_string()))]
    Malformed(#[from] serde_json::Error),
    /// Fewer than two folds.
    #[error("there must be at least 2 folds")]
    TooFew,
    /// The file of sites is missing.
    #[error("`leave_out: site` needs `sites`: a CSV file with one row per group")]
    NoSites,
    /// An unknown unit to leave out.
    #[error("`leave_out: {unit}`: choose group or site")]
    LeaveOut {
        /// The unit.
        unit: String,
    },
    /// No scheme or two.
    #[error("give one of `k` and `leave_out`")]
    Scheme,
    /// The file of sites cannot be read.
    #[error("cannot read {}: {source}{}", path.display(), not_found(path, source))]
    ReadSites {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A line of the file of sites is invalid.
    #[error("{}, line {line}: {problem}", path.display())]
    Sites {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: SiteError,
    },
    /// A window has no group.
    #[error(
        "some windows have no group, so windows of one recording would be used for training and test: give every source a \
         `group`"
    )]
    NoGroup,
    /// The file of sites lacks a group.
    #[error("the file of sites has no row for group `{group}`")]
    NoSite {
        /// The group.
        group: String,
    },
    /// The groups cannot be assigned to a fold.
    #[error("fold {fold}: {problem}")]
    Groups {
        /// Name of the fold.
        fold: String,
        /// Why not.
        problem: FoldError,
    },
    /// The training windows of a fold lack classes.
    #[error(
        "fold {fold} would have no training windows of class {}: all its groups are tested or validated; use fewer folds, \
         or record the class in more groups",
        quoted(classes, ", ")
    )]
    NotTrained {
        /// Name of the fold.
        fold: String,
        /// The classes.
        classes: Vec<String>,
    },
    /// The test windows of a stratified fold lack classes.
    #[error(
        "fold {fold} would have no test windows of class {}: use fewer folds, or leave-one-group-out, whose windows are \
         judged together",
        quoted(classes, ", ")
    )]
    NotTested {
        /// Name of the fold.
        fold: String,
        /// The classes.
        classes: Vec<String>,
    },
}

/// A line of a file of sites is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// The file is empty.
    #[error("is empty")]
    Empty,
    /// A column is missing.
    #[error("there is no column `{name}`: the columns are `{}`", there.join("`, `"))]
    NoColumn {
        /// The column.
        name: String,
        /// The columns that were found.
        there: Vec<String>,
    },
    /// A row has too few or too many cells.
    #[error("has {cells} cells, but there are {columns} columns")]
    Cells {
        /// Cells of the row.
        cells: usize,
        /// Columns of the file.
        columns: usize,
    },
    /// A group has two sites.
    #[error("group `{group}` has a different site in an earlier row")]
    TwoSites {
        /// The group.
        group: String,
    },
}

/// Names in backquotes.
fn quoted(names: &[String], separator: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(separator)
}
