//! Numbers within a text, read eight digits at a time.
//!
//! Eight bytes are one integer with the first byte in its lowest bits, on which the same operation applies to all bytes.
//! The products that join digits are those of D. Lemire, "Quickly parsing eight digits" (2018).

use super::nearest::{nearest, quotient};

/// Powers of ten that a u64 holds.
pub(super) const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut i = 1;
    while i < powers.len() {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// The digit `0` eight times.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Eight bytes from byte `at` on; `None` near the end of the text.
#[inline(always)]
pub(super) fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*eight))
}

/// The high bit of each byte that is no number from 0 to 9. A carry changes only bytes behind the first of them.
#[inline(always)]
fn others(values: u64) -> u64 {
    (values | values.wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080
}

/// Number of digits at the beginning of eight bytes.
#[inline(always)]
pub(super) fn run(eight: u64) -> usize {
    (others(eight ^ ZEROS).trailing_zeros() / 8) as usize
}

/// The number of the first `count` digits of eight bytes, at least one.
#[inline(always)]
pub(super) fn first_digits(eight: u64, count: usize) -> u64 {
    joined((eight ^ ZEROS) << (64 - 8 * count))
}

/// The number of eight digits from 0 to 9.
#[inline(always)]
fn joined(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let high = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    low.wrapping_add(high) >> 32
}

/// A number, and the byte behind it.
type Read = Option<(f64, usize)>;

/// Lengths of the parts of a number, which are often those of the numbers above it. What is expected is where the next cell
/// begins: the processor need not wait for the digits and reads several cells at the same time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    /// Bytes before the point, with the sign, at most eight; 0 if not known.
    whole: usize,
    /// Digits behind the point, 0 without a point, two rows above: in `0.005`, `0.01`, `0.015` they alternate.
    decimals: usize,
    /// The same in the row above.
    decimals_above: usize,
    /// Whether there is an exponent such as `e-07`.
    exponent: bool,
}

impl Shape {
    #[inline(always)]
    fn next(&mut self, decimals: usize) {
        self.decimals = self.decimals_above;
        self.decimals_above = decimals;
    }
}

/// Adds the number at byte `at` that ends before the byte `end`, and returns where that is; `point` is before its fraction.
/// `shape` is that of the numbers above.
///
/// The number is the nearest float64, as in the standard library. `None` for unusual notations, and near the end of the
/// text; nothing is added then.
#[inline(always)]
pub(super) fn add_number(
    bytes: &[u8],
    at: usize,
    (point, end): (u8, u8),
    shape: &mut Shape,
    numbers: &mut Vec<f64>,
) -> Option<usize> {
    let first = eight(bytes, at)?;
    let negative = first & 0xFF == u64::from(b'-');
    if let Some(whole) = expected(first, shape.whole, negative) {
        let behind = at.wrapping_add(shape.whole);
        let after = *bytes.get(behind)?;
        let decimals = shape.decimals;
        if decimals == 0 && after == end {
            shape.next(0);
            numbers.push(signed(whole as i64 as f64, negative));
            return Some(behind);
        }
        if decimals.wrapping_sub(1) < 7 && after == point {
            let fraction = eight(bytes, behind.wrapping_add(1))?;
            let behind = behind.wrapping_add(1).wrapping_add(decimals);
            if let Some(fraction) = expected(fraction, decimals, false)
                && *bytes.get(behind)? == end
            {
                shape.next(decimals);
                let digits = whole.wrapping_mul(POWERS[decimals]);
                let value = quotient(digits.wrapping_add(fraction), decimals);
                numbers.push(signed(value, negative));
                return Some(behind);
            }
        }
    }
    let (value, behind) = longer_number(bytes, at, (point, end), shape)?;
    numbers.push(value);
    Some(behind)
}

/// The number of the first `count` of eight bytes, if these are digits and one at least. The first may be a minus.
#[inline(always)]
fn expected(eight: u64, count: usize, negative: bool) -> Option<u64> {
    let digits = (eight ^ ZEROS) & !(u64::from(negative) * 0xFF);
    let digits = digits.wrapping_shl((count as u32).wrapping_mul(8).wrapping_neg());
    let is_number = count > usize::from(negative) && others(digits) == 0;
    is_number.then(|| joined(digits))
}

#[inline(always)]
fn signed(value: f64, negative: bool) -> f64 {
    f64::from_bits(value.to_bits() | u64::from(negative) << 63)
}

/// [`add_number`] of more digits, with an exponent, or of another shape.
#[inline(never)]
fn longer_number(bytes: &[u8], at: usize, marks: (u8, u8), shape: &mut Shape) -> Read {
    if let Some(read) = of_shape(bytes, at, marks, *shape) {
        shape.next(shape.decimals);
        return Some(read);
    }
    of_any_shape(bytes, at, marks, shape)
}

/// [`add_number`] of a shape; nothing but the value depends on the digits.
fn of_shape(bytes: &[u8], at: usize, (point, end): (u8, u8), shape: Shape) -> Read {
    let first = eight(bytes, at)?;
    let negative = first & 0xFF == u64::from(b'-');
    let mut digits = expected(first, shape.whole, negative)?;
    let mut behind = at + shape.whole;
    let mut rest = shape.decimals;
    if rest > 0 {
        (*bytes.get(behind)? == point).then_some(())?;
        behind += 1;
    }
    while rest > 0 {
        let count = rest.min(8);
        let more = expected(eight(bytes, behind)?, count, false)?;
        digits = digits.checked_mul(POWERS[count])?.checked_add(more)?;
        behind += count;
        rest -= count;
    }
    let mut power = -(shape.decimals as i32);
    if shape.exponent {
        let exponent = bytes.get(behind..)?.first_chunk::<4>()?;
        let [
            b'e' | b'E',
            sign @ (b'-' | b'+'),
            tens @ b'0'..=b'9',
            ones @ b'0'..=b'9',
        ] = exponent
        else {
            return None;
        };
        let size = i32::from(tens - b'0') * 10 + i32::from(ones - b'0');
        power += if *sign == b'-' { -size } else { size };
        behind += 4;
    }
    (*bytes.get(behind)? == end).then_some(())?;
    Some((signed(nearest(digits, power)?, negative), behind))
}

/// [`add_number`] of any shape, which `shape` becomes.
fn of_any_shape(bytes: &[u8], at: usize, (point, end): (u8, u8), shape: &mut Shape) -> Read {
    shape.whole = 0;
    let negative = *bytes.get(at)? == b'-';
    let start = at + usize::from(negative);
    let (mut digits, mut behind) = joined_run(bytes, start, 0)?;
    let whole = behind - at;
    (behind > start).then_some(())?;
    let mut decimals = 0;
    if *bytes.get(behind)? == point {
        let fraction = behind + 1;
        (digits, behind) = joined_run(bytes, fraction, digits)?;
        decimals = behind - fraction;
    }
    let mut power = -i32::try_from(decimals).ok()?;
    let mark = behind;
    if *bytes.get(behind)? | 0x20 == b'e' {
        let size;
        (size, behind) = exponent(bytes, behind + 1)?;
        power += size;
    }
    (*bytes.get(behind)? == end).then_some(())?;
    if whole <= 8 && decimals < 32 && matches!(behind - mark, 0 | 4) {
        shape.next(decimals);
        shape.whole = whole;
        shape.exponent = behind > mark;
    }
    Some((signed(nearest(digits, power)?, negative), behind))
}

/// `digits` with those from byte `at` on behind them, and the byte behind these.
#[inline]
fn joined_run(bytes: &[u8], at: usize, digits: u64) -> Option<(u64, usize)> {
    let (mut digits, mut at) = (digits, at);
    loop {
        let next = eight(bytes, at)?;
        let count = run(next);
        if count > 0 {
            let more = first_digits(next, count);
            digits = digits.checked_mul(POWERS[count])?.checked_add(more)?;
            at += count;
        }
        if count < 8 {
            return Some((digits, at));
        }
    }
}

/// The exponent at byte `at`, of three digits at most, and the byte behind it.
fn exponent(bytes: &[u8], at: usize) -> Option<(i32, usize)> {
    let rest = bytes.get(at..)?;
    let signs = usize::from(matches!(rest, [b'+' | b'-', ..]));
    let digits = rest[signs..].iter().take_while(|b| b.is_ascii_digit());
    let count = digits.clone().count();
    (1..=3).contains(&count).then_some(())?;
    let size = digits.fold(0, |size, b| size * 10 + i32::from(b - b'0'));
    let size = if rest[0] == b'-' { -size } else { size };
    Some((size, at + signs + count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str, marks: (u8, u8), shape: &mut Shape) -> Read {
        let mut numbers = Vec::new();
        let behind = add_number(text.as_bytes(), 0, marks, shape, &mut numbers);
        assert_eq!(numbers.len(), usize::from(behind.is_some()), "{text}");
        behind.map(|behind| (numbers[0], behind))
    }

    /// The first number of a text, read in three ways: of any shape, and of the shape that this gives, also where
    /// numbers above have other decimals.
    fn read(text: &str, point: u8) -> Read {
        let padded = format!("{text};        ");
        let mut shape = Shape::default();
        let mut next = || number(&padded, (point, b';'), &mut shape);
        let bits = |read: Read| read.map(|(value, end)| (value.to_bits(), end));
        let first = next();
        for _ in 0..2 {
            assert_eq!(bits(next()), bits(first), "{text}");
        }
        first
    }

    fn same(text: &str, point: u8) -> bool {
        let found = read(text, point);
        let expected: f64 = text.replace(char::from(point), ".").parse().unwrap();
        if let Some((value, end)) = found {
            assert_eq!(
                (value.to_bits(), end),
                (expected.to_bits(), text.len()),
                "{text}"
            );
        }
        found.is_some()
    }

    proptest::proptest! {
        /// Gives the same bits as the standard library, or nothing.
        #[test]
        fn numbers_are_exact(text in "-?[0-9]{1,12}([.][0-9]{0,12})?([eE][+-]?[0-9]{1,3})?") {
            same(&text, b'.');
        }

        /// The shortest texts of numbers, as most programs write them.
        #[test]
        fn shortest_texts_are_exact(value in -1e6f64..1e6, scale in 0i32..9) {
            let value = value / 10f64.powi(scale);
            same(&format!("{value}"), b'.');
            same(&format!("{value:.6}"), b'.');
            same(&format!("{value:e}"), b'.');
        }

        /// Whatever is above, a number is read as alone.
        #[test]
        fn shapes_change_no_number(texts in proptest::collection::vec("-?[0-9]{1,9}([.][0-9]{1,9})?(e[+-][0-9]{2})?|-|x|", 1..20)) {
            let mut shape = Shape::default();
            for text in texts {
                let padded = format!("{text},        ");
                let found = number(&padded, (b'.', b','), &mut shape);
                let alone = number(&padded, (b'.', b','), &mut Shape::default());
                proptest::prop_assert_eq!(found.map(|own| own.0.to_bits()), alone.map(|own| own.0.to_bits()), "{}", text);
            }
        }
    }

    #[test]
    fn usual_numbers_need_no_other_reader() {
        for text in [
            "0",
            "-7",
            "1234567",
            "12345678",
            "-1234567",
            "-12345678",
            "123456789",
            "0.005",
            "5399.995",
            "-0.0",
            "1714521600.005",
            "0.1234567890123456",
            "0.00012345678901234567",
            "-1.2345678901234567",
            "1e3",
            "5.",
            "1.5e-07",
            "-1.234567E+02",
            "9007199254740993",
            "1234567890123456789",
            "0.000000123",
            "-3.045000000000000000e-01",
        ] {
            assert!(same(text, b'.'), "{text}");
        }
        assert!(same("-1,5", b','));
    }

    #[test]
    fn others_are_left_to_it() {
        for text in [
            "",
            "-",
            ".5",
            "+5",
            "x",
            "nan",
            "1e",
            "1e+",
            "1e400",
            "1 ",
            "98765432109876543210",
            "1234567890123456789e5",
        ] {
            assert_eq!(read(text, b'.'), None, "{text}");
        }
        let mut shape = Shape::default();
        assert_eq!(number("1234", (b'.', b';'), &mut shape), None);
    }
}
