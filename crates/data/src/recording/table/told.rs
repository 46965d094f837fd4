//! What the lines above a table say of its times and samples: a time zone, a sampling rate, a number.

use super::super::Trace;
use super::super::text::cell;
use super::super::time::offset_in;
use super::kinds::Kind;
use super::layout::Layout;
use super::zones::zone_word;

/// Bytes above a table that are looked at.
const LONGEST: usize = 1 << 16;
/// Part by which a rate is another one: sensors keep the one they are set to only roughly.
const OTHER: f64 = 0.1;

/// Rows below a heading that counts samples.
const COUNTED: usize = 8;

/// What is before the name of a zone.
const ZONE: [&str; 12] = [
    "time zone",
    "timezone",
    "time_zone",
    "time-zone",
    "utc offset",
    "utc_offset",
    "gmt offset",
    "times in ",
    "time in ",
    "times are in ",
    "times are ",
    "zeitzone",
];
/// What is before a sampling rate.
const RATE: [&str; 14] = [
    "sampling rate",
    "sampling_rate",
    "samplingrate",
    "sample rate",
    "sample_rate",
    "samplerate",
    "sampling frequency",
    "sampling freq",
    "sample frequency",
    "measurement frequency",
    "sampling_frequency",
    "output rate",
    "outputrate",
    "abtastrate",
];
/// Units of intervals.
const INTERVALS: [&str; 9] = [
    "s", "sec", "ms", "us", "µs", "min", "h", "minutes", "seconds",
];

/// The time zone other than UTC that a line of the heading tells, as the line has it.
pub(crate) fn zone(heading: &[u8]) -> Option<String> {
    lines(heading).find_map(|line| {
        let (_, rest) = behind(&line, &ZONE)?;
        let zone = rest.trim_matches(|c: char| " :=,;\t\"".contains(c));
        // Signs alone are an offset in brackets.
        let offset = offset_in(zone).or_else(|| offset_in(&format!("({zone})")));
        let is_number = zone.parse::<f64>().is_ok_and(|number| number != 0.0);
        let is_other = match offset {
            Some(offset) => offset != 0,
            None => is_number || zone_word(rest).is_some(),
        };
        is_other.then(|| shown(&line))
    })
}

/// Whether the heading of a table without names counts as many samples as its lines have numbers, as `NPTS= 4096, DT= .005`.
pub(super) fn is_counted(heading: &[u8], layout: &Layout, rows: usize) -> bool {
    let width = layout.names.len();
    let are_numbers = layout.kinds.iter().all(|kind| *kind == Kind::Number);
    if width < 2 || rows < COUNTED || !layout.header.is_empty() || !are_numbers {
        return false;
    }
    let separates = |byte: &u8| byte.is_ascii_whitespace() || b",;=:#".contains(byte);
    let count = |word: &[u8]| str::from_utf8(word).ok()?.parse::<usize>().ok();
    // The last line may be shorter.
    let is_all = |count: usize| count.abs_diff(rows * width) < width;
    heading.split(separates).filter_map(count).any(is_all)
}

/// A note that a line of the heading tells another sampling rate than all `traces` have.
pub(super) fn other_rate(heading: &[u8], traces: &[Trace]) -> Option<String> {
    let (line, told) = rate(heading)?;
    let is_other = |trace: &Trace| (trace.rate / told - 1.0).abs() > OTHER;
    let rate = traces.first()?.rate;
    traces.iter().all(is_other).then(|| {
        format!(
            "the heading says `{line}`, but the sampling rate is {rate} Hz by the times or as given: if the heading is right, correct \
             them"
        )
    })
}

/// The same if there is no other rate.
pub(super) fn only_rate(heading: &[u8]) -> Option<String> {
    rate(heading).map(|(line, _)| format!("the heading says `{line}`"))
}

/// The sampling rate that a line tells, in Hz, and the line.
fn rate(heading: &[u8]) -> Option<(String, f64)> {
    lines(heading).find_map(|line| {
        let (_, rest) = behind(&line, &RATE).or_else(|| abbreviated(&line))?;
        let at = rest.find(|c: char| c.is_ascii_digit())?;
        let (before, rest) = rest.split_at(at);
        // Words between may be anything, but for a unit in brackets.
        let word = before
            .trim_matches(|c: char| " :=,;\t\"()[]/".contains(c))
            .to_lowercase();
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',');
        let (number, rest) = rest.split_at(end.unwrap_or(rest.len()));
        let number = number.trim_end_matches([',', '.']);
        let (whole, fraction) = number.split_once(',').unwrap_or((number, ""));
        let is_sure = fraction.len() != 3 && !fraction.contains([',', '.']);
        let number: f64 = format!("{whole}.{fraction}")
            .trim_end_matches('.')
            .parse()
            .ok()?;
        let unit: String = rest
            .trim_start_matches([' ', '\t', ',', ';'])
            .chars()
            .take_while(|c| c.is_alphabetic())
            .collect();
        let unit = if word.is_empty() {
            unit.to_lowercase()
        } else {
            word
        };
        let factor = match &*unit {
            "khz" | "ksps" => 1e3,
            interval if INTERVALS.contains(&interval) => return None,
            "hz" | "sps" | "hertz" => 1.0,
            // A unit before the number, or a name of something else.
            _ if before.chars().any(char::is_alphabetic) => return None,
            _ => 1.0,
        };
        (is_sure && number > 0.0).then(|| (shown(&line), factor * number))
    })
}

/// What is behind `fs` or `Fs` as a word of its own at the beginning of a line.
fn abbreviated(line: &str) -> Option<(&str, &str)> {
    let trimmed = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let rest = trimmed
        .strip_prefix("fs")
        .or_else(|| trimmed.strip_prefix("Fs"))?;
    let is_word = rest
        .trim_start()
        .starts_with(['=', ':', ',', ';', '(', '[']);
    is_word.then_some((trimmed, rest))
}

/// The lines of a heading.
pub(super) fn lines(heading: &[u8]) -> impl Iterator<Item = String> {
    let heading = &heading[..heading.len().min(LONGEST)];
    heading.split(|byte| *byte == b'\n').map(cell)
}

/// What is in a line from one of some words on, whatever their case, and behind it.
fn behind<'a>(line: &'a str, words: &[&str]) -> Option<(&'a str, &'a str)> {
    let lower = line.to_ascii_lowercase();
    words.iter().find_map(|word| {
        let at = lower.find(word)?;
        Some((&line[at..], &line[at + word.len()..]))
    })
}

/// A line for a message.
pub(super) fn shown(line: &str) -> String {
    line.trim().chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_of_headings() {
        for line in [
            "Time Zone,GMT +01:00",
            "# timezone: Europe/Berlin",
            "# All times in UTC+2",
            "// Timezone = +02:00",
            "All times are local time",
            "TimeZone;EST",
            "UTC offset: 2",
        ] {
            assert_eq!(
                zone(format!("a\n{line}\nb\n").as_bytes()).as_deref(),
                Some(line)
            );
        }
        for line in [
            "Time Zone,GMT",
            "# timezone: UTC",
            "Time Zone: +00:00",
            "times in UTC",
            "time in ms",
            "Timer: EST",
            "UTC offset: 0",
        ] {
            assert_eq!(zone(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn rates_of_headings() {
        let rate = |line: &str| rate(format!("a\n{line}\nb").as_bytes()).map(|(_, rate)| rate);
        for (line, expected) in [
            ("# sampling rate: 200 Hz", 200.0),
            ("Measurement Frequency,85.7 Hz", 85.7),
            (";SampleRate, 100,Hz", 100.0),
            ("Sampling Frequency [kHz];1,6", 1600.0),
            ("Sample Rate (Hz): 50", 50.0),
            ("OutputRate:,60Hz", 60.0),
            ("fs = 512", 512.0),
            ("Sample Rate: 100 Channels: 3", 100.0),
        ] {
            assert_eq!(rate(line), Some(expected), "{line}");
        }
        for line in [
            "Sampling rate: 1 min",
            "Sampling rate: 10 ms",
            "sample rate of 3 channels: 100",
            "Sample rate: 1,000 Hz",
            "Sample rate: unknown",
            "offs = 3",
            "sampling rate",
        ] {
            assert_eq!(rate(line), None, "{line}");
        }
    }
}
