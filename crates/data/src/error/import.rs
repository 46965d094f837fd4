//! Errors of imports. The error around them names the file; see [`crate::DataError`].

mod label_times;
mod labels;

use std::path::PathBuf;

pub use label_times::LabelTimeError;
pub use labels::LabelTableError;

use super::other_case;
use super::preprocessing::PreprocessingError;
use super::recording::MergeError;
use crate::signal::SignalError;

/// Recordings, their labels or their splits cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The output exists.
    #[error("already exists: nothing is overwritten; choose another --out")]
    OutputExists,
    /// No file has the name or matches the pattern.
    #[error("no file matches{}; the folder {} has {}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default(), folder.display(), there.join(", "))]
    NoFile {
        /// What is wrong with the pattern.
        reason: Option<String>,
        /// The last folder of the pattern that exists.
        folder: PathBuf,
        /// What is in it.
        there: Vec<String>,
    },
    /// A placeholder of a pattern is unknown.
    #[error(
        "unknown placeholder `{placeholder}`: there are {{class}}, {{group}}, {{split}} and {{start}}; write a literal brace as [{{]"
    )]
    UnknownPlaceholder {
        /// The placeholder.
        placeholder: String,
    },
    /// A pattern has a placeholder twice.
    #[error("has the placeholder `{{{name}}}` twice: write `*` for one of them")]
    PlaceholderTwice {
        /// Its name.
        name: &'static str,
    },
    /// Nothing separates a placeholder from a part that may be anything.
    #[error(
        "`{{{name}}}` touches `*` or another placeholder, so its value is uncertain: write what is between them, such as \
         {{group}}_*.csv"
    )]
    PlaceholderTouches {
        /// Its name.
        name: &'static str,
    },
    /// The patterns of a recording have different placeholders.
    #[error("all patterns of `files` need the same placeholders: divide the entry")]
    OtherPlaceholders,
    /// A placeholder and a key give the same.
    #[error("has `{{{placeholder}}}` and `{key}`, which give the same: keep one of them")]
    PlaceholderAndKey {
        /// The placeholder.
        placeholder: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A name for several recordings.
    #[error("leave out `name`: each file is a recording of its own, named after the file")]
    NameOfEachFile,
    /// Splits in a pattern that are not used.
    #[error("has the placeholder `{{split}}`, which needs `split: {{by: given}}` in the list")]
    SplitNotGiven,
    /// A placeholder of splits gives another text.
    #[error("the {{split}} `{value}` is not train, val or test")]
    UnknownSplit {
        /// The text.
        value: String,
    },
    /// A placeholder of times gives another text.
    #[error(
        "the {{start}} `{value}` is not a date, or a date and time such as 20240131_123456 (UTC)"
    )]
    NoStart {
        /// The text.
        value: String,
    },
    /// No file has a class.
    #[error(
        "{{class}} is never one of `class_names` ({}): it is {there}; write these values in `class_names`, or map them with \
         `classes: {{value: class}}`",
        known.join(", ")
    )]
    NoClassOfFiles {
        /// The values.
        there: String,
        /// The known classes.
        known: Vec<String>,
    },
    /// Files of one recording have different samples for the same time.
    #[error(
        "channel `{channel}`: {} and this file have different samples for the same {seconds:.3} s, and their times count \
         from the start of each file, so they cannot follow each other. If each file is a recording of its own, write \
         `each_file: true`, or list each by itself. If they are different sensors, name the channels with the end of \
         their files' names, such as {suggested}",
        other.display()
    )]
    OverlappingFiles {
        /// The channel.
        channel: String,
        /// The file with the earlier samples.
        other: PathBuf,
        /// Seconds that both have.
        seconds: f64,
        /// Channels with the names of these files.
        suggested: String,
    },
    /// A pattern is malformed.
    #[error(transparent)]
    Pattern(#[from] super::PatternError),
    /// A folder of M3N-VC has no usable file.
    #[error("there is no file run<n>_rs<m>_geo.parquet of a run and a wanted sensor")]
    NoRunFile,
    /// The split for training or validation is empty.
    #[error(
        "{train} windows for training and {validation} for validation, of {groups} group(s): {advice}{}",
        warnings.iter().map(|warning| format!("\n  {warning}")).collect::<String>()
    )]
    EmptySplit {
        /// Windows for training.
        train: usize,
        /// Windows for validation.
        validation: usize,
        /// Number of groups.
        groups: usize,
        /// What to do.
        advice: &'static str,
        /// What may be the reason.
        warnings: Vec<String>,
    },
    /// A trace lacks a channel.
    #[error(
        "there is no channel `{channel}`: there are {}",
        support::words::first_few(there, super::recording::NAMED)
    )]
    NoChannel {
        /// The channel.
        channel: String,
        /// The channels that were found.
        there: Vec<String>,
    },
    /// The channels of a recording cannot be merged.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// A channel is missing because of what was wrong with a file.
    #[error("{problem}{}", notes.iter().map(|note| format!("; {note}")).collect::<String>())]
    Noted {
        /// What is missing.
        problem: MergeError,
        /// Notes on the channel.
        notes: Vec<String>,
    },
    /// The recording cannot be resampled.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// The steps make samples that a float32 does not hold.
    #[error(
        "the steps of `preprocessing` make samples of up to {largest:e}, and windows are stored as float32, from 1.2e-38 to 3.4e38: \
         choose another `scale`"
    )]
    BeyondFloat {
        /// The largest of a stretch.
        largest: f64,
    },
    /// A step of preprocessing cannot be done.
    #[error(transparent)]
    Preprocessing(#[from] PreprocessingError),
    /// A recording has no split.
    #[error("has no `split`, and the list says `by: given`: write train, val or test")]
    NoSplit,
    /// The class of a label is unknown.
    #[error("the class `{class}` is not in `class_names`: {}{}", known.join(", "), other_case(class, known))]
    UnknownClass {
        /// The class.
        class: String,
        /// The known classes.
        known: Vec<String>,
    },
    /// No row of a table has a class.
    #[error(
        "column `{column}` has no value of `class_names` ({}): it has {there}; write its values in `class_names`, or map them \
         with `classes: {{value: class}}`",
        known.join(", ")
    )]
    NoClassOfRows {
        /// The column.
        column: String,
        /// Its values.
        there: String,
        /// The known classes.
        known: Vec<String>,
    },
    /// A label ends before it begins.
    #[error(
        "label {number} (`{class}`) ends before it begins: from {start} to {end}; swap its times"
    )]
    Backwards {
        /// The label, from 1.
        number: usize,
        /// Its class.
        class: String,
        /// Its beginning.
        start: String,
        /// Its end.
        end: String,
    },
    /// Labels in whole numbers are no seconds.
    #[error(
        "nearly all labels lie behind the end of the recording, which is {seconds:.1} s long, up to {last} s: {}; write them in seconds",
        other_unit(*rate, *millis)
    )]
    NoSeconds {
        /// The last of them.
        last: f64,
        /// Length of the recording in seconds.
        seconds: f64,
        /// Samples per second, if they may be samples.
        rate: Option<f64>,
        /// Whether they may be milliseconds.
        millis: bool,
    },
    /// Labels may be fractions of a day.
    #[error(
        "all labels are short and in the first second of the recording, which is {seconds:.1} s long, such as `{number}`: if they are \
         fractions of a day, as spreadsheets keep times, let the cells show times such as 10:00:00 before you export the table"
    )]
    FractionsOfDay {
        /// The first start.
        number: f64,
        /// Length of the recording in seconds.
        seconds: f64,
    },
    /// A label counts from the first sample of a file that has none.
    #[error("a label of class `{class}` counts from the start of {}, which has no samples of these channels", file.display())]
    NoStartOfFile {
        /// The class.
        class: String,
        /// The file.
        file: PathBuf,
    },
    /// A label has a time of day, and the recording no date.
    #[error(
        "a label of class `{class}` begins at `{time}`, a time of day without a date, and the recording has no times: write \
         the seconds from the first sample, or give the recording its `start`"
    )]
    NoDayOfRecording {
        /// Its class.
        class: String,
        /// The time of day.
        time: String,
    },
    /// A label has a time of day, and no certain day.
    #[error(
        "a label of class `{class}` begins at `{time}`, a time of day without a date that is in the recording {how_often}: it \
         lasts from {first} to {last}; write the times with their dates, as 2024-05-01T10:00:00Z"
    )]
    NoCertainDay {
        /// Its class.
        class: String,
        /// The time of day.
        time: String,
        /// How often the recording has it.
        how_often: &'static str,
        /// Beginning of the recording.
        first: String,
        /// End of the recording.
        last: String,
    },
    /// A table of labels is malformed, or lacks something.
    #[error(transparent)]
    Labels(#[from] LabelTableError),
}

impl ImportError {
    /// That channels cannot be merged, with those of `notes` that tell why one is missing.
    pub(crate) fn of_merge(problem: MergeError, notes: &[String]) -> Self {
        let MergeError::Missing { channel, .. } = &problem else {
            return problem.into();
        };
        let name = format!("`{channel}`");
        let notes = notes.iter().filter(|note| note.contains(&name));
        let notes: Vec<String> = notes.cloned().collect();
        if notes.is_empty() {
            return problem.into();
        }
        Self::Noted { problem, notes }
    }
}

/// What the numbers of labels may be that are no seconds, and what to do.
fn other_unit(rate: Option<f64>, millis: bool) -> String {
    let samples =
        rate.map(|rate| format!("if they are samples at {rate} Hz, divide them by {rate}"));
    let millis = millis
        .then(|| "if they are milliseconds, call their columns start_ms and end_ms".to_owned());
    samples
        .into_iter()
        .chain(millis)
        .collect::<Vec<_>>()
        .join("; ")
}
