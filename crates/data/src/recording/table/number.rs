//! Numbers in the cells of a table, as people and their programs write them.

use super::nearest::nearest;

/// What commas within numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commas {
    /// There are none.
    None,
    /// `0,5` is a half, and points group thousands.
    Decimal,
    /// `1,220` is more than a thousand.
    Thousands,
    /// There are none, and `1.220` is more than a thousand.
    Points,
    /// `0,5` and `0.5` are both a half.
    Mixed,
}

/// Digits of which a float64 holds every number exactly.
const EXACT_DIGITS: usize = 15;

/// The number in a cell of at most 15 digits, a point and a minus: the nearest float64, as in the standard library.
fn plain(cell: &[u8]) -> Option<f64> {
    let (negative, digits) = match cell {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, cell),
    };
    let (mut whole, mut count, mut after_point) = (0u64, 0, None);
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            // Twenty digits may overflow, but with more than 15 there is no result.
            whole = whole.wrapping_mul(10).wrapping_add(u64::from(digit));
            count += 1;
        } else if *byte == b'.' && after_point.is_none() {
            after_point = Some(count);
        } else {
            return None;
        }
    }
    if !(1..=EXACT_DIGITS).contains(&count) {
        return None;
    }
    let decimals = count - after_point.unwrap_or(count);
    let value = nearest(whole, -(decimals as i32))?;
    Some(if negative { -value } else { value })
}

/// The number in a cell.
pub(super) fn number(cell: &[u8], commas: Commas) -> Option<f64> {
    if commas == Commas::None
        && let Some(value) = plain(cell)
    {
        return Some(value);
    }
    let text = str::from_utf8(cell).ok()?;
    by_commas(text, commas).or_else(|| by_commas(&spelt_plainly(text)?, commas))
}

/// A number with another sign for minus (`−1.5`), marks between thousands (`1'234.5`, or spaces that do not break) or
/// Fortran's exponent (`1.5D+02`) as programs write it; `None` if it has none of them, or if they are elsewhere.
fn spelt_plainly(text: &str) -> Option<String> {
    /// Marks between thousands; a usual space may also be between two numbers.
    const MARKS: [char; 5] = ['\'', '’', '\u{a0}', '\u{202f}', '\u{2009}'];
    let mut plain = text
        .trim_matches(['\u{a0}', '\u{202f}', '\u{2009}'])
        .replace('−', "-");
    if let Some(mark) = MARKS.into_iter().find(|mark| plain.contains(*mark)) {
        let end = plain.find(['.', ',']).unwrap_or(plain.len());
        let is_mark = is_grouped(&plain[..end], mark) && !plain[end..].contains(mark);
        plain = is_mark.then(|| plain.replace(mark, ""))?;
    }
    if let Some(at) = plain.find(['D', 'd'])
        && plain[..at].contains('.')
    {
        plain.replace_range(at..=at, "E");
    }
    (plain != text).then_some(plain)
}

/// The number in a text whose commas and points have this meaning.
fn by_commas(text: &str, commas: Commas) -> Option<f64> {
    let cell = text.as_bytes();
    match commas {
        Commas::None => text.parse().ok(),
        Commas::Decimal => {
            let Some((whole, fraction)) = text.split_once(',') else {
                // The point in `1.617` is ambiguous here.
                return text.parse().ok().filter(|_| !cell.contains(&b'.'));
            };
            let plain = format!("{whole}.{fraction}");
            if cell.contains(&b'.') {
                return is_grouped(whole, '.')
                    .then(|| plain.replacen('.', "", whole.matches('.').count()))?
                    .parse()
                    .ok();
            }
            plain.parse().ok()
        }
        Commas::Thousands if cell.contains(&b',') => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            ((is_grouped(whole, ',') || is_grouped_in_india(whole)) && !fraction.contains(','))
                .then(|| text.replace(',', ""))?
                .parse()
                .ok()
        }
        Commas::Points if cell.contains(&b'.') => is_grouped(text, '.')
            .then(|| text.replace('.', ""))?
            .parse()
            .ok(),
        Commas::Mixed if cell.contains(&b',') => {
            let is_one = !cell.contains(&b'.') && text.matches(',').count() == 1;
            let others = || by_commas(text, Commas::Thousands);
            by_commas(text, Commas::Decimal).or_else(|| others().filter(|_| !is_one))
        }
        Commas::Thousands | Commas::Points | Commas::Mixed => text.parse().ok(),
    }
}

/// Whether a cell is a number by some reading of its commas.
pub(super) fn may_be_number(cell: &[u8]) -> bool {
    let all = [
        Commas::None,
        Commas::Decimal,
        Commas::Thousands,
        Commas::Points,
    ];
    all.iter().any(|commas| number(cell, *commas).is_some())
}

/// Whether the digits of a whole number come in threes, as in `1,220,000`.
pub(super) fn is_grouped(whole: &str, separator: char) -> bool {
    let mut groups = whole.trim_start_matches(['+', '-']).split(separator);
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len())
        && digits(first)
        && groups.all(|group| group.len() == 3 && digits(group))
}

/// Whether the digits of a whole number come as in `12,34,567`: in twos before the last three.
fn is_grouped_in_india(whole: &str) -> bool {
    let Some((before, last)) = whole.trim_start_matches(['+', '-']).rsplit_once(',') else {
        return false;
    };
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = before.split(',');
    let first = groups.next().unwrap_or_default();
    last.len() == 3
        && digits(last)
        && (1..=2).contains(&first.len())
        && digits(first)
        && groups.all(|group| group.len() == 2 && digits(group))
}

/// Meaning of commas in `cells`, an example if there are any, and whether other meanings are excluded.
pub(super) fn commas<'a>(
    cells: impl Iterator<Item = &'a Vec<u8>> + Clone,
    separator: u8,
) -> (Commas, Option<&'a [u8]>, bool) {
    let with = || {
        let comma = cells.clone().filter(|cell| cell.contains(&b','));
        comma.filter(|cell| may_be_number(cell))
    };
    let Some(example) = with().next() else {
        return (Commas::None, None, true);
    };
    let point = |cell: &Vec<u8>| cell.contains(&b'.') && number(cell, Commas::None).is_some();
    let points = cells.clone().any(point);
    let all = |commas: Commas| with().all(|cell| number(cell, commas).is_some());
    let zero = |cell: &Vec<u8>| {
        cell.trim_ascii_start()
            .strip_prefix(b"-")
            .unwrap_or(cell)
            .starts_with(b"0")
    };
    let thousands = all(Commas::Thousands) && !with().any(zero);
    // `1,220` by itself is ambiguous. In a comma-separated file it had to be quoted, so it is taken as thousands.
    let groups = |cell: &Vec<u8>| {
        cell.contains(&b'.') || cell.iter().filter(|byte| **byte == b',').count() > 1
    };
    let grouped = points || with().any(groups);
    let (commas, is_certain) = if thousands && (grouped || separator == b',') {
        (Commas::Thousands, grouped)
    } else if !points && all(Commas::Decimal) {
        (Commas::Decimal, !thousands)
    } else {
        return (Commas::None, None, true);
    };
    (commas, Some(example), is_certain)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Gives the same bits as the standard library.
        #[test]
        fn plain_numbers_are_exact(text in "-?[0-9]{0,17}[.]?[0-9]{0,17}") {
            let expected: Option<f64> = text.parse().ok();
            let found = number(text.as_bytes(), Commas::None);
            proptest::prop_assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits));
        }
    }

    #[test]
    fn plain_numbers_in_a_cell() {
        assert_eq!(plain(b"-1.5"), Some(-1.5));
        assert_eq!(plain(b"2"), Some(2.0));
        for cell in [
            &b""[..],
            b"-",
            b".",
            b",1",
            b"1 ,2",
            b"-1.5,2",
            b"2,",
            b"1e3",
            b"+1",
            b"1.2.3",
            b"1234567890123456",
        ] {
            assert_eq!(plain(cell), None, "{cell:?}");
        }
    }

    /// As spreadsheets of several countries and Fortran write them.
    #[test]
    fn numbers_in_other_spellings() {
        for (cell, commas, expected) in [
            ("−1.5", Commas::None, Some(-1.5)),
            ("\u{a0}1.5\u{a0}", Commas::None, Some(1.5)),
            ("1'234'567.5", Commas::None, Some(1_234_567.5)),
            ("-1’234.5", Commas::None, Some(-1234.5)),
            ("−1\u{202f}234,5", Commas::Decimal, Some(-1234.5)),
            ("1\u{a0}234", Commas::None, Some(1234.0)),
            ("-12,34,567.5", Commas::Thousands, Some(-1_234_567.5)),
            ("1.5D+02", Commas::None, Some(150.0)),
            ("-.5d-1", Commas::None, Some(-0.05)),
            // Two numbers, a part of a number, a name, a time.
            ("100 200", Commas::None, None),
            ("1'23", Commas::None, None),
            ("12'34.5", Commas::None, None),
            ("12D5", Commas::None, None),
            ("1,234,56", Commas::Thousands, None),
            ("10'30", Commas::None, None),
        ] {
            assert_eq!(number(cell.as_bytes(), commas), expected, "{cell}");
        }
    }

    #[test]
    fn commas_and_points() {
        for (cell, commas, expected) in [
            ("-1.5e3", Commas::None, Some(-1500.0)),
            ("1,5", Commas::None, None),
            ("-1,5", Commas::Decimal, Some(-1.5)),
            ("1.617,90", Commas::Decimal, Some(1617.9)),
            ("-12.345.678,5", Commas::Decimal, Some(-12_345_678.5)),
            ("1.61,90", Commas::Decimal, None),
            ("1.617", Commas::Decimal, None),
            ("1617", Commas::Decimal, Some(1617.0)),
            ("1,220", Commas::Thousands, Some(1220.0)),
            ("-1,220,000.25", Commas::Thousands, Some(-1_220_000.25)),
            ("1,22", Commas::Thousands, None),
            ("0.5", Commas::Thousands, Some(0.5)),
            ("1.360,230", Commas::Thousands, None),
            ("1.360,230", Commas::Decimal, Some(1360.23)),
            ("-1.352.000", Commas::Points, Some(-1_352_000.0)),
            ("1.360", Commas::Points, Some(1360.0)),
            ("98", Commas::Points, Some(98.0)),
            ("1.36", Commas::Points, None),
            ("0,01", Commas::Mixed, Some(0.01)),
            ("0.02", Commas::Mixed, Some(0.02)),
            ("1,220", Commas::Mixed, Some(1.22)),
            ("1,220.5", Commas::Mixed, Some(1220.5)),
            ("1.220,5", Commas::Mixed, Some(1220.5)),
            ("1,22,3", Commas::Mixed, None),
        ] {
            assert_eq!(number(cell.as_bytes(), commas), expected, "{cell}");
        }
    }

    #[test]
    fn what_commas_mean() {
        for (cells, separator, expected) in [
            (&["0,5", "1"][..], b';', Commas::Decimal),
            (&["1,220", "3"], b';', Commas::Decimal),
            (&["1,220", "3.5"], b';', Commas::Thousands),
            (&["1,220", "996"], b',', Commas::Thousands),
            (&["0,123", "1,220"], b',', Commas::Decimal),
            (&["1,22", "3.5"], b';', Commas::None),
            (&["1.617,90", "-3,5"], b';', Commas::Decimal),
            (&["1.360,230", "698,831"], b';', Commas::Decimal),
            (&["1", "2.5"], b',', Commas::None),
        ] {
            let cells: Vec<Vec<u8>> = cells.iter().map(|cell| cell.as_bytes().to_vec()).collect();
            assert_eq!(commas(cells.iter(), separator).0, expected, "{cells:?}");
        }
    }
}
