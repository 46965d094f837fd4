//! Reads one row of a table of labels: its times, its class and its event.

use super::columns::Columns;
use super::heads::{Separated, cell};
use super::places::TimePosition;
use super::zones::Zones;
use super::{Label, Time};
use crate::error::import::LabelTimeError;
use crate::recording::{DAY, DateOrder, NANOS};

/// How the rows of a table are read.
pub(super) struct RowReader<'a> {
    pub columns: &'a Columns,
    /// How cells are separated, and whether day or month comes first.
    pub how: (Separated, DateOrder),
    /// Seconds that labels without an end take.
    pub length: Option<f64>,
    /// Zones of times that have none.
    pub zones: Zones,
}

impl RowReader<'_> {
    /// The time that `place` has in a row, in UTC; `None` if its cells are empty.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn time(
        &self,
        place: &TimePosition,
        row: &csv::StringRecord,
    ) -> Result<Option<Time>, LabelTimeError> {
        let time = place.read(row, self.how)?;
        Ok(time.map(|time| self.zones.utc(time, place, row)))
    }

    /// Shifts the times of labels that were days in the rows of `pairs` to UTC.
    pub fn shift_days(
        &self,
        pairs: &[(&csv::StringRecord, Option<&csv::StringRecord>)],
        labels: &mut [&mut Label],
    ) {
        for ((row, stop), label) in pairs.iter().zip(labels) {
            let start = &self.columns.start;
            let end = match (stop, &self.columns.end) {
                (Some(stop), _) => self.zones.offset(start, stop),
                (None, Some(end)) if !self.columns.is_duration => self.zones.offset(end, row),
                (None, _) => self.zones.offset(start, row),
            };
            let seconds = |offset: i64| -(offset as f64) / NANOS;
            label.start = label.start.later(seconds(self.zones.offset(start, row)));
            label.end = label.end.later(seconds(end));
        }
    }

    /// Puts labels that begin at their middles around these.
    pub fn around_middles(&self, labels: &mut [&mut Label]) {
        let lasting = |label: &Label| match (label.start, label.end) {
            (Time::Seconds(start), Time::Seconds(end)) => end - start,
            (Time::Moment(start), Time::Moment(end)) | (Time::Clock(start), Time::Clock(end)) => {
                end.saturating_sub(start) as f64 / NANOS
            }
            _ => 0.0,
        };
        for label in labels.iter_mut().filter(|_| self.columns.are_middles) {
            let half = lasting(label) / 2.0;
            label.start = label.start.later(-half);
            label.end = label.end.later(-half);
        }
    }

    /// Start and end in a row, as messages show them; if the end has a row of its own, that is `stop`.
    pub fn shown(
        &self,
        row: &csv::StringRecord,
        stop: Option<&csv::StringRecord>,
    ) -> (String, String) {
        let start = self.columns.start;
        let end = match stop {
            Some(stop) => Some(start.shown(stop)),
            None => self.columns.end.map(|place| place.shown(row)),
        };
        (start.shown(row), end.unwrap_or_default())
    }

    /// `end` a day later if it is a time of day before that of `start` and has no date of its own. A label that would then
    /// last half a day or more is not: its times may be swapped.
    fn next_day(
        &self,
        row: &csv::StringRecord,
        start: Time,
        end: Time,
    ) -> Result<Time, LabelTimeError> {
        let no_date = |text: String| Err(LabelTimeError::NoDate { text });
        let (from, to) = match (start, end) {
            (Time::Clock(from), Time::Clock(to)) => (from, to),
            (Time::Moment(from), Time::Moment(to)) => {
                let places = (self.columns.start, self.columns.end);
                if !places.1.is_some_and(|end| places.0.shares_date(&end, row)) {
                    return Ok(end);
                }
                (from, to)
            }
            (Time::Clock(_), _) => return no_date(self.shown(row, None).0),
            (_, Time::Clock(_)) => return no_date(self.shown(row, None).1),
            _ => return Ok(end),
        };
        let is_night = to < from && (to + DAY).saturating_sub(from) < DAY / 2;
        Ok(match end {
            Time::Clock(_) if is_night => Time::Clock(to + DAY),
            Time::Moment(_) if is_night => Time::Moment(to + DAY),
            _ => end,
        })
    }

    /// The end of the label in a row that starts at `start`, and whether it is taken for one on the next day. If the end has
    /// a row of its own, that is `stop`.
    fn end(
        &self,
        row: &csv::StringRecord,
        stop: Option<&csv::StringRecord>,
        start: Time,
    ) -> Result<(Time, bool), LabelTimeError> {
        let columns = self.columns;
        let read = |place: TimePosition, row, is_duration| {
            let time = self.time(&place, row)?;
            Ok::<_, LabelTimeError>(time.map(|time| (time, place, is_duration)))
        };
        if let (None, Some(place)) = (stop, columns.end)
            && is_open_end(&place.shown(row), start, columns.is_duration)
        {
            let text = place.shown(row);
            return Err(LabelTimeError::OpenEnd { text });
        }
        let mut given = match (stop, columns.end) {
            (Some(stop), _) => read(columns.start, stop, false)?,
            (None, Some(place)) => read(place, row, columns.is_duration)?,
            (None, None) => None,
        };
        if given.is_none()
            && let Some(place) = columns.lasting
        {
            given = read(place, row, true)?;
        }
        let mut is_night = false;
        let end = match given {
            None => None,
            Some((end, _, false)) => {
                let shifted = self.next_day(row, start, end)?;
                is_night = shifted != end;
                Some(shifted)
            }
            Some((Time::Seconds(seconds), ..)) => Some(start.later(seconds)),
            // `00:01:00`; in `01:30`, the first number may be that of hours or of minutes.
            Some((Time::Clock(nanos), place, _)) if place.shown(row).matches(':').count() == 2 => {
                Some(start.later(nanos as f64 / NANOS))
            }
            Some((Time::Moment(_) | Time::Clock(_), place, _)) => {
                return Err(LabelTimeError::NotDuration {
                    text: place.shown(row),
                });
            }
        };
        // Programs write an instant as a label that ends where it begins.
        match (end.filter(|end| *end != start), self.length) {
            (Some(end), _) => Ok((end, is_night)),
            (None, Some(length)) => Ok((start.later(length), false)),
            (None, None) => Ok((end.ok_or(LabelTimeError::MissingEnd)?, false)),
        }
    }

    /// The label in a row, and whether its end is taken for one on the next day.
    ///
    /// # Errors
    /// If a time is malformed.
    pub fn label(
        &self,
        row: &csv::StringRecord,
        stop: Option<&csv::StringRecord>,
    ) -> Result<(Label, bool), LabelTimeError> {
        let columns = self.columns;
        let start = self.time(&columns.start, row)?;
        let start = start.ok_or(LabelTimeError::Missing)?;
        let (end, is_night) = self.end(row, stop, start)?;
        let is_backwards = match (start, end) {
            (Time::Seconds(start), Time::Seconds(end)) => start > end,
            (Time::Moment(start), Time::Moment(end)) | (Time::Clock(start), Time::Clock(end)) => {
                start > end
            }
            // Comparable only when the start of the recording is known.
            _ => false,
        };
        if is_backwards {
            let is_clock = matches!(start, Time::Clock(_))
                || columns.end.is_some_and(|place| place.date.is_some());
            let (start, end) = self.shown(row, stop);
            return Err(if is_clock {
                LabelTimeError::BackwardsClock { start, end }
            } else {
                LabelTimeError::Backwards { start, end }
            });
        }
        if let (Time::Moment(_), Time::Seconds(_)) = (start, end) {
            let (start, end) = self.shown(row, stop);
            return Err(LabelTimeError::NumberAsEnd { start, end });
        }
        let event = columns.event.map(|at| cell(row, at).to_owned());
        let label = Label {
            start,
            end,
            class: cell(row, columns.class).to_owned(),
            event: event.filter(|event| !event.is_empty()),
            file: None,
        };
        Ok((label, is_night))
    }
}

/// Whether the text of an end or duration only marks that it is open, as programs write it: `inf`, or -1 behind a start that is not
/// before the recording.
fn is_open_end(text: &str, start: Time, is_duration: bool) -> bool {
    let is_before = matches!(start, Time::Seconds(seconds) if seconds < 0.0);
    text.trim()
        .parse::<f64>()
        .is_ok_and(|number| number.is_infinite() || number == -1.0 && (is_duration || !is_before))
}
