//! Scores are fractions from 0 to 1.

use std::borrow::Cow;

use super::Curve;
use crate::catalogue::Metric;
use crate::catalogue::tags::is_percent;
use crate::event_files::Steps;

/// The values of a tag that says that they are percentages, as fractions.
pub(super) fn as_fractions<'a>(tag: &str, steps: &'a Steps) -> Cow<'a, Steps> {
    if !is_percent(tag) {
        return Cow::Borrowed(steps);
    }
    let fractions = steps.iter().map(|(step, value)| (*step, value / 100.0));
    Cow::Owned(fractions.collect())
}

/// A note on scores that are no fractions.
pub(super) fn beyond_scores(metric: Metric, curve: &Curve<'_>) -> Option<String> {
    let first = curve.steps.values().find(|value| !is_fraction(**value))?;
    (metric != Metric::Loss).then(|| {
        format!(
            "{} has {first}, which is no fraction: if it has percentages, say so in its name, such as `{} (%)`",
            curve.place, curve.tag
        )
    })
}

/// How far float32 may be from 0 or 1.
const TOLERANCE: f64 = 1e-6;

/// Whether a value may be that of a score; NaN is that of an epoch without one.
pub(super) fn is_fraction(value: f64) -> bool {
    !value.is_finite() || (-TOLERANCE..=1.0 + TOLERANCE).contains(&value)
}
