//! Tests for formats without an unambiguous beginning.

/// `ORC`, and soon a byte that is in no text.
pub(super) fn is_orc(bytes: &[u8]) -> bool {
    let mut behind = bytes.iter().skip(3).take(61);
    bytes.starts_with(b"ORC") && behind.any(|byte| matches!(byte, 0..=8 | 0x0C))
}

/// `BZh`, and a digit that is the size of blocks.
pub(super) fn is_bzip2(bytes: &[u8]) -> bool {
    matches!(bytes, [b'B', b'Z', b'h', b'1'..=b'9', ..])
}

/// A header of 512 bytes with its checksum in octal digits: the sum of all bytes, with blanks in place of the checksum.
pub(super) fn is_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else {
        return false;
    };
    let digits = header[148..156].iter().filter(|byte| byte.is_ascii_digit());
    let stated = digits.fold(0, |sum, byte| sum * 8 + u32::from(byte - b'0'));
    let is_checksum = |(i, _): &(usize, &u8)| !(148..156).contains(i);
    let others = header.iter().enumerate().filter(is_checksum);
    stated > 0
        && stated == others.map(|(_, byte)| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ')
}

/// What a server says instead of sending data: `Error 413: ...`, `404: Not Found`, `No data available`.
pub(super) fn is_error_message(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(200)]).to_lowercase();
    let between = [':', ' ', '-'];
    let (is_error, rest) = match line.strip_prefix("error") {
        Some(rest) => (true, rest.trim_start_matches(between)),
        None => (false, &*line),
    };
    let code = rest.get(..3).and_then(|code| code.parse::<u16>().ok());
    let is_code = code.is_some_and(|code| matches!(code, 204 | 400..=429 | 500..=511));
    // A table may begin with such a number, but no message has its separators.
    let message = rest.get(3..).unwrap_or_default();
    let is_message = message
        .trim_start_matches(between)
        .starts_with(char::is_alphabetic)
        && !message.contains([',', ';', '\t']);
    is_code && (is_error || is_message)
        || ["no data available", "no data found", "access denied"]
            .iter()
            .any(|phrase| line.starts_with(phrase))
}

/// A JSON object, or a list of them.
pub(super) fn is_json(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut signs = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .skip_while(|byte| **byte == b'[');
    signs.next() == Some(&b'{') && matches!(signs.next(), Some(b'"' | b'}'))
}

/// COSMOS and CSMIP have a line above each block of numbers, such as `3000 acceleration points equally spaced at .010 sec`.
pub(super) fn is_cosmos(bytes: &[u8]) -> bool {
    let head = bytes[..bytes.len().min(16 << 10)].to_ascii_lowercase();
    let words = [&b"points"[..], b"data"].map(|word| [word, b" equally spaced at"].concat());
    let mut lines = head.split(|byte| *byte == b'\n');
    lines.any(|line| {
        let has = |word: &Vec<u8>| line.windows(word.len()).any(|window| window == word);
        !is_comment(line) && words.iter().any(has)
    })
}

/// A dataset of a universal file begins with the lines `-1` and its number, such as `58`, both right-aligned in 6 columns.
pub(super) fn is_uff(bytes: &[u8]) -> bool {
    let mut lines = bytes[..bytes.len().min(512)].split(|byte| *byte == b'\n');
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else {
        return false;
    };
    let number = second.get(..6).unwrap_or_default().trim_ascii_start();
    first.trim_ascii_end() == b"    -1"
        && (1..6).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit)
        && !matches!(second.get(6), Some(b'.' | b'0'..=b'9'))
}

fn is_comment(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), Some(b'#' | b';' | b'%'))
}

/// The first line of an event in Nordic format has 80 columns, year, month, day and the distance at fixed places, and a 1 at
/// the end (SEISAN manual, appendix A).
pub(super) fn is_nordic(bytes: &[u8]) -> bool {
    let Some(line) = bytes.get(..80) else {
        return false;
    };
    let number = |range: std::ops::Range<usize>| {
        let text = str::from_utf8(&line[range]).ok()?;
        text.trim().parse::<u16>().ok()
    };
    line[0] == b' '
        && line[79] == b'1'
        && matches!(line[21], b'L' | b'R' | b'D')
        && matches!(bytes.get(80), Some(b'\n' | b'\r') | None)
        && number(1..5).is_some_and(|year| (1800..2200).contains(&year))
        && number(6..8).is_some_and(|month| (1..=12).contains(&month))
        && number(8..10).is_some_and(|day| (1..=31).contains(&day))
}

/// The first record of SEISAN's Fortran files has 80 characters, and their number before and after them.
pub(super) fn is_seisan(bytes: &[u8]) -> bool {
    let framed = |width: usize, big_endian: bool| {
        let mut number = vec![0; width];
        number[if big_endian { width - 1 } else { 0 }] = 80;
        let end = width + 80;
        bytes.starts_with(&number) && bytes.get(end..end + width) == Some(&number)
    };
    [4, 8]
        .into_iter()
        .any(|width| framed(width, true) || framed(width, false))
        || bytes.starts_with(b"KP") && bytes.get(82) == Some(&b'P')
}

/// Packets of 1,024 bytes, each with its type.
pub(super) fn is_reftek(bytes: &[u8]) -> bool {
    /// Types of packets.
    const TYPES: [&[u8]; 10] = [
        b"AD", b"CD", b"DS", b"DT", b"EH", b"ET", b"FD", b"OM", b"SC", b"SH",
    ];
    let mut packets = bytes.chunks(1024).take(20);
    bytes.len() >= 1024
        && bytes.len().is_multiple_of(1024)
        && packets.all(|packet| TYPES.contains(&&packet[..2]))
        // Experiment number and year in binary-coded digits.
        && bytes[2..4].iter().all(|byte| byte & 0xF <= 9 && byte >> 4 <= 9)
}

/// Blocks of 1,024 bytes with a header of 16: sampling rate, differences per record, records, and after the first sample
/// a difference of zero (Güralp, SWA-RFC-GCFR).
pub(super) fn is_gcf(bytes: &[u8]) -> bool {
    let is_block = |block: &[u8]| {
        let Some(&[rate, per_record, records]) =
            block.get(13..16).and_then(|part| part.first_chunk())
        else {
            return false;
        };
        let width = match per_record & 7 {
            per_word @ (1 | 2 | 4) => usize::from(4 / per_word),
            _ => return false,
        };
        let difference = &block.get(20..20 + width);
        rate > 0
            && (1..=250).contains(&records)
            && difference.is_some_and(|part| part.iter().all(|byte| *byte == 0))
    };
    bytes.len() >= 1024
        && bytes.len().is_multiple_of(1024)
        && bytes.chunks(1024).take(4).all(is_block)
}

/// The first row of CSS 3.0's relation of waveforms: station, channel, time, numbers, day of the year, end, and the type of samples.
pub(super) fn is_wfdisc(bytes: &[u8]) -> bool {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let Ok(line) = str::from_utf8(&line[..line.len().min(400)]) else {
        return false;
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_number = |at: usize| {
        words
            .get(at)
            .is_some_and(|word| word.parse::<f64>().is_ok())
    };
    let is_day = |word: &&str| word.len() == 7 && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_type = |word: &&str| {
        let kinds = [
            "s2", "s3", "s4", "i2", "i4", "t4", "t8", "f4", "f8", "a0", "c0", "e1", "g2",
        ];
        kinds.contains(word)
    };
    words.len() >= 18
        && [2, 3, 4, 6, 7, 8, 9, 10].into_iter().all(is_number)
        && words.get(5).is_some_and(is_day)
        && words[11..15].iter().any(is_type)
}

/// AH in XDR: version 2 has the number 1100, version 1 texts of 6, 6 and 8 characters with their lengths.
pub(super) fn is_ah(bytes: &[u8]) -> bool {
    let number =
        |at: usize| bytes.get(at..at + 4) == Some(&[0, 0, 0, if at == 24 { 8 } else { 6 }]);
    bytes.starts_with(&[0, 0, 4, 0x4C]) || [0, 12, 24].into_iter().all(number)
}
