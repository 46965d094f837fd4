//! `data split`: assigns the samples of a dataset to new splits.

use super::OutputArgs;
use crate::config::DatasetConfig;
use crate::error::{DataError, SampleError, in_record};
use crate::import::{self, Imported, Target};
use crate::reader::Record;
use crate::samples;
use crate::split::Loading;

/// How samples are divided.
pub(super) struct Shares {
    /// Fractions for training, validation and test, with sum 1.
    pub shares: [f64; 3],
    /// Seed of the order in which groups are assigned.
    pub seed: u64,
    /// Whether samples without a group may be divided one by one.
    pub ungrouped: bool,
}

/// Writes the samples of `config` in new splits.
///
/// # Errors
/// [`DataError`] if a sample cannot be read or has no group, or the dataset cannot be written.
pub(super) fn split(
    config: &DatasetConfig,
    shares: &Shares,
    out: &OutputArgs,
    watch: &mut dyn FnMut(Loading),
) -> Result<Imported, DataError> {
    let target = target(config, shares.shares, shares.seed)?;
    let (mut ungrouped, mut all) = (0usize, 0usize);
    let mut imported = import::resplit(&target, &out.out, out.writing(), watch, |sink| {
        samples::each(config, &mut |path, record, label| {
            let no_group = || in_record(path, record.record)(SampleError::NoGroup);
            let own_group = || format!("{}#{}", path.display(), record.record);
            let group = record
                .group
                .clone()
                .or_else(|| shares.ungrouped.then(own_group))
                .ok_or_else(no_group)?;
            all += 1;
            ungrouped += usize::from(record.group.is_none());
            let record = Record {
                group: Some(group),
                label: label.into(),
                ..record
            };
            sink(record, None)
        })
    })?;
    if ungrouped > 0 {
        imported.warnings.push(format!(
            "{ungrouped} of {all} samples have no group and are split one by one, as --ungrouped says: if some come from one \
             recording, they are in several splits, and scores are far too high"
        ));
    }
    Ok(imported)
}

/// The output of `split`: the same task, and all other sections of the configuration.
pub(super) fn target(
    config: &DatasetConfig,
    shares: [f64; 3],
    seed: u64,
) -> Result<Target, DataError> {
    let kept = [
        "sampling_rate",
        "recording_channels",
        "recording_preprocessing",
        "spectral_processing",
        "preprocessing",
        "normalisation",
        "normalization",
    ];
    let sections = kept
        .iter()
        .filter_map(|key| Some((*key, config.content.get(key)?)));
    Ok(Target {
        class_names: config.class_names(),
        task: config.task_name.clone(),
        // JSON is valid YAML.
        settings: sections
            .map(|(key, value)| format!("{key}: {value}\n"))
            .collect(),
        by: None,
        shares,
        seed,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What windows have behind them stays known when they are split anew.
    #[test]
    fn other_sections_are_kept() {
        let text = "t: {class_names: [a, b], train_index_file: a, val_index_file: b}\nsampling_rate: 50\n\
                    recording_channels: [Z, N]\nrecording_preprocessing: [demean, {scale: 0.5}]\n";
        let config = DatasetConfig::parse(text, Path::new("c.yaml"), None).unwrap();
        let target = target(&config, [0.5, 0.5, 0.0], 0).unwrap();
        assert_eq!(
            target.settings,
            "sampling_rate: 50\nrecording_channels: [\"Z\",\"N\"]\nrecording_preprocessing: [\"demean\",{\"scale\":0.5}]\n"
        );
    }
}
