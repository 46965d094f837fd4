//! Finds samples that another source also has, such as those of an event that was cut from the file of a day, or where the
//! files of two hours overlap.
//!
//! Of every source, a few short runs of samples are remembered, the anchors: see [`crate::runs`]. Where two anchors or
//! more of another source follow each other at the same distance, the samples between and around them are taken for its own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::recording::Trace;
use crate::runs::{LENGTH, Run, SPARSE, runs};

/// Most anchors that are kept; of more, every other one is forgotten.
const MOST: usize = 1 << 22;

/// Samples of a source that are also those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Alias {
    /// The first of them in their own source.
    pub from: u64,
    /// After the last of them.
    pub to: u64,
    /// The other source.
    pub source: u32,
    /// The sample of the other source for the first one.
    pub at: u64,
}

/// The anchors of all sources.
#[derive(Debug)]
pub(super) struct Anchors {
    /// Source and position; `None` for samples that one source repeats.
    known: HashMap<u64, Option<(u32, u64)>>,
    sparse: u64,
}

impl Default for Anchors {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            sparse: SPARSE,
        }
    }
}

impl Anchors {
    /// Adds the samples of a `source`, which is new, and returns those that other sources have.
    pub fn add<'a>(&mut self, source: u32, traces: impl Iterator<Item = &'a Trace>) -> Vec<Alias> {
        let (mut aliases, mut all) = (Vec::new(), Vec::new());
        let mut offset = 0;
        for trace in traces {
            let anchors = runs(&trace.samples, |v| v.to_bits(), (offset, self.sparse));
            let end = offset + trace.samples.len() as u64;
            self.find(&anchors, (offset, end), &mut aliases);
            offset = end;
            all.extend(anchors);
        }
        for anchor in all {
            match self.known.entry(anchor.hash) {
                Entry::Vacant(place) => {
                    place.insert(Some((source, anchor.at)));
                }
                Entry::Occupied(mut place) => {
                    let is_repeated =
                        |(known, at): &(u32, u64)| *known == source && *at != anchor.at;
                    if place.get().as_ref().is_some_and(is_repeated) {
                        place.insert(None);
                    }
                }
            }
        }
        while self.known.len() > MOST {
            self.sparse *= 2;
            let sparse = self.sparse;
            self.known.retain(|hash, _| hash.is_multiple_of(sparse));
        }
        aliases
    }

    /// Adds the samples from `begin` to `end` that two anchors or more have at the same distance in another source.
    fn find(&self, anchors: &[Run], (begin, end): (u64, u64), aliases: &mut Vec<Alias>) {
        let place = |anchor: &Run| {
            let (source, at) = self.known.get(&anchor.hash).copied().flatten()?;
            Some((source, at.checked_signed_diff(anchor.at)?))
        };
        let mut next = 0;
        for run in anchors.chunk_by(|a, b| place(a) == place(b)) {
            let first = next;
            next += run.len();
            let Some((source, shift)) = place(&run[0]).filter(|_| run.len() > 1) else {
                continue;
            };
            // Up to the anchors around them, which the other source does not have.
            let before = first.checked_sub(1).map_or(begin, |i| anchors[i].at + 1);
            let after = anchors
                .get(next)
                .map_or(end, |anchor| anchor.at + LENGTH as u64 - 1);
            let from = before.max(0u64.saturating_add_signed(-shift)).max(begin);
            aliases.push(Alias {
                from,
                to: after.min(end),
                source,
                at: from.saturating_add_signed(shift),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::mixed;

    /// Integers like counts of a quiet sensor.
    fn noise(samples: usize, seed: u64) -> Vec<f64> {
        let value = |i: usize| (mixed(seed.wrapping_mul(1_000_003) + i as u64) % 9) as f64 - 4.0;
        (0..samples).map(value).collect()
    }

    fn trace(samples: &[f64]) -> Trace {
        Trace {
            channel: "Z".into(),
            start: 0,
            rate: 100.0,
            samples: samples.to_vec(),
        }
    }

    #[test]
    fn a_part_of_another_source_is_found() {
        let day = noise(100_000, 1);
        let mut anchors = Anchors::default();
        assert!(anchors.add(0, [trace(&day)].iter()).is_empty());
        // Noise before it, and behind it; the first trace is of something else.
        let samples = [noise(3000, 2), day[40_000..41_000].to_vec(), noise(500, 3)].concat();
        let found = anchors.add(1, [trace(&noise(700, 4)), trace(&samples)].iter());
        let [alias] = found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(alias.source, 0);
        assert_eq!(alias.at + 3700, alias.from + 40_000);
        // A little more than the samples that are the same.
        assert!((3200..=3700).contains(&alias.from), "{alias:?}");
        assert!((4700..=5200).contains(&alias.to), "{alias:?}");
        // From the beginning on, and to the end.
        let found = anchors.add(2, [trace(&day[99_000..])].iter());
        let expected = Alias {
            from: 0,
            to: 1000,
            source: 0,
            at: 99_000,
        };
        assert_eq!(found, [expected]);
    }

    /// Signals that repeat themselves, silence and other samples are not those of another source.
    #[test]
    fn other_samples_are_not() {
        let mut anchors = Anchors::default();
        let wave: Vec<f64> = (0..5000).map(|i| f64::from(i % 50)).collect();
        let pulses: Vec<f64> = (0..5000)
            .map(|i| f64::from(u8::from(i % 400 == 7)))
            .collect();
        for (source, samples) in [wave.clone(), wave, pulses.clone(), pulses]
            .iter()
            .enumerate()
        {
            assert!(
                anchors
                    .add(source as u32, [trace(samples)].iter())
                    .is_empty()
            );
        }
        for source in 10..40 {
            let samples = noise(20_000, u64::from(source));
            assert!(anchors.add(source, [trace(&samples)].iter()).is_empty());
        }
    }

    #[test]
    fn of_many_anchors_some_are_forgotten() {
        let mut anchors = Anchors::default();
        let samples = noise(60_000, 1);
        anchors.add(0, [trace(&samples)].iter());
        let all = anchors.known.len();
        assert!((1200..2600).contains(&all), "{all}");
        anchors.sparse *= 2;
        anchors.known.retain(|hash, _| hash.is_multiple_of(64));
        assert!((500..1400).contains(&anchors.known.len()));
        assert_eq!(
            anchors
                .add(1, [trace(&samples[20_000..30_000])].iter())
                .len(),
            1
        );
    }
}
