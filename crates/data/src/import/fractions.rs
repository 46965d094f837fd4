//! How windows are split: `split:` of a list, and the fractions of training, validation and test.

use serde::Deserialize;

use crate::error::UsageError;

/// Fractions where none is given.
const DEFAULT: [f64; 3] = [0.7, 0.15, 0.15];
/// Fractions may miss a sum of 1 by this much, as three thirds of 0.33 do.
const ROUNDED: f64 = 0.015;

/// What stays in one split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// Recordings of a group.
    #[default]
    Recording,
    /// Labelled intervals of an event.
    Event,
    /// The first part of every recording is for training, the last for testing.
    Time,
    /// As the recordings state; if none is for validation, the last part of the training recordings is.
    Given,
}

/// How windows are split.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "RawSplit")]
pub struct SplitSettings {
    /// What stays in one split.
    pub by: SplitBy,
    /// Fraction for training.
    pub train: f64,
    /// Fraction for validation.
    pub val: f64,
    /// Fraction for testing; 0 for none.
    pub test: f64,
    /// Seed of the order in which groups are assigned.
    pub seed: u64,
}

impl Default for SplitSettings {
    fn default() -> Self {
        let [train, val, test] = DEFAULT;
        Self {
            by: SplitBy::Recording,
            train,
            val,
            test,
            seed: 42,
        }
    }
}

impl SplitSettings {
    /// Fractions for training, validation and testing, with sum 1.
    pub fn shares(&self) -> [f64; 3] {
        let all = [self.train, self.val, self.test];
        let sum: f64 = all.iter().sum();
        all.map(|share| share / sum)
    }
}

/// `split:` as people write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSplit {
    #[serde(default)]
    by: SplitBy,
    train: Option<f64>,
    val: Option<f64>,
    test: Option<f64>,
    seed: Option<u64>,
}

/// What is wrong with `split:`, with the key: the parser does not name it.
#[derive(Debug, thiserror::Error)]
#[error("`split`: {0}")]
struct SplitKeyError(#[from] UsageError);

impl TryFrom<RawSplit> for SplitSettings {
    type Error = SplitKeyError;

    fn try_from(written: RawSplit) -> Result<Self, SplitKeyError> {
        let [train, val, test] = fractions([written.train, written.val, written.test])?;
        Ok(Self {
            by: written.by,
            train,
            val,
            test,
            seed: written.seed.unwrap_or(Self::default().seed),
        })
    }
}

/// Fractions of training, validation and test, with sum 1, from those that are given: as fractions of 1 or in percent. One
/// that is missing gets the rest; the usual ones count where none is given.
///
/// # Errors
/// [`UsageError::Shares`] if training or validation would be empty, and [`UsageError::Fractions`] if the fractions do not
/// add up to 1, or more than one is missing and there is a rest.
pub(crate) fn fractions(given: [Option<f64>; 3]) -> Result<[f64; 3], UsageError> {
    if given == [None; 3] {
        return Ok(DEFAULT);
    }
    let there = || given.iter().flatten();
    if let Some(bad) = there().find(|fraction| !(fraction.is_finite() && **fraction >= 0.0)) {
        return Err(UsageError::Fraction(*bad));
    }
    // Only percentages are above 1.
    let unit = if there().any(|fraction| *fraction > 1.0) {
        100.0
    } else {
        1.0
    };
    let sum = there().sum::<f64>() / unit;
    let rest = 1.0 - sum;
    let wrong = || UsageError::Fractions {
        given,
        sum: there().sum(),
        instead: instead(given),
    };
    let filled = match there().count() {
        3 if rest.abs() > ROUNDED => return Err(wrong()),
        3 => given.map(|fraction| fraction.unwrap_or(0.0) / unit / sum),
        _ if rest.abs() < 1e-6 => given.map(|fraction| fraction.unwrap_or(0.0) / unit / sum),
        2 if rest > 0.0 => given.map(|fraction| fraction.map_or(rest, |fraction| fraction / unit)),
        _ => return Err(wrong()),
    };
    if filled[0] == 0.0 || filled[1] == 0.0 {
        return Err(UsageError::Shares(filled));
    }
    Ok(filled)
}

/// Fractions that could be meant, with two decimals: those given, scaled, or with the rest in proportions of the usual ones.
fn instead(given: [Option<f64>; 3]) -> [f64; 3] {
    let sum: f64 = given.iter().flatten().sum();
    let unnamed = || (0..3).filter(|split| given[*split].is_none());
    let all = if sum > 0.0 && (sum > 1.0 || unnamed().count() == 0) {
        given.map(|fraction| fraction.unwrap_or(0.0) / sum)
    } else {
        let usual: f64 = unnamed().map(|split| DEFAULT[split]).sum();
        std::array::from_fn(|split| given[split].unwrap_or((1.0 - sum) * DEFAULT[split] / usual))
    };
    let rounded = |share: f64| (share * 100.0).round() / 100.0;
    let (val, test) = (rounded(all[1]).max(0.01), rounded(all[2]));
    [rounded(1.0 - val - test), val, test]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: [f64; 3], expected: [f64; 3]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn fractions_that_are_clear() {
        let some = Some;
        for (given, expected) in [
            ([None, None, None], DEFAULT),
            ([some(0.6), some(0.2), some(0.2)], [0.6, 0.2, 0.2]),
            // Those that are named add up to 1: nothing is left for the other.
            ([some(0.8), some(0.2), None], [0.8, 0.2, 0.0]),
            ([some(0.8), some(0.1), None], [0.8, 0.1, 0.1]),
            ([None, some(0.2), some(0.2)], [0.6, 0.2, 0.2]),
            ([some(70.0), some(15.0), some(15.0)], DEFAULT),
            ([some(80.0), some(20.0), None], [0.8, 0.2, 0.0]),
            ([some(0.33), some(0.33), some(0.33)], [1.0 / 3.0; 3]),
        ] {
            near(fractions(given).unwrap(), expected);
        }
    }

    #[test]
    fn fractions_that_are_not() {
        let some = Some;
        for (given, expected) in [
            (
                [some(0.8), some(0.2), some(0.15)],
                "train 0.8, val 0.2, test 0.15 add up to 1.15 and not to 1: write fractions that do, such as train 0.7, val \
                 0.17, test 0.13",
            ),
            (
                [some(0.5), some(0.2), some(0.2)],
                "add up to 0.9 and not to 1: write fractions that do, such as train 0.56, val 0.22, test 0.22",
            ),
            (
                [some(8.0), some(1.0), some(1.0)],
                "add up to 10 and not to 1 (or 100, in percent): write fractions that do, such as train 0.8, val 0.1, test 0.1",
            ),
            (
                [some(0.8), None, None],
                "train 0.8 leaves 0.2 for val, test: name the others too, such as train 0.8, val 0.1, test 0.1",
            ),
            (
                [None, None, some(0.0)],
                "test 0 leaves 1 for train, val: name the others too, such as train 0.82, val 0.18, test 0",
            ),
            ([some(1.0), None, None], "must be above 0"),
            ([some(-0.1), some(1.1), None], "-0.1 is not a fraction"),
            ([some(f64::NAN), None, None], "NaN is not a fraction"),
        ] {
            let error = fractions(given).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}\nexpected: {expected}");
        }
    }
}
