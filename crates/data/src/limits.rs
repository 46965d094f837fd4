//! Limits of integers, at which recorders cut off what is stronger.

/// Number of samples at a certain limit from which they are told.
pub(crate) const FEWEST: usize = 3;

/// A limit of integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limit {
    pub bits: u32,
    /// Whether a signal hardly has it for its peak by chance.
    pub is_certain: bool,
}

/// The integers that have a limit at `value`.
pub(crate) fn limit(value: f64, is_unsigned: bool) -> Option<Limit> {
    let power = |bits: u32| f64::from(bits).exp2();
    let signed = [8, 12, 14, 16, 18, 20, 24, 32].into_iter().find(|bits| {
        let half = power(bits - 1);
        value == half - 1.0 || value == -half
    });
    let unsigned = || {
        let mut all = [8, 10, 12, 14, 16, 24].into_iter();
        all.find(|bits| is_unsigned && value == power(*bits) - 1.0)
    };
    let bits = unsigned().or(signed)?;
    Some(Limit {
        bits,
        is_certain: matches!(bits, 16 | 24 | 32),
    })
}

/// Bits of the integers whose limit a peak hardly is by chance, if `value` is one.
pub(crate) fn certain_bits(value: f64) -> Option<u32> {
    let limit = limit(value, value > 0.0)?;
    limit.is_certain.then_some(limit.bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_all_widths() {
        for (value, bits) in [
            (32_767.0, Some(16)),
            (-32_768.0, Some(16)),
            (65_535.0, Some(16)),
            (8_388_607.0, Some(24)),
            (-8_388_608.0, Some(24)),
            (2_147_483_647.0, Some(32)),
            (127.0, None),
            (1023.0, None),
            (32_768.0, None),
            (-32_767.0, None),
            (0.0, None),
        ] {
            assert_eq!(certain_bits(value), bits, "{value}");
        }
        let told =
            |value: f64, is_unsigned: bool| limit(value, is_unsigned).map(|limit| limit.bits);
        assert_eq!((told(1023.0, true), told(1023.0, false)), (Some(10), None));
        assert_eq!(
            (told(127.0, false), told(-128.0, false)),
            (Some(8), Some(8))
        );
    }
}
