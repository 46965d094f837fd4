//! Gaps at which the clock of a recorder was set.

use super::{DAY, format_time};

/// Days without samples from which a clock was rather set than the recorder off, if it was unset before, or else.
const LONG_GAPS: (i64, i64) = (366, 3660);
/// The year 2001, in nanoseconds since 1970. Clocks that were never set begin in 1970, 1980 or 2000.
const FIRST_SET: i64 = 978_307_200_000_000_000;

/// A warning on a gap within `spans`, from the first to behind the last sample of traces, that is so long that the clock was
/// set there, or that only some of several files have dates.
pub(crate) fn clock_set(spans: impl Iterator<Item = (i64, i64)>) -> Option<String> {
    let mut spans: Vec<(i64, i64)> = spans.collect();
    spans.sort_unstable();
    let mut last = spans.first()?.1;
    for (start, end) in spans {
        let days = start.saturating_sub(last) / DAY;
        if days > LONG_GAPS.1 || days > LONG_GAPS.0 && last < FIRST_SET {
            return Some(format!(
                "there are no samples for {days} days, from {} to {}: if the clock was set there, or what is before has no dates, divide \
                 the recording; seconds of labels count from its first sample",
                format_time(last),
                format_time(start)
            ));
        }
        last = last.max(end);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{Hints, parse, parse_time};
    use super::*;

    #[test]
    fn gaps_of_clocks_that_were_set() {
        let at = |text: &str| parse_time(text).unwrap();
        let set = |texts: &[&str]| clock_set(texts.iter().map(|time| (at(time), at(time) + 10)));
        let said = set(&["2024-05-01T10:00:00Z", "2000-01-01T00:00:00Z"]).unwrap();
        assert!(said.contains("no samples for 8887 days, from 2000-01-01T00:00:00.000Z to 2024-05-01T10:00:00.000Z"), "{said}");
        assert!(set(&["2010-01-01T00:00:00Z", "2024-05-01T10:00:00Z"]).is_some());
        for sound in [
            &["2022-01-01T00:00:00Z", "2024-05-01T10:00:00Z"][..],
            &["1970-01-01T00:00:00Z", "1970-09-01T00:00:00Z"],
            &["2000-01-01T00:00:00Z"],
            &[],
        ] {
            assert_eq!(set(sound), None);
        }
        // Other traces may cover it.
        let all = [
            (0, at("2024-05-01T10:00:00Z")),
            (5, 10),
            (at("2024-05-01T09:00:00Z"), i64::MAX),
        ];
        assert_eq!(clock_set(all.into_iter()), None);
    }

    #[test]
    fn a_table_says_so() {
        let row = |i: u32| {
            format!(
                "{},{}\n",
                f64::from(i) / 100.0 + if i < 150 { 0.0 } else { 1.7e9 },
                i % 17
            )
        };
        let text: String = (0..400).map(row).collect();
        let contents = parse(
            format!("time,z\n{text}").as_bytes(),
            "csv",
            &Hints::default(),
        )
        .unwrap();
        let said = format!("{:?}", contents.notes);
        assert!(said.contains("if the clock was set there"), "{said}");
    }
}
