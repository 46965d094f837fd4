//! Order and assembly of batches.

mod order;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;

use rayon::prelude::*;

pub use self::order::{balanced, labelled, shuffled, spread};
use crate::augment::Augmentation;
use crate::error::{DataError, PreprocessingError, UsageError, in_record};
use crate::feature_augment::{Draw, FeatureLayout};
use crate::preprocessing::{Normalisation, Pipelines, Preprocessing, SpectralMethod};
use crate::reader::{self, Record, Windows};
use crate::segments;
use crate::split::{Inputs, Split, Streamed};

/// A batch on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Inputs `[batch, channels, segments, bins]`, row-major.
    pub x: Vec<f32>,
    /// Labels `[batch]`.
    pub y: Vec<u32>,
}

/// Maximum number of files kept open, below the limits of operating systems.
const OPEN_FILES: usize = 200;

/// Augmentation of the training windows in an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Augmenting<'a> {
    /// Augmentation settings.
    pub augmentation: &'a Augmentation,
    /// Label of the windows used as background, if any.
    pub background: Option<u32>,
    /// Seed.
    pub seed: u64,
    /// Epoch.
    pub epoch: u64,
    /// Position of the first sample in the epoch. A repeated sample is augmented differently each time.
    pub first: usize,
}

/// Assembles batches of one split.
pub struct Fetcher<'a> {
    split: &'a Split,
    preprocessing: &'a Preprocessing,
    pipelines: Pipelines<'a>,
    /// Whether inputs are scaled.
    scaled: bool,
    augmenting: Option<Augmenting<'a>>,
    /// Layout of the features, if the augmentation changes them.
    layout: Option<FeatureLayout>,
    /// Number of samples of the epoch before the next batch.
    place: usize,
    /// Indices of the windows used as background.
    backgrounds: Vec<usize>,
    /// Open sources of a streamed split.
    files: HashMap<u32, Box<dyn Windows>>,
}

impl<'a> Fetcher<'a> {
    /// Creates a fetcher for `split`; inputs are computed with `preprocessing`.
    pub fn new(split: &'a Split, preprocessing: &'a Preprocessing) -> Self {
        Self {
            split,
            preprocessing,
            pipelines: Pipelines::new(preprocessing),
            scaled: true,
            augmenting: None,
            layout: None,
            place: 0,
            backgrounds: Vec::new(),
            files: HashMap::new(),
        }
    }

    /// Disables scaling.
    pub(crate) fn unscaled(mut self) -> Self {
        self.scaled = false;
        self.layout = None;
        self
    }

    /// Enables augmentation. The split must be streamed or kept as windows ([`crate::Storage::Windows`]).
    pub fn augmented(mut self, augmenting: Option<Augmenting<'a>>) -> Self {
        let class = augmenting.and_then(|augmenting| augmenting.background);
        let backgrounds = self
            .split
            .y
            .iter()
            .enumerate()
            .filter(|(_, label)| Some(**label) == class);
        self.backgrounds = backgrounds.map(|(i, _)| i).collect();
        self.place = augmenting.map_or(0, |augmenting| augmenting.first);
        self.augmenting = augmenting.filter(|augmenting| !augmenting.augmentation.is_none());
        // Only scaled spectra: raw samples have no bands, and noise is relative to the features' deviation.
        let is_spectrum = self.preprocessing.spectral.method != SpectralMethod::None;
        let is_scaled = self.scaled && self.preprocessing.normalisation != Normalisation::None;
        let changes_features = self.augmenting.is_some_and(|augmenting| {
            is_spectrum && is_scaled && !augmenting.augmentation.features.is_none()
        });
        self.layout =
            changes_features.then(|| FeatureLayout::new(self.preprocessing, self.split.shape));
        self
    }

    /// Assembles the batch with the samples at `indices`.
    ///
    /// # Errors
    /// [`DataError`] if a streamed source can no longer be read.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn fetch(&mut self, indices: &[usize]) -> Result<Batch, DataError> {
        let length = self.split.sample_length();
        let mut x = Vec::with_capacity(indices.len() * length);
        match &self.split.x {
            Inputs::Memory(all) => {
                for &i in indices {
                    x.extend_from_slice(&all[i * length..(i + 1) * length]);
                }
            }
            Inputs::Windows(..) | Inputs::Streamed(_) => {
                // Reading is fast; spectra are not, so they are computed on all threads.
                let records = indices.iter().map(|&i| self.record(i));
                let mut records: Vec<Record> = records.collect::<Result<_, _>>()?;
                self.augment(indices, &mut records)?;
                let shape = self.split.shape;
                let (preprocessing, scaled) = (self.preprocessing, self.scaled);
                let inputs = self.pipelines.map(&records, |mut input, input_shape| {
                    if input_shape != shape {
                        return Err(PreprocessingError::Changed {
                            found: input_shape,
                            expected: shape,
                        });
                    }
                    preprocessing.compress(&mut input, shape);
                    if scaled && preprocessing.normalisation != Normalisation::Batch {
                        preprocessing.normalise(&mut input, shape);
                    }
                    Ok(input)
                });
                for ((input, record), &i) in inputs.into_iter().zip(&records).zip(indices) {
                    x.extend(input.map_err(in_record(&self.source(i), record.record))?);
                }
            }
        }
        if self.scaled && self.preprocessing.normalisation == Normalisation::Batch {
            self.preprocessing.normalise(&mut x, self.split.shape);
        }
        self.augment_features(&mut x);
        self.place += indices.len();
        Ok(Batch {
            x,
            y: indices.iter().map(|&i| self.split.y[i]).collect(),
        })
    }

    /// Augments the features of a batch if they are scaled spectra.
    fn augment_features(&self, x: &mut [f32]) {
        let Some((augmenting, layout)) = self.augmenting.zip(self.layout.as_ref()) else {
            return;
        };
        let features = augmenting.augmentation.features;
        let first = self.place;
        let samples = x.par_chunks_exact_mut(self.split.sample_length());
        samples.enumerate().for_each(|(n, sample)| {
            let draw = Draw {
                seed: augmenting.seed,
                epoch: augmenting.epoch,
                position: first + n,
            };
            features.apply(sample, layout, draw);
        });
    }

    /// Augments the windows at `indices` on all threads.
    fn augment(&mut self, indices: &[usize], records: &mut [Record]) -> Result<(), DataError> {
        let Some(Augmenting {
            augmentation,
            background,
            seed,
            epoch,
            ..
        }) = self.augmenting
        else {
            return Ok(());
        };
        let mut added = Vec::with_capacity(indices.len());
        if !augmentation.changes_windows() {
            return Ok(());
        }
        let first = self.place;
        records.iter_mut().try_for_each(to_window)?;
        for (n, &i) in indices.iter().enumerate() {
            let picked = augmentation.background_of(seed, epoch, first + n, self.backgrounds.len());
            let picked = picked
                .filter(|_| Some(self.split.y[i]) != background)
                .map(|n| self.backgrounds[n]);
            let mut background = picked.map(|n| self.record(n)).transpose()?;
            background.iter_mut().try_for_each(to_window)?;
            added.push(background);
        }
        let windows = records.par_iter_mut().zip(&added).enumerate();
        windows.for_each(|(n, (record, background))| {
            let background = background.as_ref().map(|record| &record.values[..]);
            augmentation.apply(
                &mut record.values,
                record.shape[0],
                background,
                (seed, epoch, first + n),
            );
        });
        Ok(())
    }

    /// Source of sample `i`, for messages.
    fn source(&self, i: usize) -> PathBuf {
        match &self.split.x {
            Inputs::Streamed(streamed) => {
                streamed.sources[streamed.slots[i].source as usize].clone()
            }
            _ => "the training split".into(),
        }
    }

    /// Sample `i` as recorded.
    fn record(&mut self, i: usize) -> Result<Record, DataError> {
        let split = self.split;
        match &split.x {
            Inputs::Streamed(streamed) => self.read(streamed, i),
            Inputs::Windows(x, shape) => {
                let length: usize = shape.iter().product();
                Ok(Record {
                    record: i,
                    values: x[i * length..(i + 1) * length].to_vec(),
                    shape: shape.clone(),
                    label: split.y[i].into(),
                    group: None,
                })
            }
            Inputs::Memory(_) => Err(UsageError::NoWindows.into()),
        }
    }

    fn read(&mut self, streamed: &Streamed, i: usize) -> Result<Record, DataError> {
        let slot = streamed.slots[i];
        let path = &streamed.sources[slot.source as usize];
        if self.files.len() >= OPEN_FILES && !self.files.contains_key(&slot.source) {
            self.files.clear();
        }
        let file = match self.files.entry(slot.source) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                entry.insert(reader::of(path)?.windows(path, &streamed.wanted)?)
            }
        };
        let window = file.window(path, slot.record as usize, slot.span)?;
        Ok(Record {
            record: slot.record as usize,
            values: window.values,
            shape: window.shape,
            label: self.split.y[i].into(),
            group: None,
        })
    }
}

/// Joins segments to a whole window, which augmentation needs.
fn to_window(record: &mut Record) -> Result<(), DataError> {
    if record.shape.len() == 2 {
        return Ok(());
    }
    let (window, shape) =
        segments::window(&record.values, &record.shape).map_err(UsageError::Augmentation)?;
    (record.values, record.shape) = (window.into_owned(), shape.to_vec());
    Ok(())
}

/// Checks on the first sample whether the windows of `split` can be augmented.
///
/// # Errors
/// [`DataError::Usage`] if the samples are neither raw windows nor segments of such.
pub fn check_augmentable(split: &Split, preprocessing: &Preprocessing) -> Result<(), DataError> {
    let light = Augmentation::preset("light").unwrap_or_default();
    let augmenting = Augmenting {
        augmentation: &light,
        background: None,
        seed: 0,
        epoch: 0,
        first: 0,
    };
    Fetcher::new(split, preprocessing)
        .augmented(Some(augmenting))
        .fetch(&[0])
        .map(|_| ())
}

/// Number of batches prepared ahead, enough to bridge a slow read.
const AHEAD: usize = 4;

/// Calls `each` with the batch for every list of indices, in order, until it returns `false`. Unless inputs are kept
/// in memory, batches are prepared ahead on another thread.
///
/// # Errors
/// Those of [`Fetcher::fetch`].
/// As [`Fetcher::fetch`].
pub fn for_each<'i>(
    split: &Split,
    preprocessing: &Preprocessing,
    lists: impl Iterator<Item = &'i [usize]> + Send,
    each: impl FnMut(Batch) -> bool,
) -> Result<(), DataError> {
    for_each_augmented(split, preprocessing, None, lists, each)
}

/// Like [`for_each`], with augmented windows.
///
/// # Errors
/// Those of [`Fetcher::fetch`].
pub fn for_each_augmented<'i>(
    split: &Split,
    preprocessing: &Preprocessing,
    augmenting: Option<Augmenting<'_>>,
    lists: impl Iterator<Item = &'i [usize]> + Send,
    mut each: impl FnMut(Batch) -> bool,
) -> Result<(), DataError> {
    let mut fetcher = Fetcher::new(split, preprocessing).augmented(augmenting);
    // Copying is fast; computing or augmenting inputs is done ahead.
    if matches!(split.x, Inputs::Memory(_)) && fetcher.augmenting.is_none() {
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
                // The channel is closed: the consumer has stopped.
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
mod tests;
