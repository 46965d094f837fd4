//! Times that are numbers, but no seconds from the first sample: counts of samples, days of spreadsheets, and times of a file
//! in a sequence.

use super::{Label, Time};
use crate::error::import::LabelTableError;
use crate::recording::DayCount;

/// Labels that would all be shorter, in seconds, are rather given in days.
const SHORTEST: f64 = 0.05;

/// What the name of a column says of its numbers.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The name.
    column: String,
    /// What it counts.
    counted: Option<&'static str>,
    /// Whether they are days.
    are_days: bool,
    /// The column of ends or durations that counts something, and what.
    end: Option<(String, &'static str)>,
    /// Whether no name tells the unit of ends or durations.
    lacks_unit: bool,
}

/// What the numbers of a column of starts count, by its name: `start_sample`, `Begin Frame`, `start_ticks`.
pub(super) fn counted(name: &str) -> Option<&'static str> {
    let words = words(name);
    let is_start = |word: &String| {
        let starts = ["start", "begin", "onset", "from", "pick", "arrival"];
        starts.contains(&word.as_str())
    };
    count(&words).filter(|_| words.iter().any(is_start))
}

/// What a unit such as `samples` counts.
pub(super) fn counted_by(unit: &str) -> Option<&'static str> {
    count(&words(unit))
}

fn words(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.map(str::to_owned).collect()
}

/// What words say that numbers count.
fn count(words: &[String]) -> Option<&'static str> {
    let is_time = |word: &String| word.starts_with("time");
    let what = words.iter().find_map(|word| match word.as_str() {
        "sample" | "samples" | "samp" | "smp" | "smpl" | "idx" | "index" => Some("samples"),
        "frame" | "frames" => Some("frames"),
        "tick" | "ticks" | "jiffies" => Some("ticks"),
        _ => None,
    });
    what.filter(|_| !words.iter().any(is_time))
}

impl Numbers {
    /// By the name of the column of starts, which has no unit.
    pub fn of(name: &str) -> Self {
        let words = words(name);
        let is_days = |word: &String| {
            let days = ["datenum", "mjd", "excel", "serial"];
            days.contains(&word.as_str())
        };
        Self {
            column: name.to_owned(),
            counted: count(&words),
            are_days: words.iter().any(is_days),
            ..Self::default()
        }
    }

    /// Adds the name of the column of ends or durations, which has no unit.
    pub fn with_end(mut self, name: &str) -> Self {
        self.end = counted_by(name).map(|what| (name.to_owned(), what));
        self.lacks_unit = true;
        self
    }

    /// Refuses ends and durations that count something.
    fn check_ends(&self, labels: &[&mut Label], has_lengths: bool) -> Result<(), LabelTableError> {
        let is_number = |label: &&mut Label| has_lengths || label.end.is_relative();
        match self.end.clone().filter(|_| labels.iter().any(is_number)) {
            Some((column, what)) => Err(LabelTableError::Counted { column, what }),
            None => Ok(()),
        }
    }

    /// Makes moments of days. `has_lengths`: whether ends are given by lengths in seconds. Returns whether they are days.
    ///
    /// # Errors
    /// If numbers count something, or may be days and no name says so.
    pub fn apply(
        &self,
        labels: &mut [&mut Label],
        has_lengths: bool,
    ) -> Result<bool, LabelTableError> {
        let seconds = |label: &&mut Label| match (label.start, label.end) {
            (Time::Seconds(start), Time::Seconds(end)) => Some([start, end]),
            _ => None,
        };
        let Some(times) = labels.iter().map(seconds).collect::<Option<Vec<_>>>() else {
            return self.check_ends(labels, has_lengths).map(|()| false);
        };
        if let Some(what) = self.counted.filter(|_| !times.is_empty()) {
            return Err(LabelTableError::Counted {
                column: self.column.clone(),
                what,
            });
        }
        self.check_ends(labels, has_lengths)?;
        let starts: Vec<f64> = times.iter().map(|[start, _]| *start).collect();
        let Some(count) = DayCount::of(&starts) else {
            return match starts.first().filter(|_| self.are_days) {
                Some(number) => Err(LabelTableError::NoDays {
                    column: self.column.clone(),
                    number: *number,
                }),
                None => Ok(false),
            };
        };
        if !self.are_days {
            let is_short = |[start, end]: &[f64; 2]| end - start < SHORTEST;
            let has_fraction = starts.iter().any(|start| start.fract() != 0.0);
            let are_long = times.iter().any(|[start, end]| end > start);
            if has_fraction && are_long && !has_lengths && times.iter().all(is_short) {
                return Err(LabelTableError::Days {
                    number: starts[0],
                    what: count.what,
                });
            }
            return Ok(false);
        }
        let lasts = |[start, end]: &[f64; 2]| end - start;
        let has_short = times.iter().any(|pair| lasts(pair) > 0.0);
        if has_lengths
            && self.lacks_unit
            && has_short
            && times.iter().all(|pair| lasts(pair) < SHORTEST)
        {
            return Err(LabelTableError::DurationsInDays {
                number: lasts(&times[0]),
            });
        }
        for (label, [start, end]) in labels.iter_mut().zip(times) {
            let moments = count.times(&[start, end]);
            label.start = Time::Moment(moments[0]);
            label.end = if has_lengths {
                label.start.later(end - start)
            } else {
                Time::Moment(moments[1])
            };
        }
        Ok(true)
    }
}

/// Counts the times of labels from the starts of their files: `offsets` are those of the labels' starts.
pub(super) fn from_files(labels: &mut [&mut Label], offsets: &[f64]) {
    for (label, offset) in labels.iter_mut().zip(offsets) {
        if let (Time::Seconds(start), Time::Seconds(end)) = (label.start, label.end) {
            label.start = Time::Seconds(*offset);
            label.end = Time::Seconds(offset + (end - start));
        }
    }
}
