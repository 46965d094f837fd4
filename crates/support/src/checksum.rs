//! The masked checksum of TensorFlow's file formats: TFRecord, event files, and the index of a checkpoint.

/// CRC-32C of `bytes`, masked.
///
/// ```
/// // RFC 3720, B.4: the CRC-32C of 32 zero bytes is 0x8a9136aa.
/// assert_eq!(support::checksum::masked(&[0; 32]), 0x0fd7_fffa);
/// assert_eq!(support::checksum::mask(0x8a91_36aa), 0x0fd7_fffa);
/// ```
pub fn masked(bytes: &[u8]) -> u32 {
    mask(crc32c::crc32c(bytes))
}

/// Masks a CRC-32C: rotated and offset, since a checksum over bytes that contain checksums would be weak.
pub fn mask(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Appends a record of TFRecord and event files: length, checksum of the length, content, checksum of the content.
pub fn append_record(buffer: &mut Vec<u8>, content: &[u8]) {
    let length = (content.len() as u64).to_le_bytes();
    buffer.extend_from_slice(&length);
    buffer.extend_from_slice(&masked(&length).to_le_bytes());
    buffer.extend_from_slice(content);
    buffer.extend_from_slice(&masked(content).to_le_bytes());
}
