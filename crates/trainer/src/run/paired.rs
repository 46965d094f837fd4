//! Scores of two ways to train on the same windows.

/// By how much of the loss a form with fewer features, or targets from a teacher, may be worse. Standard errors are often ten
/// times that, and what is worse by a standard error in short trials may be clearly worse after whole trainings.
pub const MOST_WORSE: f64 = 0.01;

/// A score of both ways on the validation split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Score of the first and of the second way.
    pub scores: [f64; 2],
    /// Standard error of their difference, over groups.
    pub standard_error: f64,
}

impl Paired {
    /// Whether the second way has a lower score, by more than chance: a one-sided t test over groups at 5 %.
    pub fn is_clear_gain(self, groups: usize) -> bool {
        let gain = self.scores[0] - self.scores[1];
        self.standard_error.is_finite() && gain > critical(groups) * self.standard_error
    }
}

/// Quantile 0.95 of Student's t distribution for the mean of `groups`: a gain of that many standard errors is due to chance
/// once in twenty times.
fn critical(groups: usize) -> f64 {
    const OF_FEW: [f64; 3] = [6.314, 2.920, 2.353];
    match groups {
        0 | 1 => f64::INFINITY,
        2..=4 => OF_FEW[groups - 2],
        // The expansion around the normal distribution.
        _ => {
            let freedom = (groups - 1) as f64;
            1.645 + 1.524 / freedom + 1.420 / freedom.powi(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_tables() {
        for (groups, expected) in [
            (2, 6.314),
            (5, 2.132),
            (11, 1.812),
            (31, 1.697),
            (1000, 1.646),
        ] {
            assert!((critical(groups) / expected - 1.0).abs() < 0.01, "{groups}");
        }
    }
}
