//! Files without dates that have different samples for the same time.

use std::collections::BTreeMap;
use std::path::Path;

use super::{NANOS, Trace, UNIX, same_rate};

/// Samples that a file may begin early: its measured rate, and so its end, is uncertain.
const TOLERATED: f64 = 1.5;

/// Two files that cannot belong together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FileOverlap<'a> {
    /// The files; the first one has the earlier samples.
    pub files: [&'a Path; 2],
    /// Seconds that both have.
    pub seconds: f64,
}

/// The first two files without dates among those of one channel that have different samples for the same time: nothing says
/// that they belong together, and only the samples of one would be used. `start` is the time that was given for their first
/// samples.
pub fn overlapping_files<'a>(
    traces: impl Iterator<Item = (&'a Path, &'a Trace)>,
    start: Option<i64>,
) -> Option<FileOverlap<'a>> {
    let mut order = relative(traces.collect(), start);
    order.sort_by_key(|(_, trace)| trace.start);
    let mut before: Vec<(&Path, &Trace)> = Vec::new();
    for (file, trace) in order {
        before.retain(|(_, other)| other.end() > trace.start);
        for (other_file, other) in before.iter().filter(|(other, _)| *other != file) {
            if let Some(seconds) = conflict(other, trace) {
                let files = [*other_file, file];
                return Some(FileOverlap { files, seconds });
            }
        }
        before.push((file, trace));
    }
    None
}

/// The traces whose times count from the start of their files, or from the start that was given.
fn relative<'a>(
    traces: Vec<(&'a Path, &'a Trace)>,
    given: Option<i64>,
) -> Vec<(&'a Path, &'a Trace)> {
    let mut starts: BTreeMap<&Path, i64> = BTreeMap::new();
    for (file, trace) in &traces {
        let start = starts.entry(file).or_insert(i64::MAX);
        *start = trace.start.min(*start);
    }
    let is_relative = |(file, trace): &(&Path, &Trace)| {
        let is_given = given.is_some_and(|given| given.abs_diff(starts[file]) <= NANOS as u64);
        is_given || (trace.start as f64).abs() < UNIX * NANOS
    };
    let there = |pair: &(&Path, &Trace)| !pair.1.samples.is_empty() && is_relative(pair);
    traces.into_iter().filter(there).collect()
}

/// Seconds that `one` and `next`, which begins later, both have, if their samples differ.
fn conflict(one: &Trace, next: &Trace) -> Option<f64> {
    let seconds = one.end().min(next.end()).saturating_sub(next.start) as f64 / NANOS;
    if seconds * one.rate.max(next.rate) <= TOLERATED {
        return None;
    }
    let shift = next.start.saturating_sub(one.start) as f64 / NANOS * one.rate;
    let rest = one.samples.get(shift.round() as usize..).unwrap_or(&[]);
    let differ = |(one, next): (&f64, &f64)| one != next && !(one.is_nan() && next.is_nan());
    let differ = !same_rate(one.rate, next.rate) || rest.iter().zip(&next.samples).any(differ);
    differ.then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(start: f64, samples: &[f64]) -> Trace {
        Trace {
            channel: "Z".into(),
            start: (start * NANOS) as i64,
            rate: 10.0,
            samples: samples.to_vec(),
        }
    }

    #[test]
    fn only_different_samples_without_dates_contradict() {
        let one: Vec<f64> = (0..50).map(f64::from).collect();
        let other: Vec<f64> = one.iter().map(|value| value + 1.0).collect();
        let (a, b) = (Path::new("a"), Path::new("b"));
        let check = |first: &Trace, second: &Trace, start: Option<i64>| {
            let found = overlapping_files([(a, first), (b, second)].into_iter(), start);
            found.map(|found| (found.files.map(Path::to_path_buf), found.seconds))
        };
        let names = |names: [&str; 2]| names.map(std::path::PathBuf::from);
        let first = trace(0.0, &one);
        assert_eq!(
            check(&first, &trace(0.0, &other), None),
            Some((names(["a", "b"]), 5.0))
        );
        assert_eq!(
            check(&trace(3.0, &other), &first, None),
            Some((names(["b", "a"]), 2.0))
        );
        // Copies, parts of the same, and files that follow each other.
        assert_eq!(check(&first, &trace(0.0, &one), None), None);
        assert_eq!(check(&first, &trace(1.0, &one[10..]), None), None);
        assert_eq!(check(&first, &trace(5.0, &other), None), None);
        assert_eq!(check(&first, &trace(4.9, &other), None), None);
        // Dates tell what belongs where, unless they were given.
        let [dated, second] = [&one, &other].map(|samples| trace(1.7e9, samples));
        assert_eq!(check(&dated, &second, None), None);
        assert!(check(&dated, &second, Some(dated.start)).is_some());
        assert_eq!(
            overlapping_files([(a, &first), (a, &first)].into_iter(), None),
            None
        );
    }
}
