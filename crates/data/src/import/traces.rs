//! Cuts windows from SeisBench datasets.

use super::classes::class_of;
use super::config::{RecordingsConfig, SeisBenchFolder};
use super::each_file::split;
use super::imported::Imported;
use super::labels::{Label, Time};
use super::recording::Recording;
use super::spool::Spool;
use super::windows::{Job, of_traces};
use crate::error::{DataError, ImportError, in_record, other_case};
use crate::recording::{Notes, SeisBench, SeisBenchHints, Trace, chunks};

/// Numbers of traces that are left out, by reason.
#[derive(Default)]
struct SkippedTraces {
    /// Traces whose class is not used, and the first such class.
    class: (usize, String),
    /// Traces without an arrival to cut around.
    arrival: usize,
    /// Traces that cannot be read, and the reason for the first.
    unreadable: Option<(usize, DataError)>,
    /// Traces that lack a requested channel, and the channels of the first.
    channels: Option<(usize, DataError)>,
    /// Traces without a value to group by, which are imported nevertheless.
    ungrouped: usize,
}

/// Adds one to the count, and keeps the first error.
fn count(errors: &mut Option<(usize, DataError)>, error: DataError) {
    match errors {
        Some((count, _)) => *count += 1,
        None => *errors = Some((1, error)),
    }
}

impl SkippedTraces {
    fn warnings(&self, seisbench: &SeisBenchFolder, names: &[String]) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut warn = |count: usize, text: String| {
            if count > 0 {
                let plural = if count == 1 { "" } else { "s" };
                let folder = seisbench.folder.display();
                warnings.push(format!("{folder}: {count} trace{plural} {text}"));
            }
        };
        let (count, first) = &self.class;
        let such = if first.is_empty() {
            String::new()
        } else {
            format!(", such as `{first}`{}", other_case(first, names))
        };
        warn(
            *count,
            format!("of no class of `class_names` left out{such}"),
        );
        warn(self.arrival, "without an arrival left out".into());
        if let Some((count, first)) = &self.unreadable {
            warn(
                *count,
                format!("that cannot be read left out (the first: {first})"),
            );
        }
        if let Some((count, first)) = &self.channels {
            warn(
                *count,
                format!("with other channels left out (the first: {first})"),
            );
        }
        warn(
            self.ungrouped,
            format!(
                "without `{}`: each is a group of its own, so traces of one source may be in several splits, and scores too \
                 high",
                seisbench.group_column
            ),
        );
        warnings
    }
}

/// Spools the windows of every trace whose class is used.
pub(super) fn spool(
    config: &RecordingsConfig,
    seisbench: &SeisBenchFolder,
    spool: &mut Spool,
    imported: &mut Imported,
    say: &mut dyn FnMut(&str),
) -> Result<(), DataError> {
    let mut left_out = SkippedTraces::default();
    let mut read = 0;
    for chunk in chunks(&seisbench.folder)? {
        let mut data = SeisBench::open(&seisbench.folder, &chunk)?;
        data.needs(&seisbench.class_column)?;
        if let Some(column) = &seisbench.around {
            data.needs(column)?;
        }
        data.complete(&SeisBenchHints {
            sampling_rate: seisbench.sampling_rate,
            component_order: seisbench.component_order.clone(),
            dimension_order: seisbench.dimension_order.clone(),
        })?;
        let validated =
            (0..data.len()).any(|row| data.value(row, "split").and_then(split) == Some("val"));
        let before = spool.windows.len();
        for row in 0..data.len() {
            let Some(mut recording) = recording(config, seisbench, &data, row, &mut left_out)
            else {
                continue;
            };
            let file = format!("waveforms{chunk}.hdf5");
            recording.files = vec![seisbench.folder.join(file)];
            let traces = match data.traces(row) {
                Ok(traces) => traces,
                Err(error) => {
                    count(&mut left_out.unreadable, error);
                    continue;
                }
            };
            if let Some(missing) = lacks(&traces, &config.channels) {
                let error = in_record(&recording.files[0], row)(missing);
                count(&mut left_out.channels, error);
                continue;
            }
            if let Some(column) = &seisbench.around {
                let at = data.value(row, column).map(str::parse::<f64>);
                let at = at.and_then(Result::ok).unwrap_or(f64::NAN);
                recording.labels =
                    vec![around(config, seisbench, &traces, at, &mut recording.class)];
            }
            let job = Job {
                config,
                recording: &recording,
                validated,
                notes: &Notes::default(),
            };
            of_traces(job, traces, spool, imported)?;
            imported.recordings += 1;
            read += 1;
        }
        let file = seisbench.folder.join(format!("waveforms{chunk}.hdf5"));
        say(&format!(
            "{}: {} windows",
            file.display(),
            spool.windows.len() - before
        ));
        let notes = data.notes().into_iter();
        let notes = notes.map(|note| format!("{}: {note}", file.display()));
        imported.warnings.extend(notes);
    }
    let warnings = left_out.warnings(seisbench, &config.class_names);
    imported.warnings.extend(warnings);
    // If no trace can be read, the reason becomes an error.
    let reason = left_out.unreadable.or(left_out.channels);
    match reason {
        Some((_, first)) if read == 0 => Err(first),
        _ => Ok(()),
    }
}

/// The recording for trace `row`, without files and samples; `None` if the trace is left out.
fn recording(
    config: &RecordingsConfig,
    seisbench: &SeisBenchFolder,
    data: &SeisBench,
    row: usize,
    left_out: &mut SkippedTraces,
) -> Option<Recording> {
    let value = data.value(row, &seisbench.class_column).unwrap_or_default();
    let class = class_of(&seisbench.classes, &config.class_names, value);
    if !config.class_names.iter().any(|known| known == class) {
        if left_out.class.1.is_empty() {
            left_out.class.1 = class.to_owned();
        }
        left_out.class.0 += 1;
        return None;
    }
    // A trace without an arrival gives no window.
    if let Some(column) = &seisbench.around {
        let arrival = data.value(row, column).map(str::parse::<f64>);
        if !matches!(arrival, Some(Ok(sample)) if sample.is_finite()) {
            left_out.arrival += 1;
            return None;
        }
    }
    let name = data.value(row, "trace_name").unwrap_or_default().to_owned();
    let group = data.value(row, &seisbench.group_column);
    left_out.ungrouped += usize::from(group.is_none());
    Some(Recording {
        group: Some(group.unwrap_or(&name).to_owned()),
        name: Some(name),
        split: data.value(row, "split").and_then(split).map(str::to_owned),
        class: Some(class.to_owned()),
        ..Default::default()
    })
}

/// The label around an arrival at sample `at`, with the class of the whole trace.
fn around(
    config: &RecordingsConfig,
    seisbench: &SeisBenchFolder,
    traces: &[Trace],
    at: f64,
    class: &mut Option<String>,
) -> Label {
    let at = at / traces.first().map_or(1.0, |trace| trace.rate);
    let after = seisbench.after.unwrap_or(config.window);
    Label {
        start: Time::Seconds(at - seisbench.before),
        end: Time::Seconds(at + after),
        class: class.take().unwrap_or_default(),
        event: None,
        file: None,
    }
}

/// Error for a trace that lacks one of `channels`; `None` if all exist.
fn lacks(traces: &[Trace], channels: &[String]) -> Option<ImportError> {
    let missing = channels
        .iter()
        .find(|name| !traces.iter().any(|trace| trace.channel == **name))?;
    Some(ImportError::NoChannel {
        channel: missing.clone(),
        there: traces.iter().map(|trace| trace.channel.clone()).collect(),
    })
}
