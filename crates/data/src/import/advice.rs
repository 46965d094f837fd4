//! Advice about windows, given before anyone trains with them.

mod far;
mod hours;

use std::collections::HashSet;

pub(super) use self::far::far_recordings;
pub(super) use self::hours::own_hours;
use super::report::RecordingReport;
use crate::loudness::{SplitLevels, louder, loudness, median};
use crate::recording::{NANOS, is_slower};

/// The splits in sentences.
const NAMES: [&str; 3] = ["split train", "split val", "split test"];
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
        let [train, val, test] = [0, 1, 2].map(|split| self.levels(splits, split));
        let mut advice = louder(&train, &[val, test]);
        advice.extend(self.same_minutes(splits));
        advice
    }

    /// The median loudness of a split, by channel.
    fn levels(&self, splits: &[Option<usize>], split: usize) -> SplitLevels<'static> {
        let of_split =
            |(i, assigned): (usize, &Option<usize>)| (*assigned == Some(split)).then_some(i);
        let windows: Vec<usize> = splits.iter().enumerate().filter_map(of_split).collect();
        let median = |channel| {
            median(
                windows
                    .iter()
                    .filter_map(|i| self.level(*i, channel))
                    .collect(),
            )
        };
        SplitLevels {
            name: NAMES[split],
            channels: (0..self.channels).map(median).collect(),
        }
    }

    /// The loudness of a channel of a window.
    fn level(&self, window: usize, channel: usize) -> Option<f32> {
        self.loudness.get(window * self.channels + channel).copied()
    }

    fn same_minutes(&self, splits: &[Option<usize>]) -> Option<String> {
        let of = |split: usize| {
            let windows = splits.iter().zip(&self.minutes);
            windows.filter_map(move |(assigned, minute)| {
                (*assigned == Some(split)).then_some(*minute)?
            })
        };
        // What the network learns from, or is chosen by, for each split that judges it.
        let told = |(judge, known): (usize, usize)| {
            let minutes: HashSet<(u32, i64)> = of(known).collect();
            let all = of(judge).count();
            let shared = of(judge).filter(|minute| minutes.contains(minute)).count();
            let is_told = shared as f64 >= SAME_MINUTES * all as f64 && shared > 0;
            is_told.then(|| {
                (
                    format!("{shared} of {all} windows of {}", NAMES[judge]),
                    known,
                )
            })
        };
        let by_training = [(1, 0), (2, 0)].into_iter().filter_map(told);
        let mut found: Vec<(String, usize)> = by_training.collect();
        if found.is_empty() {
            found.extend(told((2, 1)));
        }
        let known = NAMES[found.first()?.1];
        let shared: Vec<String> = found.into_iter().map(|(windows, _)| windows).collect();
        Some(format!(
            "{} are from minutes that {known} has windows of: scores may tell how well those minutes are known",
            shared.join(" and ")
        ))
    }
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
