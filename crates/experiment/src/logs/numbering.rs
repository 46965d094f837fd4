//! Which steps of event logs are epochs, and which epoch each is.

use std::collections::BTreeSet;

/// Interpretation of the steps in event logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Steps are epochs; the first epoch has this step.
    From(i64),
    /// Steps are something else, such as batches, or that is not known: why, as the beginning of a sentence.
    Unknown(&'static str),
}

/// The steps are batches or calls.
pub(super) const NO_EPOCHS: Numbering = Numbering::Unknown("its steps are not epochs");

/// Validation at every fifth step, for example.
pub(super) const EPOCHS_OR_BATCHES: Numbering =
    Numbering::Unknown("its validation is at every few steps, which may be epochs or batches");

/// What there is besides the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Whether tags and folders are those of Keras, whose epochs count from 0.
    pub is_of_keras: bool,
    /// Whether the names of tags say that steps are epochs.
    pub is_named: bool,
    /// Whether every curve has gaps, as if each call of the logger had a step of its own.
    pub is_alternating: bool,
    /// Upper bound for points lost to damaged records.
    pub missing: usize,
    /// Whether the first points of all curves that begin with the first step may be lost.
    pub is_first_missing: bool,
}

impl Numbering {
    /// Derives the numbering.
    pub fn of(steps: &BTreeSet<i64>, evidence: Evidence) -> Self {
        let (Some(&first), Some(&last)) = (steps.first(), steps.last()) else {
            return Numbering::From(0);
        };
        if evidence.is_of_keras && first >= 0 {
            return Numbering::From(0);
        }
        let span = last.saturating_sub(first).saturating_add(1) as usize;
        let gaps = span.saturating_sub(steps.len());
        let is_whole = gaps <= evidence.missing && !evidence.is_alternating;
        match first {
            1 if evidence.is_first_missing => Numbering::Unknown(
                "records before its first step, 1, are damaged and may be those of step 0",
            ),
            0 | 1 if is_whole || evidence.is_named => Numbering::From(first),
            _ => NO_EPOCHS,
        }
    }

    /// The first step.
    fn first(self) -> i64 {
        match self {
            Numbering::From(first) => first,
            Numbering::Unknown(_) => 0,
        }
    }

    pub fn epoch(self, step: i64) -> Option<usize> {
        usize::try_from(step.checked_sub(self.first())?).ok()
    }

    pub fn step(self, epoch: usize) -> i64 {
        (epoch as i64).saturating_add(self.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_are_no_epochs() {
        let number =
            |steps: &[i64], evidence| Numbering::of(&steps.iter().copied().collect(), evidence);
        let none = Evidence::default();
        let damaged = Evidence { missing: 1, ..none };
        let keras = Evidence {
            is_of_keras: true,
            ..none
        };
        let named = Evidence {
            is_named: true,
            ..none
        };
        assert_eq!(number(&[0, 1, 2], none), Numbering::From(0));
        assert_eq!(number(&[1, 2, 3], none), Numbering::From(1));
        // A torn end hides no first step.
        assert_eq!(number(&[1, 2, 3], damaged), Numbering::From(1));
        let first = Evidence {
            is_first_missing: true,
            ..damaged
        };
        assert!(matches!(
            number(&[1, 2, 3], first),
            Numbering::Unknown(why) if why.contains("step 0")
        ));
        assert_eq!(number(&[0, 1, 2], first), Numbering::From(0));
        assert_eq!(number(&[1, 2, 3], keras), Numbering::From(0));
        assert_eq!(number(&[1, 2, 3], named), Numbering::From(1));
        assert_eq!(number(&[0, 5, 10], named), Numbering::From(0));
        assert_eq!(number(&[0, 2], none), NO_EPOCHS);
        assert_eq!(number(&[0, 2], damaged), Numbering::From(0));
        let alternating = Evidence {
            is_alternating: true,
            ..none
        };
        assert_eq!(number(&[0, 1, 2, 3], alternating), NO_EPOCHS);
        assert_eq!(number(&[99, 199], none), NO_EPOCHS);
        assert_eq!(number(&[i64::MIN, i64::MAX], none), NO_EPOCHS);
    }
}
