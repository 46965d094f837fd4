//! Cuts windows from one recording.

use std::collections::HashSet;

use crate::recording::{NANOS, Stretch};

/// A labelled interval, with times in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// Class.
    pub label: usize,
    /// Group, which stays in one split.
    pub group: String,
}

/// A window.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// `[channels, samples]`, concatenated.
    pub values: Vec<f32>,
    /// Class.
    pub label: usize,
    /// Group, which stays in one split.
    pub group: String,
    /// Requested start, in nanoseconds.
    pub start: i64,
    /// Time of the first sample, the one nearest to `start`.
    pub first: i64,
}

/// Numbers of windows, and of those that were not cut, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Windows.
    pub windows: usize,
    /// Windows that would contain a gap or the end of the recording.
    pub in_gaps: usize,
    /// Windows that would lie before the start or after the end of the recording.
    pub outside: usize,
    /// Windows with a sample that is in an interval of another class.
    pub contradicting: usize,
    /// Intervals shorter than a window that gave one around their middle.
    pub centred: usize,
    /// Intervals that end where they begin, such as arrivals; also counted elsewhere.
    pub instants: usize,
    /// Intervals shorter than a window that gave none.
    pub too_short: usize,
    /// Windows that another interval of the same class gives, too.
    #[serde(skip_serializing_if = "is_none")]
    pub repeated: usize,
}

/// Whether a number is left out of the report.
fn is_none(count: &usize) -> bool {
    *count == 0
}

impl Counts {
    /// Adds the counts of another recording.
    pub fn add(&mut self, other: &Counts) {
        self.windows += other.windows;
        self.in_gaps += other.in_gaps;
        self.outside = self.outside.saturating_add(other.outside);
        self.contradicting += other.contradicting;
        self.centred += other.centred;
        self.instants += other.instants;
        self.too_short += other.too_short;
        self.repeated += other.repeated;
    }
}

/// Cuts windows of `samples` samples from `stretches`, one every `hop` seconds from the start of each interval. A
/// window lies completely within its interval. With `centre`, an interval shorter than a window gives one window around
/// its middle.
pub fn cut(
    stretches: &[Stretch],
    intervals: &[Interval],
    samples: usize,
    hop: f64,
    centre: bool,
) -> (Vec<Cut>, Counts) {
    let (cuts, each) = cut_each(stretches, intervals, samples, hop, centre);
    let mut counts = Counts::default();
    each.iter().for_each(|of_interval| counts.add(of_interval));
    (cuts, counts)
}

/// Like [`cut`], with the counts of every interval.
pub(super) fn cut_each(
    stretches: &[Stretch],
    intervals: &[Interval],
    samples: usize,
    hop: f64,
    centre: bool,
) -> (Vec<Cut>, Vec<Counts>) {
    let mut cuts = Vec::new();
    let mut each = vec![Counts::default(); intervals.len()];
    let Some(rate) = stretches.first().map(|stretch| stretch.rate) else {
        return (cuts, each);
    };
    let length = (samples as f64 / rate * NANOS).round() as i64;
    // Half a sample: people write intervals in rounded seconds.
    let slack = (0.5 / rate * NANOS) as i64;
    let (begins, ends) = span(stretches);
    let sorted = Sorted::of(intervals);
    // Overlapping labels of one class have some windows in common.
    let mut known = HashSet::new();
    for (number, interval) in intervals.iter().enumerate() {
        let counts = &mut each[number];
        let duration = interval.end.saturating_sub(interval.start);
        counts.instants += usize::from(duration == 0);
        let is_short = duration.saturating_add(slack) < length;
        let starts = if !is_short {
            starts(stretches, interval, (length, slack), hop, counts)
        } else if centre && duration >= 0 {
            vec![interval.start + duration / 2 - length / 2]
        } else {
            counts.too_short += 1;
            continue;
        };
        for start in starts {
            let end = start.saturating_add(length);
            let found = Window::at(stretches, start, samples);
            let found = found.map(|window| {
                if is_short {
                    window
                } else {
                    window.within(interval)
                }
            });
            let mut others = sorted.near(
                start.saturating_sub(2 * slack),
                end.saturating_add(2 * slack),
            );
            let other = others.any(|other| {
                other.label != interval.label
                    && match &found {
                        Some(window) => window.shares_samples(other),
                        None => other.start < end - slack && other.end > start + slack,
                    }
            });
            if other {
                counts.contradicting += 1;
                continue;
            }
            match found {
                Some(window) if !known.insert((interval.label, window.time())) => {
                    counts.repeated += 1;
                }
                Some(window) => {
                    counts.windows += 1;
                    counts.centred += usize::from(is_short);
                    cuts.push(Cut {
                        values: window.values(),
                        label: interval.label,
                        group: interval.group.clone(),
                        start,
                        first: window.time(),
                    });
                }
                None if end <= begins || start >= ends => counts.outside += 1,
                None => counts.in_gaps += 1,
            }
        }
    }
    (cuts, each)
}

/// Intervals in the order of their starts.
struct Sorted<'a> {
    intervals: Vec<&'a Interval>,
    /// The latest end of each interval and those before it.
    ends: Vec<i64>,
}

impl<'a> Sorted<'a> {
    fn of(intervals: &'a [Interval]) -> Self {
        let mut intervals: Vec<&Interval> = intervals.iter().collect();
        intervals.sort_by_key(|interval| interval.start);
        let mut latest = i64::MIN;
        let ends = intervals.iter().map(|interval| {
            latest = latest.max(interval.end);
            latest
        });
        let ends = ends.collect();
        Self { intervals, ends }
    }

    /// The intervals that touch the time from `from` to `to`.
    fn near(&self, from: i64, to: i64) -> impl Iterator<Item = &'a Interval> {
        let candidates = self
            .intervals
            .partition_point(|interval| interval.start <= to);
        let nearby = self.intervals[..candidates].iter().zip(&self.ends).rev();
        let nearby = nearby.take_while(move |(_, latest)| **latest >= from);
        nearby.map(|(interval, _)| *interval)
    }
}

/// A window within a stretch.
#[derive(Clone, Copy)]
struct Window<'a> {
    stretch: &'a Stretch,
    /// Its first sample.
    first: usize,
    samples: usize,
}

/// The sample of a stretch that is nearest to a time.
fn nearest(stretch: &Stretch, time: i64) -> i64 {
    (time.saturating_sub(stretch.start) as f64 / NANOS * stretch.rate).round() as i64
}

impl<'a> Window<'a> {
    /// The window whose first sample is the one nearest to `start`; `None` if some samples are missing.
    fn at(stretches: &'a [Stretch], start: i64, samples: usize) -> Option<Self> {
        stretches.iter().find_map(|stretch| {
            let first = usize::try_from(nearest(stretch, start)).ok()?;
            (first + samples <= stretch.len()).then_some(Self {
                stretch,
                first,
                samples,
            })
        })
    }

    /// The window one sample earlier if its last sample belongs to the next interval only because both times were
    /// rounded.
    fn within(mut self, interval: &Interval) -> Self {
        let begin = nearest(self.stretch, interval.start);
        let end = nearest(self.stretch, interval.end);
        let first = self.first as i64;
        if first + self.samples as i64 == end + 1 && first > begin.max(0) {
            self.first -= 1;
        }
        self
    }

    /// Whether a sample of the window belongs to `other`, as its own windows would have it.
    fn shares_samples(&self, other: &Interval) -> bool {
        let begin = nearest(self.stretch, other.start);
        let end = nearest(self.stretch, other.end).max(begin.saturating_add(1));
        begin < (self.first + self.samples) as i64 && end > self.first as i64
    }

    fn values(&self) -> Vec<f32> {
        let range = self.first..self.first + self.samples;
        let channels = self.stretch.channels.iter();
        let values = channels.flat_map(|channel| channel[range.clone()].iter().map(|v| *v as f32));
        values.collect()
    }

    /// Time of the first sample.
    fn time(&self) -> i64 {
        let after = (self.first as f64 / self.stretch.rate * NANOS).round() as i64;
        self.stretch.start + after
    }
}

/// From the first sample to the end of the last one.
fn span(stretches: &[Stretch]) -> (i64, i64) {
    let begins = stretches.iter().map(|stretch| stretch.start);
    let ends = stretches.iter().map(Stretch::end);
    (begins.min().unwrap_or(0), ends.max().unwrap_or(0))
}

/// Start times of an interval's windows that overlap the recording, for windows of `length` nanoseconds with a
/// tolerance of `slack`. Windows outside, of intervals written as if from 0 to infinity, are only counted.
fn starts(
    stretches: &[Stretch],
    interval: &Interval,
    (length, slack): (i64, i64),
    hop: f64,
    counts: &mut Counts,
) -> Vec<i64> {
    let duration = interval.end.saturating_sub(interval.start);
    let last = (duration.saturating_sub(length - slack) as f64 / NANOS / hop).floor() as usize;
    let (begins, ends) = span(stretches);
    let at = |i: usize| {
        interval
            .start
            .saturating_add((i as f64 * hop * NANOS).round() as i64)
    };
    // A window that overlaps the data by half a sample or less lies outside.
    let before = begins.saturating_sub(length - slack);
    let first = (before.saturating_sub(interval.start) as f64 / NANOS / hop).ceil();
    let first = (first.max(0.0) as usize).min(last.saturating_add(1));
    let found: Vec<i64> = (first..=last)
        .map(at)
        .take_while(|start| *start < ends - slack)
        .collect();
    counts.outside = last.saturating_add(1) - found.len();
    found
}

#[cfg(test)]
mod tests;
