//! Whether the first bytes of raw samples are those of a file instead.

use std::collections::HashSet;

use data::recording::Packets;

/// Number of bytes that are looked at.
pub(super) const LOOKED_AT: usize = 64;

/// What the input is and what to do, if its first bytes are not samples.
pub(super) fn mistaken(head: &[u8]) -> Option<&'static str> {
    let is_wave = |name: &[u8; 4]| head.starts_with(name) && head.get(8..12) == Some(&b"WAVE"[..]);
    if [b"RIFF", b"RIFX", b"RF64"].into_iter().any(is_wave) {
        return Some(
            "standard input is a WAV file, whose header would be taken for samples: use `predict recording` for files, and \
             `-t raw` for arecord",
        );
    }
    if head.len() >= LOOKED_AT && Packets::are(head) {
        return Some("standard input has miniSEED records, not raw samples: leave out --format");
    }
    let of_number = |byte: &u8| byte.is_ascii_digit() || b" \t\r\n,;.+-eE".contains(byte);
    // Samples that are all the same may be letters, too.
    let different: HashSet<&u8> = head.iter().collect();
    let is_text = head.contains(&b'\n') && head.iter().all(of_number) && different.len() > 3;
    if head.len() >= LOOKED_AT && is_text {
        return Some(
            "standard input is text, not binary samples: use `predict recording` for tables",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_no_samples() {
        let of = |bytes: &[u8]| mistaken(bytes).unwrap_or("");
        assert!(of(b"RIFF\0\0\0\0WAVEfmt ").contains("WAV file"));
        let text = b"12 -5\n13 -7\n".repeat(6);
        assert!(of(&text).contains("is text"));
        let samples = |value: i16| value.to_le_bytes().repeat(40);
        for value in [12336, 0, -1, 2570, 2608] {
            assert_eq!(mistaken(&samples(value)), None, "{value}");
        }
        assert_eq!(mistaken(b""), None);
    }
}
