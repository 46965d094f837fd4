//! Notes on how a file was read, and which of them are certain.
//!
//! A problem of a file is an error if its samples cannot be read with certainty, a gap if samples are missing, and
//! otherwise a note. A note is a warning unless it is listed in [`Remark`]. With `--strict`, warnings are errors and
//! remarks are not.

mod groups;

use std::fmt::{self, Debug, Display, Formatter};
use std::ops::Deref;

use serde::{Serialize, Serializer};

/// Information about a file that was read with certainty and without loss.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Remark {
    /// Numbers are written in another way than `1234.5`: how, and an example.
    Numbers {
        /// What they have.
        what: &'static str,
        /// One of them.
        example: String,
        /// How it is read.
        how: &'static str,
    },
    /// A line that is not the first names the columns.
    NamesInLine(usize),
    /// A comment names the columns.
    NamesInComment,
    /// No line names the columns of a table.
    NoNames {
        /// First line with values.
        line: usize,
        /// Number of columns.
        columns: usize,
    },
    /// The line with the names is repeated, as in joined files.
    NamesAgain {
        /// How many times: `one row`, `2 rows`.
        rows: String,
        /// First line of them.
        line: usize,
    },
    /// A column holds no samples.
    ColumnLeftOut {
        /// Its name.
        name: String,
        /// What it holds.
        what: String,
    },
    /// The second column of a name has got another.
    Renamed {
        /// The name.
        name: String,
        /// Its new name.
        new: String,
    },
    /// Columns without names have got these.
    Unnamed(Vec<String>),
    /// Columns tell sensors apart.
    Sensors {
        /// Names of the columns.
        columns: Vec<String>,
        /// Number of sensors.
        sensors: usize,
        /// Name of a sensor.
        example: String,
    },
    /// Times are numbers of days.
    DayNumbers {
        /// Name of the column.
        name: String,
        /// What its numbers are.
        what: &'static str,
    },
    /// The name of a column of times tells its offset from UTC.
    Zone {
        /// Name of the column.
        name: String,
        /// Hours that its times are ahead of UTC.
        hours: f64,
    },
    /// The unit of times follows from a sampling rate.
    UnitByRate {
        /// Name of the column.
        name: String,
        /// In seconds.
        unit: f64,
        /// Which rate.
        by: &'static str,
    },
    /// The length is not stored, as in recordings of unknown duration.
    UnknownLength {
        /// Bytes to the end of the file.
        bytes: usize,
    },
    /// Records that never contain samples, or nothing that a valid file needs.
    Records(String),
    /// Channels at several rates were resampled to the rate of the windows; none of them has a lower rate.
    Resampled(String),
    /// The length of a window was rounded.
    Window(String),
    /// Labels of zero length, or that repeat others; picks, which are none.
    Labels(String),
}

impl Display for Remark {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbers { what, example, how } => {
                write!(f, "numbers have {what}: `{example}` is read {how}")
            }
            Self::NamesInLine(line) => write!(f, "the names of the columns are in line {line}"),
            Self::NamesInComment => f.write_str("the names of the columns are in a comment"),
            Self::NoNames { line, columns } => write!(
                f,
                "line {line} has values, and no line above it names the columns: they are called 1 to {columns}"
            ),
            Self::NamesAgain { rows, line } => write!(
                f,
                "left out {rows} with the names again (the first: line {line})"
            ),
            Self::ColumnLeftOut { name, what } => write!(f, "left out column `{name}`: {what}"),
            Self::Unnamed(new) => write!(
                f,
                "{} columns have no names: they are called `{}`, by their positions from 0",
                new.len(),
                new.join("`, `")
            ),
            Self::Renamed { name, new } => {
                write!(f, "column `{name}` is there again: it is called `{new}`")
            }
            Self::Sensors {
                columns,
                sensors,
                example,
            } => write!(
                f,
                "column `{}` tells {sensors} sensors apart: channels are called as `{example}.CHANNEL`",
                columns.join("`, `")
            ),
            Self::DayNumbers { name, what } => write!(f, "column `{name}` has {what}"),
            Self::Zone { name, hours } => write!(
                f,
                "column `{name}`: its times are read with the offset {hours:+} h from UTC, as its name says"
            ),
            Self::UnitByRate { name, unit, by } => write!(
                f,
                "column `{name}` has no unit: with {by} it is taken for times of {unit:e} s"
            ),
            Self::UnknownLength { bytes } => write!(
                f,
                "the header does not say how long the data are: the {bytes} bytes up to the end of the file are read"
            ),
            Self::Records(text)
            | Self::Resampled(text)
            | Self::Window(text)
            | Self::Labels(text) => f.write_str(text),
        }
    }
}

/// A sentence on how a file was read.
#[derive(Clone, PartialEq)]
pub struct Note {
    text: String,
    is_doubt: bool,
    /// Bytes of the text that tell what it is about, such as a file.
    subject: usize,
}

impl Note {
    /// Whether what was read may not be what was recorded, or lacks some of it. Other notes are for information.
    pub fn is_doubt(&self) -> bool {
        self.is_doubt
    }

    /// What it is about, and what it says.
    fn parts(&self) -> (&str, &str) {
        self.text.split_at(self.subject)
    }

    /// The note with a text before it.
    pub(crate) fn after(mut self, before: impl Display) -> Self {
        let before = before.to_string();
        self.subject += before.len();
        self.text.insert_str(0, &before);
        self
    }
}

impl From<String> for Note {
    fn from(text: String) -> Self {
        Self {
            text,
            is_doubt: true,
            subject: 0,
        }
    }
}

impl From<&str> for Note {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Remark> for Note {
    fn from(remark: Remark) -> Self {
        Self {
            text: remark.to_string(),
            is_doubt: false,
            subject: 0,
        }
    }
}

impl Deref for Note {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl Display for Note {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Debug for Note {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.text, f)
    }
}

impl PartialEq<&str> for Note {
    fn eq(&self, text: &&str) -> bool {
        self.text == *text
    }
}

impl PartialEq<String> for Note {
    fn eq(&self, text: &String) -> bool {
        self.text == *text
    }
}

impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Notes in the order in which they arose.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Notes(Vec<Note>);

impl Notes {
    /// Adds a note: a text is a doubt.
    pub(crate) fn push(&mut self, note: impl Into<Note>) {
        self.0.push(note.into());
    }

    /// Adds notes before those that are there.
    pub(crate) fn prepend(&mut self, before: Self) {
        self.0.splice(0..0, before.0);
    }

    /// Removes notes that follow their like.
    pub(crate) fn dedup(&mut self) {
        self.0.dedup();
    }

    /// The texts of all warnings, or of all other notes.
    pub fn texts(&self, doubts: bool) -> Vec<String> {
        let notes = self.0.iter().filter(|note| note.is_doubt == doubts);
        notes.map(ToString::to_string).collect()
    }

    /// The texts of all.
    pub fn all(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// All texts with `between` between them.
    pub fn join(&self, between: &str) -> String {
        self.all().join(between)
    }
}

impl Deref for Notes {
    type Target = [Note];

    fn deref(&self) -> &[Note] {
        &self.0
    }
}

impl Debug for Notes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}

impl<N: Into<Note>> Extend<N> for Notes {
    fn extend<I: IntoIterator<Item = N>>(&mut self, notes: I) {
        self.0.extend(notes.into_iter().map(Into::into));
    }
}

impl<N: Into<Note>> FromIterator<N> for Notes {
    fn from_iter<I: IntoIterator<Item = N>>(notes: I) -> Self {
        Self(notes.into_iter().map(Into::into).collect())
    }
}

impl<N: Into<Note>> From<Vec<N>> for Notes {
    fn from(notes: Vec<N>) -> Self {
        notes.into_iter().collect()
    }
}

impl IntoIterator for Notes {
    type Item = Note;
    type IntoIter = std::vec::IntoIter<Note>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Notes {
    type Item = &'a Note;
    type IntoIter = std::slice::Iter<'a, Note>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<const N: usize> PartialEq<[&str; N]> for Notes {
    fn eq(&self, texts: &[&str; N]) -> bool {
        self.0 == texts[..]
    }
}

#[cfg(test)]
mod tests;
