//! Rows of tables of waveforms, in fixed columns.

use super::super::check_rate;
use super::super::time::of_seconds;
use super::samples::Kind;
use crate::error::recording::CssProblem;

/// Columns between those of a row, up to the fields that are read.
const BETWEEN: [usize; 16] = [
    6, 15, 33, 60, 78, 87, 99, 116, 133, 140, 142, 145, 147, 212, 245, 256,
];
/// The end of the first field that is longer in NNSA KB Core.
const LONGER: usize = 42;

/// A row of the table.
pub(super) struct Row {
    pub channel: String,
    pub start: i64,
    pub rate: f64,
    pub count: usize,
    pub kind: Kind,
    pub folder: String,
    pub file: String,
    pub offset: u64,
    /// Seconds from the first sample to the end that the row states, if it does.
    pub lasts: Option<f64>,
}

impl Row {
    /// # Errors
    /// If the columns are elsewhere, or a number is none.
    pub fn of(line: &[u8]) -> Result<Self, CssProblem> {
        let columns = Columns::of(line).ok_or(CssProblem::Columns)?;
        let station = columns.text(0, 6)?;
        let code = columns.text(7, 15)?;
        let start = columns.start()?;
        let count = columns.number(79, 87, "number of samples")?;
        let rate = columns.float(88, 99, "sampling rate")?;
        let kind = columns.text(143, 145)?;
        let kind = Kind::of(kind).ok_or_else(|| CssProblem::Type { text: kind.into() })?;
        Ok(Self {
            channel: format!(".{station}..{code}"),
            start,
            rate: check_rate(rate)?,
            count: usize::try_from(count)
                .ok()
                .filter(|count| *count > 0)
                .ok_or_else(|| columns.wrong(79, 87, "number of samples"))?,
            kind,
            folder: columns.text(148, 212)?.into(),
            file: columns.text(213, 245)?.into(),
            offset: columns.number(246, 256, "offset of samples")?,
            lasts: columns.lasts(),
        })
    }

    /// Bytes of its samples.
    pub fn bytes(&self) -> u64 {
        (self.count as u64).saturating_mul(self.kind.width() as u64)
    }
}

/// A line whose columns are where they belong.
#[derive(Clone, Copy)]
struct Columns<'a> {
    line: &'a [u8],
    /// By how much fields are farther right from the third on.
    shift: usize,
}

impl<'a> Columns<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let all = [0, 1].map(|shift| Self { line, shift });
        let is_blank = |columns: &Self, at: usize| line.get(columns.place(at)) == Some(&b' ');
        all.into_iter().find(|columns| {
            BETWEEN.iter().all(|at| is_blank(columns, *at))
                && !is_blank(columns, 143)
                && !is_blank(columns, 144)
        })
    }

    fn place(self, column: usize) -> usize {
        column + if column < LONGER { 0 } else { self.shift }
    }

    /// # Errors
    /// If the bytes are no text.
    fn text(self, from: usize, to: usize) -> Result<&'a str, CssProblem> {
        let bytes = &self.line[self.place(from)..self.place(to)];
        let text = str::from_utf8(bytes).map_err(|_| CssProblem::Columns)?;
        Ok(text.trim_matches([' ', '\0']))
    }

    fn wrong(self, from: usize, to: usize, what: &'static str) -> CssProblem {
        match self.text(from, to) {
            Ok(text) => CssProblem::Field {
                what,
                text: text.into(),
            },
            Err(problem) => problem,
        }
    }

    fn number(self, from: usize, to: usize, what: &'static str) -> Result<u64, CssProblem> {
        let number = self.text(from, to)?.parse();
        number.map_err(|_| self.wrong(from, to, what))
    }

    fn float(self, from: usize, to: usize, what: &'static str) -> Result<f64, CssProblem> {
        let number = self.text(from, to)?.parse();
        number.map_err(|_| self.wrong(from, to, what))
    }

    fn start(self) -> Result<i64, CssProblem> {
        let text = self.text(16, 33)?;
        exact(text)
            .or_else(|| text.parse().ok().and_then(of_seconds))
            .ok_or_else(|| self.wrong(16, 33, "time"))
    }

    fn lasts(self) -> Option<f64> {
        let start = self.float(16, 33, "time").ok()?;
        let end = self.float(61, 78, "end time").ok()?;
        // Ends that are not known are far away, in either direction.
        (end > start && end < 9e9).then_some(end - start)
    }
}

/// Seconds such as `1296474900.12345` in nanoseconds: a float64 has no room for all digits.
fn exact(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(part) || part.len() > 9 {
        return None;
    }
    let nanos: i64 = format!("{part:0<9}").parse().ok()?;
    let whole: i64 = whole.parse().ok()?;
    whole.checked_mul(1_000_000_000)?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_all_digits() {
        assert_eq!(exact("1296474900.12345"), Some(1_296_474_900_123_450_000));
        assert_eq!(exact("1296474900."), Some(1_296_474_900_000_000_000));
        assert_eq!(exact("1296474900"), Some(1_296_474_900_000_000_000));
        for text in ["", "-1.5", "1.2e9", "99999999999.0", "1.1234567891"] {
            assert_eq!(exact(text), None, "{text}");
        }
    }
}
