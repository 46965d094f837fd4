//! Whether the samples of a file are in the other byte order than its headers, as some programs write them.
//!
//! In the wrong order, the exponents of floats come from the lowest bits of their fractions, so that sizes are scattered over the whole
//! range of the type. Integers jump about from sample to sample, where those of a signal are near each other; small ones are large, and
//! their lowest bytes are what extends the sign.

use super::words::order_name;

/// Samples of a file that are looked at.
pub(super) const MOST: usize = 1 << 16;
/// Fewest samples that tell an order, and fewest values that differ.
const FEWEST: usize = 64;
const DIFFERENT: usize = 32;
/// Powers of two: sizes of which samples of a recording are, and those that they have at least if they are wrong.
const USUAL: f64 = 66.0;
const UNUSUAL: f64 = 83.0;
/// Powers of two over which eight of ten samples are spread: at most if they are right, and at least if they are wrong.
const NARROW: f64 = 30.0;
const WIDE: f64 = 60.0;
/// A step from sample to sample in one between samples far apart: at most for a signal, and at least for noise, which has 1.
const SMOOTH: f64 = 0.3;
const ROUGH: f64 = 0.8;

/// How samples are stored.
#[derive(Clone, Copy)]
pub(super) enum Stored {
    Floats,
    /// Integers of so many bits.
    Integers(u32),
}

/// Whether numbers that read as `samples` in the byte order of a file, and as `other` in the other one, are certainly in the other one.
pub(super) fn is_other(samples: &[f64], other: &[f64], stored: Stored) -> bool {
    match stored {
        Stored::Floats => {
            let is_wild = |(spread, middle): (f64, f64)| spread > WIDE || middle.abs() > UNUSUAL;
            let is_usual = |(spread, middle): (f64, f64)| spread < NARROW && middle.abs() < USUAL;
            sizes(samples).is_some_and(is_wild) && sizes(other).is_some_and(is_usual)
        }
        Stored::Integers(bits) => {
            let is_rough = roughness(samples).is_some_and(|value| value > ROUGH);
            let is_smooth = || roughness(other).is_some_and(|other| other < SMOOTH);
            is_rough && is_smooth() || is_extended(samples, other, bits)
        }
    }
}

/// What is said of such samples behind headers in a byte order.
pub(super) fn note(headers_big_endian: bool) -> String {
    format!(
        "the headers are {}, but the samples make sense as {} numbers only: they are read so",
        order_name(headers_big_endian),
        order_name(!headers_big_endian)
    )
}

/// The powers of two over which eight of ten samples are spread, and that of the middle one; `None` for too few samples. Some may be no
/// numbers.
fn sizes(samples: &[f64]) -> Option<(f64, f64)> {
    let sizes = samples
        .iter()
        .filter(|sample| **sample != 0.0 && sample.is_finite());
    let mut sizes: Vec<f64> = sizes.map(|sample| sample.abs()).collect();
    let count = sizes.len();
    let is_enough = count >= FEWEST && 2 * count >= samples.len() - zeros(samples);
    let mut power = |at: usize| {
        let (_, size, _) = sizes.select_nth_unstable_by(at, f64::total_cmp);
        size.log2()
    };
    is_enough.then(|| (power(count * 9 / 10) - power(count / 10), power(count / 2)))
}

fn zeros(samples: &[f64]) -> usize {
    samples.iter().filter(|sample| **sample == 0.0).count()
}

/// The size of steps to the next sample in that of steps over half of all samples: a quarter is smaller. `None` for too few samples, or
/// few different ones. Noise has 1 whatever its values are, also if those of one sign are far from those of the other.
fn roughness(samples: &[f64]) -> Option<f64> {
    if samples.len() < FEWEST || !has_different(samples) {
        return None;
    }
    let steps = |over: usize| {
        let pairs = samples.iter().zip(&samples[over..]);
        let mut steps: Vec<f64> = pairs.map(|(one, other)| (one - other).abs()).collect();
        let quarter = steps.len() / 4;
        *steps.select_nth_unstable_by(quarter, f64::total_cmp).1
    };
    let far = steps(samples.len() / 2);
    (far > 0.0).then(|| steps(1) / far)
}

/// Whether the integers do not need their highest byte and one bit in the other order, while most need them in their own. If few are
/// below zero, some must need the byte behind: positive ones of two bytes may be in the upper half of four.
fn is_extended(samples: &[f64], other: &[f64], bits: u32) -> bool {
    if samples.len() < FEWEST || bits <= 8 || !has_different(other) {
        return false;
    }
    let within = |bits: u32| {
        let most = f64::from(bits).exp2();
        move |sample: &&f64| (-most..most).contains(*sample)
    };
    let is_small = within(bits - 9);
    let are_many = |count: usize| count > other.len() / 10;
    let below = other.iter().filter(|sample| **sample < 0.0).count();
    let needs_more = || {
        let few = other.iter().filter(within(bits - 16)).count();
        are_many(other.len() - few)
    };
    let small = samples.iter().filter(&is_small).count();
    other.iter().all(|sample| is_small(&sample))
        && (are_many(below) || bits > 16 && needs_more())
        && 2 * small < samples.len()
}

/// Whether enough values differ; the first samples of most recordings tell.
fn has_different(samples: &[f64]) -> bool {
    let mut found: Vec<f64> = Vec::with_capacity(DIFFERENT);
    samples.iter().any(|sample| {
        if !found.contains(sample) {
            found.push(*sample);
        }
        found.len() >= DIFFERENT
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like noise, from -1 to 1.
    fn noise(count: usize) -> Vec<f64> {
        let mut state = 1_u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0
        };
        (0..count).map(next).collect()
    }

    /// A signal of many samples a period, with some noise.
    fn smooth() -> Vec<f64> {
        let wave = noise(2000).into_iter().enumerate();
        wave.map(|(i, sample)| (i as f64 * 0.07).sin() + 0.03 * sample)
            .collect()
    }

    /// Whether samples are taken for those of the other order, as they are and turned.
    fn both_32(samples: &[i32]) -> [bool; 2] {
        let given: Vec<f64> = samples.iter().map(|sample| f64::from(*sample)).collect();
        let turned: Vec<f64> = samples
            .iter()
            .map(|sample| sample.swap_bytes().into())
            .collect();
        let stored = Stored::Integers(32);
        [
            is_other(&given, &turned, stored),
            is_other(&turned, &given, stored),
        ]
    }

    fn scaled(samples: &[f64], by: f64) -> Vec<i32> {
        samples.iter().map(|sample| (sample * by) as i32).collect()
    }

    #[test]
    fn integers_in_either_order() {
        // Small noise has what extends the sign, and a signal its steps, whatever its size and offset.
        for by in [100.0, 3e4, 8e6] {
            assert_eq!(both_32(&scaled(&noise(1000), by)), [false, true], "{by}");
        }
        for by in [1e3, 3e5, 8e6, 2e9] {
            assert_eq!(both_32(&scaled(&smooth(), by)), [false, true], "{by}");
        }
        let offset = scaled(&smooth(), 3e5)
            .into_iter()
            .map(|sample| sample + 7_000_000);
        assert_eq!(both_32(&offset.collect::<Vec<_>>()), [false, true]);
        // Noise of the whole range, left-aligned samples of 24 bits, a full-scale square wave, spikes, zeros: nothing tells.
        let noise_24: Vec<i32> = scaled(&noise(1000), 8e6)
            .iter()
            .map(|sample| sample << 8)
            .collect();
        let clipped = noise(1000)
            .into_iter()
            .map(|sample| if sample < 0.0 { i32::MIN } else { i32::MAX });
        let spikes = (0..1000).map(|i| if i % 50 == 0 { 1 << 30 } else { i / 10 });
        assert!(!both_32(&scaled(&noise(1000), 2e9))[0]);
        assert!(!both_32(&noise_24)[0]);
        assert!(!both_32(&spikes.collect::<Vec<_>>())[0]);
        assert_eq!(both_32(&clipped.collect::<Vec<_>>()), [false, false]);
        assert_eq!(both_32(&[0; 1000]), [false, false]);
        assert_eq!(both_32(&[]), [false, false]);
    }

    #[test]
    fn integers_of_two_bytes() {
        let both = |samples: &[f64]| {
            let samples = samples.iter().map(|sample| *sample as i16);
            let given: Vec<f64> = samples.clone().map(f64::from).collect();
            let turned: Vec<f64> = samples.map(|sample| sample.swap_bytes().into()).collect();
            let stored = Stored::Integers(16);
            [
                is_other(&given, &turned, stored),
                is_other(&turned, &given, stored),
            ]
        };
        let times = |samples: Vec<f64>, by: f64| {
            samples.iter().map(|sample| sample * by).collect::<Vec<_>>()
        };
        for by in [3e3, 3e4] {
            assert_eq!(both(&times(smooth(), by)), [false, true], "{by}");
        }
        // Small steps are smooth in both orders.
        assert_eq!(both(&times(smooth(), 300.0)), [false, false]);
        assert_eq!(both(&times(noise(1000), 100.0)), [false, true]);
        for by in [300.0, 3e4] {
            assert_eq!(both(&times(noise(1000), by)), [false, false], "{by}");
        }
    }

    #[test]
    fn floats_in_either_order() {
        let both = |samples: &[f64]| {
            let samples = samples.iter().map(|sample| *sample as f32);
            let given: Vec<f64> = samples.clone().map(f64::from).collect();
            let turned = samples.map(|sample| f32::from_bits(sample.to_bits().swap_bytes()).into());
            let turned: Vec<f64> = turned.collect();
            [
                is_other(&given, &turned, Stored::Floats),
                is_other(&turned, &given, Stored::Floats),
            ]
        };
        for by in [1e-12, 1e-9, 1.0, 1e9] {
            let samples: Vec<f64> = noise(1000).iter().map(|sample| sample * by).collect();
            assert_eq!(both(&samples), [false, true], "{by}");
        }
        // Whole numbers, with some missing ones and zeros.
        let counts = |i: usize, sample: f64| match i % 3 {
            0 => 0.0,
            1 if i.is_multiple_of(5) => f64::NAN,
            _ => (sample * 3000.0).round(),
        };
        let samples = noise(1000).into_iter().enumerate();
        let samples: Vec<f64> = samples.map(|(i, sample)| counts(i, sample)).collect();
        assert_eq!(both(&samples), [false, true]);
        // Sizes over the whole range of the type: synthetic, but the lowest bits tell nothing else.
        let fading: Vec<f64> = noise(1000)
            .iter()
            .enumerate()
            .map(|(i, sample)| sample * (-0.1 * i as f64).exp())
            .collect();
        assert!(!both(&fading)[0]);
        assert_eq!(both(&[0.0; 1000]), [false, false]);
        assert_eq!(both(&[f64::NAN; 1000]), [false, false]);
    }
}
