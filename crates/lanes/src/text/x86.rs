//! Bytes of texts on x86-64 processors.

use std::arch::x86_64::*;

use super::{EIGHT, Long, Scan, TextKernel};

/// Vectors of 512 bits, and masks of bytes.
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

/// Sixteen bytes that are off, and others that are on: those from byte `n` on keep the last `n` of a vector, sixteen at most.
static LAST: [u8; 48] = {
    let mut all = [0; 48];
    let mut i = 16;
    while i < 48 {
        all[i] = 0xFF;
        i += 1;
    }
    all
};

/// Powers of ten.
static POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// Bytes from the end of a vector of sixteen, in each quarter of 64 bytes; and the cells of a quarter, for the first half of
/// eight and the second.
static FROM_END: [u8; 64] = {
    let mut all = [0; 64];
    let mut i = 0;
    while i < 64 {
        all[i] = 16 - i as u8 % 16;
        i += 1;
    }
    all
};
static CELLS: [[u8; 64]; 2] = {
    let mut all = [[0; 64]; 2];
    let mut i = 0;
    while i < 64 {
        all[0][i] = i as u8 / 16 * 2;
        all[1][i] = i as u8 / 16 * 2 + 1;
        i += 1;
    }
    all
};

// SAFETY of all functions here: the arrays have as many bytes as are read, and only kernels for `Avx512` get here, which exists
// where the processor supports the instructions.

#[inline(always)]
fn sixteen(bytes: &[u8], at: usize) -> __m128i {
    let sixteen: &[u8; 16] = bytes[at..at + 16].first_chunk().expect("sixteen bytes");
    unsafe { _mm_loadu_si128(sixteen.as_ptr().cast()) }
}

#[inline(always)]
fn sixty_four(bytes: &[u8; 64]) -> __m512i {
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// Digits, and where the signs, points and faults of four cells are, of which each has 16 bits.
#[derive(Clone, Copy)]
struct Four {
    digits: __m512i,
    are_digits: u64,
    points: u64,
    minus: u64,
    first: u64,
    faults: u64,
}

/// The cells of a half of eight: sixteen bytes from `places` on, of which the last ones are theirs, as `lengths` says.
#[inline(always)]
fn four(text: &[u8], places: &[u32; EIGHT], lengths: u64, half: usize, point: u8) -> Four {
    let cell = |i: usize| sixteen(text, places[2 * i + half] as usize);
    unsafe {
        let bytes = _mm512_castsi128_si512(cell(0));
        let bytes = _mm512_inserti32x4::<1>(bytes, cell(1));
        let bytes = _mm512_inserti32x4::<2>(bytes, cell(2));
        let bytes = _mm512_inserti32x4::<3>(bytes, cell(3));
        let lengths =
            _mm512_shuffle_epi8(_mm512_set1_epi64(lengths as i64), sixty_four(&CELLS[half]));
        let from_end = sixty_four(&FROM_END);
        let inside = _mm512_cmpge_epu8_mask(lengths, from_end);
        let first = _mm512_cmpeq_epu8_mask(lengths, from_end);
        let values = _mm512_sub_epi8(bytes, _mm512_set1_epi8(b'0' as i8));
        let are_digits = _mm512_mask_cmple_epu8_mask(inside, values, _mm512_set1_epi8(9));
        let points = _mm512_mask_cmpeq_epu8_mask(inside, bytes, _mm512_set1_epi8(point as i8));
        let minus = _mm512_mask_cmpeq_epu8_mask(first, bytes, _mm512_set1_epi8(b'-' as i8));
        Four {
            digits: _mm512_maskz_mov_epi8(are_digits, values),
            are_digits,
            points,
            minus,
            first,
            faults: inside ^ (are_digits | points | minus),
        }
    }
}

/// The last bit of each cell.
const ENDS: u64 = 0x8000_8000_8000_8000;

/// Joins digits to numbers of four.
#[inline(always)]
fn fours(digits: __m512i) -> __m512i {
    // Each product joins two neighbours: digits, pairs, fours.
    unsafe {
        let pairs = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010A));
        _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x0001_0064))
    }
}

/// Joins fours of even and odd cells to eight numbers.
#[inline(always)]
fn sixteens(even: __m512i, odd: __m512i) -> __m512i {
    unsafe {
        let fours = _mm512_packus_epi32(even, odd);
        let eights = _mm512_madd_epi16(fours, _mm512_set1_epi32(0x0001_2710));
        let upper = _mm512_mul_epu32(eights, _mm512_set1_epi64(100_000_000));
        _mm512_add_epi64(upper, _mm512_srli_epi64::<32>(eights))
    }
}

/// Sixteen bits for each of eight cells, in their order.
#[inline(always)]
fn both(even: u64, odd: u64) -> __m128i {
    unsafe {
        _mm_unpacklo_epi16(
            _mm_cvtsi64_si128(even as i64),
            _mm_cvtsi64_si128(odd as i64),
        )
    }
}

/// The bits of each cell up to its lowest one.
#[inline(always)]
fn up_to(bits: u64) -> u64 {
    unsafe {
        let cells = _mm_cvtsi64_si128(bits as i64);
        let all = _mm_or_si128(cells, _mm_subs_epu16(cells, _mm_set1_epi16(1)));
        _mm_cvtsi128_si64(all) as u64
    }
}

/// All bits of each cell that has one.
#[inline(always)]
fn all_of(bits: u64) -> u64 {
    unsafe {
        let cells = _mm_cvtsi64_si128(bits as i64);
        let all = _mm_cmpeq_epi16(cells, _mm_setzero_si128());
        !(_mm_cvtsi128_si64(all) as u64)
    }
}

/// Faults of cells without a digit behind the minus, or at the beginning. A minus at the end may have its digit in other bytes.
#[inline(always)]
fn leading(four: &Four) -> u64 {
    let leading = four.first & !four.minus | (four.minus & !ENDS) << 1;
    four.faults | leading & !four.are_digits
}

/// The same of cells that end with these bytes.
#[inline(always)]
fn whole(four: &Four) -> u64 {
    leading(four) | four.minus & ENDS
}

/// The digits of four cells without their points, joined to fours.
#[inline(always)]
fn plain(four: &Four) -> __m512i {
    unsafe {
        let shifted = _mm512_bslli_epi128::<1>(four.digits);
        fours(_mm512_mask_mov_epi8(
            four.digits,
            up_to(four.points),
            shifted,
        ))
    }
}

/// The bits of each cell but the lowest.
#[inline(always)]
fn several(cells: __m128i) -> __m128i {
    unsafe { _mm_and_si128(cells, _mm_subs_epu16(cells, _mm_set1_epi16(1))) }
}

/// Which of eight cells have a bit.
#[inline(always)]
fn has(cells: __m128i) -> u8 {
    unsafe { _mm_test_epi16_mask(cells, cells) }
}

/// The left sixteen bytes of four cells, and the right ones.
struct Pair {
    left: Four,
    right: Four,
}

impl Pair {
    #[inline(always)]
    fn left_fours(&self) -> __m512i {
        let to_points = all_of(self.right.points) | up_to(self.left.points);
        unsafe {
            let shifted = _mm512_bslli_epi128::<1>(self.left.digits);
            fours(_mm512_mask_mov_epi8(self.left.digits, to_points, shifted))
        }
    }

    #[inline(always)]
    fn right_fours(&self) -> __m512i {
        unsafe {
            let shifted = _mm512_alignr_epi8::<15>(self.right.digits, self.left.digits);
            let to_points = up_to(self.right.points);
            fours(_mm512_mask_mov_epi8(self.right.digits, to_points, shifted))
        }
    }

    /// Where the minus is the last byte on the left, the right begins with a digit.
    #[inline(always)]
    fn right_faults(&self) -> u64 {
        let Self { left, right } = self;
        whole(right) | (left.minus & ENDS) >> 15 & !right.are_digits
    }
}

impl Scan for Avx512 {
    #[inline(always)]
    fn either(self, bytes: &[u8; 64], (one, other): (u8, u8)) -> u64 {
        let vector = sixty_four(bytes);
        unsafe {
            _mm512_cmpeq_epi8_mask(vector, _mm512_set1_epi8(one as i8))
                | _mm512_cmpeq_epi8_mask(vector, _mm512_set1_epi8(other as i8))
        }
    }

    #[inline(always)]
    fn others(self, bytes: &[u8; 32]) -> u32 {
        unsafe {
            let vector = _mm256_loadu_si256(bytes.as_ptr().cast());
            let values = _mm256_sub_epi8(vector, _mm256_set1_epi8(b'0' as i8));
            _mm256_cmpgt_epu8_mask(values, _mm256_set1_epi8(9))
        }
    }

    #[inline(always)]
    fn number(self, bytes: &[u8; 17], behind: usize, count: usize) -> u64 {
        let (before, after) = (sixteen(bytes, 0), sixteen(bytes, 1));
        let (behind, kept) = (sixteen(&LAST, behind), sixteen(&LAST, count));
        unsafe {
            let digits = _mm_blendv_epi8(before, after, behind);
            let digits = _mm_and_si128(_mm_sub_epi8(digits, _mm_set1_epi8(b'0' as i8)), kept);
            let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));
            let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
            let fours = _mm_packus_epi32(fours, fours);
            let eights = _mm_madd_epi16(fours, _mm_set1_epi32(0x0001_2710));
            let both = _mm_cvtsi128_si64(eights) as u64;
            (both & 0xFFFF_FFFF) * 100_000_000 + (both >> 32)
        }
    }

    #[inline(always)]
    fn eight(
        self,
        text: &[u8],
        places: &[u32; EIGHT],
        lengths: &[u8; EIGHT],
        point: u8,
    ) -> ([f64; EIGHT], u8) {
        let lengths = u64::from_le_bytes(*lengths);
        let even = four(text, places, lengths, 0, point);
        let odd = four(text, places, lengths, 1, point);
        let numbers = sixteens(plain(&even), plain(&odd));
        unsafe {
            let points = both(even.points, odd.points);
            let faults = _mm_or_si128(both(whole(&even), whole(&odd)), several(points));
            let first = both(even.first, odd.first);
            let good = _mm_test_epi16_mask(first, first) & _mm_testn_epi16_mask(faults, faults);
            let minus = both(even.minus, odd.minus);
            let negative = _mm_test_epi16_mask(minus, minus);
            // Zeros above the point and 48: digits behind it. Sixteen, without a point, are as none.
            let decimals = _mm512_lzcnt_epi64(_mm512_cvtepu16_epi64(points));
            let powers = _mm512_permutex2var_pd(
                _mm512_loadu_pd(POWERS.as_ptr()),
                decimals,
                _mm512_loadu_pd(POWERS.as_ptr().add(8)),
            );
            let values = _mm512_castpd_si512(_mm512_div_pd(_mm512_cvtepi64_pd(numbers), powers));
            let signed =
                _mm512_mask_or_epi64(values, negative, values, _mm512_set1_epi64(i64::MIN));
            let mut all = [0.0; EIGHT];
            _mm512_storeu_pd(all.as_mut_ptr(), _mm512_castsi512_pd(signed));
            (all, good)
        }
    }

    #[inline(always)]
    fn eight_long(
        self,
        text: &[u8],
        places: &[u32; EIGHT],
        lengths: &[u8; EIGHT],
        point: u8,
    ) -> Long {
        let lengths_right = u64::from_le_bytes(*lengths);
        let lengths_left = u64::from_le_bytes(lengths.map(|length| length.saturating_sub(16)));
        let text_right = &text[16..];
        let even = Pair {
            left: four(text, places, lengths_left, 0, point),
            right: four(text_right, places, lengths_right, 0, point),
        };
        let odd = Pair {
            left: four(text, places, lengths_left, 1, point),
            right: four(text_right, places, lengths_right, 1, point),
        };
        let left = sixteens(even.left_fours(), odd.left_fours());
        let right = sixteens(even.right_fours(), odd.right_fours());
        unsafe {
            let (points_left, points_right) = (
                both(even.left.points, odd.left.points),
                both(even.right.points, odd.right.points),
            );
            let faults = _mm_or_si128(
                both(even.right_faults(), odd.right_faults()),
                both(leading(&even.left), leading(&odd.left)),
            );
            let faults = _mm_or_si128(
                faults,
                _mm_or_si128(several(points_left), several(points_right)),
            );
            let first = _mm_or_si128(
                both(even.left.first, odd.left.first),
                both(even.right.first, odd.right.first),
            );
            let minus = _mm_or_si128(
                both(even.left.minus, odd.left.minus),
                both(even.right.minus, odd.right.minus),
            );
            let large = _mm512_cmpgt_epu64_mask(left, _mm512_set1_epi64(1843));
            let points = _mm256_or_si256(
                _mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(points_right)),
                _mm256_cvtepu16_epi32(points_left),
            );
            // 32, without a point, is as none.
            let decimals = _mm256_and_si256(_mm256_lzcnt_epi32(points), _mm256_set1_epi32(31));
            let digits = _mm512_add_epi64(
                _mm512_mullo_epi64(left, _mm512_set1_epi64(10_000_000_000_000_000)),
                right,
            );
            let mut long = Long {
                negative: has(minus),
                good: has(first) & !has(faults) & !large & !(has(points_left) & has(points_right)),
                ..Long::default()
            };
            _mm512_storeu_si512(long.digits.as_mut_ptr().cast(), digits);
            _mm256_storeu_si256(long.decimals.as_mut_ptr().cast(), decimals);
            long
        }
    }
}

/// Runs a reader with the best instructions of this processor.
pub(super) fn scan<K: TextKernel>(kernel: K) -> Option<K::Output> {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512cd,bmi1,bmi2,lzcnt,popcnt")]
    fn avx512<K: TextKernel>(kernel: K) -> K::Output {
        kernel.run(Avx512(()))
    }
    // SAFETY: the features were detected.
    has_avx512().then(|| unsafe { avx512(kernel) })
}

fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512cd")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}
