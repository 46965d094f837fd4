//! Numbers within a text, read eight digits at a time.
//!
//! Eight bytes are one integer with the first byte in its lowest bits, on which the same operation applies to all bytes.
//! The products that join digits are those of D. Lemire, "Quickly parsing eight digits" (2018).

use super::nearest::{MOST_DECIMALS, nearest, quotient};

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
    digits_before(others(eight ^ ZEROS))
}

/// The number of the first `count` digits of eight bytes, at least one.
#[inline(always)]
pub(super) fn first_digits(eight: u64, count: usize) -> u64 {
    first_of(eight ^ ZEROS, count)
}

/// The number of eight digits from 0 to 9.
#[inline(always)]
fn joined(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let high = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    low.wrapping_add(high) >> 32
}

/// The number of the first `count` digits from 0 to 9, one to eight.
#[inline(always)]
fn first_of(digits: u64, count: usize) -> u64 {
    let others = (count as u32).wrapping_mul(8).wrapping_neg();
    joined(digits.wrapping_shl(others))
}

/// Number of digits before the first byte that is none; these have their high bits in `others`.
#[inline(always)]
fn digits_before(others: u64) -> usize {
    (others.trailing_zeros() / 8) as usize
}

/// Bytes that [`add_number`] looks at: a sign, seven digits, a point, 24 digits, an exponent, and the byte behind them.
const SEEN: usize = 40;

/// Numbers of fewer digits than programs write that write all of them.
const FEW_DIGITS: u64 = POWERS[13];

/// Eight of the bytes of a number; digits become 0 to 9.
#[inline(always)]
fn word(window: &[u8; SEEN], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&window[at..at + 8]);
    u64::from_le_bytes(eight) ^ ZEROS
}

/// Adds the number at byte `at` that ends before the byte `end`, and returns where that is; `point` is before its fraction.
///
/// The number is the nearest float64, as in the standard library. `None` for unusual notations, and near the end of the
/// text; nothing is added then.
///
/// The lengths of numbers vary from row to row, so that nothing branches on them: a processor guesses such branches wrong.
/// Only numbers of more than seven digits, before or behind the point, take other branches.
#[inline(always)]
pub(super) fn add_number(
    bytes: &[u8],
    at: usize,
    (point, end): (u8, u8),
    numbers: &mut Vec<f64>,
) -> Option<usize> {
    let window = bytes.get(at..)?.first_chunk::<SEEN>()?;
    let negative = window[0] == b'-';
    let start = usize::from(negative);
    let next = word(window, start);
    let mask = others(next);
    if mask == 0 || mask & 0x80 != 0 {
        return longer_number(bytes, at, (point, end), numbers);
    }
    let count = digits_before(mask);
    let whole = first_of(next, count);
    let behind = start + count;
    if window[behind] == end {
        numbers.push(signed(whole as i64 as f64, negative));
        return Some(at.wrapping_add(behind));
    }
    if window[behind] != point {
        return longer_number(bytes, at, (point, end), numbers);
    }
    let fraction = behind + 1;
    let next = word(window, fraction);
    let mask = others(next);
    if mask & 0x80 != 0 {
        return longer_number(bytes, at, (point, end), numbers);
    }
    let behind = if mask == 0 {
        let digits = whole.wrapping_mul(POWERS[8]).wrapping_add(joined(next));
        long_fraction(window, (digits, negative), fraction, end, numbers)
    } else {
        let decimals = digits_before(mask);
        let digits = whole.wrapping_mul(POWERS[decimals]);
        let digits = digits.wrapping_add(first_of(next, decimals));
        let behind = fraction + decimals;
        if window[behind] == end {
            numbers.push(signed(quotient(digits, decimals), negative));
            Some(behind)
        } else {
            short_with_exponent(window, (digits, negative), (decimals, behind), end, numbers)
        }
    };
    Some(at.wrapping_add(behind?))
}

#[inline(always)]
pub(super) fn signed(value: f64, negative: bool) -> f64 {
    f64::from_bits(value.to_bits() | u64::from(negative) << 63)
}

/// [`add_number`] with more than seven digits behind the point, the first eight of which are in `digits`; `fraction` is
/// where they begin.
#[inline(never)]
fn long_fraction(
    window: &[u8; SEEN],
    (mut digits, negative): (u64, bool),
    fraction: usize,
    end: u8,
    numbers: &mut Vec<f64>,
) -> Option<usize> {
    // At most behind a sign, seven digits and a point; without this, every access would be checked.
    let fraction = fraction & 15;
    let mut decimals = 8;
    let mut next = word(window, fraction + 8);
    let mut mask = others(next);
    if mask == 0 {
        digits = digits.checked_mul(POWERS[8])?.checked_add(joined(next))?;
        decimals = 16;
        next = word(window, fraction + 16);
        mask = others(next);
        (mask != 0).then_some(())?;
    }
    if mask & 0x80 == 0 {
        let count = digits_before(mask);
        let more = first_of(next, count);
        digits = digits.checked_mul(POWERS[count])?.checked_add(more)?;
        decimals += count;
    }
    let mut behind = fraction + decimals;
    let mut power = -(decimals as i32);
    if window[behind] != end {
        power += exponent(window, behind)?;
        behind += 4;
        (window.get(behind) == Some(&end)).then_some(())?;
    }
    numbers.push(signed(value_of(digits, power)?, negative));
    Some(behind)
}

/// `digits * 10^power`, by division where that is exact and quicker.
#[inline(always)]
pub(super) fn value_of(digits: u64, power: i32) -> Option<f64> {
    // As long as this is the case for nearly all numbers of a table or nearly none, and not for every other one.
    if digits < FEW_DIGITS && (-MOST_DECIMALS..=0).contains(&power) {
        Some(quotient(digits, power.unsigned_abs() as usize))
    } else {
        nearest(digits, power)
    }
}

/// [`add_number`] with an exponent at `behind`, behind digits of which a float64 holds all.
#[inline(never)]
fn short_with_exponent(
    window: &[u8; SEEN],
    (digits, negative): (u64, bool),
    (decimals, behind): (usize, usize),
    end: u8,
    numbers: &mut Vec<f64>,
) -> Option<usize> {
    let power = exponent(window, behind)? - decimals as i32;
    let after = behind.wrapping_add(4);
    (window.get(after) == Some(&end)).then_some(())?;
    numbers.push(signed(value_of(digits, power)?, negative));
    Some(after)
}

/// The exponent in four bytes, as in `e-07`.
#[inline(always)]
pub(super) fn exponent(bytes: &[u8], at: usize) -> Option<i32> {
    let [
        b'e' | b'E',
        sign @ (b'-' | b'+'),
        tens @ b'0'..=b'9',
        ones @ b'0'..=b'9',
    ] = bytes.get(at..)?.first_chunk::<4>()?
    else {
        return None;
    };
    let size = i32::from(tens - b'0') * 10 + i32::from(ones - b'0');
    Some(if *sign == b'-' { -size } else { size })
}

/// [`add_number`] with any number of digits and any exponent.
#[inline(never)]
fn longer_number(
    bytes: &[u8],
    at: usize,
    (point, end): (u8, u8),
    numbers: &mut Vec<f64>,
) -> Option<usize> {
    let negative = *bytes.get(at)? == b'-';
    let start = at + usize::from(negative);
    let (mut digits, mut behind) = joined_run(bytes, start, 0)?;
    (behind > start).then_some(())?;
    let mut power = 0;
    if *bytes.get(behind)? == point {
        let fraction = behind + 1;
        (digits, behind) = joined_run(bytes, fraction, digits)?;
        power = -i32::try_from(behind - fraction).ok()?;
    }
    if *bytes.get(behind)? | 0x20 == b'e' {
        let (size, length) = any_exponent(bytes.get(behind + 1..)?)?;
        power += size;
        behind += 1 + length;
    }
    (*bytes.get(behind)? == end).then_some(())?;
    numbers.push(signed(nearest(digits, power)?, negative));
    Some(behind)
}

/// `digits` with those from byte `at` on behind them, and the byte behind these.
#[inline(always)]
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

/// The exponent at the beginning of a text, of three digits at most, and its length.
fn any_exponent(text: &[u8]) -> Option<(i32, usize)> {
    let signs = usize::from(matches!(text, [b'+' | b'-', ..]));
    let digits = text[signs..].iter().take_while(|b| b.is_ascii_digit());
    let count = digits.clone().count();
    (1..=3).contains(&count).then_some(())?;
    let size = digits.fold(0, |size, b| size * 10 + i32::from(b - b'0'));
    let size = if text[0] == b'-' { -size } else { size };
    Some((size, signs + count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first number of a text, and the byte behind it.
    fn number(text: &str, point: u8) -> Option<(f64, usize)> {
        let mut numbers = Vec::new();
        let behind = add_number(text.as_bytes(), 0, (point, b';'), &mut numbers);
        assert_eq!(numbers.len(), usize::from(behind.is_some()), "{text}");
        behind.map(|behind| (numbers[0], behind))
    }

    fn read(text: &str, point: u8) -> Option<(f64, usize)> {
        number(&format!("{text};{:SEEN$}", ""), point)
    }

    fn same(text: &str, point: u8) -> bool {
        let found = read(text, point);
        if let Some((value, end)) = found {
            let expected: f64 = text.replace(char::from(point), ".").parse().expect(text);
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

        #[test]
        fn long_numbers_are_exact(text in "-?[0-9]{0,9}[.]?0{0,8}[0-9]{0,26}([eE][+-][0-9]{2})?") {
            same(&text, b'.');
        }

        /// What is no number gives nothing.
        #[test]
        fn only_numbers_are_read(text in "[-+0-9.eE ]{0,30}") {
            same(&text, b'.');
        }

        /// Any number of a float64, in notations of programs.
        #[test]
        fn numbers_of_programs_are_exact(bits: u64, decimals in 0usize..20, few in -1e3f64..1e3) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                same(&format!("{value:e}"), b'.');
                same(&format!("{value:.decimals$e}"), b'.');
            }
            same(&format!("{few:.decimals$}"), b'.');
            same(&format!("{few:.decimals$e}").replace("e0", "E+00").replace("e-", "E-0"), b'.');
        }

        /// The shortest texts of numbers, as most programs write them.
        #[test]
        fn shortest_texts_are_exact(value in -1e6f64..1e6, scale in 0i32..9) {
            let value = value / 10f64.powi(scale);
            same(&format!("{value}"), b'.');
            same(&format!("{value:.6}"), b'.');
            same(&format!("{value:e}"), b'.');
        }
    }

    #[test]
    fn usual_numbers_need_no_other_reader() {
        for text in [
            "0",
            "12345678",
            "-1234567",
            "123456789",
            "0.005",
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
            "1234567890123456789e5",
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
            "1234567890123456789e60",
        ] {
            assert_eq!(read(text, b'.'), None, "{text}");
        }
        assert_eq!(number("1234", b'.'), None);
    }
}
