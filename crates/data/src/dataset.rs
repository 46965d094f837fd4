//! The three splits, in memory or streamed from their sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ndarray::ArrayView4;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::batch::Fetcher;
use crate::config::DatasetConfig;
use crate::error::DataError;
use crate::index::read_index;
use crate::preprocess::{
    Normalisation, Preprocessing, SEGMENTS, Statistics, StatisticsPasses, records_to_inputs,
};
use crate::reader::{self, Reader, Record, Span, Wanted};

/// Where training takes inputs from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Read once, kept.
    #[default]
    Memory,
    /// Read anew for every batch, in bounded memory; the sources must let single records be read. The
    /// batches are the same, to the bit.
    Streamed,
}

/// The inputs of a split.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs {
    /// Row-major; normalised unless the normalisation is `batch`.
    Memory(Vec<f32>),
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

    /// All inputs as an array `[N, channels, segments, bins]`; none where they are streamed.
    pub fn inputs(&self) -> Option<ArrayView4<'_, f32>> {
        let [a, b, c] = self.shape;
        let Inputs::Memory(x) = &self.x else {
            return None;
        };
        ArrayView4::from_shape((self.len(), a, b, c), x).ok()
    }

    /// All inputs end to end; nothing where they are streamed.
    pub fn memory(&self) -> &[f32] {
        match &self.x {
            Inputs::Memory(x) => x,
            Inputs::Streamed(_) => &[],
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
    /// As there, and [`DataError::Source`] where a source cannot be streamed.
    pub fn open(
        config: &DatasetConfig,
        normalisation: Normalisation,
        storage: Storage,
    ) -> Result<Self, DataError> {
        let normalisation = config.normalisation.unwrap_or(normalisation);
        let mut warnings: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
        let task = &config.task;
        let train_index = task.train_index_file.as_ref().expect("checked when parsed");
        let val_index = task.val_index_file.as_ref().expect("checked when parsed");
        let mut loader = Loader {
            config,
            wanted: config.wanted(),
            storage,
            shape: None,
            summing: storage == Storage::Streamed && normalisation == Normalisation::Dataset,
            passes: None,
            bytes: Vec::new(),
        };
        let mut train = loader.split("training", train_index)?;
        let passes = loader.passes.take();
        loader.summing = false;
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

        let shape = train.shape;
        let mut preprocessing = Preprocessing {
            segments: SEGMENTS,
            spectral: config.spectral.clone(),
            normalisation: Normalisation::None,
            statistics: None,
        };
        if normalisation == Normalisation::Dataset {
            preprocessing.statistics = Some(statistics(&train, passes, &preprocessing)?);
        }
        preprocessing.normalisation = normalisation;
        if normalisation != Normalisation::Batch {
            let splits = [Some(&mut train), Some(&mut val), test.as_mut()];
            for split in splits.into_iter().flatten() {
                if let Inputs::Memory(x) = &mut split.x {
                    preprocessing.normalise(x, shape);
                }
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

/// Statistics over a split as it was recorded, after the first pass where it is streamed; `plain` scales
/// nothing.
fn statistics(
    split: &Split,
    passes: Option<StatisticsPasses>,
    plain: &Preprocessing,
) -> Result<Statistics, DataError> {
    let (Inputs::Streamed(_), Some(mut passes)) = (&split.x, passes) else {
        return Ok(Statistics::of(split.memory(), split.shape));
    };
    passes.end_first();
    let all: Vec<usize> = (0..split.len()).collect();
    let mut fetcher = Fetcher::new(split, plain);
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

/// Records whose inputs are not computed yet, and where they lie: source and span.
#[derive(Default)]
struct Waiting {
    records: Vec<Record>,
    places: Vec<(usize, Option<Span>)>,
}

impl Waiting {
    fn push(&mut self, record: Record, source: usize, span: Option<Span>) {
        self.records.push(record);
        self.places.push((source, span));
    }
}

struct Loader<'a> {
    config: &'a DatasetConfig,
    wanted: Wanted,
    storage: Storage,
    /// Shape of inputs and the source that set it.
    shape: Option<([usize; 3], PathBuf)>,
    /// Whether the inputs of this split are summed as they come, because they will not be kept.
    summing: bool,
    passes: Option<StatisticsPasses>,
    /// The bytes of one sample.
    bytes: Vec<u8>,
}

/// Records whose inputs are computed together.
const READ_AHEAD: usize = 256;

impl Loader<'_> {
    fn split(&mut self, name: &'static str, index: &Path) -> Result<Split, DataError> {
        let base = self.config.path.parent().unwrap_or(Path::new(""));
        let sources = read_index(index, base)?;
        let mut split = Split {
            x: match self.storage {
                Storage::Memory => Inputs::Memory(Vec::new()),
                Storage::Streamed => Inputs::Streamed(Streamed {
                    sources: sources.clone(),
                    slots: Vec::new(),
                    wanted: self.wanted.clone(),
                }),
            },
            y: Vec::new(),
            groups: BTreeSet::new(),
            fingerprint: String::new(),
            shape: [0; 3],
        };
        let mut hash = Sha256::new();
        let mut rest = &sources[..];
        while let Some(source) = rest.first() {
            let reader = reader::of(source)?;
            let number = sources.len() - rest.len();
            let mut waiting = Waiting::default();
            if reader.one_record() {
                // Many small files, read on all threads.
                let same = |path: &PathBuf| path.extension() == source.extension();
                let run = rest.iter().take(READ_AHEAD).take_while(|path| same(path));
                let run = &rest[..run.count()];
                let read = run.par_iter().map(|path| self.one(reader, path));
                for (i, record) in read.collect::<Vec<_>>().into_iter().enumerate() {
                    let (record, span) = record?;
                    waiting.push(record, number + i, span);
                }
                rest = &rest[run.len()..];
            } else {
                let spans = self.spans(reader, source)?;
                let wanted = self.wanted.clone();
                reader.read(source, &wanted, &mut |record| {
                    let span = spans.as_ref().and_then(|spans| spans.get(record.record));
                    waiting.push(record, number, span.copied());
                    match waiting.records.len() < READ_AHEAD {
                        true => Ok(()),
                        false => self.add(&mut waiting, &sources, &mut split, &mut hash),
                    }
                })?;
                rest = &rest[1..];
            }
            self.add(&mut waiting, &sources, &mut split, &mut hash)?;
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

    /// Where the records of a source lie, where they are streamed.
    fn spans(&self, reader: &dyn Reader, source: &Path) -> Result<Option<Vec<Span>>, DataError> {
        if self.storage == Storage::Memory {
            return Ok(None);
        }
        let spans = reader.spans(source)?.ok_or_else(|| {
            let problem = format!("cannot be streamed: {} are read into memory", reader.name());
            DataError::Source {
                path: source.to_owned(),
                problem,
            }
        })?;
        Ok(Some(spans))
    }

    /// The record of a source that is one.
    fn one(&self, reader: &dyn Reader, source: &Path) -> Result<(Record, Option<Span>), DataError> {
        let span = self.spans(reader, source)?;
        let span = span.and_then(|spans| spans.first().copied());
        let mut found = None;
        reader.read(source, &self.wanted, &mut |record| {
            found = Some(record);
            Ok(())
        })?;
        let nothing = || DataError::Source {
            path: source.to_owned(),
            problem: "holds no sample".into(),
        };
        Ok((found.ok_or_else(nothing)?, span))
    }

    /// Adds records, in order; their inputs are computed on all threads.
    fn add(
        &mut self,
        waiting: &mut Waiting,
        sources: &[PathBuf],
        split: &mut Split,
        hash: &mut Sha256,
    ) -> Result<(), DataError> {
        let records = std::mem::take(&mut waiting.records);
        let inputs: Vec<_> = records_to_inputs(&records, &self.config.spectral).collect();
        let places = waiting.places.drain(..);
        for ((record, input), (source, span)) in records.into_iter().zip(inputs).zip(places) {
            let slot = span.map(|span| Slot {
                source: source as u32,
                record: record.record as u32,
                span,
            });
            self.add_one(record, slot, input, &sources[source], split, hash)?;
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // the parts of one sample
    fn add_one(
        &mut self,
        record: Record,
        slot: Option<Slot>,
        input: Result<(Vec<f32>, [usize; 3]), String>,
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
        self.bytes.clear();
        let values = record.values.iter().flat_map(|value| value.to_le_bytes());
        self.bytes.extend(values);
        self.bytes.extend(u64::from(label).to_le_bytes());
        hash.update(&self.bytes);
        if self.summing {
            let passes = self
                .passes
                .get_or_insert_with(|| StatisticsPasses::new(shape));
            passes.first(&input);
        }
        match (&mut split.x, slot) {
            (Inputs::Memory(x), _) => x.extend(input),
            (Inputs::Streamed(streamed), Some(slot)) => streamed.slots.push(slot),
            (Inputs::Streamed(_), None) => return Err(error("the file is changing".into())),
        }
        split.y.push(label);
        split.groups.extend(record.group);
        Ok(())
    }
}
