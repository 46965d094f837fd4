//! The days of labels whose times are times of day without a date, or whose ends are after midnight.

use support::words::counted;

use super::places::clock;
use super::{Label, Time};
use crate::error::ImportError;
use crate::recording::{DAY, format_time};

impl Label {
    /// Beginning and end in nanoseconds, in a recording that lasts from `first` to `last`; seconds count from `zero`. Times
    /// of day without a date are of the only day on which they are in the recording, or of its only day.
    ///
    /// # Errors
    /// If the recording has no date, or no certain day for them.
    pub(in crate::import) fn times(
        &self,
        zero: i64,
        (first, last): (i64, i64),
    ) -> Result<(i64, i64), ImportError> {
        let (start, end) = (self.start.nanos(zero), self.end.nanos(zero));
        let Time::Clock(_) = self.start else {
            return Ok((start, end));
        };
        let (class, time) = (self.class.clone(), shown(start));
        // A file without times begins at 0.
        if first == 0 {
            return Err(ImportError::NoDayOfRecording { class, time });
        }
        let on = |day: i64| [start, end].map(|nanos| nanos.saturating_add(day.saturating_mul(DAY)));
        // An instant is in the recording if there is a sample at that time.
        let is_inside =
            |[start, end]: [i64; 2]| start < last && end.max(start.saturating_add(1)) > first;
        let days = first.saturating_sub(end).div_euclid(DAY)..=(last - start).div_euclid(DAY) + 1;
        let mut inside = days.map(on).filter(|times| is_inside(*times));
        match (inside.next(), inside.next()) {
            (Some([start, end]), None) => Ok((start, end)),
            (None, _) if first.div_euclid(DAY) == (last - 1).max(first).div_euclid(DAY) => {
                Ok(on(first.div_euclid(DAY)).into())
            }
            (found, _) => Err(ImportError::NoCertainDay {
                class,
                time,
                how_often: if found.is_some() {
                    "more than once"
                } else {
                    "on none of its days"
                },
                first: format_time(first),
                last: format_time(last),
            }),
        }
    }
}

/// A time of day as text.
fn shown(nanos: i64) -> String {
    let text = clock(nanos.rem_euclid(DAY));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Labels whose end is earlier in the day than their start, and has no date of its own.
#[derive(Default)]
pub(super) struct Nights {
    count: usize,
    /// The first of them: its line and its times.
    first: String,
}

impl Nights {
    /// Adds a label with such an end.
    pub fn add(&mut self, line: u64, (start, end): (String, String)) {
        if self.count == 0 {
            self.first = format!("line {line}, from `{start}` to `{end}`");
        }
        self.count += 1;
    }

    /// Information on them.
    pub fn note(self) -> Option<String> {
        let labels = counted(self.count, "label");
        (self.count > 0).then(|| {
            format!(
                "{labels} with an end before the start, taken for one on the next day (the first: {})",
                self.first
            )
        })
    }
}
