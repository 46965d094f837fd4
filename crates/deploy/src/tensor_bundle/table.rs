//! LevelDB's sorted table, as TensorFlow's checkpoints use it for their index: blocks of prefix-compressed keys, each
//! followed by a masked CRC-32C, an index of the blocks, and a footer of fixed size. Written without compression.
//!
//! Format: LevelDB, `doc/table_format.md`; TensorFlow, `tensorflow/core/lib/io/format.cc`.

use support::checksum::masked;

/// Last eight bytes of a table, little endian.
const MAGIC: u64 = 0xdb47_7524_8b80_fb57;
/// Two block handles, padded, and the magic number.
const FOOTER_LENGTH: usize = 48;
/// Entries between two keys that are stored whole.
const RESTART_INTERVAL: usize = 16;
/// A block is closed once it is this long, in bytes.
const BLOCK_LENGTH: usize = 4096;

/// Encodes a table of `entries`.
///
/// # Panics
/// If the keys are not strictly ascending: a reader would not find them.
pub(super) fn encode(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let ascending = entries.windows(2).all(|pair| pair[0].0 < pair[1].0);
    assert!(ascending, "keys of a table ascend");
    let mut table = Vec::new();
    let mut index = Block::with_restarts_every(1);
    let mut block = Block::with_restarts_every(RESTART_INTERVAL);
    for (i, (key, value)) in entries.iter().enumerate() {
        block.push(key, value);
        if block.bytes.len() >= BLOCK_LENGTH || i + 1 == entries.len() {
            let full = std::mem::replace(&mut block, Block::with_restarts_every(RESTART_INTERVAL));
            let handle = full.append_to(&mut table);
            // Any key between the block's last and the next block's first would work.
            index.push(key, &handle);
        }
    }
    let metaindex = Block::with_restarts_every(1).append_to(&mut table);
    let index = index.append_to(&mut table);
    let footer = table.len();
    table.extend(metaindex);
    table.extend(index);
    table.resize(footer + FOOTER_LENGTH - 8, 0);
    table.extend(MAGIC.to_le_bytes());
    table
}

/// Entries under construction.
struct Block {
    bytes: Vec<u8>,
    /// Offsets of entries whose keys are stored whole.
    restarts: Vec<u32>,
    interval: usize,
    entries: usize,
    last_key: Vec<u8>,
}

impl Block {
    fn with_restarts_every(interval: usize) -> Self {
        Self {
            bytes: Vec::new(),
            restarts: vec![0],
            interval,
            entries: 0,
            last_key: Vec::new(),
        }
    }

    fn push(&mut self, key: &[u8], value: &[u8]) {
        let mut shared = 0;
        if self.entries > 0 && self.entries.is_multiple_of(self.interval) {
            self.restarts.push(self.bytes.len() as u32);
        } else {
            let pairs = self.last_key.iter().zip(key);
            shared = pairs.take_while(|(a, b)| a == b).count();
        }
        let lengths = [shared, key.len() - shared, value.len()];
        for length in lengths {
            put_varint(&mut self.bytes, length as u64);
        }
        self.bytes.extend_from_slice(&key[shared..]);
        self.bytes.extend_from_slice(value);
        self.last_key = key.to_vec();
        self.entries += 1;
    }

    /// Appends the finished block with its trailer, and returns its handle.
    fn append_to(mut self, table: &mut Vec<u8>) -> Vec<u8> {
        for restart in &self.restarts {
            self.bytes.extend(restart.to_le_bytes());
        }
        self.bytes
            .extend((self.restarts.len() as u32).to_le_bytes());
        let mut handle = Vec::new();
        put_varint(&mut handle, table.len() as u64);
        put_varint(&mut handle, self.bytes.len() as u64);
        self.bytes.push(0); // not compressed
        let checksum = masked(&self.bytes);
        table.extend(self.bytes);
        table.extend(checksum.to_le_bytes());
        handle
    }
}

fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// The reader that the tests compare with: it takes nothing from the writer but the constants of the format.
#[cfg(test)]
pub(super) mod reading {
    use super::*;

    fn varint(bytes: &mut &[u8]) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = bytes.split_first()?;
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    type Entries = Vec<(Vec<u8>, Vec<u8>)>;

    fn block(table: &[u8], handle: &mut &[u8]) -> Result<Entries, &'static str> {
        let offset = varint(handle).ok_or("handle")? as usize;
        let length = varint(handle).ok_or("handle")? as usize;
        let with_type = table.get(offset..offset + length + 1).ok_or("block")?;
        let checksum = table.get(offset + length + 1..offset + length + 5);
        let checksum = checksum.ok_or("checksum")?.try_into().unwrap();
        if with_type[length] != 0 {
            return Err("compressed");
        }
        if u32::from_le_bytes(checksum) != masked(with_type) {
            return Err("checksum");
        }
        let (rest, count) = with_type[..length].split_at(length - 4);
        let count = u32::from_le_bytes(count.try_into().unwrap()) as usize;
        let (mut rest, restarts) = rest.split_at(rest.len() - 4 * count);
        let whole = rest;
        let mut entries: Entries = Vec::new();
        let mut starts = Vec::new();
        while !rest.is_empty() {
            let at = (whole.len() - rest.len()) as u32;
            let [shared, unshared, value] = [(); 3].map(|()| varint(&mut rest).unwrap() as usize);
            if shared == 0 {
                starts.push(at);
            }
            let mut key = entries.last().map_or(Vec::new(), |(key, _)| key.clone());
            key.truncate(shared);
            key.extend_from_slice(&rest[..unshared]);
            entries.push((key, rest[unshared..unshared + value].to_vec()));
            rest = &rest[unshared + value..];
        }
        for restart in restarts.chunks_exact(4) {
            let restart = u32::from_le_bytes(restart.try_into().unwrap());
            if !starts.contains(&restart) && !whole.is_empty() {
                return Err("restart");
            }
        }
        Ok(entries)
    }

    /// All entries of a table in order.
    pub fn decode(table: &[u8]) -> Result<Entries, &'static str> {
        let footer = table.len().checked_sub(FOOTER_LENGTH).ok_or("footer")?;
        let (mut handles, magic) = table[footer..].split_at(FOOTER_LENGTH - 8);
        if u64::from_le_bytes(magic.try_into().unwrap()) != MAGIC {
            return Err("magic");
        }
        let metaindex = block(table, &mut handles)?;
        assert!(metaindex.is_empty());
        let mut entries = Vec::new();
        for (last, handle) in block(table, &mut handles)? {
            entries.extend(block(table, &mut &handle[..])?);
            if entries.last().is_none_or(|(key, _)| *key > last) {
                return Err("index");
            }
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    proptest! {
        /// Entries over many blocks are read back unchanged, and any changed byte is detected.
        #[test]
        fn round_trip(
            entries in btree_map(vec(0u8..4, 0..12), vec(any::<u8>(), 0..300), 1..200),
            at in any::<prop::sample::Index>(),
            flip in 1u8..=255,
        ) {
            let entries: Vec<_> = entries.into_iter().collect();
            let mut table = encode(&entries);
            prop_assert_eq!(reading::decode(&table).unwrap(), entries);
            // Blocks have checksums; the padding of the footer has none.
            let blocks = table.len() - FOOTER_LENGTH;
            let at = at.index(blocks);
            table[at] ^= flip;
            prop_assert!(reading::decode(&table).is_err());
        }
    }
}
