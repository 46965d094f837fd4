//! Tables of Empatica's E4: the first line has the start in seconds of Unix time, the second the sampling rate, each once for every
//! column, and the lines below have samples alone.

use super::super::text::{Text, cell};
use super::super::{Hints, NANOS, Notes, Remark, format_time, other_start};

/// Unix time of the start, from 2001 to 2060.
const STARTS: std::ops::Range<f64> = 978_307_200.0..2_840_140_800.0;
/// Sampling rates in Hz.
const RATES: std::ops::RangeInclusive<f64> = 1.0..=10_000.0;

/// Makes the first two lines blank, and adds to `hints` what they say; `None` if the text is another.
pub(super) fn read(text: &mut Text<'_>, hints: &Hints, notes: &mut Notes) -> Option<Hints> {
    let mut lines = text.bytes.split(|byte| *byte == b'\n');
    let (first, second, third) = (lines.next()?, lines.next()?, lines.next()?);
    let (start, columns) = repeated(first).filter(|(start, _)| STARTS.contains(start))?;
    let (rate, same) = repeated(second).filter(|(rate, _)| RATES.contains(rate))?;
    let samples = numbers(third)?;
    // Unix time in all lines is a channel, or the times of one.
    let is_time = samples.iter().any(|sample| STARTS.contains(sample));
    if same != columns || samples.len() != columns || is_time || rate.fract() != 0.0 {
        return None;
    }
    let start = (start * NANOS).round() as i64;
    let mut found = hints.clone();
    notes.extend(other_start(hints, Some(start)));
    found.start = Some(start);
    if let Some(given) = hints.sampling_rate.filter(|given| *given != rate) {
        notes.push(format!(
            "the given sampling rate is {given} Hz, but line 2 says {rate} Hz, as Empatica writes it: the given rate is used"
        ));
    } else {
        notes.push(Remark::Records(format!(
            "line 1 is the start, {}, and line 2 the sampling rate, {rate} Hz, as Empatica writes them",
            format_time(start)
        )));
    }
    found.sampling_rate = hints.sampling_rate.or(Some(rate));
    let rest = first.len() + 1 + second.len();
    let mut plain = b"\n".to_vec();
    plain.extend_from_slice(&text.bytes[rest..]);
    text.bytes = plain.into();
    Some(found)
}

/// The numbers of a line; `None` if a cell is none.
fn numbers(line: &[u8]) -> Option<Vec<f64>> {
    let line = cell(line);
    let cells = line.split(',').map(|cell| cell.trim().parse::<f64>().ok());
    cells.collect()
}

/// The number that all cells of a line have, and how many there are.
fn repeated(line: &[u8]) -> Option<(f64, usize)> {
    let all = numbers(line)?;
    let first = *all.first()?;
    all.iter()
        .all(|value| *value == first)
        .then_some((first, all.len()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::contents;
    use super::*;

    fn table(head: &str, columns: usize) -> String {
        let row = |i: i32| vec![format!("{}", i % 40 - 20); columns].join(",") + "\r\n";
        head.to_owned() + &(0..200).map(row).collect::<String>()
    }

    #[test]
    fn first_lines_are_start_and_rate() {
        let three = "1544027337.000000, 1544027337.000000, 1544027337.000000\n32.000000, 32.000000, 32.000000\n";
        for (head, columns, rate) in [
            (three, 3, 32.0),
            ("1544027337.00\r\n64.000000\r\n", 1, 64.0),
            ("1544027337.00\n4.000000\n", 1, 4.0),
        ] {
            let recording = contents(&table(head, columns), &Hints::default()).unwrap();
            let trace = &recording.traces[columns - 1];
            let found = (
                recording.traces.len(),
                trace.rate,
                trace.start,
                trace.samples.len(),
            );
            assert_eq!(found, (columns, rate, 1_544_027_337_000_000_000, 200));
            assert_eq!(
                (&*trace.channel, trace.samples[0]),
                (&*columns.to_string(), -20.0)
            );
            let said = recording.notes[0].to_string();
            assert!(said.contains("line 2 the sampling rate"), "{said}");
        }
        let given = Hints {
            sampling_rate: Some(50.0),
            start: Some(0),
            ..Hints::default()
        };
        let recording = contents(&table(three, 3), &given).unwrap();
        assert_eq!(
            (recording.traces[0].rate, recording.traces[0].start),
            (50.0, 1_544_027_337_000_000_000)
        );
        let said = format!("{:?}", recording.notes);
        assert!(
            said.contains("has times of its own") && said.contains("line 2 says 32 Hz"),
            "{said}"
        );
    }

    #[test]
    fn other_numbers_are_samples() {
        let given = Hints {
            sampling_rate: Some(50.0),
            ..Hints::default()
        };
        for (head, columns) in [
            ("1544027337,1544027338,1544027339\n32,32,32\n", 3),
            ("1544027337\n0.5\n", 1),
            ("17\n32\n", 1),
            ("1544027337,1544027337\n32,31\n", 2),
        ] {
            let recording = contents(&table(head, columns), &given).unwrap();
            assert_eq!(recording.traces[0].samples.len(), 202, "{head}");
        }
    }
}
