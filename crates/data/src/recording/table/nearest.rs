//! The float64 nearest to digits and a power of ten, as the standard library finds it.

/// Powers of ten that a float64 holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Largest number of decimals for [`quotient`].
pub(super) const MOST_DECIMALS: i32 = POWERS.len() as i32 - 1;

/// Bits of a float64 behind the first of its significand.
const BITS: i32 = 52;

/// Smallest and largest power of ten; 5^55 is the largest power of five of 128 bits.
const LEAST_POWER: i32 = -54;
const MOST_POWER: i32 = 55;

/// Powers of five from the smallest on: their first 128 bits, in two halves.
const FIVES: [(u64, u64); (MOST_POWER - LEAST_POWER + 1) as usize] = {
    let mut all = [(0, 0); (MOST_POWER - LEAST_POWER + 1) as usize];
    let zero = -LEAST_POWER as usize;
    let mut five: u128 = 1;
    let mut i = 0;
    while zero + i < all.len() {
        all[zero + i] = halves(five << five.leading_zeros());
        if i > 0 && i <= zero {
            // Rounded up as far as a product may be exact (Lemire, section 8), down beyond.
            let up = if i <= 27 { 1 } else { 0 };
            all[zero - i] = halves(reciprocal(five) + up);
        }
        if zero + i + 1 < all.len() {
            five *= 5;
        }
        i += 1;
    }
    all
};

/// The first 128 bits of `1 / divisor` behind its zeros, by long division; `divisor` is odd, less than 2^127 and not 1.
const fn reciprocal(divisor: u128) -> u128 {
    let mut rest = 1u128 << (127 - divisor.leading_zeros());
    let mut quotient = 0u128;
    let mut bit = 0;
    while bit < 128 {
        rest *= 2;
        quotient *= 2;
        if rest >= divisor {
            rest -= divisor;
            quotient += 1;
        }
        bit += 1;
    }
    quotient
}

const fn halves(bits: u128) -> (u64, u64) {
    ((bits >> 64) as u64, bits as u64)
}

/// `digits / 10^decimals`, of at most fifteen digits: one division of exact numbers rounds once (W. D. Clinger, "How to
/// Read Floating Point Numbers Accurately", PLDI 1990).
#[inline(always)]
pub(super) fn quotient(digits: u64, decimals: usize) -> f64 {
    digits as i64 as f64 / POWERS[decimals]
}

/// The float64 nearest to `digits * 10^power`; `None` for powers far from 0: D. Lemire, "Number parsing at a gigabyte per
/// second", Software: Practice and Experience 51 (2021), without subnormal and infinite numbers.
#[inline]
pub(super) fn nearest(digits: u64, power: i32) -> Option<f64> {
    let five = FIVES.get(power.wrapping_sub(LEAST_POWER) as usize)?;
    if digits == 0 {
        return Some(0.0);
    }
    let zeros = digits.leading_zeros();
    let (high, low) = product(digits << zeros, *five);
    let upper = (high >> 63) as i32;
    let shift = upper + 64 - BITS - 3;
    let mut significand = high >> shift;
    // Nearly all products have other bits behind these.
    if low.wrapping_add(1) <= 2 {
        // A power that was rounded down may leave the last bit open.
        if low == u64::MAX && power < -27 {
            return None;
        }
        // A tie between two numbers is rounded to the even one; other powers have none.
        let is_tie = significand & 3 == 1 && significand << shift == high;
        if low != u64::MAX && (-4..=23).contains(&power) && is_tie {
            significand &= !1;
        }
    }
    significand = (significand + (significand & 1)) >> 1;
    // Bits of the power of ten, 217706 / 2^16 each; 1023 is the bias of a float64. A significand that was rounded up to
    // the next power of two adds one to the exponent.
    let exponent = ((power * 217_706) >> 16) + 63 + upper - zeros as i32 + 1023;
    Some(f64::from_bits(
        significand.wrapping_add(((exponent - 1) as u64) << BITS),
    ))
}

/// The upper 128 bits of a product, as far as they decide how a float64 is rounded.
fn product(digits: u64, (high, low): (u64, u64)) -> (u64, u64) {
    let first = u128::from(digits) * u128::from(high);
    let (mut upper, mut lower) = ((first >> 64) as u64, first as u64);
    let undecided = u64::MAX >> (BITS + 3);
    if upper & undecided == undecided {
        let second = ((u128::from(digits) * u128::from(low)) >> 64) as u64;
        let (sum, carry) = lower.overflowing_add(second);
        lower = sum;
        upper += u64::from(carry);
    }
    (upper, lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(digits: u64, power: i32) {
        let value = nearest(digits, power).expect("a power of the table");
        let expected: f64 = format!("{digits}e{power}").parse().unwrap();
        assert_eq!(value.to_bits(), expected.to_bits(), "{digits}e{power}");
    }

    proptest::proptest! {
        #[test]
        fn numbers_are_nearest(digits: u64, bits in 0u32..64, power in LEAST_POWER..=MOST_POWER) {
            same(digits >> bits, power);
        }

        /// Numbers in the middle between two float64 numbers, and their neighbours.
        #[test]
        fn halves_are_rounded_to_even(significand in 1u64 << 52..1 << 53, bits in 0u32..11, power in 0u32..24) {
            let half = u128::from(2 * significand + 1) << bits;
            let around = |digits: u64, power: i32| {
                (digits.saturating_sub(2)..=digits.saturating_add(2)).for_each(|digits| same(digits, power));
            };
            if power < 5 && let Ok(digits) = u64::try_from((half * 10u128.pow(power)) >> bits) {
                around(digits, -(power as i32));
            }
            if let Ok(half) = u64::try_from(half) {
                around(half, 0);
            }
            around((half / 5u128.pow(power)) as u64, power as i32);
        }

        /// The digits of a number in the middle, as far as they fit, and their neighbours.
        #[test]
        fn near_halves_are_exact(bits in 900u64 << 52..1150 << 52, count in 1usize..20) {
            let (low, high) = (f64::from_bits(bits), f64::from_bits(bits + 1));
            let text = format!("{:.*e}", count - 1, low / 2.0 + high / 2.0);
            let (digits, power) = text.split_once('e').unwrap();
            let power = power.parse::<i32>().unwrap() - (count as i32 - 1);
            let digits: u64 = digits.replace('.', "").parse().unwrap();
            if (LEAST_POWER..=MOST_POWER).contains(&power) {
                (digits.saturating_sub(1)..=digits.saturating_add(1)).for_each(|digits| same(digits, power));
            }
        }
    }

    #[test]
    fn all_powers_have_their_numbers() {
        for power in LEAST_POWER..=MOST_POWER {
            for digits in [
                0,
                1,
                5,
                (1 << 53) + 1,
                u64::MAX,
                u64::MAX / 3,
                10u64.pow(19),
            ] {
                same(digits, power);
            }
        }
        assert_eq!(nearest(1, LEAST_POWER - 1), None);
        assert_eq!(nearest(1, MOST_POWER + 1), None);
    }
}
