//! Retention as a pure function from policy to plan. `experiment gc` shows the plan and carries it out.

use std::collections::BTreeMap;

use crate::catalogue::Direction;

/// What to keep. An experiment that no rule keeps may be deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RetentionPolicy {
    /// Keep this many best of each network.
    pub best: Option<usize>,
    /// Keep this many newest.
    pub newest: Option<usize>,
    /// Keep those younger than this many seconds.
    pub younger_than_s: Option<f64>,
}

/// The properties of an experiment that a policy uses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    /// The network.
    pub model: String,
    /// Value that ranks experiments, if known.
    pub score: Option<f64>,
    /// Age in seconds, if known.
    pub age_s: Option<f64>,
    /// Whether it is tagged `keep`.
    pub tagged: bool,
}

/// Why an experiment is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepReason {
    /// It is tagged `keep`.
    Tagged,
    /// It is among the newest.
    Newest,
    /// It is among the best of its network.
    Best,
    /// It is young enough, or its age is unknown.
    Young,
}

impl RetentionPolicy {
    /// The reason to keep each experiment, oldest first; `None` for those that may be deleted.
    pub fn plan(&self, candidates: &[Candidate], direction: Direction) -> Vec<Option<KeepReason>> {
        let mut plan: Vec<Option<KeepReason>> = candidates
            .iter()
            .map(|one| self.unconditional(one))
            .collect();
        let mut keep = |i: usize, why| {
            plan[i].get_or_insert(why);
        };
        let newest = self.newest.unwrap_or(0);
        (0..candidates.len())
            .rev()
            .take(newest)
            .for_each(|i| keep(i, KeepReason::Newest));
        let mut models: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
        for (i, one) in candidates.iter().enumerate() {
            let ranked = models.entry(&one.model).or_default();
            ranked.extend(
                one.score
                    .filter(|score| !score.is_nan())
                    .map(|score| (i, score)),
            );
        }
        for mut ranked in models.into_values() {
            ranked.sort_by(|(_, a), (_, b)| direction.rank(*a, *b));
            let best = ranked.iter().take(self.best.unwrap_or(0));
            best.for_each(|(i, _)| keep(*i, KeepReason::Best));
        }
        plan
    }

    /// A reason that does not depend on other experiments.
    fn unconditional(&self, candidate: &Candidate) -> Option<KeepReason> {
        if candidate.tagged {
            return Some(KeepReason::Tagged);
        }
        let limit = self.younger_than_s?;
        // An unknown age counts as young.
        let young = candidate.age_s.is_none_or(|age| age < limit);
        young.then_some(KeepReason::Young)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates() -> Vec<Candidate> {
        let one = |model: &str, score: Option<f64>, age_s: Option<f64>, tagged| Candidate {
            model: model.into(),
            score,
            age_s,
            tagged,
        };
        vec![
            one("a", Some(0.9), Some(400.0), false),
            one("a", Some(0.8), Some(300.0), true),
            one("b", None, None, false),
            one("b", Some(0.1), Some(100.0), false),
            one("a", Some(f64::NAN), Some(50.0), false),
        ]
    }

    #[test]
    fn policies() {
        use KeepReason::{Best, Newest, Tagged, Young};
        let policy = |best, newest, younger_than_s| RetentionPolicy {
            best,
            newest,
            younger_than_s,
        };
        for (policy, direction, expected) in [
            (
                policy(None, None, None),
                Direction::Higher,
                [None, Some(Tagged), None, None, None],
            ),
            (
                policy(Some(1), None, None),
                Direction::Higher,
                [Some(Best), Some(Tagged), None, Some(Best), None],
            ),
            (
                policy(Some(1), None, None),
                Direction::Lower,
                [None, Some(Tagged), None, Some(Best), None],
            ),
            (
                policy(Some(9), None, None),
                Direction::Lower,
                [Some(Best), Some(Tagged), None, Some(Best), None],
            ),
            (
                policy(None, Some(1), None),
                Direction::Higher,
                [None, Some(Tagged), None, None, Some(Newest)],
            ),
            (
                policy(None, None, Some(100.0)),
                Direction::Higher,
                [None, Some(Tagged), Some(Young), None, Some(Young)],
            ),
        ] {
            assert_eq!(
                policy.plan(&candidates(), direction),
                expected,
                "{policy:?} {direction:?}"
            );
        }
    }
}
