//! Times within a text in their usual notations: `2024-05-01T10:00:00.005Z` and its parts.
//!
//! Neighbouring rows have the same date. It is read once, by the reader of all notations, and compared from then on.

use super::super::time::{DateOrder, Moment, parse_moment_as};
use super::digits::{POWERS, eight, first_digits, run};

/// Reader of the times of a column.
#[derive(Clone, Debug)]
pub(super) struct Stamps {
    /// Order of day and month in its dates.
    pub order: DateOrder,
    separator: u8,
    /// The last date, and nanoseconds from 1970 to its midnight.
    date: [u8; 10],
    midnight: i64,
}

impl Stamps {
    pub fn new(order: DateOrder, separator: u8) -> Self {
        Self {
            order,
            separator,
            date: [0; 10],
            midnight: 0,
        }
    }

    /// The date at byte `at`, with the time of day behind it if there is one: nanoseconds since 1970, and the byte behind
    /// it. `None` for other notations, and near the end of the text.
    pub fn stamp(&mut self, bytes: &[u8], at: usize) -> Option<(i64, usize)> {
        let rest = bytes.get(at..)?;
        let date = rest.first_chunk::<10>()?;
        if *date != self.date {
            self.midnight = midnight(date, self.order)?;
            self.date = *date;
        }
        let after = *rest.get(10)?;
        if after == self.separator || !matches!(after, b'T' | b' ') {
            return Some((self.midnight, at + 10));
        }
        let (nanos, end) = self.clock(bytes, at + 11)?;
        let end = match bytes.get(end..)? {
            [b'Z', ..] => end + 1,
            [b'+', b'0', b'0', b':', b'0', b'0', ..] => end + 6,
            _ => end,
        };
        Some((self.midnight.checked_add(nanos)?, end))
    }

    /// The time of day at byte `at`, `10:00:00.005`: nanoseconds since midnight, and the byte behind it.
    pub fn clock(&self, bytes: &[u8], at: usize) -> Option<(i64, usize)> {
        let seconds = seconds(eight(bytes, at)?)?;
        let end = at + 8;
        let after = *bytes.get(end)?;
        if after == self.separator || !matches!(after, b'.' | b',') {
            return Some((seconds * 1_000_000_000, end));
        }
        let fraction = eight(bytes, end + 1)?;
        let count = run(fraction);
        if count == 0 {
            return None;
        }
        let mut nanos = (first_digits(fraction, count) * POWERS[9 - count]) as i64;
        let mut end = end + 1 + count;
        if count == 8 {
            let ninth = bytes.get(end)?.wrapping_sub(b'0');
            if ninth < 10 {
                nanos += i64::from(ninth);
                end += 1;
            }
        }
        Some((seconds * 1_000_000_000 + nanos, end))
    }
}

/// Nanoseconds from 1970 to midnight of `2024-05-01` or `01.05.2024`, with any of the usual separators.
fn midnight(date: &[u8; 10], order: DateOrder) -> Option<i64> {
    let separated = |places: [usize; 2]| {
        let is_usual = |(i, byte): (usize, &u8)| {
            if places.contains(&i) {
                matches!(byte, b'-' | b'/' | b'.')
            } else {
                byte.is_ascii_digit()
            }
        };
        date.iter().enumerate().all(is_usual)
    };
    if !separated([4, 7]) && !separated([2, 5]) {
        return None;
    }
    match parse_moment_as(date, order) {
        Ok(Moment::Day(nanos)) => Some(nanos),
        _ => None,
    }
}

/// Seconds since midnight of `10:00:00` in eight bytes.
fn seconds(clock: u64) -> Option<i64> {
    // Digits become 0 to 9, colons 0. Adding raises the high bit of each byte that exceeds that.
    let values = clock ^ 0x3030_3A30_303A_3030;
    let others = values | values.wrapping_add(0x7676_7F76_767F_7676);
    if others & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let part = |byte: u32| (pairs >> (8 * byte) & 0xFF) as i64;
    let (hour, minute, second) = (part(0), part(3), part(6));
    // Seconds up to 60: there are leap seconds.
    (hour <= 24 && minute <= 59 && second <= 60).then_some((hour * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// What is read is what the reader of all notations reads.
        #[test]
        fn times_are_those_of_any_notation(
            date in "20[0-9]{2}[-/.][01][0-9][-/.][0-3][0-9]|[0-3][0-9][-/.][01][0-9][-/.]20[0-9]{2}",
            clock in "[T _][0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.,][0-9]{0,11})?(Z|[+]00:00|[+]02:00)?|",
            order in proptest::sample::select(vec![DateOrder::Unknown, DateOrder::DayFirst, DateOrder::MonthFirst]),
        ) {
            let text = format!("{date}{clock}");
            let mut stamps = Stamps::new(order, b';');
            let found = stamps.stamp(format!("{text};        ").as_bytes(), 0);
            if let Some((nanos, end)) = found && end == text.len() {
                let expected = parse_moment_as(text.as_bytes(), order);
                let is_same = matches!(expected, Ok(Moment::Stamp(time) | Moment::Day(time)) if time == nanos);
                proptest::prop_assert!(is_same, "{} is {:?}, not {}", text, expected, nanos);
            }
            if let Some(clock) = clock.get(1..) {
                let found = stamps.clock(format!("{clock};        ").as_bytes(), 0);
                if let Some((nanos, end)) = found && end == clock.len() {
                    let expected = parse_moment_as(clock.as_bytes(), order);
                    proptest::prop_assert_eq!(expected, Ok(Moment::Clock(nanos)), "{}", clock);
                }
            }
        }
    }

    #[test]
    fn usual_notations_need_no_other_reader() {
        for text in [
            "2024-05-01T10:00:00.005Z",
            "2024-05-01 23:59:60",
            "2024/05/01T10:00:00.123456789",
            "2024-05-01 10:00:00.005000+00:00",
            "01.05.2024 10:00:00,5",
            "2024-05-01",
        ] {
            let mut stamps = Stamps::new(DateOrder::Unknown, b';');
            let (nanos, end) = stamps
                .stamp(format!("{text};        ").as_bytes(), 0)
                .expect(text);
            let expected = parse_moment_as(text.as_bytes(), DateOrder::Unknown).unwrap();
            assert!(
                matches!(expected, Moment::Stamp(time) | Moment::Day(time) if time == nanos),
                "{text}"
            );
            assert_eq!(end, text.len(), "{text}");
        }
    }

    #[test]
    fn others_are_left_to_it() {
        let mut stamps = Stamps::new(DateOrder::Unknown, b',');
        for text in [
            "2024-13-01T10:00:00",
            "2024-05-01T25:00:00",
            "2024-05-01T10:61:00",
            "03/04/2024 10:00:00",
            "13-May-2024 10:00:00",
            "2024-122T10:00:00",
            "20240501T100000",
        ] {
            assert_eq!(
                stamps.stamp(format!("{text},        ").as_bytes(), 0),
                None,
                "{text}"
            );
        }
        // A comma may be before a fraction or end the cell.
        assert_eq!(
            stamps.clock(b"10:00:00,005       ", 0),
            Some((36_000_000_000_000, 8))
        );
    }
}
