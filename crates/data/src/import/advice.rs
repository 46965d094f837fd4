//! Advice about windows, given before anyone trains with them.

use std::collections::HashSet;

use super::SPLITS;
use super::report::RecordingReport;
use crate::recording::{NANOS, is_slower};

/// Ratio of loudness between splits above which it is reported.
const LOUDER: f32 = 10.0;
/// Fraction of a split's windows from the same minutes as training windows, above which it is reported.
const SAME_MINUTES: f64 = 0.1;
/// Windows quieter than this fraction of their recording's usual window are silent.
const SILENT: f32 = 1e-4;

/// Properties of the windows in the spool.
#[derive(Debug, Default)]
pub(super) struct Traits {
    /// Standard deviations of the channels of every window, concatenated.
    loudness: Vec<f32>,
    channels: usize,
    /// The minute and the clock of every window; `None` if times are unknown.
    minutes: Vec<Option<(u32, i64)>>,
}

impl Traits {
    /// Records a window of `channels` concatenated channels.
    pub fn add(&mut self, values: &[f32], channels: usize, minute: Option<(u32, i64)>) {
        self.channels = channels.max(1);
        self.loudness.extend(loudness(values, self.channels));
        self.minutes.push(minute);
    }

    /// Advice about windows in `splits`, which is `None` for windows that are left out.
    pub fn advice(&self, splits: &[Option<usize>]) -> Vec<String> {
        let mut advice = Vec::new();
        for channel in 0..self.channels {
            advice.extend(self.louder(splits, channel));
        }
        advice.extend(self.same_minutes(splits));
        advice
    }

    fn louder(&self, splits: &[Option<usize>], channel: usize) -> Option<String> {
        let usual = |split: usize| {
            let windows = splits
                .iter()
                .enumerate()
                .filter(|(_, assigned)| **assigned == Some(split));
            let at = |i: usize| self.loudness.get(i * self.channels + channel).copied();
            median(windows.filter_map(|(i, _)| at(i)).collect())
        };
        let train = usual(0).filter(|train| *train > 0.0)?;
        let other = |split: usize| Some((split, usual(split)? / train));
        let far = |(_, times): &(usize, f32)| *times > LOUDER || *times < 1.0 / LOUDER;
        let (split, times) = [1, 2].into_iter().filter_map(other).find(far)?;
        let (size, word) = if times > 1.0 {
            (times, "louder")
        } else {
            (1.0 / times, "quieter")
        };
        Some(format!(
            "channel {} of {} is {size:.0} times {word} in split {} than in split train (median standard deviation): \
             another gain or unit?",
            channel + 1,
            self.channels,
            SPLITS[split]
        ))
    }

    fn same_minutes(&self, splits: &[Option<usize>]) -> Option<String> {
        let of = |split: usize| {
            let windows = splits.iter().zip(&self.minutes);
            windows.filter_map(move |(assigned, minute)| {
                (*assigned == Some(split)).then_some(*minute)?
            })
        };
        let train: HashSet<(u32, i64)> = of(0).collect();
        let shared = [1, 2].map(|split| {
            let all = of(split).count();
            (
                split,
                of(split).filter(|minute| train.contains(minute)).count(),
                all,
            )
        });
        let most = |(_, shared, all): &&(usize, usize, usize)| {
            *shared as f64 >= SAME_MINUTES * *all as f64 && *shared > 0
        };
        let told: Vec<String> = shared
            .iter()
            .filter(most)
            .map(|(split, shared, all)| {
                format!("{shared} of {all} windows of split {}", SPLITS[*split])
            })
            .collect();
        (!told.is_empty()).then(|| {
            format!(
                "{} are from minutes that split train has windows of: scores may tell how well those minutes are known",
                told.join(" and ")
            )
        })
    }
}

/// Standard deviations of concatenated channels.
fn loudness(values: &[f32], channels: usize) -> impl Iterator<Item = f32> {
    values
        .chunks((values.len() / channels).max(1))
        .take(channels)
        .map(|channel| {
            let n = channel.len() as f64;
            let mean = channel.iter().map(|value| f64::from(*value)).sum::<f64>() / n;
            let squares = channel
                .iter()
                .map(|value| (f64::from(*value) - mean).powi(2));
            (squares.sum::<f64>() / n).sqrt() as f32
        })
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

/// The minute in which a window begins at `nanos`, and its clock: the common one if the time has a date, otherwise that
/// of the `recording`.
pub(super) fn minute(nanos: i64, recording: usize) -> (u32, i64) {
    // Recordings without a date begin at 0.
    let dated = nanos.unsigned_abs() as f64 > 30.0 * 86400.0 * NANOS;
    let clock = if dated { 0 } else { 1 + recording as u32 };
    (clock, nanos.div_euclid(60_000_000_000))
}

/// Counts windows by class, and those that are silent: constant, or far quieter than the usual window.
pub(super) fn silent<'a>(
    windows: impl Iterator<Item = (usize, &'a [f32])>,
    channels: usize,
    classes: usize,
) -> Vec<(usize, usize)> {
    let loudest = |values: &[f32]| loudness(values, channels.max(1)).fold(0.0, f32::max);
    let all: Vec<(usize, f32)> = windows
        .map(|(class, values)| (class, loudest(values)))
        .collect();
    let usual = median(all.iter().map(|(_, loudness)| *loudness).collect()).unwrap_or(0.0);
    let mut counts = vec![(0, 0); classes];
    for (class, loudness) in all {
        counts[class].0 += 1;
        counts[class].1 += usize::from(loudness <= SILENT * usual);
    }
    counts
}

/// Reports classes that occur in only one of several recordings with windows.
pub(super) fn lonely(classes: &[String], recordings: &[RecordingReport]) -> Vec<String> {
    let windows =
        |recording: &RecordingReport, class: usize| recording.classes[class].counts.windows;
    let there = |recording: &&RecordingReport| {
        recording.traces.is_some() || (0..classes.len()).any(|class| windows(recording, class) > 0)
    };
    if recordings.iter().filter(there).count() < 2 {
        return Vec::new();
    }
    let lonely = classes.iter().enumerate().filter_map(|(class, name)| {
        let mut with = recordings.iter().filter(|recording| windows(recording, class) > 0);
        let (only, more) = (with.next()?, with.next());
        // A file with many traces counts as many recordings.
        (more.is_none() && only.traces.is_none()).then(|| {
            format!(
                "class `{name}` is in one recording alone, {}: what is learnt of it may be that recording",
                only.name
            )
        })
    });
    lonely.collect()
}

/// Reports recordings at a lower rate than `rate`, the rate of the windows: resampled, they have no signal above half of
/// their own rate.
pub(super) fn slower(rate: f64, classes: &[String], recordings: &[RecordingReport]) -> Vec<String> {
    let own_rate = |recording: &RecordingReport| {
        let rates = recording.channels.iter().flat_map(|channel| &channel.rates);
        // A rate that is given for a file which stores another does not count.
        let lowest = rates.copied().reduce(f64::min);
        lowest.or(recording.rate_given).unwrap_or(f64::INFINITY)
    };
    let is_slow = |recording: &RecordingReport| is_slower(own_rate(recording), rate);
    let counted = |recording: &&RecordingReport| {
        recording
            .classes
            .iter()
            .any(|class| class.counts.windows > 0)
    };
    let all: Vec<&RecordingReport> = recordings.iter().filter(counted).collect();
    let slow: Vec<&RecordingReport> = all
        .iter()
        .copied()
        .filter(|recording| is_slow(recording))
        .collect();
    let Some(slowest) = slow
        .iter()
        .min_by(|a, b| own_rate(a).total_cmp(&own_rate(b)))
    else {
        return Vec::new();
    };
    let lowest = own_rate(slowest);
    let mut advice = vec![format!(
        "{} of {} recordings have a lower rate than `sampling_rate: {rate}`, such as {} with {lowest} Hz, and so nothing above {} \
         Hz: choose a lower `sampling_rate`",
        slow.len(),
        all.len(),
        slowest.name,
        lowest / 2.0
    )];
    let has =
        |recording: &RecordingReport, class: usize| recording.classes[class].counts.windows > 0;
    let told = classes.iter().enumerate().filter(|(class, _)| {
        let mut with = all
            .iter()
            .filter(|recording| has(recording, *class))
            .peekable();
        with.peek().is_some() && with.all(|recording| is_slow(recording))
    });
    let told: Vec<String> = told.map(|(_, name)| format!("`{name}`")).collect();
    if !told.is_empty() && slow.len() < all.len() && told.len() < classes.len() {
        advice.push(format!(
            "all recordings of class {} have such a lower rate: the rate alone tells it from other classes",
            told.join(" and of class ")
        ));
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::super::report::{ChannelReport, ClassReport};
    use super::*;

    #[test]
    fn recordings_at_a_lower_rate() {
        let classes = ["quiet".to_owned(), "car".to_owned()];
        let recording = |name: &str, rate: f64, class: usize| {
            let mut report = RecordingReport {
                name: name.into(),
                channels: vec![ChannelReport {
                    rates: vec![rate],
                    ..Default::default()
                }],
                classes: vec![ClassReport::default(); 2],
                ..Default::default()
            };
            report.classes[class].counts.windows = 3;
            report
        };
        let usual = [recording("a", 200.0, 0), recording("b", 400.0, 1)];
        assert!(slower(200.0, &classes, &usual).is_empty());
        let mixed = [recording("a", 100.0, 0), recording("b", 200.0, 1)];
        assert_eq!(
            slower(200.0, &classes, &mixed),
            [
                "1 of 2 recordings have a lower rate than `sampling_rate: 200`, such as a with 100 Hz, and so nothing above 50 \
                 Hz: choose a lower `sampling_rate`",
                "all recordings of class `quiet` have such a lower rate: the rate alone tells it from other classes",
            ]
        );
        // Nothing of interest is missing.
        let near = [recording("a", 197.0, 0), recording("b", 200.0, 1)];
        assert!(slower(200.0, &classes, &near).is_empty());
        // Without other recordings, the rate tells nothing.
        let slow = [recording("a", 100.0, 0), recording("b", 100.0, 1)];
        assert_eq!(slower(200.0, &classes, &slow).len(), 1);
    }

    fn wave(size: f32) -> Vec<f32> {
        (0..16)
            .map(|i| if i % 2 == 0 { size } else { -size })
            .collect()
    }

    #[test]
    fn amplitudes_and_minutes_of_splits() {
        let mut traits = Traits::default();
        for i in 0..9 {
            let size = if i < 6 { 1.0 } else { 25.0 };
            let window = [wave(1.0), wave(size)].concat();
            traits.add(&window, 2, Some(minute(i64::from(i) * 30_000_000_000, 0)));
        }
        let splits: Vec<Option<usize>> = (0..9).map(|i| Some(i / 5)).collect();
        let advice = traits.advice(&splits);
        assert_eq!(advice.len(), 2, "{advice:?}");
        assert!(
            advice[0].contains("channel 2 of 2 is 25 times louder in split val"),
            "{advice:?}"
        );
        assert!(
            advice[1].contains("1 of 4 windows of split val"),
            "{advice:?}"
        );
        // No advice for windows that are similar but minutes apart.
        let mut traits = Traits::default();
        (0..9).for_each(|i| traits.add(&wave(1.0), 1, Some(minute(i * 60_000_000_000, 0))));
        assert!(traits.advice(&splits).is_empty());
        // Relative times in two recordings come from different clocks.
        assert_ne!(minute(0, 0), minute(0, 1));
        assert_eq!(minute(i64::MAX / 2, 0), minute(i64::MAX / 2, 1));
    }

    #[test]
    fn silent_windows_by_class() {
        let windows = [
            (0, wave(1.0)),
            (0, wave(0.5)),
            (1, wave(1e-6)),
            (1, vec![7.0; 16]),
        ];
        let windows = windows
            .iter()
            .map(|(class, values)| (*class, values.as_slice()));
        assert_eq!(silent(windows, 1, 2), [(2, 0), (2, 2)]);
    }
}
