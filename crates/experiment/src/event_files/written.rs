//! The values of a scalar in the order in which they were written.

use std::ops::Deref;

use super::Steps;

/// A scalar by step, and what its order says of other values for the same steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ScalarSteps {
    steps: Steps,
    last: Option<i64>,
    /// A step that was written again after others, and its value: the first of a restart, if more follow.
    again: Option<(i64, f64)>,
    /// Steps that have several values, and the first of these.
    repeated: Steps,
    /// Whether a step had several values in a row.
    is_several: bool,
    restarts: usize,
}

impl Deref for ScalarSteps {
    type Target = Steps;

    fn deref(&self) -> &Steps {
        &self.steps
    }
}

impl ScalarSteps {
    /// Adds a value. If steps that are there already are written again, the scalar starts again, as after a restart, and what it
    /// had from there on is dropped. A single step may also come late, or again.
    pub fn put(&mut self, step: i64, value: f64) {
        let end = self.steps.last_key_value().map_or(step, |(end, _)| *end);
        if let Some((from, again)) = self.again.take()
            && from < step
            && step <= end
        {
            self.restarts += 1;
            self.cut(from);
            self.steps.insert(from, again);
        }
        let known = self.steps.get(&step).copied();
        let last = self.last.replace(step);
        let Some(before) = known else {
            self.steps.insert(step, value);
            return;
        };
        if value != before && !(value.is_nan() && before.is_nan()) {
            self.repeated.entry(step).or_insert(before);
        }
        let is_late = last != Some(step);
        if is_late {
            self.again = Some((step, value));
        } else {
            self.is_several |= self.repeated.contains_key(&step);
        }
        // The best value after the training, without a step, is none of the first one.
        if !is_late || self.steps.keys().next() != Some(&step) {
            self.steps.insert(step, value);
        }
    }

    /// Starts again if `step` was written before the last one, as rows of a table do after a restart.
    pub fn restart_at(&mut self, step: i64) {
        let is_behind = self.last.is_some_and(|last| last > step);
        if is_behind && self.steps.contains_key(&step) {
            self.restarts += 1;
            self.again = None;
            self.cut(step);
        }
    }

    /// Drops the values from a step on.
    pub fn cut(&mut self, step: i64) {
        self.steps.split_off(&step);
        self.repeated.split_off(&step);
    }

    /// Whether a step ever had several values in a row, as of batches.
    pub fn is_several(&self) -> bool {
        self.is_several
    }

    /// How often it started again.
    pub fn restarts(&self) -> usize {
        self.restarts
    }

    /// Steps that have several values, and the first of these; the last is among the others.
    pub fn repeated(&self) -> &Steps {
        &self.repeated
    }

    /// The last value of every step.
    pub fn into_steps(self) -> Steps {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(points: &[(i64, f64)]) -> ScalarSteps {
        let mut curve = ScalarSteps::default();
        points
            .iter()
            .for_each(|(step, value)| curve.put(*step, *value));
        curve
    }

    #[test]
    fn restarts_repetitions_and_late_steps() {
        let curve = written(&[(0, 5.0), (1, 4.0), (2, 3.0), (0, 1.0), (1, 2.0)]);
        assert_eq!(curve.into_steps(), Steps::from([(0, 1.0), (1, 2.0)]));
        let curve = written(&[(0, 5.0), (2, 3.0), (1, 4.0)]);
        assert_eq!((curve.len(), curve.restarts()), (3, 0));
        let curve = written(&[(0, 5.0), (0, 4.0), (0, 3.0), (1, 2.0), (1, 2.0), (2, 1.0)]);
        assert_eq!(curve.repeated(), &Steps::from([(0, 5.0)]));
        assert_eq!(curve[&0], 3.0);
        // One value after the training, at a step of its own choice or without any.
        let points = [(0, 5.0), (1, 4.0), (2, 3.0), (1, 3.5)];
        let curve = written(&points);
        assert_eq!((curve.len(), curve[&1], curve.restarts()), (3, 3.5, 0));
        let curve = written(&[(0, 5.0), (1, 4.0), (2, 3.0), (0, 3.0)]);
        assert_eq!((curve.len(), curve[&0], curve.restarts()), (3, 5.0, 0));
        assert_eq!(curve.repeated(), &Steps::from([(0, 5.0)]));
        let curve = written(&[(0, 5.0), (1, 4.0), (0, 3.0), (2, 1.0)]);
        assert_eq!((curve.len(), curve.restarts()), (3, 0));
        let curve = written(&[(i64::MAX, 5.0), (0, 1.0), (i64::MAX, 4.0), (0, 1.0)]);
        assert_eq!(curve.len(), 2);
        let mut curve = written(&[(0, 5.0), (1, 4.0), (2, 3.0)]);
        curve.restart_at(0);
        curve.put(0, 1.0);
        assert_eq!((curve.len(), curve[&0], curve.restarts()), (1, 1.0, 1));
        let curve = written(&[(0, f64::NAN), (0, f64::NAN)]);
        assert!(curve.repeated().is_empty());
    }
}
