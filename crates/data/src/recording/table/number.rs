//! Numbers in the cells of a table, as people and their programs write them.

/// What commas within numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commas {
    /// There are none.
    None,
    /// `0,5` is a half, and points group thousands.
    Decimal,
    /// `1,220` is more than a thousand.
    Thousands,
}

/// The number in a cell.
pub(super) fn number(cell: &[u8], commas: Commas) -> Option<f64> {
    let text = str::from_utf8(cell).ok()?;
    match commas {
        Commas::None => text.parse().ok(),
        Commas::Decimal => {
            let Some((whole, fraction)) = text.split_once(',') else {
                // What the point of `1.617` is, nobody knows.
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
            let whole = text.split('.').next().unwrap_or(text);
            is_grouped(whole, ',')
                .then(|| text.replace(',', ""))?
                .parse()
                .ok()
        }
        Commas::Thousands => text.parse().ok(),
    }
}

/// Whether a cell is a number by some reading of its commas.
pub(super) fn may_be_number(cell: &[u8]) -> bool {
    let all = [Commas::None, Commas::Decimal, Commas::Thousands];
    all.iter().any(|commas| number(cell, *commas).is_some())
}

/// Whether the digits of a whole number come in threes, as in `1,220,000`.
fn is_grouped(whole: &str, separator: char) -> bool {
    let mut groups = whole.trim_start_matches(['+', '-']).split(separator);
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len())
        && digits(first)
        && groups.all(|group| group.len() == 3 && digits(group))
}

/// What commas mean in `cells`, and an example where there are any.
pub(super) fn commas<'a>(
    cells: impl Iterator<Item = &'a Vec<u8>> + Clone,
    separator: u8,
) -> (Commas, Option<&'a [u8]>) {
    let with = || {
        let comma = cells.clone().filter(|cell| cell.contains(&b','));
        comma.filter(|cell| may_be_number(cell))
    };
    let Some(example) = with().next() else {
        return (Commas::None, None);
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
    // `1,220` alone may be both: in a table that commas separate it was quoted for them.
    let groups = |cell: &Vec<u8>| {
        cell.contains(&b'.') || cell.iter().filter(|byte| **byte == b',').count() > 1
    };
    let commas = if thousands && (points || with().any(groups) || separator == b',') {
        Commas::Thousands
    } else if !points && all(Commas::Decimal) {
        Commas::Decimal
    } else {
        return (Commas::None, None);
    };
    (commas, Some(example))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (&["1", "2.5"], b',', Commas::None),
        ] {
            let cells: Vec<Vec<u8>> = cells.iter().map(|cell| cell.as_bytes().to_vec()).collect();
            assert_eq!(commas(cells.iter(), separator).0, expected, "{cells:?}");
        }
    }
}
