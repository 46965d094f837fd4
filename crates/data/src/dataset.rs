//! The three splits, in memory or streamed from their sources.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use ndarray::ArrayView4;

use crate::batch::Fetcher;
use crate::config::DatasetConfig;
use crate::error::DataError;
use crate::folds::{coincidence_warnings, few_groups_warning};
use crate::loader::{Loader, READ_AHEAD};
use crate::pool::SplitPlan;
use crate::preprocessing::{
    Compression, Normalisation, Preprocessing, SpectralMethod, Statistics, StatisticsPasses,
};
use crate::reader::{Span, Wanted};

/// Where training takes inputs from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Read once, kept.
    #[default]
    Memory,
    /// Read anew for every batch, in bounded memory; the sources must let single records be read. The
    /// batches are the same, to the bit.
    Streamed,
    /// As `Memory`, but of the training split the windows are kept, to be augmented before they become inputs.
    Windows,
}

/// How far the reading of a split is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loading {
    /// `training`, `validation` or `test`.
    pub split: &'static str,
    /// Sources read.
    pub done: usize,
    /// Sources there are.
    pub of: usize,
}

impl Loading {
    /// Whether there are so many sources that people wait for them.
    pub fn takes_a_while(&self) -> bool {
        self.of >= 100
    }
}

/// The inputs of a split.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs {
    /// Row-major; normalised unless the normalisation is `batch`.
    Memory(Vec<f32>),
    /// Windows as they were recorded, end to end, and the shape of one.
    Windows(Vec<f32>, Vec<usize>),
    /// On disk, as they were recorded.
    Streamed(Streamed),
}

/// Samples that stay on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Streamed {
    /// Files.
    pub sources: Vec<PathBuf>,
    /// Where each sample lies.
    pub slots: Vec<Slot>,
    /// What is taken of it.
    pub wanted: Wanted,
}

/// Where a sample lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// File, in [`Streamed::sources`].
    pub source: u32,
    /// Record in the file.
    pub record: u32,
    /// Bytes of the record.
    pub span: Span,
}

/// One split: inputs, labels and where they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Inputs `[N, channels, segments, bins]`.
    pub x: Inputs,
    /// Labels `[N]`, renumbered.
    pub y: Vec<u32>,
    /// Groups that occur, where sources name them.
    pub groups: BTreeSet<String>,
    /// Group of each sample, where its source names one.
    pub group_of: Vec<Option<Arc<str>>>,
    /// SHA-256 over the windows and labels on disk, in order, as lower-case hex.
    pub fingerprint: String,
    /// Shape of one input.
    pub shape: [usize; 3],
}

impl Split {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.y.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }

    /// Values of one input.
    pub fn sample_length(&self) -> usize {
        self.shape.iter().product()
    }

    /// All inputs as an array `[N, channels, segments, bins]`; none where they are computed by batch.
    pub fn inputs(&self) -> Option<ArrayView4<'_, f32>> {
        let [a, b, c] = self.shape;
        let Inputs::Memory(x) = &self.x else {
            return None;
        };
        ArrayView4::from_shape((self.len(), a, b, c), x).ok()
    }

    /// All inputs end to end; nothing where they are computed by batch.
    pub fn memory(&self) -> &[f32] {
        match &self.x {
            Inputs::Memory(x) => x,
            Inputs::Windows(..) | Inputs::Streamed(_) => &[],
        }
    }

    /// Group of each sample; none where some sample has none.
    pub fn group_names(&self) -> Option<Vec<&str>> {
        self.group_of.iter().map(Option::as_deref).collect()
    }

    /// The samples at `indices`, in that order; the set of groups and fingerprint stay those of all.
    pub fn subset(&self, indices: &[usize]) -> Self {
        let of = |values: &[f32], length: usize| -> Vec<f32> {
            indices
                .iter()
                .flat_map(|i| values[i * length..(i + 1) * length].iter().copied())
                .collect()
        };
        Self {
            x: match &self.x {
                Inputs::Memory(x) => Inputs::Memory(of(x, self.sample_length())),
                Inputs::Windows(x, shape) => {
                    Inputs::Windows(of(x, shape.iter().product()), shape.clone())
                }
                Inputs::Streamed(streamed) => Inputs::Streamed(Streamed {
                    slots: indices.iter().map(|&i| streamed.slots[i]).collect(),
                    ..streamed.clone()
                }),
            },
            y: indices.iter().map(|&i| self.y[i]).collect(),
            group_of: indices.iter().map(|&i| self.group_of[i].clone()).collect(),
            ..self.clone_without_samples()
        }
    }

    fn clone_without_samples(&self) -> Self {
        Self {
            x: Inputs::Memory(Vec::new()),
            y: Vec::new(),
            groups: self.groups.clone(),
            group_of: Vec::new(),
            fingerprint: self.fingerprint.clone(),
            shape: self.shape,
        }
    }

    /// Samples of every class.
    pub fn class_counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        self.y.iter().for_each(|&label| counts[label as usize] += 1);
        counts
    }
}

/// Everything a training needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Class names, one a label.
    pub class_names: Vec<String>,
    /// Training split.
    pub train: Split,
    /// Validation split.
    pub val: Split,
    /// Test split.
    pub test: Split,
    /// Whether the validation split serves as test, because the configuration names no other.
    pub test_is_val: bool,
    /// From windows on disk to inputs.
    pub preprocessing: Preprocessing,
    /// What deserves a warning.
    pub warnings: Vec<String>,
}

impl Dataset {
    /// Reads all splits of `config`, scaled by its own normalisation or else `normalisation`.
    ///
    /// # Errors
    /// [`DataError`] naming file, line or record: unreadable sources, labels that are no class,
    /// windows of another shape than the first, empty splits, groups on both sides.
    pub fn load(config: &DatasetConfig, normalisation: Normalisation) -> Result<Self, DataError> {
        Self::open(config, normalisation, Storage::Memory)
    }

    /// As [`Dataset::load`], with inputs in memory or streamed.
    ///
    /// # Errors
    /// As there, and [`DataError::NotStreamable`].
    pub fn open(
        config: &DatasetConfig,
        normalisation: Normalisation,
        storage: Storage,
    ) -> Result<Self, DataError> {
        Self::watch(config, normalisation, storage, &mut |_| {})
    }

    /// Reads all of a dataset as training does, with every check and without scaling; streamed, as far as its formats let
    /// it be.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    pub(crate) fn check(
        config: &DatasetConfig,
        watch: &mut dyn FnMut(Loading),
    ) -> Result<Self, DataError> {
        let (none, streamed) = (Normalisation::None, Storage::Streamed);
        match Self::watch(config, none, streamed, watch) {
            Err(DataError::NotStreamable { .. }) => {
                Self::watch(config, none, Storage::Memory, watch)
            }
            opened => opened,
        }
    }

    /// As [`Dataset::open`]; `watch` is told how far it is.
    ///
    /// # Errors
    /// As there.
    pub fn watch(
        config: &DatasetConfig,
        normalisation: Normalisation,
        storage: Storage,
        watch: &mut dyn FnMut(Loading),
    ) -> Result<Self, DataError> {
        let opened = Self::read(config, normalisation, storage, watch);
        let Err(DataError::NotWindows { .. }) = &opened else {
            return opened;
        };
        if config.names_front_end {
            return opened;
        }
        // Features that were made elsewhere: they are taken as they are.
        let mut config = config.clone();
        config.spectral.method = SpectralMethod::None;
        let mut dataset = Self::read(&config, normalisation, storage, watch)?;
        dataset.warnings.push(
            "`bands`, the front end of configurations that name none, does not fit the samples, which are short or cut \
             into segments that do not overlap by half: they are taken as they are"
                .into(),
        );
        Ok(dataset)
    }

    /// As [`Dataset::watch`], with the front end of `config`.
    fn read(
        config: &DatasetConfig,
        normalisation: Normalisation,
        storage: Storage,
        watch: &mut dyn FnMut(Loading),
    ) -> Result<Self, DataError> {
        let normalisation = config.normalisation_or(normalisation);
        let mut warnings: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
        warnings.extend(config.assumptions());
        let plan = SplitPlan::new(config)?;
        warnings.extend(plan.warnings);
        let mut preprocessing = Preprocessing::new(config.steps.clone(), config.spectral.clone());
        preprocessing.sampling_rate = config.sampling_rate;
        let plain = preprocessing.clone();
        // Spectra can only be summed once their floors are known.
        let is_compressed = config.spectral.applied_compression() != Compression::None;
        let summed =
            storage != Storage::Memory && normalisation.needs_statistics() && !is_compressed;
        let mut loader = Loader::new(
            config,
            &plain,
            storage,
            summed.then_some(normalisation),
            watch,
        );
        let (mut train, in_train) = loader.split("training", plan.train)?;
        let passes = loader.take_passes();
        let census = loader.take_census("validation");
        if storage == Storage::Windows {
            loader.keep_inputs();
        }
        let (mut val, in_val) = loader.split("validation", plan.validation)?;
        let mut seen = census.warnings();
        seen.extend(loader.take_census("test").warnings());
        let test = match plan.test {
            Some(sources) => {
                let split = loader.split("test", sources)?;
                seen.extend(loader.take_census("test").warnings());
                Some(split)
            }
            None => {
                warnings
                    .push("no test split of its own: the validation split serves as test".into());
                None
            }
        };
        // Groups say more than windows.
        refuse_shared("training", &train, "validation", &val)?;
        if let Some((test, _)) = &test {
            refuse_shared("training", &train, "test", test)?;
            refuse_shared("validation", &val, "test", test)?;
        }
        in_train.refuse_shared(&in_val)?;
        if let Some((_, in_test)) = &test {
            in_train.refuse_shared(in_test)?;
            in_val.refuse_shared(in_test)?;
        }
        let mut test = test.map(|(test, _)| test);
        let class_names = config.class_names();
        for (name, count) in class_names
            .iter()
            .zip(train.class_counts(class_names.len()))
        {
            if count == 0 {
                warnings.push(format!("class `{name}` has no training sample"));
            }
        }

        warnings.extend(seen);
        if let Some(groups) = train.group_names() {
            warnings.extend(coincidence_warnings(
                "training",
                &train.y,
                &groups,
                &class_names,
            ));
        }
        warnings.extend(
            val.group_names()
                .and_then(|groups| few_groups_warning("validation", &groups)),
        );

        let thresholds = || census.thresholds();
        preprocessing.thresholds = (!config.absolute_thresholds).then(thresholds);
        preprocessing
            .set_window(census.samples())
            .map_err(DataError::Usage)?;
        let mut splits = [Some(&mut train), Some(&mut val), test.as_mut()];
        finish(&mut splits, normalisation, passes, &mut preprocessing)?;
        Ok(Self {
            class_names,
            test_is_val: test.is_none(),
            test: test.unwrap_or_else(|| val.clone()),
            train,
            val,
            preprocessing,
            warnings,
        })
    }
}

/// Compresses and scales the inputs that are in memory, the training split's first, and sets the scaling of
/// `preprocessing`, which does so with the others.
fn finish(
    splits: &mut [Option<&mut Split>],
    normalisation: Normalisation,
    passes: Option<StatisticsPasses>,
    preprocessing: &mut Preprocessing,
) -> Result<(), DataError> {
    for split in splits.iter_mut().flatten() {
        if let Inputs::Memory(x) = &mut split.x {
            preprocessing.compress(x, split.shape);
        }
    }
    if let Some(Some(train)) = splits.first()
        && normalisation.needs_statistics()
    {
        let by_band = normalisation == Normalisation::Band;
        preprocessing.statistics = Some(statistics(train, passes, by_band, preprocessing)?);
    }
    preprocessing.normalisation = normalisation;
    if normalisation != Normalisation::Batch {
        for split in splits.iter_mut().flatten() {
            if let Inputs::Memory(x) = &mut split.x {
                preprocessing.normalise(x, split.shape);
            }
        }
    }
    Ok(())
}

/// Statistics over a split, after the first pass where it was summed as it was read; `plain` compresses and scales
/// nothing.
fn statistics(
    split: &Split,
    passes: Option<StatisticsPasses>,
    by_band: bool,
    plain: &Preprocessing,
) -> Result<Statistics, DataError> {
    if let Inputs::Memory(x) = &split.x {
        return Ok(Statistics::of(x, split.shape, by_band));
    }
    let all: Vec<usize> = (0..split.len()).collect();
    let mut fetcher = Fetcher::new(split, plain).unscaled();
    let mut passes = match passes {
        Some(passes) => passes,
        None => {
            let mut passes = StatisticsPasses::new(split.shape, by_band);
            for indices in all.chunks(READ_AHEAD) {
                passes.first(&fetcher.fetch(indices)?.x);
            }
            passes
        }
    };
    passes.end_first();
    for indices in all.chunks(READ_AHEAD) {
        passes.second(&fetcher.fetch(indices)?.x);
    }
    Ok(passes.finish())
}

fn refuse_shared(
    first: &'static str,
    a: &Split,
    second: &'static str,
    b: &Split,
) -> Result<(), DataError> {
    let shared: Vec<String> = a.groups.intersection(&b.groups).cloned().collect();
    if shared.is_empty() {
        return Ok(());
    }
    Err(DataError::SharedGroups {
        first,
        second,
        count: shared.len(),
        groups: shared.into_iter().take(5).collect(),
    })
}
