//! Which steps of event logs are epochs, and which epoch each is.

use std::collections::BTreeSet;

/// Interpretation of the steps in event logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Steps are epochs; the first epoch has this step.
    From(i64),
    /// Steps are something else, such as batches.
    Unknown,
}

impl Numbering {
    /// Derives the numbering; up to `missing` points may be lost to damage.
    pub fn of(steps: &BTreeSet<i64>, from_zero: bool, missing: usize) -> Self {
        let (Some(&first), Some(&last)) = (steps.first(), steps.last()) else {
            return Numbering::From(0);
        };
        if from_zero {
            return if first >= 0 {
                Numbering::From(0)
            } else {
                Numbering::Unknown
            };
        }
        let span = last.saturating_sub(first).saturating_add(1) as usize;
        let gaps = span.saturating_sub(steps.len());
        match first {
            // Steps count from 1 unless something suggests that the first one is missing.
            0 | 1 if gaps <= missing => Numbering::From(if missing == 0 { first } else { 0 }),
            _ => Numbering::Unknown,
        }
    }

    pub fn epoch(self, step: i64) -> Option<usize> {
        let first = match self {
            Numbering::From(first) => first,
            Numbering::Unknown => 0,
        };
        usize::try_from(step.checked_sub(first)?).ok()
    }

    pub fn step(self, epoch: usize) -> i64 {
        let first = match self {
            Numbering::From(first) => first,
            Numbering::Unknown => 0,
        };
        (epoch as i64).saturating_add(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_are_no_epochs() {
        let number = |steps: &[i64], zero, missing| {
            Numbering::of(&steps.iter().copied().collect(), zero, missing)
        };
        assert_eq!(number(&[0, 1, 2], false, 0), Numbering::From(0));
        assert_eq!(number(&[1, 2, 3], false, 0), Numbering::From(1));
        assert_eq!(number(&[1, 2, 3], false, 1), Numbering::From(0));
        assert_eq!(number(&[1, 2, 3], true, 0), Numbering::From(0));
        assert_eq!(number(&[0, 2], false, 0), Numbering::Unknown);
        assert_eq!(number(&[0, 2], false, 1), Numbering::From(0));
        assert_eq!(number(&[99, 199], false, 0), Numbering::Unknown);
        assert_eq!(number(&[i64::MIN, i64::MAX], false, 0), Numbering::Unknown);
    }
}
