//! Notes on samples that are finite but may not be measurements: long stretches of one value, and a repeated value far
//! from all others. They are kept and reported, since only the person who recorded them can decide.

mod glitches;

use crate::extremes::{Extremes, FarValue};
use crate::recording::{Trace, format_time};

/// Minimum duration of a constant stretch that is reported.
const FLAT_SECONDS: f64 = 20.0;
/// Minimum number of samples of such a stretch.
const FLAT_SAMPLES: usize = 1_000;

/// Notes on the samples of one channel, which are all finite.
pub(crate) fn notes<'a>(
    channel: &str,
    traces: impl Iterator<Item = &'a Trace> + Clone,
) -> Vec<String> {
    let flat = flat(channel, traces.clone());
    let glitches = glitches::note(channel, traces.clone());
    let values = traces.flat_map(|trace| &trace.samples).copied();
    let far = Extremes::of(values).far().map(|far| {
        let FarValue {
            value,
            count,
            others: [from, to],
        } = far;
        format!(
            "channel `{channel}`: {count} samples are {value}, and all others lie between {from} and {to}: is it a fill \
             value? Missing samples must be left out or NaN"
        )
    });
    // A fill value is said once.
    let far = far.or(glitches);
    flat.into_iter().chain(far).collect()
}

/// Reports long constant stretches, unless the whole channel is constant.
fn flat<'a>(channel: &str, traces: impl Iterator<Item = &'a Trace>) -> Option<String> {
    let (mut stretches, mut seconds, mut all) = (0, 0.0, 0);
    let mut longest: Option<(usize, f64, i64, f64)> = None;
    for trace in traces {
        all += trace.samples.len();
        let least = FLAT_SAMPLES.max((FLAT_SECONDS * trace.rate) as usize);
        let mut at = 0;
        for run in trace.samples.chunk_by(|one, next| one == next) {
            if run.len() >= least {
                stretches += 1;
                seconds += run.len() as f64 / trace.rate;
                if longest.is_none_or(|(samples, ..)| run.len() > samples) {
                    longest = Some((run.len(), trace.rate, trace.time(at), run[0]));
                }
            }
            at += run.len();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(samples: Vec<f64>) -> Trace {
        Trace {
            channel: "Z".into(),
            start: 0,
            rate: 100.0,
            samples,
        }
    }

    fn of(samples: Vec<f64>) -> Vec<String> {
        notes("Z", std::iter::once(&trace(samples)))
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
            let expected = format!("3 samples are {fill}, and all others lie between -0.99");
            assert!(found[0].contains(&expected), "{found:?}");
        }
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
        // A clipped wave, few distinct values, a spike, a short pause, and a constant channel, which is reported
        // elsewhere.
        let clipped = wave(5_000).iter().map(|v| v.clamp(-0.5, 0.5)).collect();
        let coarse = wave(5_000).iter().map(|v| v.round()).collect();
        let mut spike = wave(5_000);
        spike[77] = 1e3;
        let mut pause = wave(5_000);
        pause[1_000..2_900].fill(0.0);
        let square = (0..5_000).map(|i| f64::from(i % 2) * 1e4).collect();
        for samples in [clipped, coarse, spike, pause, square, vec![3.0; 5_000]] {
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
