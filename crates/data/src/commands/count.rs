//! `data count`: classes of every split, from labels alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::table;
use crate::config::DatasetConfig;
use crate::dataset::Loading;
use crate::error::DataError;
use crate::labels::{LabelIndex, Stamp};
use crate::reader::{self, Wanted};
use crate::samples;

/// Samples of a split by label on disk.
struct Counted {
    split: &'static str,
    labels: BTreeMap<i64, usize>,
}

/// Sources that are read before it is said how far it is.
const AT_ONCE: usize = 1024;

pub(super) fn count(
    config: &DatasetConfig,
    json: bool,
    watch: &mut dyn FnMut(Loading),
) -> Result<String, DataError> {
    // Nothing is kept, so readers leave out the values where the format lets them.
    let wanted = Wanted {
        labels: Some(Vec::new()),
        ..config.wanted()
    };
    let mut counted = Vec::new();
    for (split, index) in samples::indices(config) {
        let sources = config.sources(&index)?;
        let mut known = LabelIndex::open(&index, &wanted, sources.len());
        let mut labels = BTreeMap::new();
        let mut done = 0;
        for sources_now in sources.chunks(AT_ONCE) {
            let of = |source: &PathBuf| labels_of(source, &wanted, &known);
            let read: Vec<_> = sources_now.par_iter().map(of).collect();
            for (source, read) in sources_now.iter().zip(read) {
                let (own, stamp) = read?;
                if let (Some(stamp), [label]) = (stamp, &own[..]) {
                    known.learn(source, stamp, *label);
                }
                for (record, label) in own.into_iter().enumerate() {
                    let checked = config.renumber_read(label);
                    checked.map_err(|problem| DataError::Record {
                        path: source.clone(),
                        record,
                        problem,
                    })?;
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
    Ok(match json {
        true => as_json(config, &counted),
        false => as_table(config, &counted),
    })
}

/// Labels of a source, and what it was when they were read, where it is one sample.
fn labels_of(
    source: &Path,
    wanted: &Wanted,
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
        .flat_map(|own| own.labels.keys().copied())
        .chain((0..config.labels_on_disk()).map(|label| label as i64))
        .collect();
    let heads = ["class", ""].map(String::from).into_iter();
    let heads = heads.chain(counted.iter().map(|own| own.split.to_owned()));
    let mut rows = vec![heads.collect::<Vec<_>>()];
    let of = |own: &Counted, label: &i64| own.labels.get(label).copied().unwrap_or(0);
    for label in &labels {
        let name = names.get(label).cloned().unwrap_or_default();
        let left_out = match config.includes(*label) {
            true => "",
            false => "left out",
        };
        let counts = counted.iter().map(|own| of(own, label).to_string());
        let head = [format!("{label} {name}").trim().to_owned(), left_out.into()];
        rows.push(head.into_iter().chain(counts).collect());
    }
    let total = |own: &Counted| {
        let kept = labels.iter().filter(|label| config.includes(**label));
        kept.map(|label| of(own, label)).sum::<usize>().to_string()
    };
    let head = ["taken".to_owned(), String::new()].into_iter();
    rows.push(head.chain(counted.iter().map(total)).collect());
    table(&rows)
}

fn as_json(config: &DatasetConfig, counted: &[Counted]) -> String {
    let names: BTreeMap<i64, String> = config.named_labels().collect();
    let splits = counted.iter().map(|own| {
        let classes = own.labels.iter().map(|(label, samples)| {
            serde_json::json!({
                "label": label,
                "name": names.get(label),
                "included": config.includes(*label),
                "samples": samples,
            })
        });
        (own.split.to_owned(), classes.collect::<Vec<_>>().into())
    });
    let map: serde_json::Map<String, serde_json::Value> = splits.collect();
    format!("{:#}\n", serde_json::Value::from(map))
}
