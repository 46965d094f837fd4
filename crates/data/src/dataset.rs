//! The three splits in memory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ndarray::{ArrayView3, ArrayView4};
use sha2::{Digest, Sha256};

use crate::config::DatasetConfig;
use crate::error::DataError;
use crate::index::read_index;
use crate::preprocess::{Normalisation, Preprocessing, SEGMENTS, Statistics, window_to_input};
use crate::reader::{self, Record};
use crate::spectral::Spectrum;

/// One split: inputs, labels and where they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Inputs `[N, channels, segments, bins]`, row-major; normalised unless the normalisation is
    /// `batch`.
    pub x: Vec<f32>,
    /// Labels `[N]`, renumbered.
    pub y: Vec<u32>,
    /// Groups that occur, where sources name them.
    pub groups: BTreeSet<String>,
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

    /// All inputs as an array `[N, channels, segments, bins]`.
    pub fn inputs(&self) -> ArrayView4<'_, f32> {
        let [a, b, c] = self.shape;
        ArrayView4::from_shape((self.len(), a, b, c), &self.x).expect("x fills its shape")
    }

    /// Input `i` as an array `[channels, segments, bins]`.
    pub fn input(&self, i: usize) -> ArrayView3<'_, f32> {
        self.inputs().index_axis_move(ndarray::Axis(0), i)
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
        let mut warnings: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
        let task = &config.task;
        let train_index = task.train_index_file.as_ref().expect("checked when parsed");
        let val_index = task.val_index_file.as_ref().expect("checked when parsed");
        let mut loader = Loader {
            config,
            spectrum: None,
            shape: None,
        };
        let mut train = loader.split("training", train_index)?;
        let mut val = loader.split("validation", val_index)?;
        let own_test = task
            .test_index_file
            .as_ref()
            .filter(|index| *index != val_index);
        let mut test = match own_test {
            Some(index) => Some(loader.split("test", index)?),
            None => {
                warnings
                    .push("no test split of its own: the validation split serves as test".into());
                None
            }
        };
        refuse_shared("training", &train, "validation", &val)?;
        if let Some(test) = &test {
            refuse_shared("training", &train, "test", test)?;
            refuse_shared("validation", &val, "test", test)?;
        }
        let class_names = config.class_names();
        for (name, count) in class_names
            .iter()
            .zip(train.class_counts(class_names.len()))
        {
            if count == 0 {
                warnings.push(format!("class `{name}` has no training sample"));
            }
        }

        let normalisation = config.normalisation.unwrap_or(normalisation);
        let shape = train.shape;
        let preprocessing = Preprocessing {
            segments: SEGMENTS,
            spectral: config.spectral.clone(),
            normalisation,
            statistics: (normalisation == Normalisation::Dataset)
                .then(|| Statistics::of(&train.x, shape)),
        };
        if normalisation != Normalisation::Batch {
            let splits = [Some(&mut train), Some(&mut val), test.as_mut()];
            for split in splits.into_iter().flatten() {
                preprocessing.normalise(&mut split.x, shape);
            }
        }
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

struct Loader<'a> {
    config: &'a DatasetConfig,
    spectrum: Option<(usize, Spectrum)>,
    /// Shape of inputs and the source that set it.
    shape: Option<([usize; 3], PathBuf)>,
}

impl Loader<'_> {
    fn split(&mut self, name: &'static str, index: &Path) -> Result<Split, DataError> {
        let base = self.config.path.parent().unwrap_or(Path::new(""));
        let sources = read_index(index, base)?;
        let mut split = Split {
            x: Vec::new(),
            y: Vec::new(),
            groups: BTreeSet::new(),
            fingerprint: String::new(),
            shape: [0; 3],
        };
        let mut hash = Sha256::new();
        for source in &sources {
            reader::read(source, &mut |record| {
                self.add(record, source, &mut split, &mut hash)
            })?;
        }
        if split.is_empty() {
            return Err(DataError::EmptySplit {
                split: name,
                path: index.to_owned(),
            });
        }
        let digest = hash.finalize();
        split.fingerprint = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        split.shape = self.shape.as_ref().expect("a sample set it").0;
        Ok(split)
    }

    fn add(
        &mut self,
        record: Record,
        source: &Path,
        split: &mut Split,
        hash: &mut Sha256,
    ) -> Result<(), DataError> {
        let error = |problem: String| DataError::Record {
            path: source.to_owned(),
            record: record.record,
            problem,
        };
        let classes = self.config.labels_on_disk();
        let label = usize::try_from(record.label)
            .ok()
            .filter(|label| *label < classes);
        let Some(label) = label else {
            return Err(error(format!(
                "label {} is no class of `{}`: labels are 0 to {}",
                record.label,
                self.config.task_name,
                classes - 1
            )));
        };
        let Some(label) = self.config.renumber(label) else {
            return Ok(());
        };
        let spectral = &self.config.spectral;
        let input = window_to_input(&record.values, &record.shape, &mut self.spectrum, spectral);
        let (input, shape) = input.map_err(error)?;
        match &self.shape {
            Some((expected, first)) if *expected != shape => {
                return Err(error(format!(
                    "the input would be {shape:?}, but {} set {expected:?}: all samples must have \
                     one shape",
                    first.display()
                )));
            }
            Some(_) => {}
            None => self.shape = Some((shape, source.to_owned())),
        }
        record
            .values
            .iter()
            .for_each(|value| hash.update(value.to_le_bytes()));
        hash.update(u64::from(label).to_le_bytes());
        split.x.extend(input);
        split.y.push(label);
        split.groups.extend(record.group);
        Ok(())
    }
}
