//! Samples that lie so far from zero that their signal is lost in windows, which are float32.

use crate::recording::Stretch;

/// Parts of the range of a signal that float32 numbers should tell apart.
const PARTS: f64 = 100.0;

/// How a part of a channel is rounded, if its signal suffers.
struct RoundingLoss {
    low: f64,
    high: f64,
    error: f64,
}

impl RoundingLoss {
    fn of(samples: &[f64]) -> Option<Self> {
        let (mut low, mut high, mut error) = (f64::INFINITY, f64::NEG_INFINITY, 0.0f64);
        for value in samples {
            low = low.min(*value);
            high = high.max(*value);
            error = error.max((value - f64::from(*value as f32)).abs());
        }
        let coarse = Self { low, high, error };
        (high > low && error > (high - low) / PARTS).then_some(coarse)
    }
}

/// A warning of the first of `channels` whose parts of `window` samples are rounded coarsely.
pub(super) fn warning(
    recording: &str,
    channels: &[String],
    (stretches, window): (&[Stretch], usize),
) -> Option<String> {
    let all = channels.iter().enumerate();
    let mut said = all.filter_map(|(at, channel)| {
        let parts = stretches.iter().flat_map(|stretch| stretch.channels[at].chunks_exact(window.max(1)));
        let mut coarse = parts.filter_map(RoundingLoss::of);
        let RoundingLoss { low, high, error } = coarse.next()?;
        Some(format!(
            "{recording}: channel `{channel}`: samples between {low} and {high} are rounded by up to {error}, as windows are float32, \
             in this and {} other parts as long as a window: write `demean` in `preprocessing`",
            coarse.count()
        ))
    });
    said.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_far_from_zero() {
        let said = |offset: f64, size: f64| {
            let value = |i: i32| offset + size * f64::from(i * i % 101);
            let stretch = Stretch {
                start: 0,
                rate: 100.0,
                channels: vec![(0..1000).map(value).collect()],
            };
            warning("day", &["Z".to_owned()], (&[stretch], 100))
        };
        let found = said(1e9, 1.0).unwrap();
        let expected = "day: channel `Z`: samples between 1000000000 and 1000000100 are rounded by up to 32, as windows are float32, \
                        in this and 9 other parts as long as a window";
        assert!(found.starts_with(expected), "{found}");
        assert_eq!(said(1e9, 1000.0), None);
        assert_eq!(said(8e6, 1.0), None);
        assert_eq!(said(0.0, 1.0 / 3.0), None);
    }
}
