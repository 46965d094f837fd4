//! Seismic Handler: texts with headers and samples (`.ASC`), and Q files, whose headers (`.QHD`) and samples (`.QBN`) are two files.
//!
//! K. Stammler, "SeismicHandler: programmable multichannel data handler for interactive and automatic processing of seismological
//! analyses", Comput. Geosci. 19 (1993). Channels are called `.STA..CHA`, as by ObsPy, or numbered from 1 if none of them has a
//! code. Samples are as recorded; the calibration of the header is not applied.

mod asc;
mod order;
mod q;

pub(super) use asc::{is as is_asc, read as read_asc};
pub(super) use q::{is as is_q, read as read_q};

use super::time::{self, DAY};
use super::{Contents, Hints, Notes, Trace, check_rate, other_start};
use crate::error::recording::HandlerProblem;

/// What a header says about a trace.
#[derive(Default)]
struct Header {
    station: String,
    /// The codes of band, instrument and component.
    code: [String; 3],
    interval: Option<f64>,
    start: Option<i64>,
    count: Option<usize>,
}

impl Header {
    /// Takes a code of the channel, which is a letter.
    fn set_code(&mut self, at: usize, text: &str) {
        self.code[at] = text.chars().next().map(String::from).unwrap_or_default();
    }

    /// # Errors
    /// If the text is no number of samples.
    fn set_count(&mut self, text: &str) -> Result<(), HandlerProblem> {
        self.count = Some(value(text, "number of samples")?);
        Ok(())
    }

    /// # Errors
    /// If the text is no interval.
    fn set_interval(&mut self, text: &str) -> Result<(), HandlerProblem> {
        self.interval = Some(value(text, "sampling interval")?);
        Ok(())
    }

    /// # Errors
    /// If the text is no time.
    fn set_start(&mut self, text: &str) -> Result<(), HandlerProblem> {
        let wrong = || HandlerProblem::Value {
            what: "start",
            text: text.into(),
        };
        self.start = Some(moment(text).ok_or_else(wrong)?);
        Ok(())
    }

    /// # Errors
    /// If the header has no interval, or none that is possible.
    fn rate(&self) -> Result<f64, HandlerProblem> {
        let interval = self.interval.ok_or(HandlerProblem::NoInterval)?;
        Ok(check_rate(1.0 / interval)?)
    }

    fn channel(&self) -> String {
        format!(".{}..{}", self.station, self.code.concat())
    }
}

/// # Errors
/// If the text is no number.
fn value<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, HandlerProblem> {
    text.trim().parse().map_err(|_| HandlerProblem::Value {
        what,
        text: text.into(),
    })
}

/// Names of months, of which three are others in German.
const MONTHS: [[&str; 2]; 12] = [
    ["JAN", "JAN"],
    ["FEB", "FEB"],
    ["MAR", "MRZ"],
    ["APR", "APR"],
    ["MAY", "MAI"],
    ["JUN", "JUN"],
    ["JUL", "JUL"],
    ["AUG", "AUG"],
    ["SEP", "SEP"],
    ["OCT", "OKT"],
    ["NOV", "NOV"],
    ["DEC", "DEZ"],
];
/// Years of two digits from this one on are of the 20th century.
const OLD: i64 = 70;

/// Nanoseconds since 1970 of a time such as `1-OCT-2009_12:46:01.000`; minutes and seconds may be missing.
fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, clock) = text.split_once('_').unwrap_or((text, "0"));
    let mut parts = date.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = month.trim().to_ascii_uppercase();
    let month = MONTHS.iter().position(|names| names.contains(&&*month))? as i64 + 1;
    let year = year.trim();
    let century = match (year.len(), year.parse::<i64>().ok()?) {
        (2, short) if short < OLD => 2000,
        (2, _) => 1900,
        _ => 0,
    };
    let day = day.trim().parse().ok()?;
    let days = time::day(century + year.parse::<i64>().ok()?, month, day).ok()?;
    let mut clock = clock.split(':');
    let hour: i64 = clock.next()?.trim().parse().ok()?;
    let minute: i64 = clock
        .next()
        .map_or(Some(0), |part| part.trim().parse().ok())?;
    let second: f64 = clock
        .next()
        .map_or(Some(0.0), |part| part.trim().parse().ok())?;
    let is_whole = clock.next().or(parts.next()).is_none();
    let clock = time::of_clock(hour, minute, second).filter(|_| is_whole)?;
    Some(days * DAY + clock)
}

/// What files contain whose traces have these headers and samples.
fn contents(read: Vec<(Header, f64, Vec<f64>)>, notes: Notes, hints: &Hints) -> Contents {
    let mut notes = notes;
    let starts = read.iter().filter_map(|(header, ..)| header.start);
    notes.extend(other_start(hints, starts.min()));
    let is_named = |header: &Header| header.channel().len() > "...".len();
    let has_names = read.iter().any(|(header, ..)| is_named(header));
    let trace = |(at, (header, rate, samples)): (usize, (Header, f64, Vec<f64>))| Trace {
        channel: if has_names {
            header.channel()
        } else {
            (at + 1).to_string()
        },
        start: header.start.or(hints.start).unwrap_or(0),
        rate,
        samples,
    };
    Contents {
        traces: read.into_iter().enumerate().map(trace).collect(),
        notes,
        ..Contents::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_time;
    use super::*;

    #[test]
    fn times_of_seismic_handler() {
        for (text, expected) in [
            (" 2-JAN-2008_03:04:05.123", Some("2008-01-02T03:04:05.123Z")),
            ("2-JAN-2008", Some("2008-01-02T00:00:00Z")),
            ("2-jan-08", Some("2008-01-02T00:00:00Z")),
            ("2-JAN-99", Some("1999-01-02T00:00:00Z")),
            ("2-JAN-2008_1", Some("2008-01-02T01:00:00Z")),
            ("2-JAN-2008_1:1", Some("2008-01-02T01:01:00Z")),
            ("02-DEZ-2008_23:59:60", Some("2008-12-03T00:00:00Z")),
            ("2-MRZ-2008", Some("2008-03-02T00:00:00Z")),
            ("2-XYZ-2008", None),
            ("31-FEB-2008", None),
            ("2-JAN-2008_24:00:00", None),
            ("2-JAN-2008_1:1:1:1", None),
            ("2-JAN", None),
            ("", None),
        ] {
            let expected = expected.map(|time| parse_time(time).unwrap());
            assert_eq!(moment(text), expected, "{text}");
        }
    }
}
