//! Numbers of many digits, and with exponents.

use lanes::text::{EIGHT, Scan};

use super::super::super::Values;
use super::super::super::digits::{exponent, signed, value_of};
use super::super::super::nearest::quotient;
use super::{BEFORE, LONG, SHORT};

/// Whether cells of this column are numbers.
#[inline(always)]
fn has_numbers(column: &Values) -> bool {
    matches!(column, Values::Numbers(_))
}

/// Bytes that are looked at for a number: [`BEFORE`] before its end, and the others from there on.
const SEEN: usize = 64;

/// Bytes of an exponent.
const EXPONENT: usize = 4;

/// Digits of which a float64 holds every number exactly.
const EXACT_DIGITS: usize = 15;

/// Cells whose length tells that of the others.
const SAMPLE: usize = 64;

/// Whether many numbers have more than sixteen bytes or exponents. Cells end [`LONG`] bytes behind their `places`.
#[inline(always)]
pub(super) fn is_long(text: &[u8], places: &[u32], lengths: &[u8], columns: &[Values]) -> bool {
    let (mut long, mut all) = (0, 0);
    for (i, (place, length)) in places.iter().zip(lengths).take(SAMPLE).enumerate() {
        if has_numbers(&columns[i % columns.len()]) {
            all += 1;
            let is_long = *length > SHORT as u8 || exponent_at(text, *place, *length).is_some();
            long += usize::from(is_long);
        }
    }
    4 * long > all
}

/// The exponent of a cell that ends [`LONG`] bytes behind byte `place`.
#[inline(always)]
fn exponent_at(text: &[u8], place: u32, length: u8) -> Option<i32> {
    let at = (place as usize).wrapping_add(LONG - EXPONENT);
    let bytes = text.get(at..)?.first_chunk::<EXPONENT>()?;
    if length <= EXPONENT as u8 || bytes[0] | 0x20 != b'e' {
        return None;
    }
    exponent(bytes, 0)
}

/// Numbers of many digits, or with exponents, in eight cells, and which of them are such numbers.
#[inline(always)]
pub(super) fn long_numbers(
    isa: impl Scan,
    text: &[u8],
    (places, lengths): (&[u32; EIGHT], &[u8; EIGHT]),
    point: u8,
) -> ([f64; EIGHT], u8) {
    let (mut places, mut lengths) = (*places, *lengths);
    let mut powers = [0; EIGHT];
    for i in 0..EIGHT {
        // The first cells of a text may be too near to its beginning.
        if let Some(size) = exponent_at(text, places[i], lengths[i])
            && places[i] >= EXPONENT as u32
        {
            powers[i] = size;
            lengths[i] = lengths[i].wrapping_sub(EXPONENT as u8);
            places[i] = places[i].wrapping_sub(EXPONENT as u32);
        }
    }
    let eight = isa.eight_long(text, &places, &lengths, point);
    let mut good = eight.good;
    let mut values = [0.0; EIGHT];
    for i in 0..EIGHT {
        let power = powers[i].wrapping_sub(eight.decimals[i] as i32);
        match value_of(eight.digits[i], power) {
            Some(value) => values[i] = signed(value, eight.negative >> i & 1 != 0),
            None => good &= !(1 << i),
        }
    }
    (values, good)
}

/// The number in a cell of `length` bytes that ends [`BEFORE`] bytes behind byte `place`; `point` is before its fraction, and
/// `end` behind it. `None` for unusual notations, and near the end of the text.
#[inline(always)]
pub(super) fn number(
    isa: impl Scan,
    text: &[u8],
    (place, length): (usize, u32),
    (point, end): (u8, u8),
) -> Option<f64> {
    let seen = text.get(place..)?.first_chunk::<SEEN>()?;
    if seen[BEFORE] != end {
        return None;
    }
    if seen[BEFORE - EXPONENT] | 0x20 == b'e' && length > EXPONENT as u32 {
        let size = exponent(seen, BEFORE - EXPONENT)?;
        let before = text.get(place.wrapping_sub(EXPONENT)..)?;
        let length = length.wrapping_sub(EXPONENT as u32);
        let found = digits(isa, before.first_chunk::<SEEN>()?, length, point)?;
        let power = size - found.decimals as i32;
        return Some(signed(value_of(found.digits, power)?, found.negative));
    }
    let found = digits(isa, seen, length, point)?;
    let value = if found.count <= EXACT_DIGITS {
        quotient(found.digits, found.decimals)
    } else {
        value_of(found.digits, -(found.decimals as i32))?
    };
    Some(signed(value, found.negative))
}

/// Digits of a number.
struct Digits {
    digits: u64,
    /// How many there are, and how many of them behind the point.
    count: usize,
    decimals: usize,
    negative: bool,
}

/// The digits in `length` bytes, with a sign and a point.
#[inline(always)]
fn digits(isa: impl Scan, seen: &[u8; SEEN], length: u32, point: u8) -> Option<Digits> {
    if length.wrapping_sub(1) > 31 {
        return None;
    }
    let others = isa.others(seen[BEFORE - 32..BEFORE].first_chunk()?);
    let others = others.wrapping_shr(length.wrapping_neg());
    let length = length as usize;
    let start = BEFORE.wrapping_sub(length);
    let negative = seen[start % SEEN] == b'-';
    let others = others & !u32::from(negative);
    // Without a point, it is as if it were behind the number.
    let before = (u64::from(others) | 1 << length).trailing_zeros() as usize;
    let has_point = others != 0;
    let is_odd = others & others.wrapping_sub(1) != 0;
    let is_point = seen[start.wrapping_add(before) % SEEN] == point;
    if is_odd || has_point & !is_point || before <= usize::from(negative) {
        return None;
    }
    let behind = length.wrapping_sub(before);
    let decimals = behind.wrapping_sub(usize::from(has_point));
    let whole = before.wrapping_sub(usize::from(negative));
    let count = whole.wrapping_add(decimals);
    let shifted = if has_point { decimals } else { 32 };
    let right = seen[BEFORE - 17..BEFORE].first_chunk()?;
    let mut digits = isa.number(right, shifted, count);
    if count > 16 {
        let left = seen[BEFORE - 33..BEFORE - 16].first_chunk()?;
        let more = isa.number(left, shifted.saturating_sub(16), count.wrapping_sub(16));
        let more = more.checked_mul(10_000_000_000_000_000)?;
        digits = more.checked_add(digits)?;
    }
    Some(Digits {
        digits,
        count,
        decimals,
        negative,
    })
}
