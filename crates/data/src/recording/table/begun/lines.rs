//! Lines of a heading that tell the time of the first sample.

use super::super::super::NANOS;
use super::super::super::time::{
    DAY, DateOrder, Moment, has_zone, is_compact, offset_in, parse_moment_as,
};
use super::super::days::CENTURY;
use super::super::told;
use super::super::units::unit_by_size;
use super::super::zones::zone_word;
use crate::error::recording::MomentError;

/// What the name of a line says of the time behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// It is that of the first sample.
    Start,
    /// It is the date of the first sample.
    StartDate,
    /// It is a date, which may be that of the file.
    Date,
}

/// Names of starts, in letters alone.
const STARTS: [&str; 44] = [
    "start",
    "starttime",
    "startdatetime",
    "startdateandtime",
    "starttimestamp",
    "started",
    "startedat",
    "startedon",
    "startat",
    "starton",
    "startofrecording",
    "startofmeasurement",
    "startofacquisition",
    "recordingstart",
    "recordingstarttime",
    "recordingstarted",
    "recordingstartedat",
    "recordstart",
    "recordstarttime",
    "measurementstart",
    "measurementstarttime",
    "measurementstarted",
    "acquisitionstart",
    "acquisitionstarttime",
    "acquisitionstarted",
    "loggingstart",
    "loggingstarted",
    "loggingstartedat",
    "begin",
    "begintime",
    "firstsample",
    "firstsampletime",
    "timefirstsample",
    "timeoffirstsample",
    "startzeit",
    "startzeitpunkt",
    "beginn",
    "messbeginn",
    "beginndermessung",
    "startdermessung",
    "messstart",
    "aufnahmebeginn",
    "début",
    "inicio",
];
/// Names of their dates.
const START_DATES: [&str; 8] = [
    "startdate",
    "startday",
    "startdatum",
    "recordingstartdate",
    "recordingdate",
    "measurementdate",
    "acquisitiondate",
    "messdatum",
];
/// Names of dates that may be others.
const DATES: [&str; 4] = ["date", "datum", "fecha", "data"];

/// A line that tells a time.
struct Line {
    key: Key,
    text: String,
    moment: Result<Moment, MomentError>,
    /// Whether it tells its zone.
    is_zoned: bool,
}

/// The start that a heading tells.
#[derive(Debug, PartialEq)]
pub(super) struct Start {
    /// Midnight of its day, and the time of day, if the heading tells one.
    pub day: i64,
    pub clock: Option<i64>,
    /// The line, or the line of the date.
    pub text: String,
    pub is_zoned: bool,
    /// Whether the date can only be that of the first sample.
    pub is_sure: bool,
}

impl Start {
    pub fn nanos(&self) -> Option<i64> {
        self.clock.map(|clock| self.day.saturating_add(clock))
    }
}

/// The start that the lines of a heading tell.
///
/// # Errors
/// With a warning if they tell several, or a time that cannot be read with certainty.
pub(super) fn start_of(
    heading: &[u8],
    order: DateOrder,
    has_clocks: bool,
) -> Result<Option<Start>, String> {
    let lines: Vec<Line> = told::lines(heading)
        .filter_map(|line| of_line(&line, order))
        .collect();
    let first_of = |key: Key, wanted: fn(&Moment) -> bool| {
        let fits = |line: &&Line| line.key == key && line.moment.as_ref().is_ok_and(wanted);
        let mut fitting = lines.iter().filter(fits);
        let Some(first) = fitting.next() else {
            return Ok(None);
        };
        match fitting.find(|line| line.moment != first.moment) {
            Some(other) => Err(format!(
                "the heading says both `{}` and `{}`: give the recording its `start`",
                first.text, other.text
            )),
            None => Ok(Some(first)),
        }
    };
    let nanos = |line: &Line| match line.moment {
        Ok(Moment::Stamp(nanos) | Moment::Day(nanos) | Moment::Clock(nanos)) => nanos,
        Err(_) => 0,
    };
    if let Some(line) = first_of(Key::Start, |moment| matches!(moment, Moment::Stamp(_)))? {
        let all = nanos(line);
        return Ok(Some(Start {
            day: all.div_euclid(DAY) * DAY,
            clock: Some(all.rem_euclid(DAY)),
            text: line.text.clone(),
            is_zoned: line.is_zoned,
            is_sure: true,
        }));
    }
    let is_doubtful = |line: &&Line| line.key != Key::Date && line.moment.is_err();
    if let Some(Line {
        text,
        moment: Err(problem),
        ..
    }) = lines.iter().find(is_doubtful)
    {
        return Err(format!(
            "the heading says `{text}`, which {problem}, or give the recording its `start`"
        ));
    }
    let is_day: fn(&Moment) -> bool = |moment| matches!(moment, Moment::Day(_));
    let clock = first_of(Key::Start, |moment| matches!(moment, Moment::Clock(_)))?;
    let mut day = first_of(Key::StartDate, is_day)?.or(first_of(Key::Start, is_day)?);
    if day.is_none() && (has_clocks || clock.is_some()) {
        day = first_of(Key::Date, is_day)?;
    }
    Ok(day.map(|line| Start {
        day: nanos(line),
        clock: clock.map(nanos),
        text: match clock {
            Some(clock) => format!("{}` and `{}", line.text, clock.text),
            None => line.text.clone(),
        },
        is_zoned: clock.is_some_and(|clock| clock.is_zoned),
        is_sure: line.key != Key::Date,
    }))
}

/// The time that a line tells behind one of the names.
fn of_line(line: &str, order: DateOrder) -> Option<Line> {
    let is_end = |c: char| ":=,;\t".contains(c) || c.is_ascii_digit();
    let ends = line.char_indices().filter(|(_, c)| is_end(*c)).take(2);
    // Names may be in front of a colon, or of a digit.
    ends.filter_map(|(at, c)| {
        let (name, rest) = line.split_at(at);
        let value = if c.is_ascii_digit() { rest } else { &rest[1..] };
        let (key, is_utc) = key(name)?;
        let value = value.trim_matches(|c: char| c.is_whitespace() || "\"',;".contains(c));
        let is_number = value.parse::<f64>().is_ok();
        let offset = offset_in(name).filter(|_| !is_number && !has_zone(value.as_bytes()));
        let is_plain = offset.is_none() && !is_number && !has_zone(value.as_bytes());
        let value = if is_utc && is_plain {
            format!("{value} UTC")
        } else {
            value.to_owned()
        };
        let moment = moment(&value, order)?.map(|moment| match (moment, offset) {
            (Moment::Stamp(nanos), Some(offset)) => Moment::Stamp(nanos.saturating_sub(offset)),
            _ => moment,
        });
        Some(Line {
            key,
            text: told::shown(line),
            moment,
            is_zoned: is_number || offset.is_some() || has_zone(value.as_bytes()),
        })
    })
    .next()
}

/// What a name tells, and whether it says that times are in UTC.
fn key(name: &str) -> Option<(Key, bool)> {
    let letters = name.chars().filter(|c| c.is_alphabetic());
    let letters: String = letters.flat_map(char::to_lowercase).collect();
    let plain = ["utc", "gmt"]
        .iter()
        .find_map(|zone| letters.strip_suffix(zone));
    let name = plain.unwrap_or(&letters);
    let name = ["at", "on", "am"]
        .iter()
        .find_map(|word| name.strip_suffix(word).filter(|rest| STARTS.contains(rest)))
        .unwrap_or(name);
    let is_in = |names: &[&str]| names.contains(&name);
    let key = if is_in(&STARTS) {
        Key::Start
    } else if is_in(&START_DATES) {
        Key::StartDate
    } else if is_in(&DATES) {
        Key::Date
    } else {
        return None;
    };
    Some((key, plain.is_some()))
}

/// The moment in a text, also one of Unix time, and with a remark behind it; `None` if it is no time.
fn moment(text: &str, order: DateOrder) -> Option<Result<Moment, MomentError>> {
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|_| !is_compact(text.as_bytes()));
    if let Some(number) = number {
        let seconds = number * unit_by_size(number);
        let is_date = CENTURY.contains(&seconds);
        return is_date.then(|| Ok(Moment::Stamp((seconds * NANOS).round() as i64)));
    }
    let parse = |text: &str| match parse_moment_as(text.trim().as_bytes(), order) {
        // A duration is no time of day.
        Ok(Moment::Clock(_)) if !text.contains(':') => None,
        Err(MomentError::Malformed | MomentError::OtherKind) => None,
        found => Some(found),
    };
    // What is behind may be anything but a zone.
    let before = |mark: char| {
        let (before, behind) = text.split_once(mark)?;
        parse(before).filter(|found| found.is_ok() && zone_word(behind).is_none())
    };
    match parse(text) {
        Some(Ok(moment)) => Some(Ok(moment)),
        other => [';', '\t', '(', ','].into_iter().find_map(before).or(other),
    }
}
