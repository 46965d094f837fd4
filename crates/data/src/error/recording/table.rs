//! Errors of tables in text and in Parquet.

use super::RateError;

/// What to do if a table does not tell its sampling rate.
const GIVE_RATE: &str = "give the recording a `sampling_rate`";

/// What is wrong with a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Several numbers of one channel are in each line.
    #[error(
        "each line goes on where the one above ends: it looks like one channel in lines of {columns} numbers, not like {columns} \
         channels; give the recording `samples_in_rows: true`, or name the columns in a first line if they are channels"
    )]
    Wrapped {
        /// Numbers of a line.
        columns: usize,
    },
    /// Rows of two sensors in turn.
    #[error(
        "the rows are those of two sensors in turn: {groups}, and the values of column `{channel}` jump from row to row, and go on \
         from every second row to the next; add a column `sensor` that tells them apart, or write a table of each; if they are \
         samples of one, give the recording `sampling_rate: {rate}`"
    )]
    Interleaved {
        /// A channel that shows it.
        channel: String,
        /// What is said of the times.
        groups: String,
        /// Rows in a second.
        rate: f64,
    },
    /// A table whose problem may follow from what was unusual about it.
    #[error("{problem}{}", notes.iter().map(|note| format!("; {note}")).collect::<String>())]
    Noted {
        /// What is wrong.
        problem: Box<TableError>,
        /// What was unusual.
        notes: Vec<String>,
    },
    /// Comments only.
    #[error("the table has no lines but comments")]
    NoLines,
    /// No rows of numbers.
    #[error(
        "no rows of numbers were found in the first {lines} lines; line {line} is `{text}`: expected names of columns, and \
         below them rows of as many numbers"
    )]
    NoRows {
        /// Lines that were searched.
        lines: usize,
        /// The first line with content.
        line: usize,
        /// Its beginning.
        text: String,
    },
    /// Most rows have too few or too many cells.
    #[error(
        "line {line}: {cells}, but there are {columns} columns; so have {wrong} rows of {rows}"
    )]
    RowLengths {
        /// The first such line.
        line: usize,
        /// How many cells it has.
        cells: String,
        /// Columns of the table.
        columns: usize,
        /// Number of such rows.
        wrong: usize,
        /// Number of all rows.
        rows: usize,
    },
    /// A row names the columns in another way than the first.
    #[error(
        "line {line} names the columns again, and otherwise: `{names}`; divide the table there, as the columns below are others"
    )]
    NamesChange {
        /// The line.
        line: usize,
        /// Its cells.
        names: String,
    },
    /// The library for tables reports an error.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// Columns have different lengths.
    #[error("column `{name}` has {found} rows, others have {expected}")]
    ColumnLength {
        /// The column.
        name: String,
        /// Its rows.
        found: usize,
        /// Rows of the first column.
        expected: usize,
    },
    /// A Parquet table is empty.
    #[error("the table has columns and no rows")]
    NoRowsInParquet,
    /// No column has samples.
    #[error("there is no column of numbers")]
    NoNumbers,
    /// Beside `channel`, several columns could be the samples.
    #[error("beside `channel` one column of samples is expected: name it `samples`")]
    SamplesColumn,
    /// The rows of a group are unusable.
    #[error("group `{group}`: {problem}")]
    OfGroup {
        /// The group.
        group: String,
        /// What is wrong with its rows.
        problem: Box<TableError>,
    },
    /// There is no column with the labels or groups of rows.
    #[error("there is no column `{name}`: there are {}", there.join(", "))]
    NoLabels {
        /// Its name.
        name: String,
        /// The columns that were found.
        there: Vec<String>,
    },
    /// The file is no table, so its samples have no labels.
    #[error(
        "there is no column `{name}`: only tables (CSV, Parquet) have columns, so give this recording `labels`, \
         `labels_file` or `class`"
    )]
    NoRowLabels {
        /// Name of the wanted column.
        name: String,
    },
    /// A file of LabVIEW has several tables.
    #[error("line {line} begins another measurement of LabVIEW: save each in a file of its own")]
    Measurements {
        /// The line.
        line: usize,
    },
    /// Channels in a file of LabVIEW begin at different times.
    #[error(
        "in the header of LabVIEW, channel {channel} begins {seconds} s after the first: save each channel in a file of its own"
    )]
    Starts {
        /// Its number, from 1.
        channel: usize,
        /// Seconds.
        seconds: f64,
    },
    /// A text file of Octave has several variables.
    #[error(
        "line {line} begins another variable of Octave: save the columns of all in one matrix, or each variable in a file of its \
         own"
    )]
    Variables {
        /// The line.
        line: usize,
    },
    /// There is no column of times as the list of recordings names it.
    #[error(
        "there is no column `{name}`, as `time_column` says: there are {}", there.join(", ")
    )]
    NoTimeColumn {
        /// Its name.
        name: String,
        /// The columns that were found.
        there: Vec<String>,
    },
    /// The column that should have the times has none.
    #[error(
        "column `{name}` has no times, as `time_column` says: its values are neither numbers nor dates"
    )]
    NotTimes {
        /// Its name.
        name: String,
    },
    /// No columns have several samples of a channel in each row.
    #[error(
        "`samples_in_rows` says that each row has several samples of a channel, but no columns have names with consecutive numbers, such \
         as `s0` and `s1`: there are {}",
        support::words::first_few(there, super::NAMED)
    )]
    NotNumbered {
        /// The columns that were found.
        there: Vec<String>,
    },
    /// Neither a column of times nor a given rate.
    #[error("there is no column of times: {GIVE_RATE}")]
    NoTimes,
    /// Most rows have no time.
    #[error("column `{name}`: {missing} of {rows} rows have no time")]
    MissingTimes {
        /// The column.
        name: String,
        /// Rows without a time.
        missing: usize,
        /// All rows.
        rows: usize,
    },
    /// Whole numbers of an unknown unit.
    #[error(
        "column `{name}` has numbers without a unit: add the unit to its name, such as `{name}_ms`, or {GIVE_RATE}"
    )]
    NoUnit {
        /// The column.
        name: String,
    },
    /// Times that nanoseconds cannot express.
    #[error("column `{name}` has times after the year 2262")]
    TimesOutOfRange {
        /// The column.
        name: String,
    },
    /// The times of a channel are unusable.
    #[error("{of}{problem}")]
    Clock {
        /// The channel or sensor with a colon, or nothing.
        of: String,
        /// What is wrong with its times.
        problem: ClockError,
    },
    /// The given sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// The Parquet file is encrypted.
    #[error("the Parquet file is encrypted: write it without encryption")]
    Encrypted,
    /// The Parquet library panicked.
    #[error("the Parquet file is damaged")]
    ParquetDamaged,
    /// The Parquet library reports an error.
    #[error("{0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A Parquet column is unusable.
    #[error("column `{name}`: {problem}")]
    ParquetColumn {
        /// The column.
        name: String,
        /// What is wrong with it.
        problem: ColumnError,
    },
    /// The list of runs lacks a column.
    #[error("there is no column `{name}` of {kind}")]
    NoColumn {
        /// The column.
        name: &'static str,
        /// What it should hold.
        kind: &'static str,
    },
    /// Columns of the list of runs have different lengths.
    #[error("the columns differ in length")]
    UnequalColumns,
    /// A run is incomplete.
    #[error("a run has no `run_id`, `start_time` or `end_time`")]
    IncompleteRun,
}

impl TableError {
    /// Adds what was unusual about the table, which may be the reason.
    pub(crate) fn noted(self, notes: Vec<String>) -> Self {
        if notes.is_empty() {
            return self;
        }
        Self::Noted {
            problem: Box::new(self),
            notes,
        }
    }

    /// Whether the table can be read once its sampling rate is given.
    pub(crate) fn is_rate_unknown(&self) -> bool {
        match self {
            Self::NoTimes | Self::NoUnit { .. } => true,
            Self::Clock { problem, .. } => problem.is_rate_unknown(),
            Self::Noted { problem, .. } | Self::OfGroup { problem, .. } => {
                problem.is_rate_unknown()
            }
            _ => false,
        }
    }
}

/// What is wrong with a column of a Parquet file.
#[derive(Debug, thiserror::Error)]
pub enum ColumnError {
    /// The Parquet library reports an error.
    #[error("{0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The stored type contradicts the logical type.
    #[error("{physical} cannot hold {logical}")]
    Type {
        /// The stored type.
        physical: String,
        /// The logical type.
        logical: String,
    },
    /// The column is encrypted, and the footer of the file is not.
    #[error("is encrypted: write the file without encryption")]
    Encrypted,
    /// A page claims more bytes or elements than the column has.
    #[error("a page claims {claimed} bytes or elements, more than the whole column: it is damaged")]
    PageSize {
        /// Claimed size of the decompressed page in bytes, or of a list in its header.
        claimed: u64,
    },
    /// The Parquet library panicked.
    #[error("it cannot be decoded")]
    Damaged,
    /// The column has too few or too many values.
    #[error("{found} values, but there are {expected} rows")]
    Length {
        /// Values that were read.
        found: usize,
        /// Rows of the row group.
        expected: usize,
    },
    /// The column claims more rows than the file can hold.
    #[error("more than {limit} rows, more than the file can hold: it is damaged")]
    TooManyRows {
        /// Rows that the file can hold.
        limit: usize,
    },
}

/// What a clock may be that goes back by so many seconds.
fn set_back(seconds: f64) -> &'static str {
    match seconds / 3600.0 {
        0.99..1.01 => {
            "; if the clock was set back from summer time there, write the times in UTC, or with their offset"
        }
        11.9..12.1 => "; if the times count twelve hours, write AM or PM behind them",
        _ => "",
    }
}

/// What is wrong with a column of times.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClockError {
    /// A single row does not tell a rate.
    #[error("the sampling rate does not follow from one row: {GIVE_RATE}")]
    OneRow,
    /// Few different times do not tell a rate.
    #[error(
        "the {rows} rows have {different} different times, too few to tell the sampling rate: {GIVE_RATE}"
    )]
    FewTimes {
        /// Number of rows.
        rows: usize,
        /// Number of different times.
        different: usize,
    },
    /// All times are equal.
    #[error("all {rows} times are {time}: {GIVE_RATE}")]
    EqualTimes {
        /// Number of rows.
        rows: usize,
        /// Their time.
        time: String,
    },
    /// The rows are in falling order.
    #[error("the times fall from row to row: sort the rows by time")]
    Falling,
    /// A time is before that of the row above.
    #[error(
        "the time of row {} is not after that of row {row}: it goes back by {seconds:.3} s; cut the table there if another \
         recording begins, sort the rows, or add a column `sensor` if they are those of several{}",
        row + 1,
        set_back(*seconds)
    )]
    Backwards {
        /// The row before the jump, from 1.
        row: usize,
        /// Seconds by which the time jumps back.
        seconds: f64,
    },
    /// Two series of times alternate.
    #[error(
        "the times come in turn from two clocks, as of two recorders under one name: divide what one of them has sent from the rest"
    )]
    InTurn,
    /// The times are not evenly spaced.
    #[error(
        "the times are not evenly spaced: they differ from the best fit, {rate:.3} Hz, by {samples:.0} samples: {GIVE_RATE}"
    )]
    Uneven {
        /// Rate of the best fit in Hz.
        rate: f64,
        /// Root-mean-square difference in samples.
        samples: f64,
    },
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
}

impl ClockError {
    fn is_rate_unknown(&self) -> bool {
        matches!(
            self,
            Self::OneRow | Self::FewTimes { .. } | Self::EqualTimes { .. } | Self::Uneven { .. }
        )
    }
}
