//! The header of a channel: text in columns.

use super::super::check_rate;
use super::super::time::{self, DAY};
use crate::error::recording::SeisanProblem;

/// The year that years count from.
const ORIGIN: i64 = 1900;

/// What a header says about the samples.
pub(super) struct Channel {
    /// `NET.STA.LOC.CHA`.
    pub name: String,
    /// Nanoseconds since 1970.
    pub start: i64,
    pub rate: f64,
    pub count: usize,
    /// The factor of the samples, if there is one.
    pub gain: Option<String>,
    /// Bytes of a sample, if the header tells them.
    pub width: Option<usize>,
    /// Whether the time is uncertain.
    pub is_uncertain: bool,
}

impl Channel {
    /// # Errors
    /// If a number is none, or the time is impossible.
    pub fn of(header: &[u8]) -> Result<Self, SeisanProblem> {
        let raw = |from: usize, end: usize| {
            let part = header.get(from..end).unwrap_or_default();
            String::from_utf8_lossy(part).into_owned()
        };
        let text = |from, end| raw(from, end).trim().to_owned();
        // Letters of a code need not be side by side.
        let code = |first: (usize, usize), second: usize| {
            let both = raw(first.0, first.1) + &raw(second, second + 1);
            both.trim().to_owned()
        };
        let name = format!(
            "{}.{}.{}.{}",
            code((16, 17), 19),
            text(0, 5),
            code((7, 8), 12),
            code((5, 7), 8)
        );
        let rate: f64 = number(&text(36, 43), "sampling rate")?;
        let whole = |from: usize, end: usize, what| number::<i64>(&text(from, end), what);
        let date = [
            ORIGIN + whole(9, 12, "year")?,
            whole(17, 19, "month")?,
            whole(20, 22, "day")?,
        ];
        let clock = [whole(23, 25, "hour")?, whole(26, 28, "minute")?];
        let second: f64 = number(&text(29, 35), "second")?;
        let days = time::day(date[0], date[1], date[2]).ok();
        let clock = time::of_clock(clock[0], clock[1], second);
        let (days, clock) = days.zip(clock).ok_or_else(|| SeisanProblem::Value {
            what: "time",
            text: text(9, 35),
        })?;
        let flag = |at: usize| header.get(at).copied().unwrap_or(b' ');
        Ok(Self {
            name,
            start: days * DAY + clock,
            rate: check_rate(rate)?,
            count: number(&text(43, 50), "number of samples")?,
            gain: (flag(75) == b'G').then(|| text(147, 159)),
            width: match flag(76) {
                b'2' => Some(2),
                b'4' => Some(4),
                _ => None,
            },
            is_uncertain: !matches!(flag(28), b' ' | 0),
        })
    }

    /// Bytes of the samples. Without a width in the header, it is that of the first versions.
    pub fn length(&self) -> Option<usize> {
        self.count.checked_mul(self.width.unwrap_or(2))
    }
}

/// # Errors
/// If the text is no number.
fn number<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, SeisanProblem> {
    let text = text.to_owned();
    let value = text.parse().ok();
    value.ok_or(SeisanProblem::Value { what, text })
}
