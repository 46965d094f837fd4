//! Notes on samples that are finite but may not be measurements: long stretches of one value, values far from all others, and those
//! of signals too strong for a recorder. They are kept and reported, since only the person who recorded them can decide.

mod clipped;
mod equal;
mod glitches;
mod held;
mod wrapped;

use std::collections::BTreeMap;
use std::ops::Range;

use super::gaps::{self, number};
use crate::extremes::{Extremes, FarValue};
use crate::recording::{Trace, format_time};

pub(crate) use equal::notes as equal_channels;

/// Minimum duration of a constant stretch that is reported.
const FLAT_SECONDS: f64 = 20.0;
/// Minimum number of samples of such a stretch.
const FLAT_SAMPLES: usize = 1_000;

/// Notes on the samples of one channel, which are all finite, and have these extremes.
pub(crate) fn notes<'a>(
    channel: &str,
    traces: impl Iterator<Item = &'a Trace> + Clone,
    extremes: &Extremes,
) -> Vec<String> {
    let far = extremes.far();
    let fill = far.map(|far| fill(channel, traces.clone(), &far));
    // A fill value is said once.
    let outlier = fill.or_else(|| glitches::note(channel, traces.clone(), extremes));
    let wrapped = wrapped::note(channel, traces.clone(), extremes);
    let fill = far.map(|far| far.value);
    let clipped = || clipped::note(channel, traces.clone(), (extremes, fill));
    // What ran over is not cut off.
    let strong = wrapped.or_else(clipped);
    let held = held::note(channel, traces.clone());
    let flat = flat(channel, traces);
    flat.into_iter()
        .chain(outlier)
        .chain(strong)
        .chain(held)
        .collect()
}

/// The same of those samples of a channel that are measurements.
pub(crate) fn measured_notes(channel: &str, traces: &[Trace], extremes: &Extremes) -> Vec<String> {
    let traces: Vec<&Trace> = traces.iter().collect();
    of_measured(&traces, extremes, |traces, extremes| {
        notes(channel, traces.iter().copied(), extremes)
    })
}

/// Notes on possible fill values, such as -9999, channel by channel. Those that an import reads as gaps are none.
pub fn fill_notes(traces: &[Trace]) -> Vec<String> {
    let mut by_channel: BTreeMap<&str, Vec<&Trace>> = BTreeMap::new();
    for trace in traces {
        by_channel.entry(&trace.channel).or_default().push(trace);
    }
    let notes = by_channel.into_iter().filter_map(|(channel, traces)| {
        let extremes = extremes(traces.iter().copied());
        of_measured(&traces, &extremes, |traces, extremes| {
            Some(fill(channel, traces.iter().copied(), &extremes.far()?))
        })
    });
    notes.collect()
}

/// What `of` finds in those samples of a channel that are measurements, and their extremes.
fn of_measured<R>(
    traces: &[&Trace],
    extremes: &Extremes,
    of: impl FnOnce(&[&Trace], &Extremes) -> R,
) -> R {
    match gaps::measured(traces.iter().copied(), extremes) {
        None => of(traces, extremes),
        Some(parts) => {
            let parts: Vec<&Trace> = parts.iter().collect();
            of(&parts, &self::extremes(parts.iter().copied()))
        }
    }
}

/// The extremes of a channel.
pub(crate) fn extremes<'a>(traces: impl Iterator<Item = &'a Trace>) -> Extremes {
    Extremes::of(traces.map(|trace| &*trace.samples))
}

/// A note on a possible fill value.
fn fill<'a>(channel: &str, mut traces: impl Iterator<Item = &'a Trace>, far: &FarValue) -> String {
    let first = traces.find_map(|trace| {
        let at = trace
            .samples
            .iter()
            .position(|sample| *sample == far.value)?;
        Some(format_time(trace.time(at)))
    });
    let place = match (first, far.count) {
        (None, _) => String::new(),
        (Some(time), 1) => format!(" at {time}"),
        (Some(time), _) => format!(" (the first at {time})"),
    };
    format!(
        "channel `{channel}`: {} Missing samples must be left out or NaN",
        far.question(&place, number)
    )
}

/// Reports long constant stretches, unless the whole channel is constant.
fn flat<'a>(channel: &str, traces: impl Iterator<Item = &'a Trace>) -> Option<String> {
    let (mut stretches, mut seconds, mut all) = (0, 0.0, 0);
    let mut longest: Option<(usize, f64, i64, f64)> = None;
    for trace in traces {
        all += trace.samples.len();
        let least = FLAT_SAMPLES.max((FLAT_SECONDS * trace.rate) as usize);
        for run in long_runs(&trace.samples, least) {
            stretches += 1;
            seconds += run.len() as f64 / trace.rate;
            if longest.is_none_or(|(samples, ..)| run.len() > samples) {
                let value = trace.samples[run.start];
                longest = Some((run.len(), trace.rate, trace.time(run.start), value));
            }
        }
    }
    let (samples, rate, start, value) = longest?;
    if samples == all {
        return None;
    }
    let where_it_is = format!(
        "{:.1} s of {value} from {} on",
        samples as f64 / rate,
        format_time(start)
    );
    let off = "was the sensor off, or are samples missing?";
    Some(if stretches == 1 {
        format!("channel `{channel}`: {where_it_is}: {off}")
    } else {
        format!(
            "channel `{channel}`: {seconds:.1} s in {stretches} stretches of one value each, the longest {where_it_is}: {off}"
        )
    })
}

/// Runs of at least so many equal samples. Such a run has two samples that are half as many apart, so that few are looked at.
fn long_runs(samples: &[f64], least: usize) -> Vec<Range<usize>> {
    let step = (least / 2).max(1);
    let mut runs = Vec::new();
    let mut at = 0;
    while at + step < samples.len() {
        let value = samples[at];
        if value != samples[at + step] {
            at += step;
            continue;
        }
        let differs = |sample: &f64| *sample != value;
        let start = samples[..at].iter().rposition(differs);
        let start = start.map_or(0, |last| last + 1);
        let end = samples[at..].iter().position(differs);
        let end = end.map_or(samples.len(), |length| at + length);
        if end - start >= least {
            runs.push(start..end);
        }
        // A multiple again, behind what is equal.
        at = end.div_ceil(step) * step;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A channel of 100 Hz.
    pub(super) fn trace(samples: Vec<f64>) -> Trace {
        Trace {
            channel: "Z".into(),
            start: 0,
            rate: 100.0,
            samples,
        }
    }

    fn of(samples: Vec<f64>) -> Vec<String> {
        let trace = trace(samples);
        let all = std::iter::once(&trace);
        notes("Z", all.clone(), &extremes(all))
    }

    fn wave(n: usize) -> Vec<f64> {
        (0..n).map(|i| (f64::from(i as u32) * 0.7).sin()).collect()
    }

    #[test]
    fn fill_values_of_either_sign() {
        for fill in [-9999.0, 9999.0, -999.25] {
            let mut samples = wave(5_000);
            for i in [100, 101, 3_000] {
                samples[i] = fill;
            }
            let found = of(samples);
            assert_eq!(found.len(), 1, "{found:?}");
            let expected = format!(
                "3 samples (the first at 1.000 s) are {fill}, and all others lie between -0.99"
            );
            assert!(found[0].contains(&expected), "{found:?}");
        }
    }

    /// What programs write is told if there is one, and with the time of the first.
    #[test]
    fn one_known_fill_value() {
        let mut samples = wave(5_000);
        samples[250] = -9999.0;
        let expected =
            "channel `Z`: one sample at 2.500 s is -9999, and all others lie between -0.99";
        let found = of(samples.clone());
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{found:?}"
        );
        let whole = fill_notes(&[trace(samples.clone())]);
        assert_eq!(whole, found);
        // Certain ones are gaps.
        samples[100] = f64::from(i32::MIN);
        assert_eq!(fill_notes(&[trace(samples.clone())]), found);
        samples[250] = f64::NAN;
        assert_eq!(fill_notes(&[trace(samples)]), [""; 0]);
        assert_eq!(fill_notes(&[trace(wave(5_000))]), [""; 0]);
    }

    #[test]
    fn signals_too_strong_for_a_recorder() {
        let cut =
            |least: f64, most: f64| of(wave(5_000).iter().map(|v| v.clamp(least, most)).collect());
        let said = cut(-0.5, 0.5);
        assert!(
            said.len() == 1 && said[0].contains("samples are 0.5, the largest value, and"),
            "{said:?}"
        );
        // What looks like a fill value is told as one.
        let said = of(wave(5_000)
            .iter()
            .map(|v| if *v > 0.9 { 999.0 } else { *v })
            .collect());
        assert!(
            said.len() == 1 && said[0].contains("is it a fill value?"),
            "{said:?}"
        );
        let slow = (0..5_000).map(|i| 40_000.0 * (f64::from(i) * 0.1).sin());
        let said = of(slow.map(|v| f64::from(v as i32 as i16)).collect());
        assert!(
            said.len() == 1 && said[0].contains("numbers of 16 bits ran over"),
            "{said:?}"
        );
    }

    #[test]
    fn long_runs_are_those_of_all_runs() {
        let mut state = 7_u32;
        let mut random = |most: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % most
        };
        for least in [2, 3, 5, 8] {
            for _ in 0..200 {
                let mut samples = Vec::new();
                while samples.len() < 60 {
                    let value = f64::from(random(3));
                    samples.extend(std::iter::repeat_n(value, 1 + random(12) as usize));
                }
                let mut at = 0;
                let all = samples.chunk_by(|one, next| one == next).map(|run| {
                    at += run.len();
                    at - run.len()..at
                });
                let long: Vec<Range<usize>> = all.filter(|run| run.len() >= least).collect();
                assert_eq!(long_runs(&samples, least), long, "{least} {samples:?}");
            }
        }
        assert_eq!(long_runs(&[], 1_000), []);
    }

    #[test]
    fn stretches_of_one_value() {
        let mut samples = wave(20_000);
        samples[4_000..14_000].fill(0.0);
        let found = of(samples.clone());
        let one = "channel `Z`: 100.0 s of 0 from 40.000 s on: was the sensor off, or are samples missing?";
        assert_eq!(found, [one]);
        samples[16_000..18_500].fill(0.5);
        let found = of(samples);
        assert!(
            found[0].contains("125.0 s in 2 stretches of one value each, the longest 100.0 s of 0"),
            "{found:?}"
        );
    }

    #[test]
    fn sound_samples_have_no_notes() {
        // Few distinct values, a spike, a short pause, and a constant channel, which is reported elsewhere.
        let coarse = wave(5_000).iter().map(|v| v.round()).collect();
        let mut spike = wave(5_000);
        spike[77] = 1e3;
        let mut pause = wave(5_000);
        pause[1_000..2_900].fill(0.0);
        let square = (0..5_000).map(|i| f64::from(i % 2) * 1e4).collect();
        for samples in [coarse, spike, pause, square, vec![3.0; 5_000]] {
            assert_eq!(of(samples), Vec::<String>::new());
        }
    }

    #[test]
    fn a_stretch_is_said_from_twenty_seconds_on() {
        let with = |flat: usize| {
            let measured = (0..500).map(|i| f64::from(i % 7));
            let flat = std::iter::repeat_n(3.5, flat);
            of(measured.clone().chain(flat).chain(measured).collect())
        };
        assert_eq!(with(1_999), [""; 0]);
        let notes = with(2_000);
        assert!(notes[0].contains("20.0 s of 3.5"), "{notes:?}");
    }
}
