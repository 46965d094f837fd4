//! Tags, which headers and frames are behind.

use super::super::words::{u16_at, u32_at};
use super::HEADERS;

/// Bytes of a tag.
const TAG: usize = 16;
/// Bytes of the header of a frame.
pub(super) const FRAME: usize = 32;

/// What is behind a tag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The header of an event.
    Header,
    /// Samples of a tenth of a second.
    Frame,
}

/// A tag.
pub(super) struct Tag {
    /// Its first byte in the file.
    at: usize,
    pub big_endian: bool,
    pub kind: Kind,
    /// Bytes of the header behind it, and of its samples.
    pub length: usize,
    samples: usize,
    pub checksum: u16,
}

impl Tag {
    /// The tag at byte `at`, if there is one.
    pub fn of(bytes: &[u8], at: usize) -> Option<Self> {
        let tag: &[u8; TAG] = bytes.get(at..)?.first_chunk()?;
        let big_endian = match tag[..2] {
            [b'K', order @ 0..=1] => order == 1,
            _ => return None,
        };
        let number = |at| u16_at(tag, at, big_endian).map(usize::from);
        let length = number(8)?;
        let (kind, is_length) = match u32_at(tag, 4, big_endian)? {
            1 => {
                let is_length = HEADERS.iter().any(|(known, _)| *known == length);
                (Kind::Header, is_length)
            }
            2 => (Kind::Frame, length == FRAME),
            _ => return None,
        };
        is_length.then_some(Self {
            at,
            big_endian,
            kind,
            length,
            samples: number(10)?,
            checksum: u16_at(tag, 14, big_endian)?,
        })
    }

    /// Bytes of the tag and of what is behind it.
    fn size(&self) -> usize {
        TAG + self.length + self.samples
    }

    /// What is behind it; `None` if the file ends before.
    pub fn content<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        bytes.get(self.at + TAG..self.at + self.size())
    }
}

/// The sum of all bytes.
pub(super) fn checksum(content: &[u8]) -> u16 {
    let add = |sum: u16, byte: &u8| sum.wrapping_add((*byte).into());
    content.iter().fold(0, add)
}

/// Where headers and frames begin, with their tags; `None` for a damaged tag, behind which the next one is where frames of the same size
/// have it. Also where they end.
pub(super) fn places(bytes: &[u8]) -> (Vec<(usize, Option<Tag>)>, usize) {
    let (mut places, mut at) = (Vec::new(), 0);
    let mut usual = None;
    // Files may be filled up with zeros.
    let is_end = |at: usize| at == bytes.len() || bytes.get(at) == Some(&0);
    while at < bytes.len() && !is_end(at) {
        let begins = |at| is_end(at) || Tag::of(bytes, at).is_some();
        let next = usual
            .map(|size: usize| at + size)
            .filter(|next| begins(*next));
        let tag = Tag::of(bytes, at);
        let stated = tag.as_ref().map(|tag| at + tag.size());
        let behind = match (stated, next) {
            // The length of the samples may be damaged.
            (Some(stated), Some(next)) if !begins(stated) => next,
            (Some(stated), _) => stated,
            (None, Some(next)) => next,
            (None, None) => break,
        };
        if let Some(tag) = &tag
            && tag.kind == Kind::Frame
            && stated == Some(behind)
        {
            usual = Some(tag.size());
        }
        places.push((at, tag));
        at = behind;
    }
    (places, at.min(bytes.len()))
}
