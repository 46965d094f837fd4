//! Records of event files (TFRecord framing): length, checksum of the length, content, checksum of the content.
//!
//! The two checksums distinguish kinds of damage. If the checksum of the length holds, the end of the record is known
//! and a reader skips it. Otherwise the reader searches for the next length whose checksum holds.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use support::checksum::{mask, masked};

use crate::files::open_regular;

/// Bytes before the content: the length and its checksum.
const HEAD: u64 = 12;

/// Bytes of a record in addition to its content.
const FRAME: u64 = HEAD + 4;

/// Longest content kept in memory, in bytes. Checksums of longer content are verified all the same.
const MAX_KEPT: u64 = 64 << 20;

/// A span of the file: a record, or damaged bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
    /// What the span holds.
    pub kind: SpanKind,
}

/// Content of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SpanKind {
    /// A record whose checksums hold.
    Sound(Vec<u8>),
    /// The same, but the content is too long to keep.
    SoundButLong,
    /// A record with a valid length and damaged content.
    Damaged,
    /// Not a record: a torn write, or a damaged length.
    Lost(&'static str),
}

/// The length in a record header; `None` if its checksum does not hold.
fn length_of(head: &[u8]) -> Option<u64> {
    let length: [u8; 8] = head.get(..8)?.try_into().ok()?;
    let checksum = head.get(8..HEAD as usize)?;
    let holds = masked(&length).to_le_bytes() == *checksum;
    holds.then(|| u64::from_le_bytes(length))
}

/// First bytes of a file packed with gzip. No event file begins with them: its first record has 24 bytes.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Most bytes of a packed file that are unpacked.
const MAX_UNPACKED: u64 = 512 << 20;

/// Where records are read from.
trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

/// Iterates over the spans of a file from first byte to last. A file packed with gzip is unpacked in memory.
pub(crate) struct Records {
    file: Box<dyn Source>,
    length: u64,
    at: u64,
    /// Whether the file is packed: then offsets are those of the unpacked bytes.
    packed: bool,
    /// Why the rest of a packed file could not be unpacked.
    broken: Option<&'static str>,
}

impl Records {
    /// Opens a file.
    ///
    /// # Errors
    /// If it is not a regular file or cannot be opened.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let mut file = open_regular(path)?;
        let mut head = Vec::new();
        file.by_ref().take(2).read_to_end(&mut head)?;
        file.rewind()?;
        if head == GZIP {
            return Ok(Self::unpacked(file));
        }
        Ok(Self {
            length: file.metadata()?.len(),
            file: Box::new(BufReader::new(file)),
            at: 0,
            packed: false,
            broken: None,
        })
    }

    /// What can be unpacked of a file.
    fn unpacked(file: File) -> Self {
        let mut bytes = Vec::new();
        let mut stream = MultiGzDecoder::new(BufReader::new(file)).take(MAX_UNPACKED + 1);
        let read = stream.read_to_end(&mut bytes);
        let broken = match read {
            Err(_) => Some("its gzip stream is damaged or cut short"),
            Ok(_) if bytes.len() as u64 > MAX_UNPACKED => {
                Some("unpacked, it is larger than 512 MiB")
            }
            Ok(_) => None,
        };
        bytes.truncate(MAX_UNPACKED as usize);
        Self {
            length: bytes.len() as u64,
            file: Box::new(Cursor::new(bytes)),
            at: 0,
            packed: true,
            broken,
        }
    }

    /// Whether the file is packed.
    pub fn is_packed(&self) -> bool {
        self.packed
    }

    /// The next span; `None` at the end.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn next(&mut self) -> std::io::Result<Option<Span>> {
        let start = self.at;
        let left = self.length - start;
        if left == 0 {
            let broken = self.broken.take().map(|why| Span {
                start,
                end: start,
                kind: SpanKind::Lost(why),
            });
            return Ok(broken);
        }
        if left < FRAME {
            return self.lost(start, self.length, "cut short");
        }
        let mut head = [0; HEAD as usize];
        self.file.read_exact(&mut head)?;
        let Some(length) = length_of(&head) else {
            let end = self.next_head(start + 1)?;
            return self.lost(start, end, "the checksum of its length differs");
        };
        if length > left - FRAME {
            // A restart may have written new records after a torn one.
            let end = self.next_head(start + 1)?;
            return self.lost(start, end, "cut short");
        }
        let kind = self.content(length)?;
        self.at = start + FRAME + length;
        Ok(Some(Span {
            start,
            end: self.at,
            kind,
        }))
    }

    /// Reads content of `length` bytes and its checksum.
    fn content(&mut self, length: u64) -> std::io::Result<SpanKind> {
        let mut content = Vec::new();
        let mut checksum = 0;
        if length <= MAX_KEPT {
            content.resize(length as usize, 0);
            self.file.read_exact(&mut content)?;
            checksum = crc32c::crc32c(&content);
        } else {
            let mut part = vec![0; 1 << 20];
            let mut left = length;
            while left > 0 {
                let size = left.min(part.len() as u64) as usize;
                self.file.read_exact(&mut part[..size])?;
                checksum = crc32c::crc32c_append(checksum, &part[..size]);
                left -= size as u64;
            }
        }
        let mut expected = [0; 4];
        self.file.read_exact(&mut expected)?;
        Ok(if mask(checksum).to_le_bytes() != expected {
            SpanKind::Damaged
        } else if length > MAX_KEPT {
            SpanKind::SoundButLong
        } else {
            SpanKind::Sound(content)
        })
    }

    fn lost(&mut self, start: u64, end: u64, why: &'static str) -> std::io::Result<Option<Span>> {
        self.file.seek(SeekFrom::Start(end))?;
        self.at = end;
        let kind = SpanKind::Lost(why);
        Ok(Some(Span { start, end, kind }))
    }

    /// Offset of the first record header with a valid length at or after `from`; the file's length if there is none.
    fn next_head(&mut self, from: u64) -> std::io::Result<u64> {
        let mut part = Vec::new();
        let mut start = from;
        loop {
            part.clear();
            self.file.seek(SeekFrom::Start(start))?;
            let whole = self.file.by_ref().take(1 << 20).read_to_end(&mut part)?;
            for (i, head) in part.windows(HEAD as usize).enumerate() {
                let at = start + i as u64;
                let room = (self.length - at).saturating_sub(FRAME);
                if length_of(head).is_some_and(|length| length <= room) {
                    return Ok(at);
                }
            }
            // Headers that straddle two chunks are found in the second one.
            let step = (whole as u64 + 1).saturating_sub(HEAD);
            if step == 0 || start + whole as u64 >= self.length {
                return Ok(self.length);
            }
            start += step;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use support::checksum::append_record;

    fn spans(bytes: &[u8]) -> Vec<Span> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let mut records = Records::open(&path).unwrap();
        std::iter::from_fn(|| records.next().unwrap()).collect()
    }

    fn sound(spans: &[Span]) -> Vec<&[u8]> {
        let content = spans.iter().map(|span| match &span.kind {
            SpanKind::Sound(content) => Some(&content[..]),
            _ => None,
        });
        content.flatten().collect()
    }

    fn three() -> Vec<u8> {
        let mut bytes = Vec::new();
        for content in [&b"one"[..], b"second", b"3"] {
            append_record(&mut bytes, content);
        }
        bytes
    }

    /// TensorFlow's own record writer wrote this. The first record of every version 2 event file has 24 bytes.
    #[test]
    fn the_framing_is_that_of_tfrecord() {
        let mut bytes = Vec::new();
        append_record(&mut bytes, &[0; 24]);
        assert_eq!(bytes[..12], *b"\x18\0\0\0\0\0\0\0\xa3\x7fK\"");
    }

    #[test]
    fn damage_of_each_kind_costs_one_record() {
        let bytes = three();
        let mut content = bytes.clone();
        content[20 + 12] ^= 1;
        let found = spans(&content);
        assert_eq!(sound(&found), [&b"one"[..], b"3"]);
        assert_eq!((found[1].start, found[1].end), (19, 41));
        assert_eq!(found[1].kind, SpanKind::Damaged);

        let mut length = bytes.clone();
        length[19] ^= 1;
        let found = spans(&length);
        assert_eq!(sound(&found), [&b"one"[..], b"3"]);
        assert!(matches!(found[1].kind, SpanKind::Lost(_)));

        let found = spans(&bytes[..bytes.len() - 1]);
        assert_eq!(sound(&found), [&b"one"[..], b"second"]);
        assert_eq!(found[2].kind, SpanKind::Lost("cut short"));
        assert_eq!(found[2].end, bytes.len() as u64 - 1);
    }

    #[test]
    fn a_head_between_two_parts_is_found() {
        for gap in (1 << 20) - 20..(1 << 20) + 20 {
            let mut bytes = vec![0; gap];
            bytes.extend(three());
            let found = spans(&bytes);
            assert_eq!(found[0].end, gap as u64);
            assert_eq!(sound(&found).len(), 3);
        }
    }

    proptest! {
        /// Spans are contiguous and cover the file, whatever it holds.
        #[test]
        fn nothing_is_left_over(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..200) {
            let at = at.min(bytes.len());
            bytes.splice(at..at, three());
            let found = spans(&bytes);
            let mut end = 0;
            for span in &found {
                prop_assert_eq!(span.start, end);
                prop_assert!(span.end > end);
                end = span.end;
            }
            prop_assert_eq!(end, bytes.len() as u64);
            prop_assert_eq!(sound(&found).len(), 3);
        }
    }
}
