//! The float64 nearest to digits and a power of ten, as the standard library finds it.

/// Powers of ten that a float64 holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Integers up to this one are float64 numbers.
const EXACT: u64 = 1 << 53;

/// Bits of a float64 behind the first of its significand.
const BITS: i32 = 52;

/// Smallest power of ten of the numbers with more digits than a float64 holds.
const LEAST_POWER: i32 = -27;

/// Reciprocals of the powers of five: 128 bits each, rounded up, in two halves.
const RECIPROCALS: [(u64, u64); 28] = {
    let mut all = [(1 << 63, 0); 28];
    let mut power: u128 = 1;
    let mut i = 1;
    while i < all.len() {
        power *= 5;
        // Long division of the power of two that gives 128 bits.
        let mut rest = 1u128 << (127 - power.leading_zeros());
        let mut quotient = 0u128;
        let mut bit = 0;
        while bit < 128 {
            rest *= 2;
            quotient *= 2;
            if rest >= power {
                rest -= power;
                quotient += 1;
            }
            bit += 1;
        }
        quotient += 1;
        all[i] = ((quotient >> 64) as u64, quotient as u64);
        i += 1;
    }
    all
};

/// `digits / 10^decimals`, of at most fifteen digits and seven decimals.
#[inline(always)]
pub(super) fn quotient(digits: u64, decimals: usize) -> f64 {
    digits as i64 as f64 / POWERS[decimals & 7]
}

/// The float64 nearest to `digits * 10^power`; `None` for some of many digits, and for powers far from 0.
///
/// Up to 2^53 and 10^22, digits and power are exact, and one division or multiplication of exact numbers rounds once
/// (W. D. Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990).
#[inline]
pub(super) fn nearest(digits: u64, power: i32) -> Option<f64> {
    let size = power.unsigned_abs() as usize;
    if digits <= EXACT && size < POWERS.len() {
        let digits = digits as i64 as f64;
        return Some(if power < 0 {
            digits / POWERS[size]
        } else {
            digits * POWERS[size]
        });
    }
    (digits > EXACT && (LEAST_POWER..=0).contains(&power)).then(|| of_many_digits(digits, power))
}

/// The float64 nearest to `digits * 10^power` for powers from -27 to 0: D. Lemire, "Number parsing at a gigabyte per
/// second", Software: Practice and Experience 51 (2021), without the cases of other powers.
fn of_many_digits(digits: u64, power: i32) -> f64 {
    let zeros = digits.leading_zeros();
    let digits = digits << zeros;
    let (high, low) = product(digits, RECIPROCALS[power.unsigned_abs() as usize]);
    let upper = (high >> 63) as i32;
    let shift = upper + 64 - BITS - 3;
    let mut significand = high >> shift;
    // A tie between two numbers is rounded to the even one; smaller powers have none.
    if low <= 1 && power >= -4 && significand & 3 == 1 && significand << shift == high {
        significand &= !1;
    }
    significand = (significand + (significand & 1)) >> 1;
    // Bits of the power of ten, 217706 / 2^16 each; 1023 is the bias of a float64.
    let mut exponent = ((power * 217_706) >> 16) + 63 + upper - zeros as i32 + 1023;
    if significand >= 2 << BITS {
        significand = 1 << BITS;
        exponent += 1;
    }
    f64::from_bits((significand & !(1 << BITS)) | (exponent as u64) << BITS)
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
        if let Some(own) = nearest(digits, power) {
            let expected: f64 = format!("{digits}e{power}").parse().unwrap();
            assert_eq!(own.to_bits(), expected.to_bits(), "{digits}e{power}");
        }
    }

    proptest::proptest! {
        #[test]
        fn numbers_are_nearest(digits: u64, bits in 0u32..64, power in -30i32..30) {
            same(digits >> bits, power);
        }

        /// Numbers in the middle between two float64 numbers, and their neighbours.
        #[test]
        fn halves_are_rounded_to_even(significand in EXACT / 2..EXACT, bits in 0u32..11, decimals in 0i32..5) {
            let half = u128::from(2 * significand + 1) << bits;
            let digits = (half * 10u128.pow(decimals as u32)) >> bits;
            if let Ok(digits) = u64::try_from(digits) {
                (digits.saturating_sub(2)..=digits.saturating_add(2)).for_each(|digits| same(digits, -decimals));
            }
            if let Ok(half) = u64::try_from(half) {
                (half.saturating_sub(2)..=half.saturating_add(2)).for_each(|digits| same(digits, 0));
            }
        }
    }

    #[test]
    fn all_powers_have_their_numbers() {
        for power in LEAST_POWER..=0 {
            for digits in [EXACT + 1, EXACT + 3, u64::MAX, u64::MAX / 3, 10u64.pow(19)] {
                assert!(nearest(digits, power).is_some());
                same(digits, power);
            }
        }
        assert_eq!(nearest(EXACT + 1, -28), None);
        assert_eq!(nearest(1, 23), None);
    }
}
