//! Determines which windows form the splits: those of the index files, or those of a fold of training and validation
//! data.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::config::DatasetConfig;
use crate::error::{DataError, SampleError, in_record};
use crate::folds::{FoldChoice, Roles};
use crate::reader::{self, Record};

/// Number of sources read together.
const READ_AHEAD: usize = 256;

/// Windows of one split.
#[derive(Clone, Debug)]
pub(crate) struct SplitSources {
    /// Index file, for messages.
    pub index: PathBuf,
    /// Sources in order.
    pub sources: Vec<PathBuf>,
    /// Which windows of the included classes belong to the split, in order; `None` for all.
    pub keep: Option<Vec<bool>>,
}

/// Windows of all splits.
#[derive(Clone, Debug)]
pub(crate) struct SplitPlan {
    pub train: SplitSources,
    pub validation: SplitSources,
    /// `None` if the validation split stands in for a test split.
    pub test: Option<SplitSources>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

impl SplitPlan {
    /// The splits, or the fold, of `config`. For a fold, all labels and groups are read first.
    ///
    /// # Errors
    /// [`DataError`] if an index file or source is unreadable, or groups cannot be assigned to folds.
    pub fn new(config: &DatasetConfig) -> Result<Self, DataError> {
        let task = &config.task;
        let train = task
            .train_index_file
            .as_deref()
            .expect("checked when parsed");
        let validation = task.val_index_file.as_deref().expect("checked when parsed");
        if let Some(fold) = config.fold {
            return Self::of_fold(config, [train, validation], fold);
        }
        let whole = |index: &Path| -> Result<SplitSources, DataError> {
            Ok(SplitSources {
                sources: config.sources(index)?,
                index: index.to_owned(),
                keep: None,
            })
        };
        Ok(Self {
            train: whole(train)?,
            validation: whole(validation)?,
            test: own_test_index(config).map(whole).transpose()?,
            warnings: Vec::new(),
        })
    }

    fn of_fold(
        config: &DatasetConfig,
        [train, validation]: [&Path; 2],
        fold: FoldChoice,
    ) -> Result<Self, DataError> {
        fold.check()?;
        let mut sources = config.sources(train)?;
        if !same_windows(config, train, validation)? {
            sources.extend(config.sources(validation)?);
        }
        let pool = Pool::read(config, &sources)?;
        let roles = if config.held_out.is_empty() {
            fold.roles(&pool.labels, &pool.groups)?
        } else {
            fold.roles_without(&config.held_out, &pool.labels, &pool.groups)?
        };
        let part = |rows: &[usize]| {
            let mut keep = vec![false; pool.labels.len()];
            rows.iter().for_each(|&row| keep[row] = true);
            SplitSources {
                index: train.to_owned(),
                sources: sources.clone(),
                keep: Some(keep),
            }
        };
        let Roles {
            train: learned,
            validation: validated,
            test,
        } = &roles;
        let mut warnings = Vec::new();
        if pool.ungrouped > 0 {
            warnings.push(format!(
                "{} of {} windows name no group: each is dealt to the folds by itself, and windows of one recording may \
                 be learned from and tested; scores can be far too high",
                pool.ungrouped,
                pool.labels.len()
            ));
        }
        Ok(Self {
            train: part(learned),
            validation: part(validated),
            test: Some(part(test)),
            warnings,
        })
    }
}

/// The index file of the test split, unless it is the validation split under another name.
fn own_test_index(config: &DatasetConfig) -> Option<&Path> {
    let task = &config.task;
    let validation = task.val_index_file.as_deref()?;
    let test = task.test_index_file.as_deref()?;
    let read = |path: &Path| std::fs::read(path).ok();
    // Relative lines may refer to the index file's own folder.
    let beside = test.parent() == validation.parent();
    let same_list = || read(test).is_some_and(|list| Some(list) == read(validation));
    (test != validation && !(beside && same_list())).then_some(test)
}

/// Whether two index files list the same sources.
fn same_windows(config: &DatasetConfig, a: &Path, b: &Path) -> Result<bool, DataError> {
    Ok(a == b || config.sources(a)? == config.sources(b)?)
}

/// Labels and groups of all included windows of some sources, in order.
#[derive(Debug, Default)]
struct Pool {
    labels: Vec<u32>,
    groups: Vec<String>,
    /// Number of windows without a group; each counts as its own group.
    ungrouped: usize,
}

impl Pool {
    fn read(config: &DatasetConfig, sources: &[PathBuf]) -> Result<Self, DataError> {
        let wanted = config.wanted();
        let mut pool = Self::default();
        for some in sources.chunks(READ_AHEAD) {
            // Single-record sources are read on all threads, others one by one.
            let read = |source: &PathBuf| -> Result<Vec<(usize, i64, Option<String>)>, DataError> {
                let mut found = Vec::new();
                reader::read(source, &wanted, &mut |record: Record| {
                    found.push((record.record, record.label, record.group));
                    Ok(())
                })?;
                Ok(found)
            };
            let found: Vec<_> = some.par_iter().map(read).collect();
            for (source, records) in some.iter().zip(found) {
                for (record, label, group) in records? {
                    pool.add(config, label, group)
                        .map_err(in_record(source, record))?;
                }
            }
        }
        Ok(pool)
    }

    fn add(
        &mut self,
        config: &DatasetConfig,
        label: i64,
        group: Option<String>,
    ) -> Result<(), SampleError> {
        if let Some(label) = config.renumber_read(label)? {
            self.ungrouped += usize::from(group.is_none());
            let alone = format!("window {}", self.labels.len());
            self.groups.push(group.unwrap_or(alone));
            self.labels.push(label);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo;

    #[test]
    fn the_same_list_is_no_test_split_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = DatasetConfig::load(&demo::ensure(folder.path()).unwrap(), None).unwrap();
        assert!(own_test_index(&config).is_some());
        config
            .task
            .test_index_file
            .clone_from(&config.task.val_index_file);
        assert!(own_test_index(&config).is_none());
        let copy = config
            .task
            .val_index_file
            .clone()
            .unwrap()
            .with_file_name("copy.txt");
        std::fs::copy(config.task.val_index_file.as_ref().unwrap(), &copy).unwrap();
        config.task.test_index_file = Some(copy);
        assert!(own_test_index(&config).is_none());
    }
}
