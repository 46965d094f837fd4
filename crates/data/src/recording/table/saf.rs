//! SESAME's ASCII format (`.saf`), as Geopsy and recorders for microtremors write it: lines such as `SAMP_FREQ = 100.0`, a line of
//! `#`, and below it a row for each sample of three components.

use super::super::text::{Text, cell};
use super::super::{Hints, Notes, other_start, parse_time};

const START: &[u8] = b"SESAME ASCII data format (saf)";
const END: &[u8] = b"####";

/// Makes the lines of the header blank, with the names of the components in the last, and adds to `hints` what they say; `None` if
/// the text is another.
pub(super) fn read(text: &mut Text<'_>, hints: &Hints, notes: &mut Notes) -> Option<Hints> {
    if !text.bytes.starts_with(START) {
        return None;
    }
    let mut lines: Vec<&[u8]> = text.bytes.split(|byte| *byte == b'\n').collect();
    let end = lines.iter().position(|line| line.starts_with(END))?;
    let header = Header(&lines[..end]);
    let mut hints = hints.clone();
    let start = header.value("START_TIME").and_then(|value| {
        let start = time(&value);
        if start.is_none() {
            notes.push(format!(
                "`START_TIME = {value}` of the header is no time, and is left out"
            ));
        }
        start
    });
    notes.extend(other_start(&hints, start));
    hints.start = start.or(hints.start);
    let rate = header
        .value("SAMP_FREQ")
        .and_then(|value| value.parse().ok());
    hints.sampling_rate = rate.or(hints.sampling_rate);
    let names = ["CH0_ID", "CH1_ID", "CH2_ID"].map(|key| header.value(key));
    let names: Option<Vec<String>> = names.into_iter().collect();
    let names = names.map_or_else(Vec::new, |names| names.join(" ").into_bytes());
    lines[..end].fill(b"");
    lines[end] = &names;
    let plain = lines.join(&b'\n');
    text.bytes = plain.into();
    Some(hints)
}

/// Lines with a key and a value.
struct Header<'a>(&'a [&'a [u8]]);

impl Header<'_> {
    fn value(&self, key: &str) -> Option<String> {
        let mut lines = self.0.iter().map(|line| cell(line));
        lines.find_map(|line| {
            let (name, value) = line.split_once('=')?;
            let name = name.trim_start_matches(['#', ' ']).trim_end();
            (name == key).then(|| value.trim().to_owned())
        })
    }
}

/// Nanoseconds since 1970 of a time such as `2024 5 1 10 0 0.000`.
fn time(text: &str) -> Option<i64> {
    let parts: Vec<f64> = text
        .split_whitespace()
        .map_while(|part| part.parse().ok())
        .collect();
    let [year, month, day, hour, minute, second] = parts[..] else {
        return None;
    };
    let written = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:09.6}");
    parse_time(&written).ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::contents;
    use super::*;

    const HEAD: &str = "SESAME ASCII data format (saf) v. 1    (this line must not be modified)\n# Original file name: x\n\
                        STA_CODE = NODE\nSTART_TIME = 2024 5 1 10 0 0.250\nSAMP_FREQ = 100.000\nNDAT = 200\nCH0_ID = V\nCH1_ID = N\n\
                        CH2_ID = E\nUNITS = Count\n####----------------------------\n";

    fn table(head: &str) -> String {
        let row = |i: i32| format!("{:10}{:10}{:10}\r\n", i, -2 * i, i % 7);
        let rows: String = (0..200).map(row).collect();
        format!("{head}{rows}")
    }

    #[test]
    fn header_has_rate_start_and_names() {
        let start = parse_time("2024-05-01T10:00:00.25Z").unwrap();
        for head in [HEAD.to_owned(), HEAD.replace('\n', "\r\n")] {
            let recording = contents(&table(&head), &Hints::default()).unwrap();
            let found: Vec<_> = recording
                .traces
                .iter()
                .map(|trace| (&*trace.channel, trace.rate, trace.start, trace.samples[199]))
                .collect();
            let expected = [("V", 199.0), ("N", -398.0), ("E", 3.0)];
            assert_eq!(
                found,
                expected.map(|(name, last)| (name, 100.0, start, last))
            );
        }
        let given = Hints {
            start: Some(0),
            ..Hints::default()
        };
        let recording = contents(&table(HEAD), &given).unwrap();
        assert_eq!(recording.traces[0].start, start);
        assert!(
            recording.notes[0].contains("has times of its own"),
            "{:?}",
            recording.notes
        );
    }

    #[test]
    fn what_a_header_lacks_is_given() {
        let bare = table(
            &HEAD
                .replace("SAMP_FREQ", "FREQ")
                .replace("2024 5 1", "2024 15 1"),
        );
        let given = Hints {
            sampling_rate: Some(50.0),
            start: Some(7),
            ..Hints::default()
        };
        let recording = contents(&bare, &given).unwrap();
        assert_eq!(
            (recording.traces[0].rate, recording.traces[0].start),
            (50.0, 7)
        );
        let said = recording.notes[0].to_string();
        assert!(
            said.contains("`START_TIME = 2024 15 1 10 0 0.250` of the header is no time"),
            "{said}"
        );
        contents(&bare, &Hints::default()).unwrap_err();
    }
}
