//! Channels of different sampling rates, brought to one.

use super::Stretch;
use crate::error::recording::RatesDiffer;
use crate::recording::{NANOS, Note, Remark, Trace, is_slower};
use crate::signal::{Ratio, resample};

/// Time in which channels have different rates.
#[derive(Debug)]
pub(super) struct MixedRates {
    pub seconds: f64,
    /// The first such rates.
    pub rates: RatesDiffer,
    /// The lowest rate, in samples per second, and its channel.
    lowest: (f64, String),
}

impl MixedRates {
    /// Adds the time from `start` to `end`, in which `traces` differ by `rates`.
    pub fn add(apart: &mut Option<Self>, rates: RatesDiffer, traces: &[&Trace], time: (i64, i64)) {
        let apart = apart.get_or_insert(Self {
            seconds: 0.0,
            rates,
            lowest: (f64::INFINITY, String::new()),
        });
        apart.seconds += time.1.saturating_sub(time.0) as f64 / NANOS;
        for trace in traces {
            if trace.rate < apart.lowest.0 {
                apart.lowest = (trace.rate, trace.channel.clone());
            }
        }
    }

    /// A note on channels that were resampled to `rate`. If a channel was recorded at a lower rate, the note is a
    /// warning, since the channel lacks high frequencies.
    pub fn note(&self, rate: f64) -> Note {
        let text = format!(
            "{:.3} s are resampled to {rate} Hz by channel, as {}",
            self.seconds, self.rates
        );
        let (lowest, channel) = &self.lowest;
        if !is_slower(*lowest, rate) {
            return Remark::Resampled(text).into();
        }
        let highest = lowest / 2.0;
        format!("{text}; channel `{channel}` has nothing above {highest} Hz").into()
    }
}

/// Start of a stretch of `traces`, not before `start`: a sample of the slowest trace. The nearest samples of the others
/// are at most half of their sampling intervals away.
fn begin(traces: &[&Trace], start: i64) -> i64 {
    let slowest = traces.iter().min_by(|a, b| a.rate.total_cmp(&b.rate));
    slowest.map_or(start, |trace| first_sample(trace.start, trace.rate, start))
}

/// Time of the first sample at or after `time` of samples at `rate` from `start` on, but for rounding.
fn first_sample(start: i64, rate: f64, time: i64) -> i64 {
    let index = time.saturating_sub(start) as f64 * rate / NANOS;
    let index = (index - 1e-3).ceil().max(0.0);
    start.saturating_add((index / rate * NANOS).round() as i64)
}

/// The samples of `traces` from `start` to `end`, resampled to `rate`; `None` if the rates are too far apart.
pub(super) fn resampled(traces: &[&Trace], start: i64, end: i64, rate: f64) -> Option<Stretch> {
    let start = begin(traces, start);
    let channels = traces.iter().map(|trace| {
        let ratio = Ratio::of_rates(trace.rate, rate).ok()?;
        Some(resample(super::cut(trace, start, end), ratio))
    });
    let mut channels = channels.collect::<Option<Vec<Vec<f64>>>>()?;
    let shortest = channels.iter().map(Vec::len).min().unwrap_or(0);
    channels
        .iter_mut()
        .for_each(|channel| channel.truncate(shortest));
    Some(Stretch {
        start,
        rate,
        channels,
    })
}
