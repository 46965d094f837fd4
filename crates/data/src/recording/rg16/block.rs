//! Blocks: a header of 20 bytes, headers of 32 bytes, and samples.

use super::super::words::{u32_at, u64_at};
use super::HEADER;
use crate::error::recording::Rg16Damage;

/// Bytes before the other headers of a block.
const BEFORE: usize = 20;
/// Headers of a block that are needed: the third has the time.
const FEWEST: u8 = 3;
/// The code of a channel that was dead before the recording.
const DEAD: u8 = 1;
/// Microseconds from 1970 on that have room in nanoseconds.
const LATEST: u64 = 9_000_000_000_000_000;
/// Codes of bands by the slowest rate, as in SEED, of instruments with a corner below 0.1 s.
const BANDS: [(f64, char); 4] = [(1000.0, 'G'), (250.0, 'D'), (80.0, 'E'), (0.0, 'S')];

/// The headers of a block.
pub(super) struct Block {
    /// The byte at which its samples begin.
    data: usize,
    /// Nanoseconds since 1970.
    pub start: i64,
    pub count: usize,
    pub is_dead: bool,
    /// Numbers of line, point and index of the receiver, and of the component.
    receiver: [u32; 3],
    component: u8,
}

impl Block {
    /// # Errors
    /// If its headers are not whole, or the time is none.
    fn of(bytes: &[u8], at: usize) -> Result<Self, Rg16Damage> {
        let headers = bytes.get(at..at + BEFORE + HEADER * usize::from(FEWEST));
        let headers = headers.ok_or(Rg16Damage::Cut)?;
        if headers[9] < FEWEST {
            return Err(Rg16Damage::Headers { count: headers[9] });
        }
        // Numbers of three bytes.
        let triple = |at: usize| u32_at(headers, at - 1, true).unwrap_or(0) & 0xFF_FFFF;
        let time = u64_at(headers, 84, true).ok_or(Rg16Damage::Cut)?;
        if time > LATEST {
            return Err(Rg16Damage::Time { micros: time });
        }
        Ok(Self {
            data: at + BEFORE + HEADER * usize::from(headers[9]),
            start: time as i64 * 1000,
            count: triple(27) as usize,
            is_dead: headers[11] == DEAD,
            receiver: [triple(20), triple(23), headers[26].into()],
            component: headers[40],
        })
    }

    /// The byte behind it.
    fn end(&self) -> usize {
        self.data + 4 * self.count
    }

    /// The bytes of its samples, as far as the file goes.
    pub fn samples<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let rest = bytes.get(self.data..).unwrap_or_default();
        &rest[..rest.len().min(4 * self.count)]
    }

    /// The name of its channel.
    pub fn channel(&self, rate: f64) -> String {
        let band = BANDS.iter().find(|(slowest, _)| rate >= *slowest);
        let band = band.map_or('S', |(_, band)| *band);
        let [line, point, index] = self.receiver;
        format!("{line}.{point}.{index}.{band}P{}", self.component)
    }
}

/// The blocks of a file, one after the other.
pub(super) struct Places<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bytes of the last sound block.
    usual: Option<usize>,
    /// The number of the file, which blocks begin with. That at the beginning of the file may be damaged.
    number: Option<[u8; 2]>,
}

/// The two bytes with the number of the file, at byte `at`.
fn number(bytes: &[u8], at: usize) -> Option<[u8; 2]> {
    bytes.get(at..)?.first_chunk().copied()
}

impl<'a> Places<'a> {
    pub fn new(bytes: &'a [u8], first: usize) -> Self {
        let at = first.min(bytes.len());
        Self {
            bytes,
            at,
            usual: None,
            number: number(bytes, at),
        }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    /// Bytes that are no block.
    pub fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The block at a byte.
    ///
    /// # Errors
    /// If there is none.
    fn block(&self, at: usize) -> Result<Block, Rg16Damage> {
        if number(self.bytes, at) != self.number {
            return Err(Rg16Damage::Number);
        }
        Block::of(self.bytes, at)
    }

    /// Whether other blocks or the beginning of the file have the number of the blocks, too.
    fn is_known(&self) -> bool {
        self.usual.is_some() || self.number == number(self.bytes, 0)
    }

    /// Whether a block begins at a byte, or the file ends there.
    fn begins(&self, at: usize) -> bool {
        at == self.bytes.len() || self.block(at).is_ok()
    }

    /// Whether the block that begins here may end at a byte: another one begins there, also a damaged one between two of this size, or one
    /// whose headers are cut.
    fn ends(&self, at: usize) -> bool {
        let size = at - self.at;
        let rest = self.bytes.len().checked_sub(at);
        let is_cut = rest.is_some_and(|rest| rest < BEFORE + HEADER * usize::from(FEWEST));
        let is_usual = |usual: usize| usual == size || !self.begins(self.at + usual);
        self.begins(at)
            || self.usual == Some(size) && rest.is_some()
            || self.begins(at + size)
            || is_cut && self.usual.is_none_or(is_usual)
    }

    /// The next block, or why it cannot be read; `None` if nothing tells where there is one.
    pub fn next(&mut self) -> Option<Result<Block, Rg16Damage>> {
        if self.rest() == 0 {
            return None;
        }
        let block = self.block(self.at);
        let stated = block.as_ref().ok().map(Block::end);
        let stated_is_right = stated.is_some_and(|next| self.ends(next));
        let usual = self.usual.map(|size| self.at + size);
        let usual = usual.filter(|next| self.begins(*next));
        let (next, block) = match (stated, usual) {
            (Some(next), _) if stated_is_right => (next, block),
            // Its length is damaged, or its headers are.
            (Some(_), Some(next)) => (next, Err(Rg16Damage::Length)),
            (None, Some(next)) => (next, block),
            // The last one may be cut.
            (Some(next), None) if next > self.bytes.len() && self.is_known() => {
                (self.bytes.len(), block)
            }
            _ => return None,
        };
        if block.is_ok() && stated == Some(next) {
            self.usual = Some(next - self.at);
        }
        self.at = next;
        Some(block)
    }
}
