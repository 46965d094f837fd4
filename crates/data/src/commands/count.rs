//! `data count`: counts the classes of every split from labels alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::table;
use crate::config::DatasetConfig;
use crate::error::{DataError, in_record};
use crate::labels::{LabelIndex, Stamp};
use crate::reader::{self, SourceSelection};
use crate::samples;
use crate::split::Loading;

/// Samples of a split by label on disk.
struct Counted {
    split: &'static str,
    labels: BTreeMap<i64, usize>,
}

/// Number of sources read between progress reports.
const BATCH: usize = 1024;

pub(super) fn count(
    config: &DatasetConfig,
    json: bool,
    watch: &mut dyn FnMut(Loading),
) -> Result<String, DataError> {
    // No values are kept, so readers skip them if the format allows.
    let wanted = SourceSelection {
        labels: Some(Vec::new()),
        ..config.wanted()
    };
    let mut counted = Vec::new();
    for (split, index) in samples::indices(config) {
        let sources = config.sources(&index)?;
        let mut known = LabelIndex::open(&index, &wanted, sources.len());
        let mut labels = BTreeMap::new();
        let mut done = 0;
        for sources_now in sources.chunks(BATCH) {
            let of = |source: &PathBuf| labels_of(source, &wanted, &known);
            let read: Vec<_> = sources_now.par_iter().map(of).collect();
            for (source, read) in sources_now.iter().zip(read) {
                let (source_labels, stamp) = read?;
                if let (Some(stamp), [label]) = (stamp, &source_labels[..]) {
                    known.learn(source, stamp, *label);
                }
                for (record, label) in source_labels.into_iter().enumerate() {
                    let checked = config.renumber_read(label);
                    checked.map_err(in_record(source, record))?;
                    *labels.entry(label).or_insert(0) += 1;
                }
            }
            done += sources_now.len();
            watch(Loading {
                split,
                done,
                of: sources.len(),
            });
        }
        known.save();
        counted.push(Counted { split, labels });
    }
    Ok(if json {
        as_json(config, &counted)
    } else {
        as_table(config, &counted)
    })
}

/// Labels of a source, with its cache stamp if it is a single sample.
fn labels_of(
    source: &Path,
    wanted: &SourceSelection,
    known: &LabelIndex,
) -> Result<(Vec<i64>, Option<Stamp>), DataError> {
    let stamp = known.stamp(source);
    if let Some(label) = stamp.and_then(|stamp| known.known(source, stamp)) {
        return Ok((vec![label], stamp));
    }
    let reader = reader::of(source)?;
    let mut labels = Vec::new();
    reader.read(source, wanted, &mut |record| {
        labels.push(record.label);
        Ok(())
    })?;
    Ok((labels, stamp.filter(|_| reader.one_record())))
}

fn as_table(config: &DatasetConfig, counted: &[Counted]) -> String {
    let names: BTreeMap<i64, String> = config.named_labels().collect();
    let labels: BTreeSet<i64> = counted
        .iter()
        .flat_map(|counted| counted.labels.keys().copied())
        .chain((0..config.labels_on_disk()).map(|label| label as i64))
        .collect();
    let heads = ["class", ""].map(String::from).into_iter();
    let heads = heads.chain(counted.iter().map(|counted| counted.split.to_owned()));
    let mut rows = vec![heads.collect::<Vec<_>>()];
    let of = |counted: &Counted, label: &i64| counted.labels.get(label).copied().unwrap_or(0);
    for label in &labels {
        let name = names.get(label).cloned().unwrap_or_default();
        let left_out = if config.includes(*label) {
            ""
        } else {
            "left out"
        };
        let counts = counted.iter().map(|counted| of(counted, label).to_string());
        let head = [format!("{label} {name}").trim().to_owned(), left_out.into()];
        rows.push(head.into_iter().chain(counts).collect());
    }
    let total = |counted: &Counted| {
        let kept = labels.iter().filter(|label| config.includes(**label));
        kept.map(|label| of(counted, label))
            .sum::<usize>()
            .to_string()
    };
    let head = ["taken".to_owned(), String::new()].into_iter();
    rows.push(head.chain(counted.iter().map(total)).collect());
    table(&rows)
}

fn as_json(config: &DatasetConfig, counted: &[Counted]) -> String {
    let names: BTreeMap<i64, String> = config.named_labels().collect();
    let splits = counted.iter().map(|counted| {
        let classes = counted.labels.iter().map(|(label, samples)| {
            serde_json::json!({
                "label": label,
                "name": names.get(label),
                "included": config.includes(*label),
                "samples": samples,
            })
        });
        (counted.split.to_owned(), classes.collect::<Vec<_>>().into())
    });
    let map: serde_json::Map<String, serde_json::Value> = splits.collect();
    format!("{:#}\n", serde_json::Value::from(map))
}
