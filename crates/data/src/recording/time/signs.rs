//! Times with Chinese, Japanese and Korean signs, `2024年5月1日 10时00分00秒`, in UTF-8 or in older encodings.

/// What a sign means.
#[derive(Clone, Copy, PartialEq)]
enum Sign {
    /// Between year, month and day.
    Dash,
    /// Behind the day.
    Day,
    /// Behind hours and minutes.
    Colon,
    /// Behind seconds.
    Second,
    Morning,
    Afternoon,
}

use Sign::{Afternoon, Colon, Dash, Day, Morning, Second};

/// Signs in an encoding.
type Signs = &'static [(&'static [u8], Sign)];

/// Signs in UTF-8, GBK, Shift-JIS, EUC-KR and Big5. Each text is in one of them.
#[rustfmt::skip]
const ENCODINGS: [Signs; 5] = [
    &[
        ("年".as_bytes(), Dash), ("月".as_bytes(), Dash), ("日".as_bytes(), Day), ("号".as_bytes(), Day),
        ("时".as_bytes(), Colon), ("時".as_bytes(), Colon), ("点".as_bytes(), Colon), ("分".as_bytes(), Colon),
        ("秒".as_bytes(), Second), ("：".as_bytes(), Colon),
        ("년".as_bytes(), Dash), ("월".as_bytes(), Dash), ("일".as_bytes(), Day),
        ("시".as_bytes(), Colon), ("분".as_bytes(), Colon), ("초".as_bytes(), Second),
        ("上午".as_bytes(), Morning), ("午前".as_bytes(), Morning), ("오전".as_bytes(), Morning),
        ("下午".as_bytes(), Afternoon), ("午後".as_bytes(), Afternoon), ("오후".as_bytes(), Afternoon),
    ],
    &[
        (b"\xC4\xEA", Dash), (b"\xD4\xC2", Dash), (b"\xC8\xD5", Day), (b"\xBA\xC5", Day), (b"\xCA\xB1", Colon), (b"\x95\x72", Colon),
        (b"\xB5\xE3", Colon), (b"\xB7\xD6", Colon), (b"\xC3\xEB", Second), (b"\xA3\xBA", Colon),
        (b"\xC9\xCF\xCE\xE7", Morning), (b"\xCF\xC2\xCE\xE7", Afternoon),
    ],
    &[
        (b"\x94\x4E", Dash), (b"\x8C\x8E", Dash), (b"\x93\xFA", Day), (b"\x8E\x9E", Colon), (b"\x95\xAA", Colon), (b"\x95\x62", Second),
        (b"\x81\x46", Colon), (b"\x8C\xDF\x91\x4F", Morning), (b"\x8C\xDF\x8C\xE3", Afternoon),
    ],
    &[
        (b"\xB3\xE2", Dash), (b"\xBF\xF9", Dash), (b"\xC0\xCF", Day), (b"\xBD\xC3", Colon), (b"\xBA\xD0", Colon), (b"\xC3\xCA", Second),
        (b"\xBF\xC0\xC0\xFC", Morning), (b"\xBF\xC0\xC8\xC4", Afternoon),
    ],
    &[
        (b"\xA6\x7E", Dash), (b"\xA4\xEB", Dash), (b"\xA4\xE9", Day), (b"\xAE\xC9", Colon), (b"\xA4\xC0", Colon), (b"\xAC\xED", Second),
        (b"\xA1\x47", Colon), (b"\xA4\x57\xA4\xC8", Morning), (b"\xA4\x55\xA4\xC8", Afternoon),
    ],
];

/// Longest text that may be a time.
const LONGEST: usize = 96;

/// The text with ASCII in place of signs; `None` if it has none of them, or others.
pub(super) fn plain(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_ascii() || text.len() > LONGEST || !text.iter().any(u8::is_ascii_digit) {
        return None;
    }
    ENCODINGS.iter().find_map(|signs| with(text, signs))
}

/// The same for one encoding.
fn with(text: &[u8], signs: Signs) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let (mut rest, mut half) = (text, None);
    while let Some(byte) = rest.first() {
        if byte.is_ascii() {
            plain.push(*byte);
            rest = &rest[1..];
            continue;
        }
        let found = signs.iter().find(|(sign, _)| rest.starts_with(sign));
        let (sign, meaning) = found?;
        rest = &rest[sign.len()..];
        match meaning {
            Dash => plain.push(b'-'),
            Day => plain.push(b' '),
            Colon => plain.push(b':'),
            Second => {}
            Morning => half = Some(b" AM"),
            Afternoon => half = Some(b" PM"),
        }
        if *meaning != Second {
            rest = rest.trim_ascii_start();
        }
    }
    // `10时00分` has no seconds, and `10时` no minutes.
    let mut end = plain.trim_ascii_end().len();
    let ends = plain[..end].ends_with(b":");
    end -= usize::from(ends);
    plain.truncate(end);
    let clock = plain
        .rsplit(|byte| *byte == b' ')
        .next()
        .unwrap_or_default();
    if ends && !clock.contains(&b':') {
        plain.extend(b":00");
    }
    plain.extend(half.into_iter().flatten());
    // A blank is between date and time of day, if there are both.
    Some(plain)
}
