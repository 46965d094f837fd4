//! The three splits of a dataset, in memory or streamed.

mod warnings;
mod window_features;

use crate::batch::Fetcher;
use crate::config::DatasetConfig;
use crate::error::{DataError, UsageError};
use crate::leaks::Contents;
use crate::loader::{Loader, READ_AHEAD};
use crate::loudness::louder;
use crate::pool::SplitPlan;
use crate::preprocessing::{
    Compression, Normalisation, Preprocessing, SpectralMethod, Statistics, StatisticsPasses,
};
use crate::reader::{class_note, note, rate_note, spread};
use crate::split::{Inputs, Loading, Split, Storage};

use warnings::{class_warnings, group_warnings, ungrouped_warning};
use window_features::{check_channels, check_window_features};

/// A dataset ready for training.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Class names in label order.
    pub class_names: Vec<String>,
    /// Training split.
    pub train: Split,
    /// Validation split.
    pub val: Split,
    /// Test split.
    pub test: Split,
    /// Whether the validation split stands in for a missing test split.
    pub test_is_val: bool,
    /// Preprocessing from windows to inputs.
    pub preprocessing: Preprocessing,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

impl Dataset {
    /// Reads all splits of `config`, scaled as configured or else by `normalisation`.
    ///
    /// # Errors
    /// [`DataError`] naming file, line or record: unreadable sources, invalid labels, windows of different shapes,
    /// empty splits, groups in several splits.
    pub fn load(config: &DatasetConfig, normalisation: Normalisation) -> Result<Self, DataError> {
        Self::open(config, normalisation, Storage::Memory)
    }

    /// Like [`Dataset::load`], in memory or streamed.
    ///
    /// # Errors
    /// Those of [`Dataset::load`], or [`DataError::NotStreamable`].
    pub fn open(
        config: &DatasetConfig,
        normalisation: Normalisation,
        storage: Storage,
    ) -> Result<Self, DataError> {
        Self::watch(config, normalisation, storage, &mut |_| {})
    }

    /// Reads and checks a dataset as training does, without scaling. Formats that allow it are streamed.
    ///
    /// # Errors
    /// Those of [`Dataset::load`].
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

    /// Like [`Dataset::open`]; reports progress to `watch`.
    ///
    /// # Errors
    /// Those of [`Dataset::open`].
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
        // The features were computed elsewhere and are used as they are.
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

    /// Like [`Dataset::watch`], with the front end of `config`.
    fn read(
        config: &DatasetConfig,
        normalisation: Normalisation,
        storage: Storage,
        watch: &mut dyn FnMut(Loading),
    ) -> Result<Self, DataError> {
        let normalisation = config.normalisation_or(normalisation);
        check_window_features(config, normalisation)?;
        let mut warnings: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
        warnings.extend(config.assumptions());
        let plan = SplitPlan::new(config)?;
        warnings.extend(notes_of(config, &plan));
        // Of a fold, the plan says how windows without a group are dealt.
        let says_ungrouped = !plan.warnings.is_empty();
        warnings.extend(plan.warnings);
        let mut preprocessing = config.preprocessing();
        let plain = preprocessing.clone();
        let summed = summed(config, normalisation, storage);
        let mut loader = Loader::new(config, &plain, storage, summed, watch);
        let (train, in_train) = loader.split("training", plan.train)?;
        let passes = loader.take_passes();
        let census = loader.take_census("validation");
        if storage == Storage::Windows {
            loader.keep_inputs();
        }
        let (val, in_val) = loader.split("validation", plan.validation)?;
        let mut seen = census.warnings();
        let of_val = loader.take_census("test");
        seen.extend(of_val.warnings());
        let mut judges = vec![of_val.levels("the validation split")];
        let test = match plan.test {
            Some(sources) => {
                let split = loader.split("test", sources)?;
                let of_test = loader.take_census("test");
                seen.extend(of_test.warnings());
                judges.push(of_test.levels("the test split"));
                Some(split)
            }
            None => {
                warnings.push("no test split: the validation split serves as test".into());
                None
            }
        };
        seen.extend(louder(&census.levels("the training split"), &judges));
        let read = [
            Some(&in_train),
            Some(&in_val),
            test.as_ref().map(|(_, all)| all),
        ];
        warnings.extend(windows_twice(read));
        let (mut train, mut val, mut test) = separate((train, in_train), (val, in_val), test)?;
        let class_names = config.class_names();
        let read = [Some(&train), Some(&val), test.as_ref()];
        warnings.extend(class_warnings(read, &class_names));
        warnings.extend(seen);
        warnings.extend(group_warnings(read, &class_names));
        if !says_ungrouped {
            warnings.extend(ungrouped_warning(read));
        }
        check_channels(config, train.shape[0])?;
        preprocessing.thresholds = (!config.absolute_thresholds).then(|| census.thresholds());
        preprocessing
            .set_samples(census.samples(), census.own_segments())
            .map_err(UsageError::from)?;
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

/// The normalisation whose statistics are summed while the data are read, because not all inputs are kept in memory.
fn summed(
    config: &DatasetConfig,
    normalisation: Normalisation,
    storage: Storage,
) -> Option<Normalisation> {
    // Spectra can only be summed once their floors are known.
    let is_compressed = config.spectral.applied_compression() != Compression::None;
    (storage != Storage::Memory && normalisation.needs_statistics() && !is_compressed)
        .then_some(normalisation)
}

/// Sources of a split whose sampling rate and classes are looked at, at most.
const LOOKED_AT: usize = 16;

/// What to say of the first source of a split that leaves a doubt, and of the sampling rates and classes of sources.
fn notes_of(config: &DatasetConfig, plan: &SplitPlan) -> Vec<String> {
    let splits = [
        Some(&plan.train),
        Some(&plan.validation),
        plan.test.as_ref(),
    ];
    let splits = || splits.iter().flatten().map(|split| &split.sources);
    let wanted = config.wanted();
    let mut firsts = splits().filter_map(|sources| sources.first());
    let some = || splits().flat_map(|sources| spread(sources, LOOKED_AT));
    // Each source is held against names in the configuration.
    let classes = wanted
        .class_names
        .is_empty()
        .then(|| class_note(some()))
        .flatten();
    let notes = [
        firsts.find_map(|first| note(first, &wanted)),
        rate_note(some(), config.sampling_rate),
        classes,
    ];
    notes.into_iter().flatten().collect()
}

/// Warnings of windows that are in a split twice, or share samples with those of another.
fn windows_twice(splits: [Option<&Contents>; 3]) -> Vec<String> {
    let repeats = splits.into_iter().flatten().filter_map(Contents::repeats);
    let pairs = [(0, 1), (0, 2), (1, 2)].into_iter();
    let pairs = pairs.filter_map(|(one, other)| splits[one].zip(splits[other]));
    let found = pairs.flat_map(|(one, other)| [one.sharing(other), one.scaled(other)]);
    repeats.chain(found.flatten()).collect()
}

/// A split and the hashes of its windows.
type Read = (Split, Contents);

/// The splits, if no group and no window is in two of them.
fn separate(
    (train, in_train): Read,
    (val, in_val): Read,
    test: Option<Read>,
) -> Result<(Split, Split, Option<Split>), DataError> {
    // Shared groups make the better message, so they are checked before shared windows.
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
    Ok((train, val, test.map(|(test, _)| test)))
}

/// Compresses and scales all inputs in memory, and stores the scaling of the training split in `preprocessing` for
/// the others.
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

/// Statistics of a split, or the rest of them if it was summed while read. `plain` disables compression and scaling.
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
