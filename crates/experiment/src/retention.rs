//! Which experiments a policy keeps: a pure function. `experiment gc` shows its plan and carries it out.

use std::collections::BTreeMap;

use crate::catalogue::Direction;

/// What to keep. An experiment that nothing here keeps may go.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RetentionPolicy {
    /// The best of every network, so many.
    pub best: Option<usize>,
    /// The newest, so many.
    pub newest: Option<usize>,
    /// Those younger than this, in seconds.
    pub younger_than_s: Option<f64>,
}

/// What the policy looks at, of one experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    /// The network.
    pub model: String,
    /// What says which is best; none where it is not known.
    pub score: Option<f64>,
    /// Age in seconds; none where it is not known.
    pub age_s: Option<f64>,
    /// Whether its user tagged it `keep`.
    pub tagged: bool,
}

/// Why an experiment is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Its user tagged it.
    Tagged,
    /// It is one of the newest.
    Newest,
    /// It is one of the best of its network.
    Best,
    /// It is young, or its age is not known.
    Young,
}

impl RetentionPolicy {
    /// Why each experiment, oldest first, is kept; none for those that may go.
    pub fn plan(&self, candidates: &[Candidate], direction: Direction) -> Vec<Option<Kept>> {
        let mut plan: Vec<Option<Kept>> = candidates.iter().map(|one| self.alone(one)).collect();
        let mut keep = |i: usize, why| {
            plan[i].get_or_insert(why);
        };
        let newest = self.newest.unwrap_or(0);
        (0..candidates.len())
            .rev()
            .take(newest)
            .for_each(|i| keep(i, Kept::Newest));
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
            best.for_each(|(i, _)| keep(*i, Kept::Best));
        }
        plan
    }

    /// Why an experiment is kept, whatever the others are.
    fn alone(&self, candidate: &Candidate) -> Option<Kept> {
        if candidate.tagged {
            return Some(Kept::Tagged);
        }
        let limit = self.younger_than_s?;
        // One whose age nobody knows is not older than anything.
        let young = candidate.age_s.is_none_or(|age| age < limit);
        young.then_some(Kept::Young)
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
        use Kept::{Best, Newest, Tagged, Young};
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
