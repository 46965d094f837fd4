//! Columns of a table: their names and values.

use std::collections::HashMap;

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::recording) struct Column {
    pub name: String,
    pub values: Values,
    /// Whether its type only holds integers.
    pub whole: bool,
}

/// Time of a row without a time.
pub(in crate::recording) const NO_TIME: i64 = i64::MIN;

/// Values of a column.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::recording) enum Values {
    /// Numbers, with NaN for missing ones.
    Numbers(Vec<f64>),
    /// Nanoseconds since 1970, or [`NO_TIME`].
    Times(Vec<i64>),
    /// Nanoseconds since midnight, or [`NO_TIME`].
    Clocks(Vec<i64>),
    /// Texts.
    Texts(Texts),
    /// Empty rows.
    Nothing(usize),
}

/// Texts that are compared one by one.
const FEW: usize = 8;

/// A column of texts with few distinct values, such as names of channels or labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::recording) struct Texts {
    /// The distinct texts.
    distinct: Vec<String>,
    numbers: HashMap<String, u32>,
    /// Number of the text that was below each text the last time: names of channels come in turn.
    following: Vec<u32>,
    /// Number of the text in the row before.
    last: Option<u32>,
    /// Number of the text in each row.
    pub rows: Vec<u32>,
}

impl Texts {
    /// Appends a row.
    pub fn push(&mut self, text: &[u8]) {
        let same = self
            .expected()
            .filter(|number| self.distinct[*number as usize].as_bytes() == text);
        let number = same.unwrap_or_else(|| self.number_of(text));
        self.push_number(number);
    }

    /// Appends a row if `bytes` begin with the text that is expected, which is not empty, and the byte `end` behind it:
    /// the length of the text.
    #[inline(always)]
    pub fn push_expected(&mut self, bytes: &[u8], end: u8) -> Option<usize> {
        let number = self.expected()?;
        let text = self.distinct.get(number as usize)?.as_bytes();
        let length = text.len();
        let (cell, rest) = bytes.split_at_checked(length)?;
        // A name has a few bytes; comparing them one by one is quicker than a call.
        let is_same = length > 0 && cell.iter().zip(text).all(|(a, b)| a == b);
        // A return within a text ends no line.
        let is_end = rest.first() == Some(&end) && (end != b'\r' || rest.get(1) == Some(&b'\n'));
        if !is_same || !is_end {
            return None;
        }
        self.push_number(number);
        Some(length)
    }

    /// Appends a row if its text is one of those above: whether it is. A text that begins or ends with a blank is none.
    pub fn push_known(&mut self, text: &[u8]) -> bool {
        if text.is_empty() || text.trim_ascii() != text || text[0] == b'#' {
            return false;
        }
        let text = str::from_utf8(text).ok();
        let number = text.and_then(|text| self.numbers.get(text)).copied();
        number.inspect(|number| self.push_number(*number)).is_some()
    }

    /// Number of the text that was below that of the row before.
    #[inline]
    fn expected(&self) -> Option<u32> {
        self.following.get(self.last? as usize).copied()
    }

    #[inline]
    fn push_number(&mut self, number: u32) {
        if let Some(last) = self.last {
            self.following[last as usize] = number;
        }
        self.last = Some(number);
        self.rows.push(number);
    }

    /// The number of a text that is not the one expected.
    fn number_of(&mut self, text: &[u8]) -> u32 {
        // Channels in turn: comparing a few texts is quicker than looking one up.
        let few = &self.distinct[..self.distinct.len().min(FEW)];
        if let Some(number) = few.iter().position(|known| known.as_bytes() == text) {
            return number as u32;
        }
        self.number(&String::from_utf8_lossy(text))
    }

    /// The number of a text; adds no row.
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.distinct.len() as u32;
        self.distinct.push(text.to_owned());
        self.following.push(number);
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// Appends another column.
    pub fn extend(&mut self, other: &Self) {
        let numbers: Vec<u32> = other
            .distinct
            .iter()
            .map(|text| self.number(text))
            .collect();
        let rows = other.rows.iter().map(|row| numbers[*row as usize]);
        self.rows.extend(rows);
    }

    /// The distinct texts.
    pub fn all(&self) -> impl Iterator<Item = &[u8]> {
        self.distinct.iter().map(|text| text.as_bytes())
    }

    /// The same as texts.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        self.distinct.iter().map(String::as_str)
    }

    /// Upper bound for the number of distinct texts.
    pub fn different(&self) -> usize {
        self.distinct.len()
    }

    /// The texts of some rows.
    pub fn of_rows(&self, rows: &[usize]) -> Self {
        Self {
            rows: rows.iter().map(|row| self.rows[*row]).collect(),
            ..self.clone()
        }
    }

    /// The text of a row.
    pub fn get(&self, row: usize) -> &str {
        &self.distinct[self.rows[row] as usize]
    }
}

impl Values {
    /// Appends values of the same kind; ignores those of another.
    pub fn extend(&mut self, more: Self) {
        match (self, more) {
            (Self::Numbers(values), Self::Numbers(more)) => values.extend(more),
            (Self::Times(values), Self::Times(more)) => values.extend(more),
            (Self::Clocks(values), Self::Clocks(more)) => values.extend(more),
            (Self::Texts(texts), Self::Texts(more)) => texts.extend(&more),
            (Self::Nothing(count), Self::Nothing(more)) => *count += more,
            _ => {}
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Times(values) | Self::Clocks(values) => values.len(),
            Self::Texts(values) => values.rows.len(),
            Self::Nothing(rows) => *rows,
        }
    }

    /// Keeps the rows for which `kept` is true.
    pub fn retain(&mut self, kept: &[bool]) {
        fn keep<T>(values: &mut Vec<T>, kept: &[bool]) {
            let mut kept = kept.iter();
            values.retain(|_| kept.next().copied().unwrap_or(true));
        }
        match self {
            Self::Numbers(values) => keep(values, kept),
            Self::Times(values) | Self::Clocks(values) => keep(values, kept),
            Self::Texts(values) => keep(&mut values.rows, kept),
            Self::Nothing(rows) => *rows = kept.iter().filter(|kept| **kept).count(),
        }
    }

    /// Keeps the first `rows` rows.
    pub fn truncate(&mut self, rows: usize) {
        match self {
            Self::Numbers(values) => values.truncate(rows),
            Self::Times(values) | Self::Clocks(values) => values.truncate(rows),
            Self::Texts(texts) => texts.rows.truncate(rows),
            Self::Nothing(count) => *count = rows.min(*count),
        }
    }

    /// Adds a missing value.
    pub fn push_missing(&mut self) {
        match self {
            Self::Numbers(values) => values.push(f64::NAN),
            Self::Times(values) | Self::Clocks(values) => values.push(NO_TIME),
            Self::Texts(texts) => texts.push(b""),
            Self::Nothing(rows) => *rows += 1,
        }
    }

    /// Removes the last value.
    pub fn pop(&mut self) {
        match self {
            Self::Numbers(values) => drop(values.pop()),
            Self::Times(values) | Self::Clocks(values) => drop(values.pop()),
            Self::Texts(texts) => drop(texts.rows.pop()),
            Self::Nothing(rows) => *rows -= 1,
        }
    }
}
