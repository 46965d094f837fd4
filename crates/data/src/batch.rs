//! Order and assembly of batches.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;

use crate::dataset::{Inputs, Split, Streamed};
use crate::error::DataError;
use crate::preprocess::{Normalisation, Preprocessing, records_to_inputs};
use crate::reader::{self, Reader, Record, unreadable};

/// Order of `samples` samples in `epoch`: a permutation that depends on `seed` and `epoch` alone.
pub fn shuffled(samples: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // The streams of small numbers belong to the model's initial weights.
    rng.set_stream(u64::MAX - epoch);
    let mut order: Vec<usize> = (0..samples).collect();
    order.shuffle(&mut rng);
    order
}

/// One batch on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Inputs `[batch, channels, segments, bins]`, row-major.
    pub x: Vec<f32>,
    /// Labels `[batch]`.
    pub y: Vec<u32>,
}

/// Files kept open at a time: below what operating systems allow a process.
const OPEN_FILES: usize = 200;

/// Assembles batches of one split.
pub struct Fetcher<'a> {
    split: &'a Split,
    preprocessing: &'a Preprocessing,
    /// Open sources of a streamed split.
    files: HashMap<u32, (File, &'static dyn Reader)>,
}

impl<'a> Fetcher<'a> {
    /// For `split`, whose inputs become what `preprocessing` says.
    pub fn new(split: &'a Split, preprocessing: &'a Preprocessing) -> Self {
        Self {
            split,
            preprocessing,
            files: HashMap::new(),
        }
    }

    /// The samples at `indices`.
    ///
    /// # Errors
    /// [`DataError`] where a streamed source cannot be read any more.
    ///
    /// # Panics
    /// Where an index is out of range.
    pub fn fetch(&mut self, indices: &[usize]) -> Result<Batch, DataError> {
        let length = self.split.sample_length();
        let mut x = Vec::with_capacity(indices.len() * length);
        match &self.split.x {
            Inputs::Memory(all) => {
                for &i in indices {
                    x.extend_from_slice(&all[i * length..(i + 1) * length]);
                }
            }
            Inputs::Streamed(streamed) => {
                // Reading is quick, spectra are not: those take all threads.
                let records = indices.iter().map(|&i| self.read(streamed, i));
                let records: Vec<Record> = records.collect::<Result<_, _>>()?;
                let (spectral, shape) = (&self.preprocessing.spectral, self.split.shape);
                let inputs: Vec<_> = records_to_inputs(&records, spectral)
                    .map(|input| {
                        let (mut input, own) = input?;
                        if own != shape {
                            return Err("changed since the training began".to_owned());
                        }
                        if self.preprocessing.normalisation != Normalisation::Batch {
                            self.preprocessing.normalise(&mut input, shape);
                        }
                        Ok(input)
                    })
                    .collect();
                for ((input, record), &i) in inputs.into_iter().zip(&records).zip(indices) {
                    x.extend(input.map_err(|problem| DataError::Record {
                        path: streamed.sources[streamed.slots[i].source as usize].clone(),
                        record: record.record,
                        problem,
                    })?);
                }
            }
        }
        if self.preprocessing.normalisation == Normalisation::Batch {
            self.preprocessing.normalise(&mut x, self.split.shape);
        }
        Ok(Batch {
            x,
            y: indices.iter().map(|&i| self.split.y[i]).collect(),
        })
    }

    fn read(&mut self, streamed: &Streamed, i: usize) -> Result<Record, DataError> {
        let slot = streamed.slots[i];
        let path = &streamed.sources[slot.source as usize];
        if self.files.len() >= OPEN_FILES && !self.files.contains_key(&slot.source) {
            self.files.clear();
        }
        let (file, reader) = match self.files.entry(slot.source) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let file = File::open(path).map_err(unreadable(path))?;
                entry.insert((file, reader::of(path)?))
            }
        };
        reader.read_at(
            path,
            file,
            slot.record as usize,
            slot.span,
            &streamed.wanted,
        )
    }
}

/// Batches waiting to be used: enough to bridge a slow read.
const AHEAD: usize = 4;

/// Calls `each` with the samples of every list of indices, in order, until it says no. Streamed batches are
/// read ahead by a thread of their own.
///
/// # Errors
/// As [`Fetcher::fetch`].
pub fn for_each<'i>(
    split: &Split,
    preprocessing: &Preprocessing,
    lists: impl Iterator<Item = &'i [usize]> + Send,
    mut each: impl FnMut(Batch) -> bool,
) -> Result<(), DataError> {
    let mut fetcher = Fetcher::new(split, preprocessing);
    if matches!(split.x, Inputs::Memory(_)) {
        for indices in lists {
            if !each(fetcher.fetch(indices)?) {
                break;
            }
        }
        return Ok(());
    }
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::sync_channel(AHEAD);
        scope.spawn(move || {
            for indices in lists {
                let batch = fetcher.fetch(indices);
                // A closed channel: nobody wants more.
                let failed = batch.is_err();
                if sender.send(batch).is_err() || failed {
                    break;
                }
            }
        });
        for batch in receiver {
            if !each(batch?) {
                break;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_depends_on_seed_and_epoch() {
        let order = shuffled(100, 1, 0);
        assert_eq!(order, shuffled(100, 1, 0));
        assert_ne!(order, shuffled(100, 1, 1));
        assert_ne!(order, shuffled(100, 2, 0));
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    }
}
