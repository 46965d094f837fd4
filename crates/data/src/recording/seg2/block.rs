//! The blocks of SEG-2: of the file, and of each trace; both end with texts.

use std::collections::BTreeSet;

use super::super::unit;
use super::super::words::{u16_at, u32_at};

/// Bytes of a block before its pointers or texts.
const BLOCK: usize = 32;
/// The number that a trace's block begins with.
const TRACE: u16 = 0x4422;

/// A position or count.
fn usize_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<usize> {
    usize::try_from(u32_at(bytes, at, big_endian)?).ok()
}

/// The block at the beginning of a file.
pub(super) struct FileBlock {
    pub big_endian: bool,
    /// Byte order of the samples.
    pub samples_big_endian: bool,
    /// Bytes at which the blocks of traces begin; `None` where another trace before has the same.
    pub traces: Vec<Option<usize>>,
    pub texts: Texts,
    /// Bytes at which blocks begin, in order.
    places: BTreeSet<usize>,
    /// What ends a text.
    end: Vec<u8>,
}

impl FileBlock {
    /// The block if a file begins with one of revision 1.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let big_endian = match bytes {
            [0x55, 0x3A, ..] => false,
            [0x3A, 0x55, ..] => true,
            _ => return None,
        };
        let number = |at: usize| u16_at(bytes, at, big_endian).map(usize::from);
        let (size, count) = (number(4)?, number(6)?);
        if number(2)? != 1 || 4 * count > size {
            return None;
        }
        let end = match *bytes.get(8..11)? {
            [1, first, _] => vec![first],
            [2, first, second] => vec![first, second],
            _ => return None,
        };
        let pointers = (0..count).map(|trace| usize_at(bytes, BLOCK + 4 * trace, big_endian));
        let mut places = BTreeSet::new();
        let mut new = |place: usize| Some(place).filter(|place| places.insert(*place));
        let traces = pointers
            .map_while(|pointer| pointer.map(&mut new))
            .collect();
        let first = places.first().copied().unwrap_or(bytes.len());
        let texts = bytes
            .get(BLOCK + size..first.min(bytes.len()))
            .unwrap_or_default();
        let texts = Texts::of(texts, &end, big_endian);
        Some(Self {
            big_endian,
            samples_big_endian: big_endian,
            traces,
            texts,
            places,
            end,
        })
    }
}

/// The block of a trace, and its samples.
pub(super) struct TraceBlock<'a> {
    pub texts: Texts,
    pub format: u8,
    /// Number of samples.
    pub count: usize,
    /// From the first sample on.
    pub data: &'a [u8],
}

impl<'a> TraceBlock<'a> {
    /// The block at byte `at`, which ends where another begins.
    pub fn of(bytes: &'a [u8], at: usize, file: &FileBlock) -> Option<Self> {
        let next = file.places.range(at + 1..).next();
        let end = next.map_or(bytes.len(), |next| bytes.len().min(*next));
        let block = bytes.get(at..end)?;
        let is_block = u16_at(block, 0, file.big_endian)? == TRACE;
        let size = usize::from(u16_at(block, 2, file.big_endian)?);
        let texts = block.get(BLOCK..size).filter(|_| is_block)?;
        Some(Self {
            texts: Texts::of(texts, &file.end, file.big_endian),
            format: block[12],
            count: usize_at(block, 8, file.big_endian)?,
            data: &block[size..],
        })
    }
}

/// Texts of the form `NAME value`.
pub(super) struct Texts(Vec<(String, String)>);

impl Texts {
    /// Each text begins with its length, and ends with `end`.
    fn of(mut bytes: &[u8], end: &[u8], big_endian: bool) -> Self {
        let mut all = Vec::new();
        while let Some(length) = u16_at(bytes, 0, big_endian).map(usize::from) {
            if length < 2 {
                break;
            }
            let content = &bytes[2..length.min(bytes.len())];
            let stop = content.windows(end.len()).position(|window| window == end);
            let content = &content[..stop.unwrap_or(content.len())];
            // Some programs write other bytes among the letters.
            let text: String = content
                .iter()
                .filter(|byte| matches!(byte, b' '..=b'~'))
                .map(|byte| char::from(*byte))
                .collect();
            let (name, value) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
            all.push((name.to_uppercase(), value.trim().to_owned()));
            bytes = bytes.get(length..).unwrap_or_default();
        }
        Self(all)
    }

    /// The last text of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut texts = self.0.iter().rev();
        let (_, value) = texts.find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The first word of a text.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.get(name)?.split_whitespace().next()
    }

    /// The number that a text begins with, which may have a decimal comma.
    pub fn number(&self, name: &str) -> Option<f64> {
        let number = self.word(name)?.replace(',', ".").parse::<f64>().ok();
        number.filter(|value| value.is_finite())
    }

    /// The seconds that a text tells, in the unit behind its number if there is one: the standard has none.
    pub fn seconds(&self, name: &str) -> Option<f64> {
        let word = self.get(name)?.split_whitespace().nth(1);
        let unit = word.and_then(|word| unit(&word.to_lowercase()));
        Some(self.number(name)? * unit.unwrap_or(1.0))
    }
}
