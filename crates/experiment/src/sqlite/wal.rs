//! Write-ahead logs: changes that a program has committed, but not yet moved to the database.
//!
//! A log is a header of 32 bytes and frames, each with a page and a header of 24 bytes. Frames count up to the last one that ends a
//! transaction, as long as their salts are those of the header and their checksums fit. See section 4 of
//! <https://www.sqlite.org/fileformat.html>.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};

use super::number;

/// First bytes of a log; the last bit says whether checksums are over big-endian numbers.
const MAGIC: u32 = 0x377f_0682;
/// The only version of the format.
const VERSION: u32 = 3_007_000;
const HEADER: usize = 32;
const FRAME: usize = 24;

/// The pages that a log has.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Where the last content of each page begins in the log.
    pub pages: HashMap<u32, u64>,
    /// Number of pages of the database after its last transaction; none without any.
    pub count: Option<u32>,
    pub page_size: usize,
}

impl Log {
    /// Reads the headers of a log; `None` if it is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(file: &File) -> std::io::Result<Option<Self>> {
        let mut file = BufReader::new(file);
        let mut header = [0; HEADER];
        if !fill(&mut file, &mut header)? {
            return Ok(None);
        }
        let is_big = match number(&header, 0) {
            MAGIC => false,
            magic if magic == MAGIC | 1 => true,
            _ => return Ok(None),
        };
        let mut sums = Sums {
            is_big,
            ..Sums::default()
        };
        sums.add(&header[..24]);
        let page_size = number(&header, 8) as usize;
        let is_size = page_size.is_power_of_two() && (512..=65_536).contains(&page_size);
        if number(&header, 4) != VERSION || !is_size || !sums.are_at(&header, 24) {
            return Ok(None);
        }
        let mut log = Self {
            page_size,
            ..Self::default()
        };
        log.add_frames(&mut file, &header[16..24], sums)?;
        Ok(Some(log))
    }

    fn add_frames(
        &mut self,
        file: &mut impl Read,
        salts: &[u8],
        mut sums: Sums,
    ) -> std::io::Result<()> {
        let mut frame = vec![0; FRAME + self.page_size];
        let mut at = HEADER as u64;
        let mut open: Vec<(u32, u64)> = Vec::new();
        while fill(file, &mut frame)? {
            sums.add(&frame[..8]);
            sums.add(&frame[FRAME..]);
            // What follows is left from before the log was begun again, or is being written.
            if frame[8..16] != *salts || !sums.are_at(&frame, 16) {
                break;
            }
            open.push((number(&frame, 0), at + FRAME as u64));
            let count = number(&frame, 4);
            if count > 0 {
                self.pages.extend(open.drain(..));
                self.count = Some(count);
            }
            at += frame.len() as u64;
        }
        Ok(())
    }
}

/// Fills a buffer; false if the file ends before.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The checksum of all bytes so far.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    is_big: bool,
    first: u32,
    second: u32,
}

impl Sums {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            let word = |at: usize| {
                let value = number(pair, at);
                if self.is_big {
                    value
                } else {
                    value.swap_bytes()
                }
            };
            let (a, b) = (word(0), word(4));
            self.first = self.first.wrapping_add(a).wrapping_add(self.second);
            self.second = self.second.wrapping_add(b).wrapping_add(self.first);
        }
    }

    fn are_at(&self, bytes: &[u8], at: usize) -> bool {
        number(bytes, at) == self.first && number(bytes, at + 4) == self.second
    }
}
