//! Channels with the same samples, as of one sensor that is connected or written twice.

use std::collections::BTreeMap;

use crate::recording::Trace;

/// Minimum number of samples of channels that are compared.
const FEWEST: usize = 100;
/// Minimum number of times that their samples change: switches may be equal by chance.
const CHANGES: usize = 16;
/// Samples by which channels that may be equal are found.
const LOOKED_AT: usize = 16;
/// Channels that a note names.
const NAMED: usize = 4;

/// Notes on channels with the same samples, and the number of the first of them.
pub(crate) fn notes(channels: &[(&str, Vec<&Trace>)]) -> Vec<(usize, String)> {
    let mut alike: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
    for (number, (_, traces)) in channels.iter().enumerate() {
        if let Some(key) = key(traces) {
            alike.entry(key).or_default().push(number);
        }
    }
    let mut notes = Vec::new();
    for mut rest in alike.into_values() {
        while rest.len() > 1 {
            let first = &channels[rest[0]].1;
            let (equal, others) = rest
                .iter()
                .copied()
                .partition::<Vec<_>, _>(|other| are_equal(first, &channels[*other].1));
            if equal.len() > 1 && changes(first) {
                notes.push((
                    equal[0],
                    note(equal.iter().map(|number| channels[*number].0).collect()),
                ));
            }
            rest = others;
        }
    }
    notes.sort();
    notes
}

fn note(names: Vec<&str>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let named: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| format!("`{name}`"))
        .collect();
    let named = match (more, &named[..]) {
        (0, [first @ .., last]) => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {more} more", named.join(", ")),
    };
    format!(
        "channels {named} have the same samples: is one sensor connected or written twice? They tell no more than one"
    )
}

/// What equal channels have in common: lengths, starts, and some samples. `None` for short ones.
fn key(traces: &[&Trace]) -> Option<Vec<u64>> {
    let all: usize = traces.iter().map(|trace| trace.samples.len()).sum();
    let largest = traces.iter().max_by_key(|trace| trace.samples.len())?;
    let step = largest.samples.len().div_ceil(LOOKED_AT).max(1);
    let some = largest.samples.iter().step_by(step);
    let head = [all as u64, traces[0].start as u64, traces[0].rate.to_bits()];
    (all >= FEWEST).then(|| {
        head.into_iter()
            .chain(some.map(|sample| sample.to_bits()))
            .collect()
    })
}

fn are_equal(one: &[&Trace], other: &[&Trace]) -> bool {
    let is_same = |(one, other): (&&Trace, &&Trace)| {
        let samples = || one.samples.iter().zip(&other.samples);
        one.start == other.start
            && one.rate.to_bits() == other.rate.to_bits()
            && one.samples.len() == other.samples.len()
            && samples().all(|(one, other)| one == other || one.is_nan() && other.is_nan())
    };
    one.len() == other.len() && one.iter().zip(other).all(is_same)
}

/// Whether the samples change often enough.
fn changes(traces: &[&Trace]) -> bool {
    let pairs = traces.iter().flat_map(|trace| trace.samples.windows(2));
    // What is missing changes into nothing.
    pairs
        .filter(|pair| pair[0] != pair[1] && pair.iter().all(|value| value.is_finite()))
        .nth(CHANGES - 1)
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_that_are_one() {
        let trace = |samples: &dyn Fn(u32) -> f64, start: i64| Trace {
            channel: "Z".into(),
            start,
            rate: 100.0,
            samples: (0..200).map(samples).collect(),
        };
        let wave = |i: u32| f64::from(i * 37 % 101);
        let all = [
            trace(&wave, 0),
            trace(&|i| if i == 150 { 0.5 } else { wave(i) }, 0),
            trace(&wave, 0),
            trace(&|_| 0.0, 0),
            trace(&|_| 0.0, 0),
            trace(&|i| f64::from(i / 100), 0),
            trace(&|i| f64::from(i / 100), 0),
            trace(&wave, 10_000_000),
        ];
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let channels: Vec<(&str, Vec<&Trace>)> = names
            .into_iter()
            .zip(&all)
            .map(|(name, trace)| (name, vec![trace]))
            .collect();
        let said = notes(&channels);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].0 == 0
                && said[0]
                    .1
                    .starts_with("channels `a` and `c` have the same samples"),
            "{said:?}"
        );
        let six: Vec<(&str, Vec<&Trace>)> = (0..6).map(|_| ("x", vec![&all[0]])).collect();
        let said = notes(&six);
        assert!(
            said[0]
                .1
                .starts_with("channels `x`, `x`, `x`, `x` and 2 more have"),
            "{said:?}"
        );
        // Missing samples are equal; other parts are not.
        let holes = |i: u32| {
            if i.is_multiple_of(9) {
                f64::NAN
            } else {
                wave(i)
            }
        };
        let pair = [trace(&holes, 0), trace(&holes, 0)];
        assert_eq!(
            notes(&[("x", vec![&pair[0]]), ("y", vec![&pair[1]])]).len(),
            1
        );
        assert_eq!(
            notes(&[("x", vec![&pair[0], &pair[1]]), ("y", vec![&pair[1]])]),
            []
        );
        let nothing = [trace(&|_| f64::NAN, 0), trace(&|_| f64::NAN, 0)];
        assert_eq!(
            notes(&[("x", vec![&nothing[0]]), ("y", vec![&nothing[1]])]),
            []
        );
    }
}
