use super::*;

/// Numbers from 0 to `most`, each as likely as the others.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

/// Operations on single texts.
struct Single<'a>(&'a [u8; 64], usize, usize);

impl TextKernel for Single<'_> {
    type Output = (u64, u32, u64);

    #[inline(always)]
    fn run<S: Scan>(self, isa: S) -> Self::Output {
        let Self(bytes, behind, count) = self;
        (
            isa.either(bytes, (b',', b'\n')),
            isa.others(bytes[7..39].first_chunk().unwrap()),
            isa.number(bytes[40..57].first_chunk().unwrap(), behind, count),
        )
    }
}

/// The same, byte by byte.
fn expected(&Single(bytes, behind, count): &Single) -> (u64, u32, u64) {
    let either = (0..64).filter(|i| matches!(bytes[*i], b',' | b'\n'));
    let others = (0..32).filter(|i| !bytes[7 + *i].is_ascii_digit());
    let window = &bytes[40..57];
    let joined = [&window[..16 - behind], &window[17 - behind..]].concat();
    let digits = joined[16 - count..].iter();
    (
        either.fold(0, |mask, i| mask | 1 << i),
        others.fold(0, |mask, i| mask | 1 << i),
        digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')),
    )
}

#[test]
fn instructions_find_what_bytes_one_by_one_tell() {
    let mut random = Random(1);
    for _ in 0..20_000 {
        let mut bytes: [u8; 64] = std::array::from_fn(|_| match random.below(4) {
            0 => random.below(256) as u8,
            1 => b",\n-.e/:"[random.below(7)],
            _ => b'0' + random.below(10) as u8,
        });
        let (behind, count) = (random.below(17), random.below(17));
        for digit in &mut bytes[40..57] {
            *digit = b'0' + (*digit % 10);
        }
        // The byte between the digits may be any, and so may those before them.
        bytes[56 - behind] = random.below(256) as u8;
        let first = 57 - count - usize::from(count > behind);
        (40..first).for_each(|i| bytes[i] = random.below(256) as u8);
        let single = Single(&bytes, behind, count);
        let same = expected(&single);
        if let Some(found) = scan(single) {
            assert_eq!(found, same, "{bytes:?} {behind} {count}");
        }
    }
}

/// Eight numbers at a time.
struct Eights<'a>(&'a [u8], &'a [u32; EIGHT], &'a [u8; EIGHT], u8);

impl TextKernel for Eights<'_> {
    type Output = (([f64; EIGHT], u8), Long);

    #[inline(always)]
    fn run<S: Scan>(self, isa: S) -> Self::Output {
        let Self(text, places, lengths, point) = self;
        (
            isa.eight(&text[16..], places, lengths, point),
            isa.eight_long(text, places, lengths, point),
        )
    }
}

/// A text of up to `most` bytes: mostly a number with a minus and a point.
fn cell(random: &mut Random, most: usize) -> String {
    let mut text = ["", "", "-"][random.below(3)].to_owned();
    let count = random.below(most);
    let point = random.below(2 * count + 1);
    for i in 0..count {
        let odd = random.below(200) == 0;
        text.push(match i {
            _ if odd => ['-', '.', ',', 'e', ' ', '/', ':'][random.below(7)],
            _ if i == point => '.',
            _ => char::from(b'0' + random.below(10) as u8),
        });
    }
    text.truncate(most);
    text
}

/// The digits of a number, how many of them are behind its point, and whether a minus is before it.
fn digits(text: &str) -> Option<(u64, u32, bool)> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let all = whole.to_owned() + fraction;
    let is_number = !whole.is_empty() && all.bytes().all(|byte| byte.is_ascii_digit());
    let number = all.parse().ok().filter(|_| is_number)?;
    Some((number, fraction.len() as u32, text.starts_with('-')))
}

#[test]
fn eight_numbers_are_those_of_single_ones() {
    let mut random = Random(2);
    let (mut short, mut long) = (0, 0);
    for _ in 0..20_000 {
        let most = [8, 16, 24, 34][random.below(4)];
        let cells: [String; EIGHT] = std::array::from_fn(|_| cell(&mut random, most));
        // Digits before the first: they belong to no cell.
        let mut text = "7".repeat(32);
        let mut places = [0; EIGHT];
        let mut lengths = [0; EIGHT];
        for (i, cell) in cells.iter().enumerate() {
            text += cell;
            places[i] = text.len() as u32 - 32;
            lengths[i] = cell.len() as u8;
            text.push(['9', '-', '.', ','][random.below(4)]);
        }
        let eights = Eights(text.as_bytes(), &places, &lengths, b'.');
        let Some(((numbers, good), found)) = scan(eights) else {
            return;
        };
        for (i, cell) in cells.iter().enumerate() {
            let expected = digits(cell);
            let is_short = expected.is_some() && cell.len() <= 16;
            assert_eq!(good >> i & 1 != 0, is_short, "{cell}");
            if is_short {
                let number: f64 = cell.parse().unwrap();
                assert_eq!(numbers[i].to_bits(), number.to_bits(), "{cell}");
                short += 1;
            }
            if found.good >> i & 1 != 0 {
                let parts = (
                    found.digits[i],
                    found.decimals[i],
                    found.negative >> i & 1 != 0,
                );
                assert_eq!(Some(parts), expected, "{cell}");
                long += 1;
            } else if let Some((digits, ..)) = expected {
                let is_large = digits / 10_000_000_000_000_000 > 1843;
                assert!(cell.len() > 32 || is_large, "{cell}");
            }
        }
    }
    assert!(short > 50_000 && long > 80_000, "{short} {long}");
}
