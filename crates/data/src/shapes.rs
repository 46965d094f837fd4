//! Windows that are others with another gain or offset, as from an export in another unit, or from augmentation before the
//! division into splits.

use crate::reader::Record;
use crate::runs::Content;

/// Turns from rise to fall or back by which a window is known, at least: others are alike by chance, as single pulses.
const TURNS: u32 = 24;
/// Periods of regular signals in samples, at most, and the fraction of samples that repeat after one.
const PERIODS: usize = 64;
const REGULAR: f64 = 0.95;

/// Windows that are others with another gain or offset are said if they are so many, and such a fraction of all.
const FEWEST: usize = 3;
const FRACTION: f64 = 0.01;

/// Whether so many of all windows that are others with another gain or offset are worth a warning.
pub(crate) fn are_many(scaled: usize, all: usize) -> bool {
    scaled >= FEWEST && scaled as f64 >= FRACTION * all as f64
}

/// Hash of where a window rises and falls, which no gain above zero and no offset changes; `None` for windows with few
/// turns, and for regular ones such as hum or a simulation, which have the same shape without being the same.
pub(crate) fn shape_hash(record: &Record) -> Option<u64> {
    let [_, samples] = record.shape[..] else {
        return None;
    };
    let mut content = Content::default();
    let (mut turns, mut is_regular) = (0, true);
    for channel in record.values.chunks(samples.max(1)) {
        let rises = rises(channel);
        turns += turns_of(&rises);
        is_regular &= is_periodic(&rises, channel.len());
        rises.into_iter().for_each(|bits| content.add(bits));
    }
    (turns >= TURNS && !is_regular).then(|| content.hash())
}

/// A bit for each sample that is larger than the one before it.
fn rises(samples: &[f32]) -> Vec<u64> {
    let mut words = vec![0u64; samples.len().div_ceil(64)];
    for (i, pair) in samples.windows(2).enumerate() {
        words[i / 64] |= u64::from(pair[1] > pair[0]) << (i % 64);
    }
    words
}

/// The bits moved down by `shift`, which is less than 64.
fn moved(words: &[u64], shift: usize) -> impl Iterator<Item = u64> {
    words.iter().enumerate().map(move |(i, word)| {
        let next = words.get(i + 1).copied().unwrap_or(0);
        if shift == 0 {
            *word
        } else {
            word >> shift | next << (64 - shift)
        }
    })
}

fn turns_of(rises: &[u64]) -> u32 {
    let pairs = rises.iter().zip(moved(rises, 1));
    pairs.map(|(word, next)| (word ^ next).count_ones()).sum()
}

/// Whether nearly all bits are those of a period before.
fn is_periodic(rises: &[u64], samples: usize) -> bool {
    (1..PERIODS).any(|period| has_period(rises, samples, period))
}

fn has_period(rises: &[u64], samples: usize, period: usize) -> bool {
    // Those at the end have nothing to be compared with.
    let compared = samples.saturating_sub(1 + period);
    let most = ((1.0 - REGULAR) * compared as f64) as u32;
    let pairs = rises.iter().zip(moved(rises, period)).enumerate();
    let mut differ = 0;
    for (i, (word, later)) in pairs {
        let left = compared.saturating_sub(64 * i).min(64);
        let mask = u64::MAX.checked_shr(64 - left as u32).unwrap_or(0);
        differ += ((word ^ later) & mask).count_ones();
        // Most signals differ from the first samples on.
        if differ > most {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(values: impl Iterator<Item = f32>) -> Option<u64> {
        let values: Vec<f32> = values.collect();
        shape_hash(&Record {
            record: 0,
            shape: vec![2, values.len() / 2],
            values,
            label: 0,
            group: None,
        })
    }

    #[test]
    fn gain_and_offset_change_no_shape() {
        let noise = |i: u32| (i * i % 1009 + i * 7 % 23) as f32 - 500.0;
        let windows = |from: u32| (from..from + 400).map(noise);
        let usual = hash(windows(3)).unwrap();
        assert_eq!(hash(windows(3).map(|value| value * 2.0)), Some(usual));
        assert_eq!(hash(windows(3).map(|value| value * 1e-9)), Some(usual));
        assert_eq!(hash(windows(3).map(|value| value + 1e5)), Some(usual));
        assert_ne!(hash(windows(4)), Some(usual));
        assert_ne!(hash(windows(3).map(|value| value.abs())), Some(usual));
    }

    #[test]
    fn regular_windows_have_no_shape() {
        assert_eq!(hash((0..400).map(|_| 7.0)), None);
        assert_eq!(hash((0..400).map(|i| f32::from(i == 200))), None);
        for period in [2.5, 8.0, 8.3, 40.0] {
            let wave = (0..1024).map(|i| (i as f32 / period * std::f32::consts::TAU).sin());
            assert_eq!(hash(wave), None, "{period}");
        }
    }
}
