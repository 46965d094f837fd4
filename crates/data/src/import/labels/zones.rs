//! Time zones beside the times of labels: in the name of their column, or in a column of their own.

use super::Time;
use super::columns::Columns;
use super::heads::cell;
use super::places::TimePosition;
use crate::recording::{
    NANOS, has_zone, is_compact, is_offset, is_zone, offset_in, offset_of, zone_word,
};

/// Seconds per hour.
const HOUR: f64 = 3600.0;

/// What a table says of the zone of times that have none.
#[derive(Debug, Default)]
pub(super) struct Zones {
    /// Nanoseconds that the times of a column are ahead of UTC, by its name.
    named: Vec<(usize, i64)>,
    /// The column with the offset of each row.
    column: Option<usize>,
    /// Warnings on zones whose offset is not known, if times are dates.
    doubts: Vec<String>,
    /// How times are read, if they are dates.
    notes: Vec<String>,
}

impl Zones {
    /// `heads`: the names of the columns.
    pub fn of(heads: &csv::StringRecord, columns: &Columns, rows: &[&csv::StringRecord]) -> Self {
        let mut zones = Self::default();
        let places = [
            Some(columns.start),
            columns.end.filter(|_| !columns.is_duration),
        ];
        for at in places.into_iter().flatten().flat_map(TimePosition::columns) {
            zones.add_name(at, cell(heads, at));
        }
        zones.doubts.dedup();
        zones.notes.dedup();
        for (at, head) in heads.iter().enumerate().filter(|(at, _)| !columns.has(*at)) {
            if zones.add_column(at, head, rows) {
                break;
            }
        }
        zones
    }

    fn add_name(&mut self, at: usize, head: &str) {
        if let Some(offset) = offset_in(head) {
            self.named.push((at, offset));
            let hours = offset as f64 / NANOS / HOUR;
            self.notes.push(format!(
                "column `{head}`: times without a zone are read as {hours:+} h from UTC, as its name says"
            ));
        } else if let Some(zone) = zone_word(head) {
            self.doubts.push(as_utc(head, zone));
        }
    }

    /// Looks whether column `at` tells zones; whether it does.
    fn add_column(&mut self, at: usize, head: &str, rows: &[&csv::StringRecord]) -> bool {
        let values = rows.iter().map(|row| cell(row, at));
        let mut values = values.filter(|value| !value.is_empty()).peekable();
        let Some(first) = values.peek().copied() else {
            return false;
        };
        let is_named = is_offset(head) || head.eq_ignore_ascii_case("zone");
        // `+1` alone may be anything.
        let is_certain = |value: &str| {
            value.contains(':') || value.starts_with(|c: char| c.is_ascii_alphabetic())
        };
        let is_number = |value: &str| value.parse::<f64>().is_ok();
        let all: Vec<&str> = values.collect();
        let are_offsets = all
            .iter()
            .all(|value| offset_of(value.as_bytes()).is_some());
        let is_plain = |value: &&str| is_number(value) && !value.starts_with(['+', '-']);
        if are_offsets
            && (is_named && !all.iter().any(is_plain) || all.iter().all(|value| is_certain(value)))
        {
            if all
                .iter()
                .any(|value| offset_of(value.as_bytes()) != Some(0))
            {
                self.notes.push(format!(
                    "times without a zone are read with the offsets from UTC in column `{head}`, such as `{first}`"
                ));
            }
            self.column = Some(at);
            return true;
        }
        let is_zero = |value: &&str| value.parse() == Ok(0.0);
        let are_zones = is_named || all.iter().all(|value| is_zone(value));
        if are_zones && !all.iter().all(is_zero) {
            self.doubts.push(as_utc(head, &format!("`{first}`")));
        }
        are_zones
    }

    /// A time of `place` in UTC.
    pub fn utc(&self, time: Time, place: &TimePosition, row: &csv::StringRecord) -> Time {
        if time.is_relative() || has_own(&place.shown(row)) {
            return time;
        }
        let offset = self.offset(place, row);
        match time {
            Time::Moment(nanos) => Time::Moment(nanos.saturating_sub(offset)),
            Time::Clock(nanos) => Time::Clock(nanos.saturating_sub(offset)),
            Time::Seconds(_) => time,
        }
    }

    /// Nanoseconds that the times of `place` in a row are ahead of UTC if they have no zone of their own.
    pub fn offset(&self, place: &TimePosition, row: &csv::StringRecord) -> i64 {
        let of_row = self
            .column
            .and_then(|at| offset_of(cell(row, at).as_bytes()));
        let named = || {
            let mut columns = place.columns().into_iter();
            columns.find_map(|at| self.named.iter().find(|(known, _)| *known == at))
        };
        let offset = of_row.or_else(|| named().map(|(_, offset)| *offset));
        offset.unwrap_or(0)
    }

    /// Warnings, and information, for labels that begin at `starts` in the cells of `shown`; and whether nothing tells a zone of
    /// dates.
    pub fn said(
        self,
        mut starts: impl Iterator<Item = (Time, String)>,
    ) -> (Vec<String>, Vec<String>, bool) {
        if starts.any(|(start, shown)| !start.is_relative() && !has_own(&shown)) {
            let is_told =
                self.column.is_some() || !self.named.is_empty() || !self.doubts.is_empty();
            (self.doubts, self.notes, !is_told)
        } else {
            Default::default()
        }
    }
}

/// A warning that times are read as UTC beside the name of a zone.
fn as_utc(column: &str, zone: &str) -> String {
    format!(
        "column `{column}` says {zone}, but the times have no offset and are read as UTC: write them in UTC, or with an offset \
         such as -05:00"
    )
}

/// Whether a time has a zone of its own, or is a number of Unix time.
fn has_own(text: &str) -> bool {
    let bytes = text.trim().as_bytes();
    let is_number = text.trim().parse::<f64>().is_ok() && !is_compact(bytes);
    let is_clock = |window: &[u8]| {
        window[0].is_ascii_digit() && window[1] == b'T' && window[2].is_ascii_digit()
    };
    let clock = bytes.windows(3).position(is_clock);
    let clock = clock.map_or(&[][..], |at| &bytes[at..]);
    // `0T10-00-00` has dashes between its parts.
    let clock = match clock.get(4) {
        Some(b'-') => clock.get(10..).unwrap_or_default(),
        _ => clock,
    };
    let is_zone = |byte: &u8| matches!(byte, b'+' | b'-' | b'Z' | b'z');
    is_number || has_zone(bytes) || clock.iter().any(is_zone)
}
