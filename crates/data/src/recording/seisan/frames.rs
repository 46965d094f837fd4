//! Unformatted records of Fortran: a length before and behind each.

use std::borrow::Cow;

use super::super::words::{u32_at, u64_at};
use super::channel::Channel;
use crate::error::recording::SeisanProblem;

/// Bytes of a block, in which old compilers for PCs divided records.
const BLOCK: usize = 128;
/// Bytes of a line of the event's header, which files begin with.
pub(super) const LINE: usize = 80;

/// How records are framed.
#[derive(Clone, Copy)]
pub(super) struct Framing {
    /// Bytes of a length; 1 if records are in blocks.
    length: usize,
    pub big_endian: bool,
}

impl Framing {
    /// That of PCs before version 7.
    pub const BLOCKS: Self = Self {
        length: 1,
        big_endian: false,
    };

    /// The framing of a file whose first two records are lines.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let begin = [b'K', LINE as u8];
        if bytes.starts_with(&begin) && bytes.get(82..84) == Some(&[LINE as u8; 2]) {
            return Some(Self::BLOCKS);
        }
        let mut framings = [8, 4]
            .into_iter()
            .flat_map(|length| [true, false].map(|big_endian| Self { length, big_endian }));
        framings.find(|framing| {
            let places = [0, framing.length + LINE, 2 * framing.length + LINE];
            places
                .iter()
                .all(|at| framing.number(bytes, *at) == Some(LINE))
        })
    }

    pub fn is_blocked(self) -> bool {
        self.length == 1
    }

    /// The length at byte `at`.
    fn number(self, bytes: &[u8], at: usize) -> Option<usize> {
        match self.length {
            1 => bytes.get(at).map(|byte| usize::from(*byte)),
            4 => usize::try_from(u32_at(bytes, at, self.big_endian)?).ok(),
            _ => usize::try_from(u64_at(bytes, at, self.big_endian)?).ok(),
        }
    }
}

/// What is between the lengths.
pub(super) struct Record<'a> {
    /// Its first byte in the file, that of its length.
    pub at: usize,
    pub bytes: Cow<'a, [u8]>,
    /// How many bytes there are by the lengths: more if the file is cut, `None` if it is cut and the record divided into blocks.
    pub stated: Option<usize>,
}

impl Record<'_> {
    pub fn is_whole(&self) -> bool {
        self.stated == Some(self.bytes.len())
    }
}

/// The records of a file, one after the other.
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    /// The byte at which the next record begins.
    pub at: usize,
    pub framing: Framing,
}

impl<'a> Frames<'a> {
    pub fn new(bytes: &'a [u8], framing: Framing) -> Self {
        // Old files begin with a letter.
        let at = usize::from(framing.is_blocked());
        Self { bytes, at, framing }
    }

    /// Bytes from the next record on.
    pub fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The header of the next channel, and its samples.
    ///
    /// # Errors
    /// If they are not framed, or the file ends before the samples.
    pub fn channel(
        &mut self,
    ) -> Result<(Result<Channel, SeisanProblem>, Record<'a>), SeisanProblem> {
        let wrong = SeisanProblem::Frame { at: self.at };
        let header = self.record(None)?.filter(Record::is_whole);
        let header = Channel::of(&header.ok_or_else(|| wrong.clone())?.bytes);
        let samples = self.record(header.as_ref().ok().and_then(Channel::length))?;
        Ok((header, samples.ok_or(wrong)?))
    }

    /// The next record; `None` at the end of the file. One whose blocks are all full ends with an empty block, where it has the `usual`
    /// length, or with the file.
    ///
    /// # Errors
    /// If the lengths around it differ.
    pub fn record(&mut self, usual: Option<usize>) -> Result<Option<Record<'a>>, SeisanProblem> {
        let at = self.at;
        if self.rest() == 0 {
            return Ok(None);
        }
        let (first, length) = self.part()?;
        if !self.framing.is_blocked() {
            return Ok(Some(Record {
                at,
                bytes: Cow::Borrowed(first),
                stated: Some(length),
            }));
        }
        let mut whole = first.to_vec();
        let mut is_cut = first.len() < length;
        let mut is_last = first.len() < BLOCK;
        while !is_last && self.rest() > 0 {
            if usual == Some(whole.len()) {
                let is_empty = self.bytes[self.at..].starts_with(&[0, 0]);
                self.at += if is_empty { 2 } else { 0 };
                break;
            }
            let (part, length) = self.part()?;
            whole.extend(part);
            is_cut = part.len() < length;
            is_last = part.len() < BLOCK;
        }
        Ok(Some(Record {
            at,
            stated: (!is_cut).then_some(whole.len()),
            bytes: Cow::Owned(whole),
        }))
    }

    /// Bytes between two lengths, and that length. The file may end within them.
    ///
    /// # Errors
    /// If the lengths differ.
    fn part(&mut self) -> Result<(&'a [u8], usize), SeisanProblem> {
        let wrong = SeisanProblem::Frame { at: self.at };
        let Some(length) = self.framing.number(self.bytes, self.at) else {
            return Err(wrong);
        };
        let from = self.at + self.framing.length;
        let rest = &self.bytes[from..];
        let part = &rest[..rest.len().min(length)];
        let end = from + part.len();
        // Where the file is cut, there is none.
        let behind = self.framing.number(self.bytes, end);
        if behind.is_some_and(|behind| behind != length) {
            return Err(wrong);
        }
        self.at = (end + self.framing.length).min(self.bytes.len());
        Ok((part, length))
    }
}
