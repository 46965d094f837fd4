//! Times in two parts, `01:30`: hours and minutes, or minutes and seconds.

use super::super::{Notes, Remark};
use super::careless::cell;
use super::kinds::{Kind, is_missing};
use super::layout::Layout;

/// Names that spell minutes and seconds, and those that spell hours.
const MINUTES: [&str; 3] = ["mm:ss", "m:ss", "min:s"];
const HOURS: [&str; 3] = ["hh", "h:m", "hour"];
/// Hours of a day, and one more: `24:00` is midnight.
const HOURS_OF_DAY: u32 = 25;

/// The text with `.0` behind each time that is minutes and seconds, as times with a fraction are; `None` if there are none. A
/// column has them if its name says so, or if some of its times cannot be hours and minutes. Without a date, others get a note.
pub(super) fn with_fractions(
    bytes: &[u8],
    layout: &mut Layout,
    notes: &mut Notes,
) -> Option<Vec<u8>> {
    let is_dated = |kind: &Kind| matches!(kind, Kind::Stamp | Kind::Day);
    let mut ends: Vec<usize> = Vec::new();
    for column in 0..layout.kinds.len() {
        if !matches!(layout.kinds[column], Kind::Clock | Kind::Text) {
            continue;
        }
        let Some(found) = Pairs::of(bytes, layout, column) else {
            continue;
        };
        let name = &layout.names[column];
        let example = String::from_utf8_lossy(found.example);
        let spells = |words: &[&str]| words.iter().any(|word| name.to_lowercase().contains(word));
        let is_hours = spells(&HOURS) || !spells(&MINUTES) && found.most < HOURS_OF_DAY;
        if !is_hours {
            notes.push(Remark::Records(format!(
                "column `{name}`: times such as `{example}` are read as minutes and seconds"
            )));
            layout.kinds[column] = Kind::Clock;
            ends.extend(found.ends);
        } else if !spells(&HOURS) && !layout.kinds.iter().any(is_dated) {
            notes.push(format!(
                "column `{name}`: times such as `{example}` are read as hours and minutes: if they are minutes and seconds, call \
                 the column `{name} (mm:ss)`"
            ));
        }
    }
    if ends.is_empty() {
        return None;
    }
    ends.sort_unstable();
    let mut text = Vec::with_capacity(bytes.len() + 2 * ends.len());
    let mut done = 0;
    for end in ends {
        text.extend_from_slice(&bytes[done..end]);
        text.extend_from_slice(b".0");
        done = end;
    }
    text.extend_from_slice(&bytes[done..]);
    Some(text)
}

/// The times of a column in two parts.
struct Pairs<'a> {
    /// The bytes behind them.
    ends: Vec<usize>,
    /// The largest first part.
    most: u32,
    /// The last of them.
    example: &'a [u8],
}

impl<'a> Pairs<'a> {
    /// `None` if the first value of the column is none, or another is a time of more parts.
    fn of(bytes: &'a [u8], layout: &Layout, column: usize) -> Option<Self> {
        let mut all = Self {
            ends: Vec::new(),
            most: 0,
            example: &[],
        };
        let mut start = layout.start;
        for line in bytes[layout.start..].split(|byte| *byte == b'\n') {
            let at = start;
            start += line.len() + 1;
            let Some(cell) = cell(line, layout.separator, column) else {
                continue;
            };
            let text = &line[cell.clone()];
            match pair(text) {
                Some(first) => {
                    all.most = all.most.max(first);
                    all.ends.push(at + cell.end);
                    all.example = text;
                }
                None if is_missing(text) => {}
                None if all.ends.is_empty() || text.contains(&b':') => return None,
                None => {}
            }
        }
        (!all.ends.is_empty()).then_some(all)
    }
}

/// The first part of a time in two parts.
fn pair(text: &[u8]) -> Option<u32> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    let (first, second) = (&text[..colon], &text[colon + 1..]);
    let are_digits = first.iter().chain(second).all(u8::is_ascii_digit);
    let is_pair = (1..=2).contains(&first.len()) && second.len() == 2 && are_digits;
    str::from_utf8(first).ok()?.parse().ok().filter(|_| is_pair)
}

#[cfg(test)]
mod tests {
    use super::super::tests::contents;
    use super::super::{Contents, Hints};

    /// A row each second, or each minute, from `first` on.
    fn table(head: &str, first: usize) -> Contents {
        let row = |i: usize| {
            let (whole, rest) = ((first + i) / 60, (first + i) % 60);
            format!("{whole:02}:{rest:02},{}\n", i % 7)
        };
        let rows: String = (0..300).map(row).collect();
        contents(&format!("{head}\n{rows}"), &Hints::default()).unwrap()
    }

    #[test]
    fn minutes_and_seconds() {
        for (head, first) in [
            ("Time (mm:ss),Z", 0),
            ("time [MM:SS],Z", 1200),
            // From 24:50 on, and from 29:00 on: no hours.
            ("time,Z", 1490),
            ("time,Z", 1740),
        ] {
            let recording = table(head, first);
            let [trace] = &recording.traces[..] else {
                panic!("{head}: {recording:?}");
            };
            let start = first as i64 * 1_000_000_000;
            let found = (trace.rate, trace.start, trace.samples.len());
            assert_eq!(found, (1.0, start, 300), "{head} {first}");
            assert_eq!(recording.notes.texts(true), [""; 0], "{head}");
        }
    }

    #[test]
    fn hours_and_minutes() {
        let recording = table("time,Z", 0);
        assert_eq!(recording.traces[0].rate, 1.0 / 60.0);
        let note = "column `time`: times such as `04:59` are read as hours and minutes: if they are minutes and seconds, call the \
                    column `time (mm:ss)`";
        assert_eq!(recording.notes.texts(true), [note]);
        assert_eq!(table("Time (hh:mm),Z", 0).notes.texts(true), [""; 0]);
    }
}
