//! Limits the nesting of brackets in text for third-party parsers whose time grows with it.

/// Whether brackets in `open` (closed by those in `close`) are nested more than `most` deep. Quotes are ignored, so a
/// bracket in a string counts.
pub(crate) fn deeper_than(most: usize, bytes: &[u8], open: &[u8], close: &[u8]) -> bool {
    let mut depth = 0usize;
    bytes.iter().any(|byte| {
        if open.contains(byte) {
            depth += 1;
        } else if close.contains(byte) {
            depth = depth.saturating_sub(1);
        }
        depth > most
    })
}
