//! Curves that were logged by batch, beside others by epoch.

use super::Curves;
use crate::catalogue::Split;
use crate::event_files::Steps;
use support::words::counted;

/// Epochs between two validations at most; a larger distance is the number of batches in an epoch.
const LONGEST_WITHOUT_VALIDATION: i64 = 10;

/// Steps between two validations that may be batches of an epoch; fewer are epochs.
const SHORTEST_INTERVAL: i64 = 3;

/// First and last step of a curve without a gap that begins at 0 or 1.
fn whole(curve: &Steps) -> Option<(i64, i64)> {
    let (first, last) = (*curve.keys().next()?, *curve.keys().next_back()?);
    let count = curve.len() as i64;
    ((0..=1).contains(&first) && last.checked_sub(first)? + 1 == count).then_some((first, last))
}

/// Whether a training curve counts batches, as PyTorch's users often log it, while `validation` beside it counts epochs.
fn counts_batches(training: &Steps, validation: &Steps) -> bool {
    let (Some((_, batches)), Some((first, epochs))) = (whole(training), whole(validation)) else {
        return false;
    };
    let factor = if epochs - first < 2 {
        LONGEST_WITHOUT_VALIDATION
    } else {
        2
    };
    batches / factor > epochs
}

/// Whether validations are further apart than any number of epochs: their steps are batches too.
fn is_rare(validation: &Steps) -> bool {
    let steps: Vec<i64> = validation.keys().copied().collect();
    let is_far = |pair: &[i64]| pair[1].saturating_sub(pair[0]) > LONGEST_WITHOUT_VALIDATION;
    steps.len() > 1 && steps.windows(2).all(is_far)
}

/// Whether validations are at the ends of intervals of the same length, of a few epochs or of as many batches as an epoch has.
fn is_at_intervals(validation: &Steps) -> bool {
    let steps: Vec<i64> = validation.keys().copied().collect();
    let [first, second, ..] = steps[..] else {
        return false;
    };
    let interval = second.saturating_sub(first);
    let is_next = |pair: &[i64]| pair[1].saturating_sub(pair[0]) == interval;
    // The last one may be that of the end of the training.
    let is_regular = steps[..steps.len().max(3) - 1].windows(2).all(is_next);
    interval >= SHORTEST_INTERVAL && (interval - 1..=interval).contains(&first) && is_regular
}

impl Curves<'_> {
    /// Removes training curves whose steps are batches while those of the validation are epochs: a value by batch is none of
    /// the epoch of that number.
    pub(super) fn leave_out_batches(&mut self, notes: &mut Vec<String>) {
        if self.counts_epochs {
            return;
        }
        let validation = self.metrics.iter();
        let validation = validation.filter(|((_, split), _)| *split == Split::Validation);
        let Some(longest) = validation
            .map(|(_, steps)| steps)
            .max_by_key(|steps| steps.len())
        else {
            return;
        };
        let longest = longest.clone();
        self.learning_rate = (self.learning_rate).filter(|steps| !counts_batches(steps, &longest));
        self.metrics.retain(|(metric, split), steps| {
            let is_other = *split == Split::Train && counts_batches(steps, &longest);
            if is_other {
                notes.push(format!(
                    "{} is not shown: it has {}, the validation {}, so it was logged by batch",
                    metric.label(*split),
                    counted(steps.len(), "step"),
                    longest.len()
                ));
            }
            !is_other
        });
    }

    /// Whether all validation curves have so few of the steps that these are rather batches.
    pub(super) fn is_validated_rarely(&self) -> bool {
        let validation = self.metrics.iter();
        let mut validation = validation.filter(|((_, split), _)| *split == Split::Validation);
        !self.counts_epochs
            && validation.clone().next().is_some()
            && validation.all(|(_, steps)| is_rare(steps))
    }

    /// Whether the steps may be batches as well as epochs, since there is a validation at every few of them only.
    pub(super) fn is_validated_at_intervals(&self) -> bool {
        let validation = self.metrics.iter();
        let mut validation = validation.filter(|((_, split), _)| *split == Split::Validation);
        !self.counts_epochs
            && validation.clone().next().is_some()
            && validation.all(|(_, steps)| is_at_intervals(steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_beside_epochs() {
        let steps = |range: std::ops::Range<i64>| -> Steps { range.map(|i| (i, 0.0)).collect() };
        assert!(counts_batches(&steps(0..100), &steps(0..4)));
        assert!(counts_batches(&steps(1..101), &steps(1..5)));
        assert!(counts_batches(&steps(0..30), &steps(0..1)));
        // The last epoch is not validated yet, or not every epoch is.
        assert!(!counts_batches(&steps(0..5), &steps(0..4)));
        assert!(!counts_batches(&steps(0..5), &steps(0..1)));
        let every = |n: i64| -> Steps { (0..4).map(|i| (n * (i + 1) - 1, 0.0)).collect() };
        assert!(!counts_batches(&steps(0..8), &every(2)));
        assert!(is_rare(&every(25)) && !is_rare(&every(2)) && !is_rare(&steps(0..1)));
        assert!(is_at_intervals(&every(8)) && !is_at_intervals(&every(2)));
        let from_zero: Steps = (0..4).map(|i| (5 * i, 0.0)).collect();
        assert!(!is_at_intervals(&from_zero) && !is_at_intervals(&steps(0..1)));
    }
}
