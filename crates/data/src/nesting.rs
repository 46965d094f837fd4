//! Brackets in text that is parsed by others, whose parsers take ever longer with each.

/// Whether more than `most` of `open` are open at once, each of which one of `close` closes; quotes are not looked at, so
/// a bracket in one counts.
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
