//! Short runs of samples by which the same signal is found at another place.
//!
//! Of all runs of [`LENGTH`] samples, few are taken, and their own values choose them. So the same runs are chosen wherever they
//! are, as in winnowing (Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting", 2003).

/// Samples of a run.
pub(crate) const LENGTH: usize = 32;
/// One run of this many is taken, if there are not too many.
pub(crate) const SPARSE: u64 = 32;
/// Differences from one sample to the next within a run, at least: silence is alike everywhere.
const CHANGES: u64 = 12;
/// Base of the rolling hash: odd, with bits all over.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// A run of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Hash of the samples.
    pub hash: u64,
    /// The first of them.
    pub at: u64,
}

/// One run of `sparse`, a power of two, of samples, the first of which is at `offset`.
pub(crate) fn runs<T: Copy + PartialEq>(
    samples: &[T],
    bits: impl Fn(T) -> u64,
    (offset, sparse): (u64, u64),
) -> Vec<Run> {
    let mut found = Vec::new();
    let oldest = (1..LENGTH).fold(1u64, |power, _| power.wrapping_mul(BASE));
    // Those of the last samples, each at its number modulo the length.
    let mut last = [0u64; LENGTH];
    let (mut hash, mut changed) = (0u64, 0u64);
    // A bit for each sample that differs from the one before it, the newest at the bottom.
    let mut changes = 0u64;
    let mut before = samples.first();
    for (i, sample) in samples.iter().enumerate() {
        let place = &mut last[i % LENGTH];
        hash = hash.wrapping_sub(place.wrapping_mul(oldest));
        *place = mixed(bits(*sample));
        hash = hash.wrapping_mul(BASE).wrapping_add(*place);
        let differs = u64::from(before != Some(sample));
        before = Some(sample);
        // The first sample of a run has nothing before it to differ from.
        changed = changed + differs - (changes >> (LENGTH - 2) & 1);
        changes = changes << 1 | differs;
        if i + 1 < LENGTH || changed < CHANGES {
            continue;
        }
        let whole = mixed(hash);
        // A division for every sample would take as long as all of the above.
        if whole & (sparse - 1) == 0 {
            let at = offset + (i + 1 - LENGTH) as u64;
            found.push(Run { hash: whole, at });
        }
    }
    found
}

/// Hash of all values of a signal, by which it is found again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Content(u64);

impl Content {
    /// Adds the bits of a value. No two states become one, as in a product with an odd number and half of its bits.
    #[inline]
    pub fn add(&mut self, bits: u64) {
        // More than zero, so that zeros at the beginning count.
        let product = (self.0 ^ bits).wrapping_mul(BASE).wrapping_add(BASE);
        self.0 = product ^ (product >> 32);
    }

    pub fn hash(self) -> u64 {
        mixed(self.0)
    }
}

/// Spreads the bits of a number: the end of SplitMix64 (Steele, Lea and Flood, 2014).
pub(crate) fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &[f64]) -> Vec<Run> {
        runs(samples, f64::to_bits, (0, SPARSE))
    }

    #[test]
    fn the_same_runs_are_chosen_at_another_place() {
        let samples: Vec<f64> = (0..4000u32).map(|i| f64::from(i * i % 1009 + i)).collect();
        let all = of(&samples);
        assert!((60..250).contains(&all.len()), "{}", all.len());
        let part: Vec<Run> = of(&samples[1234..3000]);
        let inside = all
            .iter()
            .filter(|run| (1234..3000 - LENGTH as u64 + 1).contains(&run.at));
        let moved = inside.map(|run| Run {
            at: run.at - 1234,
            ..*run
        });
        assert_eq!(part, moved.collect::<Vec<_>>());
        assert_eq!(runs(&samples, f64::to_bits, (7, 1))[0].at, 7);
    }

    #[test]
    fn silence_has_no_runs() {
        let pulses: Vec<f64> = (0..9000)
            .map(|i| f64::from(u8::from(i % 300 == 5)))
            .collect();
        assert!(runs(&pulses, f64::to_bits, (0, 1)).is_empty());
        assert!(runs(&pulses[..LENGTH - 1], f64::to_bits, (0, 1)).is_empty());
    }

    /// Any change of a value, or of two, is another content.
    #[test]
    fn contents_differ() {
        let of = |values: &[f64]| {
            let mut content = Content::default();
            values.iter().for_each(|value| content.add(value.to_bits()));
            content.hash()
        };
        let mut values: Vec<f64> = (0..40).map(f64::from).collect();
        let mut all = vec![of(&values), of(&values[1..]), of(&values[..39])];
        for i in 0..40 {
            for change in [-1.0, 0.5, 1e300] {
                values[i] += change;
                all.push(of(&values));
                values[(i + 1) % 40] *= -1.0;
                all.push(of(&values));
                values[(i + 1) % 40] = ((i + 1) % 40) as f64;
                values[i] = i as f64;
            }
            values.swap(i, (i + 7) % 40);
            all.push(of(&values));
            values.swap(i, (i + 7) % 40);
        }
        assert_eq!(of(&values), all[0]);
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
