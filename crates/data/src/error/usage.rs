//! Requests that are impossible regardless of the content of files.

use super::preprocessing::PreprocessingError;

/// What is wrong with a request.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// Only raw windows can be augmented or drawn, and these are features already.
    #[error("the inputs are no longer windows")]
    NoWindows,
    /// Augmentation needs whole windows, and segments do not form one.
    #[error("{0}, which augmentation needs")]
    Augmentation(PreprocessingError),
    /// A preset asks for what is impossible with these windows.
    #[error("the preset: {0}")]
    Preset(PreprocessingError),
    /// The preprocessing does not fit the windows.
    #[error(transparent)]
    Preprocessing(#[from] PreprocessingError),
    /// There is no split of this name.
    #[error("there is no split `{0}`: choose train, val or test")]
    UnknownSplit(String),
    /// Training or validation would get nothing.
    #[error(
        "train {}, val {}, test {}: the fractions of training and validation must be above 0",
        .0[0], .0[1], .0[2]
    )]
    Shares([f64; 3]),
    /// A fraction that is none.
    #[error("{0} is not a fraction of the windows: write numbers from 0 to 1")]
    Fraction(f64),
    /// Fractions that do not add up to 1, or several that are missing.
    #[error("{}", of_fractions(given, *sum, instead))]
    Fractions {
        /// Those of training, validation and test that are given.
        given: [Option<f64>; 3],
        /// Their sum.
        sum: f64,
        /// Fractions to write instead.
        instead: [f64; 3],
    },
    /// A figure cannot be drawn.
    #[error("{0}")]
    Figure(String),
    /// Spectra need two samples.
    #[error("windows of one sample have no spectrum")]
    OneSample,
    /// Windows of several shapes.
    #[error(
        "the windows of the {split} split are {found:?}, others {expected:?}: all must have one shape"
    )]
    Shapes {
        /// The split.
        split: &'static str,
        /// Its shape, `[channels, samples]`.
        found: [usize; 2],
        /// That of the windows before.
        expected: [usize; 2],
    },
    /// Too many windows for the baselines of every training.
    #[error("{0} windows take too long: `trainer baselines` fits them apart from the training")]
    TooManyWindows(usize),
    /// Data differ from what was read before.
    #[error("the data have changed since the training read them")]
    Changed,
}

/// What is wrong with fractions, and what to write.
fn of_fractions(given: &[Option<f64>; 3], sum: f64, instead: &[f64; 3]) -> String {
    // Sums of decimals have errors in the last digits.
    let short = |number: f64| (number * 1e6).round() / 1e6;
    let names = ["train", "val", "test"];
    let texts = |fractions: [Option<f64>; 3]| {
        let there = names.iter().zip(fractions);
        let texts =
            there.filter_map(|(name, fraction)| Some(format!("{name} {}", short(fraction?))));
        texts.collect::<Vec<_>>().join(", ")
    };
    let (given_texts, instead) = (texts(*given), texts(instead.map(Some)));
    let missing = names
        .iter()
        .zip(given)
        .filter(|(_, fraction)| fraction.is_none());
    let missing: Vec<&str> = missing.map(|(name, _)| *name).collect();
    if missing.len() == 2 && sum < 1.0 {
        let (rest, missing) = (short(1.0 - sum), missing.join(", "));
        return format!(
            "{given_texts} leaves {rest} for {missing}: name the others too, such as {instead}"
        );
    }
    let percent = if sum > 1.5 {
        " (or 100, in percent)"
    } else {
        ""
    };
    format!(
        "{given_texts} add up to {} and not to 1{percent}: write fractions that do, such as {instead}",
        short(sum)
    )
}
