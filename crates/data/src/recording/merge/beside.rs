//! Channels whose samples are shifted against each other: each has its own time grid.

use super::{Stretch, nearest};
use crate::recording::{NANOS, Trace};

/// Time difference, in samples, that needs no note: far from their reference, SAC's times are no more accurate.
const SAME: f64 = 0.02;

/// Stretches with shifted channels.
#[derive(Debug, Default)]
pub(super) struct Shifts {
    stretches: usize,
    samples: usize,
    /// The channel with the largest shift, the shift in samples, and its rate.
    furthest: Option<(String, f64, f64)>,
}

impl Shifts {
    /// Adds a stretch of `traces`.
    pub fn add(&mut self, traces: &[&Trace], stretch: &Stretch) {
        if stretch.is_empty() {
            return;
        }
        let off = |trace: &&Trace| {
            let first = trace.time(nearest(trace, stretch.start));
            first.saturating_sub(stretch.start) as f64 * trace.rate / NANOS
        };
        let furthest = traces.iter().map(|trace| (off(trace), trace));
        let furthest = furthest.max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
        let Some((samples, trace)) = furthest.filter(|(samples, _)| samples.abs() > SAME) else {
            return;
        };
        self.stretches += 1;
        self.samples += stretch.len();
        let before = self
            .furthest
            .as_ref()
            .map_or(0.0, |(_, shift, _)| shift.abs());
        if samples.abs() > before {
            self.furthest = Some((trace.channel.clone(), samples, trace.rate));
        }
    }

    /// A sentence that describes them.
    pub fn note(&self) -> Option<String> {
        let (channel, samples, rate) = self.furthest.as_ref()?;
        Some(format!(
            "channel `{channel}` was sampled up to {:.2} samples ({:.3} ms) {} than the other channels: the nearest \
             samples are taken for simultaneous, {} samples in {} stretch(es)",
            samples.abs(),
            samples.abs() / rate * 1e3,
            if *samples > 0.0 { "later" } else { "earlier" },
            self.samples,
            self.stretches
        ))
    }
}
