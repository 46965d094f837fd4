//! Errors of tables of labels.

use super::LabelTimeError;

/// A table of labels is malformed, or lacks something.
#[derive(Debug, thiserror::Error)]
pub enum LabelTableError {
    /// A column is missing.
    #[error(
        "there is no column `{column}`: expected start, end (or duration), class and, optional, event; there are {}; say \
         which it is, as in `labels_file: {{file: labels.csv, {column}: NAME}}`",
        there.join(", ")
    )]
    NoColumn {
        /// The column.
        column: &'static str,
        /// The columns that were found.
        there: Vec<String>,
    },
    /// A column counts samples, frames or ticks.
    #[error(
        "column `{column}` counts {what} by its name, but times are seconds from the first sample or dates: divide its numbers \
         by the number of {what} in a second, and call the columns start and end"
    )]
    Counted {
        /// The column.
        column: String,
        /// What it counts.
        what: &'static str,
    },
    /// A column has units that are not known, or several.
    #[error(
        "column `{column}` has the units {}: write all times in one unit, such as seconds, and remove the column",
        there.join(", ")
    )]
    Units {
        /// The column.
        column: String,
        /// The units.
        there: Vec<String>,
    },
    /// Two columns of one name tell different things.
    #[error(
        "the columns {} and {} are both called `{name}`, but differ in line {line}: say which counts, as in `labels_file: {{file: \
         labels.csv, {key}: {}}}`",
        numbers[0], numbers[1], numbers[0]
    )]
    Repeated {
        /// The key of the list.
        key: &'static str,
        /// The name.
        name: String,
        /// Their numbers from 1.
        numbers: [usize; 2],
        /// The line.
        line: u64,
    },
    /// Numbers may have separators of thousands.
    #[error(
        "line {line}: `{number}` may be {whole}, since other numbers of its column are whole: write it without a separator of \
         thousands, or all numbers with as many decimals"
    )]
    Thousands {
        /// The line.
        line: u64,
        /// The number.
        number: String,
        /// It without separators.
        whole: String,
    },
    /// Times may be days.
    #[error(
        "times such as `{number}` may be {what}, since labels of seconds would all be very short: call the columns start_datenum \
         and end_datenum if they are, or write dates, as 2024-05-01T10:00:00Z"
    )]
    Days {
        /// One of them.
        number: f64,
        /// What they may be.
        what: &'static str,
    },
    /// Durations beside days may be days, too.
    #[error(
        "durations such as `{number}` beside starts in days may be days, since labels of seconds would all be very short: call their \
         column duration_days, or duration_s if they are seconds"
    )]
    DurationsInDays {
        /// One of them.
        number: f64,
    },
    /// Days of an unknown count.
    #[error(
        "column `{column}` has days by its name, but numbers such as `{number}` are no days from 1980 to 2060 in a known count: \
         write dates, as 2024-05-01T10:00:00Z"
    )]
    NoDays {
        /// The column.
        column: String,
        /// One of its numbers.
        number: f64,
    },
    /// Two columns tell different times of the same.
    #[error(
        "the columns `{}` and `{}` tell different times in line {line}: say which counts, as in `labels_file: {{file: labels.csv, \
         {key}: '{}'}}`; if both are parts of one time, write it in one column",
        names[0], names[1], names[1]
    )]
    Differing {
        /// The key of the list.
        key: &'static str,
        /// Their names.
        names: [String; 2],
        /// The line.
        line: u64,
    },
    /// Halves of the day have a column of their own.
    #[error(
        "line {line}: column `{column}` says AM or PM, but `{time}` is no time of day in one cell to put it behind: write hours \
         up to 24, and remove the column"
    )]
    Halves {
        /// The column.
        column: String,
        /// The line.
        line: u64,
        /// The time.
        time: String,
    },
    /// Parts of times lack one.
    #[error(
        "columns have parts of times, but there is no column `{missing}`: add it, or write times in one column, as \
         2024-05-01T10:00:00Z or in seconds from the first sample. If days count from the beginning of the year, call their column \
         `doy`. If one column alone has the times, say which, as in `labels_file: {{file: labels.csv, start: NAME}}`"
    )]
    NoPart {
        /// The missing columns.
        missing: String,
    },
    /// No column has ends or durations.
    #[error(
        "there is no column `end` or `duration`; there are {}; say which it is, as in `labels_file: {{file: labels.csv, end: \
         NAME}}`. If the labels are onsets alone, say how many seconds each of them takes: `labels_file: {{file: labels.csv, \
         length: 2.0}}`",
        there.join(", ")
    )]
    NoEnd {
        /// The columns that were found.
        there: Vec<String>,
    },
    /// A column is missing, and no row names the columns.
    #[error(
        "no row names the {columns} columns: say which is which by their numbers from 1, also the `{column}`, as in \
         `labels_file: {{file: labels.csv, start: 1, end: 2, class: 3}}`"
    )]
    NoNames {
        /// The column.
        column: &'static str,
        /// Number of columns.
        columns: usize,
    },
    /// A column that the list gives is missing.
    #[error(
        "there is no column `{column}`, as `{key}` of `labels_file` says: there are {}",
        there.join(", ")
    )]
    NoGivenColumn {
        /// The key.
        key: &'static str,
        /// The column.
        column: String,
        /// The columns that were found.
        there: Vec<String>,
    },
    /// The file is no table of text.
    #[error(
        "is {what}: export it as a table of text, such as CSV, with the columns start, end and class"
    )]
    Other {
        /// What it is.
        what: &'static str,
    },
    /// The table has no rows.
    #[error("the table of labels is empty")]
    Empty,
    /// The text is no table.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// A column names files that no recording has.
    #[error(
        "column `{column}` names {files}, such as {examples}, but no recording with this table is called so or has such \
         files: there are {there}"
    )]
    NoRowOfRecordings {
        /// The column.
        column: String,
        /// How many files: `2 files`.
        files: String,
        /// Some of them.
        examples: String,
        /// Files of the recordings.
        there: String,
    },
    /// The times of several files of a sequence count from its start.
    #[error(
        "column `{column}` names {files} files, such as `{one}` and `{other}`, and the times count from the start of their \
         sequence: list them as one recording, or give each recording a table of its own"
    )]
    Sequence {
        /// The column.
        column: String,
        /// Number of files.
        files: usize,
        /// One of them.
        one: String,
        /// Another.
        other: String,
    },
    /// An observation of several files is one of several observations.
    #[error(
        "column `{column}` names {files} files of the observation `{observation}`, whose times count from the start of the \
         first, and the table has {observations} observations: export each observation to a table of its own, and list its \
         files as one recording"
    )]
    Observations {
        /// The column.
        column: String,
        /// The observation.
        observation: String,
        /// Number of its files.
        files: usize,
        /// Number of observations.
        observations: usize,
    },
    /// A file in a column is one of several.
    #[error(
        "column `{column}`: `{value}` may be {} or {}: write as much of the folder before it as tells them apart",
        files[0],
        files[1]
    )]
    Ambiguous {
        /// The column.
        column: String,
        /// Its value.
        value: String,
        /// Two of the files.
        files: [String; 2],
    },
    /// Several recordings share labels whose day is that of the recording.
    #[error(
        "{recordings} recordings have this table, and its times are times of day without a date, such as that of a \
         label of class `{class}`: which recording a row is of is not certain; write the times with their dates, as 2024-05-01T10:00:00Z, or add a column \
         `file` with the file of each row"
    )]
    SharedClocks {
        /// Number of recordings.
        recordings: usize,
        /// Class of the first of these labels.
        class: String,
    },
    /// A row has more cells than there are columns.
    #[error(
        "line {line}: {cells} cells, but there are {columns} columns: put texts that contain the separator in quotation \
         marks"
    )]
    Cells {
        /// The line, from 1.
        line: u64,
        /// Cells.
        cells: usize,
        /// Columns.
        columns: usize,
    },
    /// A row is malformed.
    #[error("line {line}: {problem}")]
    Row {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: LabelTimeError,
    },
}
