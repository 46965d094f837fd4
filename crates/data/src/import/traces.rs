//! Windows of SeisBench datasets.

use super::config::{Recording, RecordingsConfig, SeisBenchFolder};
use super::labels::{Label, Time};
use super::shards::Spool;
use super::write::{Imported, of_traces};
use crate::error::DataError;
use crate::recording::{SeisBench, chunks};

/// Names SeisBench gives to splits.
fn split(name: &str) -> Option<&'static str> {
    match name {
        "train" => Some("train"),
        "dev" | "val" => Some("val"),
        "test" => Some("test"),
        _ => None,
    }
}

/// Spools the windows of every trace whose class is one that is trained.
pub(super) fn spool(
    config: &RecordingsConfig,
    own: &SeisBenchFolder,
    spool: &mut Spool,
    imported: &mut Imported,
    say: &mut dyn FnMut(&str),
) -> Result<(), DataError> {
    let mut left_out = 0;
    for chunk in chunks(&own.folder)? {
        let mut data = SeisBench::open(&own.folder, &chunk)?;
        data.needs(&own.class_column)?;
        if let Some(column) = &own.around {
            data.needs(column)?;
        }
        let given: Vec<_> = (0..data.len())
            .map(|row| data.value(row, "split").and_then(split))
            .collect();
        let validated = given.contains(&Some("val"));
        let before = spool.windows.len();
        for (row, given) in given.into_iter().enumerate() {
            let value = data.value(row, &own.class_column).unwrap_or_default();
            let class = own.classes.get(value).map_or(value, String::as_str);
            if !config.class_names.iter().any(|known| known == class) {
                left_out += 1;
                continue;
            }
            let class = class.to_owned();
            let name = data.value(row, "trace_name").unwrap_or_default().to_owned();
            let group = data
                .value(row, &own.group_column)
                .unwrap_or(&name)
                .to_owned();
            let mut recording = Recording {
                name: Some(name),
                files: vec![own.folder.join(format!("waveforms{chunk}.hdf5"))],
                group: Some(group),
                split: given.map(str::to_owned),
                ..Default::default()
            };
            let arrival = own
                .around
                .as_ref()
                .map(|column| data.value(row, column).map(str::parse::<f64>));
            let traces = match arrival {
                None => {
                    recording.class = Some(class);
                    data.traces(row)?
                }
                Some(Some(Ok(sample))) if sample.is_finite() => {
                    let traces = data.traces(row)?;
                    let at = sample / traces.first().map_or(1.0, |trace| trace.rate);
                    let after = own.after.unwrap_or(config.window);
                    let (start, end) = (Time::Seconds(at - own.before), Time::Seconds(at + after));
                    recording.labels = vec![Label {
                        start,
                        end,
                        class,
                        event: None,
                    }];
                    traces
                }
                // Without an arrival there is nothing to cut around.
                Some(_) => {
                    left_out += 1;
                    continue;
                }
            };
            of_traces(config, &recording, traces, validated, spool, imported)?;
            imported.recordings += 1;
        }
        let file = own.folder.join(format!("waveforms{chunk}.hdf5"));
        say(&format!(
            "{}: {} windows",
            file.display(),
            spool.windows.len() - before
        ));
    }
    if left_out > 0 {
        imported.warnings.push(format!(
            "{}: {left_out} traces are of no class of `class_names`, or have no arrival, and are left out",
            own.folder.display()
        ));
    }
    Ok(())
}
