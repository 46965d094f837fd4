//! A time that a program put before each line that was sent: `14:04:06.741 -> 512,13` of Arduino's serial monitor,
//! `[2024-05-01 14:04:06.741] 512,13` of Tera Term, and `2024-05-01 14:04:06.741 512,13` of CoolTerm.

use std::borrow::Cow;

const ARROW: &[u8] = b" -> ";
/// Lines that are looked at.
const LINES: usize = 8;

/// The text with the separator of its cells behind the times.
pub(super) fn without_arrows(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let mut lines = text
        .split(|byte| *byte == b'\n')
        .take(LINES)
        .filter(|line| !line.trim_ascii().is_empty());
    let Some((_, rest)) = lines.clone().last().and_then(divided) else {
        return text;
    };
    if !lines.all(|line| divided(line).is_some()) {
        return text;
    }
    let separators = [b';', b'\t', b',', b' '];
    let separator = separators
        .into_iter()
        .find(|separator| rest.trim_ascii().contains(separator));
    let separator = separator.unwrap_or(b',');
    let mut plain = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match divided(line) {
            Some((time, rest)) => {
                plain.extend_from_slice(time);
                plain.push(separator);
                plain.extend_from_slice(rest.trim_ascii_start());
            }
            None => plain.extend_from_slice(line),
        }
    }
    Cow::Owned(plain)
}

/// A time at the beginning of a line, and what comes behind it.
fn divided(line: &[u8]) -> Option<(&[u8], &[u8])> {
    after_arrow(line)
        .or_else(|| in_brackets(line))
        .or_else(|| after_date(line))
}

/// A time of day before an arrow.
fn after_arrow(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line
        .windows(ARROW.len())
        .take(24)
        .position(|window| window == ARROW)?;
    is_time(&line[..at], b":.").then(|| (&line[..at], &line[at + ARROW.len()..]))
}

/// A time in brackets.
fn in_brackets(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = line.strip_prefix(b"[")?;
    let end = inside.iter().take(32).position(|byte| *byte == b']')?;
    let (time, rest) = (&inside[..end], inside[end + 1..].trim_ascii_start());
    (is_time(time, b":.,-/ T") && !rest.is_empty()).then_some((time, rest))
}

/// A date and a time of day before cells that blanks do not separate.
fn after_date(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let day = line.iter().take(12).position(|byte| *byte == b' ')?;
    let clock = line[day + 1..]
        .iter()
        .take(20)
        .position(|byte| *byte == b' ')?;
    let (time, rest) = (
        &line[..day + 1 + clock],
        line[day + 1 + clock..].trim_ascii_start(),
    );
    let is_date = day >= 8
        && line[..day]
            .iter()
            .all(|byte| byte.is_ascii_digit() || b"-/.".contains(byte));
    let end = rest.iter().position(|byte| b",;\t".contains(byte))?;
    let first = str::from_utf8(&rest[..end]).ok()?;
    // An offset from UTC, such as `+0200`, belongs to the time.
    let is_offset = first.starts_with(['+', '-']) && first.len() > 2 && !first.contains('.');
    (is_date
        && is_time(&line[day + 1..day + 1 + clock], b":.")
        && !is_offset
        && first.parse::<f64>().is_ok())
    .then_some((time, rest))
}

/// Whether a text is a time of digits and `marks`.
fn is_time(text: &[u8], marks: &[u8]) -> bool {
    text.contains(&b':')
        && text
            .iter()
            .all(|byte| byte.is_ascii_digit() || marks.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::super::super::Hints;
    use super::super::tests::contents;
    use super::without_arrows;

    #[test]
    fn times_before_lines() {
        let forms: [fn(&str) -> String; 5] = [
            |time| format!("{time} -> 5,-7"),
            |time| format!("[2024-05-01 {time}] 5,-7"),
            |time| format!("[{time}] 5 -7"),
            |time| format!("2024-05-01 {time} 5,-7"),
            |time| format!("01.05.2024 {time}  5;-7"),
        ];
        for form in forms {
            let line = |i: i32| form(&format!("10:00:00.{:03}", 10 * i)) + "\r\n";
            let text: String = (0..50).map(line).collect();
            let recording = contents(&text, &Hints::default()).unwrap();
            let values: Vec<f64> = recording
                .traces
                .iter()
                .map(|trace| trace.samples[49])
                .collect();
            assert_eq!(
                (recording.traces[0].rate, values),
                (100.0, vec![5.0, -7.0]),
                "{text}"
            );
        }
    }

    #[test]
    fn other_texts_stay() {
        for text in [
            "2024-05-01 10:00:00 +0200,1\n",
            "2024-05-01 10:00:00 PM,1\n",
            "2024-05-01 10:00:00 1 2\n",
            "2024-05-01 10:00:00,1,2\n",
            "[1, 2, 3]\n",
            "time,Z\n",
        ] {
            let same = without_arrows(text.as_bytes().into());
            assert!(matches!(same, std::borrow::Cow::Borrowed(_)), "{text}");
        }
    }
}
