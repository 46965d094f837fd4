//! Fractions of a second without leading zeros: some loggers write 5 ms after 12:00:00 as `12:00:00.5`, a count of
//! milliseconds behind the point. The rows prove it where times go back, or jump, unless the fractions are read as counts.

use std::ops::Range;

use super::super::time::{DAY, Moment, parse_moment_as};
use super::kinds::{Kind, is_missing};
use super::layout::Layout;
use super::names::time_name;
use super::number::Commas;
use super::{NO_TIME, Values};
use crate::room::room;

/// Steps whose unevenness is looked at, in columns whose times do not go back.
const LOOKED_AT: usize = 4096;
/// Mean difference of steps from the usual one, in nanoseconds, from which a column is looked at.
const UNEVEN: i64 = 5_000_000;
/// Times a step may count in the mean, so that gaps do not hide the rest.
const MOST: i64 = 1_000_000_000;
/// Rows that prove something by their steps alone.
const FEWEST: usize = 16;
/// By this factor, counts must be better than decimals: in steps back, and in the evenness of steps.
const BETTER_BACK: usize = 10;
const BETTER_EVEN: i64 = 4;

/// A time as it is written.
struct Fraction {
    /// Bytes of the digits behind the point.
    digits: Range<usize>,
    /// Nanoseconds without the fraction.
    whole: i64,
    count: i64,
}

impl Fraction {
    fn length(&self) -> usize {
        self.digits.len()
    }

    /// Nanoseconds if `1 / 10^digits` s are counted; `None` if the fraction has decimals.
    fn nanos(&self, digits: Option<usize>) -> i64 {
        let digits = digits.unwrap_or_else(|| self.length());
        self.whole
            .saturating_add(self.count * 10i64.pow(9 - digits as u32))
    }
}

/// The text with leading zeros in all fractions that prove to be counts, and a note; `None` if there are none.
pub(super) fn padded(
    bytes: &[u8],
    layout: &Layout,
    columns: &[Values],
) -> Option<(Vec<u8>, Vec<String>)> {
    let mut zeros: Vec<(usize, usize)> = Vec::new();
    let mut notes = Vec::new();
    for (column, values) in columns.iter().enumerate() {
        if !is_suspicious(column, layout, values) {
            continue;
        }
        let Some(all) = fractions(bytes, layout, column) else {
            continue;
        };
        let Some(digits) = proven(&all, layout.kinds[column]) else {
            continue;
        };
        notes.push(note(bytes, &layout.names[column], &all, digits));
        let missing = all
            .iter()
            .map(|fraction| (fraction.digits.start, digits - fraction.length()));
        zeros.extend(missing.filter(|(_, zeros)| *zeros > 0));
    }
    if zeros.is_empty() {
        return None;
    }
    zeros.sort_unstable();
    let mut text = room(bytes.len());
    let mut done = 0;
    for (at, zeros) in zeros {
        text.extend_from_slice(&bytes[done..at]);
        text.resize(text.len() + zeros, b'0');
        done = at;
    }
    text.extend_from_slice(&bytes[done..]);
    Some((text, notes))
}

fn note(bytes: &[u8], name: &str, all: &[Fraction], digits: usize) -> String {
    let shown =
        |fraction: &Fraction| String::from_utf8_lossy(&bytes[fraction.digits.clone()]).into_owned();
    let example = all
        .iter()
        .min_by_key(|fraction| fraction.length())
        .map(shown);
    let example = example.unwrap_or_default();
    let unit = match digits {
        2 => "hundredths of a second",
        3 => "milliseconds",
        6 => "microseconds",
        _ => "nanoseconds",
    };
    format!(
        "column `{name}`: the digits behind the seconds count {unit}, without leading zeros, as the times rise evenly only so: \
         `.{example}` is read as `.{example:0>digits$}`"
    )
}

/// Whether the times of a column go back, or jump more than those of a clock.
fn is_suspicious(column: usize, layout: &Layout, values: &Values) -> bool {
    match (values, layout.kinds[column]) {
        (Values::Times(times) | Values::Clocks(times), Kind::Stamp | Kind::Clock) => {
            let steps = times.windows(2).take(LOOKED_AT);
            let steps = steps.map(|pair| pair[1].saturating_sub(pair[0]));
            times.windows(2).any(|pair| pair[1] < pair[0]) || unevenness(steps.collect()) > UNEVEN
        }
        (Values::Numbers(values), Kind::Number)
            if layout.commas == Commas::None
                && time_name(&layout.names[column])
                    .is_some_and(|name| name.unit.is_none_or(|unit| unit == 1.0)) =>
        {
            let has_fraction = |value: &f64| value.fract() != 0.0;
            let steps = values.windows(2).take(LOOKED_AT);
            let steps = steps.map(|pair| ((pair[1] - pair[0]) * 1e9) as i64);
            values.iter().take(LOOKED_AT).any(has_fraction)
                && (values.windows(2).any(|pair| pair[1] < pair[0])
                    || unevenness(steps.collect()) > UNEVEN)
        }
        _ => false,
    }
}

/// How far steps are from the usual one, on average.
fn unevenness(mut steps: Vec<i64>) -> i64 {
    if steps.is_empty() {
        return 0;
    }
    let middle = steps.len() / 2;
    let usual = *steps.select_nth_unstable(middle).1;
    let far = |step: &i64| step.saturating_sub(usual).saturating_abs().min(MOST);
    steps.iter().map(far).sum::<i64>() / steps.len() as i64
}

/// How many digits the counts of a column have with all their zeros; `None` if they are decimals, or may be.
fn proven(all: &[Fraction], kind: Kind) -> Option<usize> {
    let lengths = all.iter().map(Fraction::length);
    let (least, most) = (lengths.clone().min()?, lengths.max()?);
    if least == most {
        return None;
    }
    let digits = match most {
        2 | 3 => most,
        4..=6 => 6,
        _ => 9,
    };
    let steps = |digits: Option<usize>| -> Vec<i64> {
        let times = all.iter().map(|fraction| fraction.nanos(digits));
        let times: Vec<i64> = times.collect();
        let step = |pair: &[i64]| {
            let step = pair[1].saturating_sub(pair[0]);
            // The next day of times of day.
            let is_turn = kind == Kind::Clock && step < -DAY / 2;
            step + if is_turn { DAY } else { 0 }
        };
        times.windows(2).map(step).collect()
    };
    let backs = |steps: &[i64]| steps.iter().filter(|step| **step < 0).count();
    let (counted, decimal) = (steps(Some(digits)), steps(None));
    let (back, back_as_decimals) = (backs(&counted), backs(&decimal));
    let is_even = || {
        let even = unevenness(counted.clone());
        even.saturating_mul(BETTER_EVEN) < unevenness(decimal.clone())
    };
    let rises = back * BETTER_BACK < back_as_decimals;
    let is_proven = rises || back == 0 && all.len() >= FEWEST && is_even();
    is_proven.then_some(digits)
}

/// The fractions of all rows; `None` if one of them can be no count, or a row has none.
fn fractions(bytes: &[u8], layout: &Layout, column: usize) -> Option<Vec<Fraction>> {
    let (mut all, mut start) = (Vec::new(), layout.start);
    for line in bytes[layout.start..].split(|byte| *byte == b'\n') {
        let at = start;
        start += line.len() + 1;
        let Some(cell) = cell(line, layout.separator, column) else {
            continue;
        };
        let text = &line[cell.clone()];
        if is_missing(text) || line.trim_ascii_start().starts_with(b"#") {
            continue;
        }
        let Some(digits) = digits(text) else {
            // A row of something else, or whole seconds, which such a logger writes with `.0`.
            if parse(text, layout, column).is_some() {
                return None;
            }
            continue;
        };
        let written = &text[digits.clone()];
        if written.len() > 9 || written.len() > 1 && written[0] == b'0' {
            return None;
        }
        let whole = [&text[..digits.start - 1], &text[digits.end..]].concat();
        let Some(whole) = parse(&whole, layout, column) else {
            continue;
        };
        let count = written
            .iter()
            .fold(0, |all, byte| all * 10 + i64::from(byte - b'0'));
        let before = at + cell.start;
        all.push(Fraction {
            digits: before + digits.start..before + digits.end,
            whole,
            count,
        });
    }
    Some(all)
}

/// Nanoseconds of a cell.
fn parse(text: &[u8], layout: &Layout, column: usize) -> Option<i64> {
    if layout.kinds[column] == Kind::Number {
        let seconds: i64 = str::from_utf8(text).ok()?.parse().ok()?;
        return (0..i64::MAX / 2_000_000_000)
            .contains(&seconds)
            .then(|| seconds * 1_000_000_000);
    }
    match parse_moment_as(text, layout.orders[column]).ok()? {
        Moment::Stamp(nanos) | Moment::Day(nanos) | Moment::Clock(nanos) => {
            Some(nanos).filter(|nanos| *nanos != NO_TIME)
        }
    }
}

/// The bytes of a cell in a line, without quotation marks and blanks around it.
pub(super) fn cell(line: &[u8], separator: u8, column: usize) -> Option<Range<usize>> {
    let is_separator =
        |byte: u8| byte == separator || separator == b' ' && byte.is_ascii_whitespace();
    let (mut number, mut start, mut quoted) = (0, None, false);
    for (at, byte) in line.iter().copied().chain([separator]).enumerate() {
        quoted ^= byte == b'"';
        if at < line.len() && (quoted || !is_separator(byte)) {
            start = start.or(Some(at));
            continue;
        }
        if separator == b' ' && start.is_none() {
            continue;
        }
        if number == column {
            return start.map(|start| trimmed(line, start..at));
        }
        (number, start) = (number + 1, None);
    }
    None
}

fn trimmed(line: &[u8], mut cell: Range<usize>) -> Range<usize> {
    let is_blank = |byte: u8| byte == b'"' || byte.is_ascii_whitespace();
    while !cell.is_empty() && is_blank(line[cell.start]) {
        cell.start += 1;
    }
    while !cell.is_empty() && is_blank(line[cell.end - 1]) {
        cell.end -= 1;
    }
    cell
}

/// The digits behind the seconds of a time, after a point, a comma or a third colon; or behind the point of a number.
fn digits(text: &[u8]) -> Option<Range<usize>> {
    let run = |from: usize| {
        let digits = text[from..].iter().take_while(|byte| byte.is_ascii_digit());
        from..from + digits.count()
    };
    let number = run(0);
    if text.get(number.end) == Some(&b'.') && !number.is_empty() {
        let digits = run(number.end + 1);
        if digits.end == text.len() && !digits.is_empty() {
            return Some(digits);
        }
    }
    let colons = text.iter().enumerate().filter(|(_, byte)| **byte == b':');
    colons.map(|(at, _)| at).find_map(|colon| {
        let seconds = run(colon + 1);
        let mark = *text.get(seconds.end)?;
        let is_second = || {
            let before = text[..colon].iter().rev();
            let minute = before.take_while(|byte| byte.is_ascii_digit()).count();
            text[..colon - minute].ends_with(b":")
        };
        let is_mark = matches!(mark, b'.' | b',') || mark == b':' && is_second();
        let digits = run(seconds.end + 1);
        let ends = !matches!(text.get(digits.end), Some(b'.' | b',' | b':'));
        (matches!(seconds.len(), 1 | 2) && is_mark && !digits.is_empty() && ends).then_some(digits)
    })
}
