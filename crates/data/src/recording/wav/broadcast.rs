//! When a recording began, by the `bext` chunk of Broadcast Wave (EBU Tech 3285).
//!
//! It has the date and time of day in whole seconds, and the number of samples since midnight. Both are local times of a zone that
//! the chunk does not name. Programs that edit sound may write when a file was exported, and its place in a project: then the two
//! contradict each other.

use std::fmt::{self, Display, Formatter};

use super::super::time::{DAY, day, of_clock, of_seconds};

/// Where the date, the time of day and the number of samples are, and what is behind them.
const DATE: usize = 320;
const CLOCK: usize = 330;
const SAMPLES: usize = 338;
const BEHIND: usize = 346;
/// Nanoseconds between two times that are one: the time of day is in whole seconds, and written when a file is opened.
const SAME: u64 = 2_000_000_000;

/// The beginning of a recording, in nanoseconds since 1970, in the zone of the recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origination {
    /// The chunk tells one time.
    Known(i64),
    /// The times by the clock and by the samples since midnight are not the same.
    Contradictory,
}

impl Origination {
    /// `None` if the chunk tells no date with a time of day.
    pub(super) fn of(chunk: &[u8], big_endian: bool, rate: f64) -> Option<Self> {
        let [year, month, of_month] = numbers(chunk.get(DATE..CLOCK)?, [4, 2, 2])?;
        // A clock that was never set may be at the beginning of Unix time.
        let midnight = (year > 1970).then(|| day(year, month, of_month).ok())?? * DAY;
        let clock = numbers(chunk.get(CLOCK..SAMPLES)?, [2, 2, 2]);
        let clock = clock.and_then(|[hour, minute, second]| of_clock(hour, minute, second as f64));
        let clock = clock.map(|clock| midnight + clock);
        let samples = chunk.get(SAMPLES..BEHIND)?.try_into().expect("eight bytes");
        // The lower half comes first, whatever the order of bytes.
        let samples = if big_endian {
            u64::from_be_bytes(samples).rotate_left(32)
        } else {
            u64::from_le_bytes(samples)
        };
        // Recorders that do not count write 0, or the largest number.
        let counted = (samples > 0).then(|| of_seconds(samples as f64 / rate));
        let counted = counted
            .flatten()
            .and_then(|time| midnight.checked_add(time));
        Some(match (clock, counted) {
            (Some(clock), Some(samples)) if clock.abs_diff(samples) > SAME => Self::Contradictory,
            (_, Some(time)) | (Some(time), None) => Self::Known(time),
            (None, None) => return None,
        })
    }

    /// The start, as if the recorder's zone were UTC.
    pub(super) fn start(self) -> Option<i64> {
        match self {
            Self::Known(start) => Some(start),
            Self::Contradictory => None,
        }
    }
}

/// The same for all files, so that a report says it once.
impl Display for Origination {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known(_) => {
                "the `bext` chunk says when the recording began, in local time of a zone that it does not name: it is read as UTC; \
                 give `start` if it is not"
            }
            Self::Contradictory => {
                "the `bext` chunk says when the recording began by a clock and by samples since midnight, and they are not the same \
                 time: neither is used; give `start` if the time matters"
            }
        })
    }
}

/// The numbers of a text, of so many digits each, with any other character between.
fn numbers<const N: usize>(text: &[u8], digits: [usize; N]) -> Option<[i64; N]> {
    let mut rest = text;
    let mut found = [0; N];
    for (number, digits) in found.iter_mut().zip(digits) {
        let (these, behind) = rest.split_at_checked(digits)?;
        if !these.iter().all(u8::is_ascii_digit) {
            return None;
        }
        *number = std::str::from_utf8(these).ok()?.parse().ok()?;
        rest = match behind {
            [] => behind,
            [b'0'..=b'9', ..] => return None,
            [_, behind @ ..] => behind,
        };
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::super::format_time;
    use super::*;

    fn of(date: &str, clock: &str, samples: u64) -> Option<Origination> {
        let text = [&[b'x'; DATE][..], date.as_bytes(), clock.as_bytes()].concat();
        let little = [&text[..], &samples.to_le_bytes(), &[0; 10]].concat();
        let halves = [samples as u32, (samples >> 32) as u32].map(u32::to_be_bytes);
        let big = [&text[..], halves.as_flattened()].concat();
        let found = Origination::of(&little, false, 1000.0);
        assert_eq!(Origination::of(&big, true, 1000.0), found);
        assert_eq!(Origination::of(&little[..BEHIND - 1], false, 1000.0), None);
        found
    }

    #[test]
    fn dates_with_times_or_samples_since_midnight() {
        let start = |date, clock, samples| {
            let start = of(date, clock, samples).map(|found| found.start().map(format_time));
            start.map_or("none".into(), |time| time.unwrap_or("contradiction".into()))
        };
        for (date, clock, samples, expected) in [
            ("2024-05-01", "10:12:03", 0, "2024-05-01T10:12:03.000Z"),
            (
                "2024:05:01",
                "10-12-03",
                36_723_250,
                "2024-05-01T10:12:03.250Z",
            ),
            (
                "2024_05_01",
                "10 12 04",
                36_723_250,
                "2024-05-01T10:12:03.250Z",
            ),
            (
                "2024-05-01",
                "\0\0\0\0\0\0\0\0",
                36_723_250,
                "2024-05-01T10:12:03.250Z",
            ),
            ("2024-05-01", "00:00:00", 5_000_000_000, "contradiction"),
            ("2024-05-01", "10:12:03", 3_600_000, "contradiction"),
            (
                "2024-05-01",
                "10:12:03",
                u64::MAX,
                "2024-05-01T10:12:03.000Z",
            ),
            ("1970-01-01", "00:00:00", 0, "none"),
            ("2024-05-01", "        ", 0, "none"),
            ("2024-05-01", "25:00:00", 0, "none"),
            ("0000-00-00", "10:12:03", 0, "none"),
            ("2024-02-30", "10:12:03", 0, "none"),
            ("2024050112", "10:12:03", 0, "none"),
            ("\0\0\0\0\0\0\0\0\0\0", "10:12:03", 0, "none"),
        ] {
            assert_eq!(
                start(date, clock, samples),
                expected,
                "{date} {clock} {samples}"
            );
        }
    }
}
