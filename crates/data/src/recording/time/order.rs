//! Whether the day or the month comes first in dates such as 03/04/2025.

use super::Scan;

/// Which of the first two numbers of a date with the year last is the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DateOrder {
    /// Only the date itself decides: a number over 12 is a day.
    #[default]
    Unknown,
    /// `13/05/2024`.
    DayFirst,
    /// `05/13/2024`.
    MonthFirst,
}

/// Evidence for the order of day and month in the dates of one column or list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DateOrders {
    day_first: bool,
    month_first: bool,
    ambiguous: bool,
    equal: bool,
}

impl DateOrders {
    /// Evidence from all `texts`.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut all = Self::default();
        texts.into_iter().for_each(|text| all.add(text));
        all
    }

    /// Adds a text of any kind.
    pub fn add(&mut self, text: &[u8]) {
        match slashed(text) {
            Some((first, second)) if first > 12 => self.day_first |= second <= 12,
            Some((_, second)) if second > 12 => self.month_first = true,
            Some((first, second)) if first == second => self.equal = true,
            Some(_) => self.ambiguous = true,
            None => {}
        }
    }

    /// Whether there are dates that have an order.
    pub fn is_there(&self) -> bool {
        self.ambiguous || self.equal || self.day_first || self.month_first
    }

    /// The common order, if some date determines it and none contradicts.
    pub fn order(&self) -> DateOrder {
        match (self.day_first, self.month_first) {
            (true, false) => DateOrder::DayFirst,
            (false, true) => DateOrder::MonthFirst,
            _ => DateOrder::Unknown,
        }
    }
}

/// The first two numbers of a date with the year last, and no point between them: points are for the day first.
fn slashed(text: &[u8]) -> Option<(i64, i64)> {
    let mut text = text.trim_ascii();
    if matches!(text, [_, b':', ..] | [_, _, b':', ..]) {
        // The date is behind the time of day.
        let blank = text.iter().position(u8::is_ascii_whitespace)?;
        text = text[blank..].trim_ascii();
    }
    let mut scan = Scan(text);
    let (first, digits) = scan.digits();
    let separator = *scan.0.first()?;
    if !(1..=2).contains(&digits) || !matches!(separator, b'/' | b'-') {
        return None;
    }
    scan.take(separator);
    let (second, digits) = scan.digits();
    if !(1..=2).contains(&digits) || !scan.take(separator) {
        return None;
    }
    let (_, digits) = scan.digits();
    // A year of two digits may also come first, unless a month would then be over 12.
    let is_known = digits == 4 || digits == 2 && first <= 12 && second > 12;
    is_known.then_some((first, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_date_tells_the_order_of_all() {
        let of = |texts: &[&str]| {
            let all = DateOrders::of(texts.iter().map(|text| text.as_bytes()));
            (all.order(), all.is_there())
        };
        let (unknown, day, month) = (
            DateOrder::Unknown,
            DateOrder::DayFirst,
            DateOrder::MonthFirst,
        );
        assert_eq!(of(&["03/04/2025 10:00", "13/04/2025"]), (day, true));
        assert_eq!(of(&["3-4-2025", "04-13-2025 10:00:00"]), (month, true));
        assert_eq!(
            of(&["10:00 03/04/2025", "9:00:00.5 13/04/2025"]),
            (day, true)
        );
        assert_eq!(of(&["10:00:00", "1:00 PM"]), (unknown, false));
        assert_eq!(of(&["03/04/2025", "04/04/2025"]), (unknown, true));
        assert_eq!(of(&["04/04/2025"]), (unknown, true));
        assert_eq!(of(&["12.5", "x", ""]), (unknown, false));
        // Of two digits, the last is the year only if the middle one is a day.
        assert_eq!(of(&["05/12/24", "05/13/24"]), (month, true));
        assert_eq!(of(&["13/05/24", "24/05/13"]), (unknown, false));
        // The two dates contradict each other.
        assert_eq!(of(&["13/04/2025", "04/13/2025"]), (unknown, true));
        assert_eq!(
            of(&["03.04.2025", "2025-04-13", "13/14/2025"]),
            (unknown, false)
        );
    }
}
