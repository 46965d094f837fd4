//! Output of Arduino's serial monitor: `14:04:06.741 -> 512,13`, a time of day before the line that was sent.

use std::borrow::Cow;

const ARROW: &[u8] = b" -> ";
/// Lines that are looked at.
const LINES: usize = 8;

/// The text with the separator of its cells in place of the arrows.
pub(super) fn without_arrows(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let mut lines = text
        .split(|byte| *byte == b'\n')
        .take(LINES)
        .filter(|line| !line.trim_ascii().is_empty());
    let Some(rest) = lines.clone().last().and_then(after_arrow) else {
        return text;
    };
    if !lines.all(|line| after_arrow(line).is_some()) {
        return text;
    }
    let separators = [b';', b'\t', b',', b' '];
    let own = separators
        .into_iter()
        .find(|separator| rest.trim_ascii().contains(separator));
    let separator = own.unwrap_or(b',');
    let mut plain = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match after_arrow(line) {
            Some(rest) => {
                let time = &line[..line.len() - rest.len() - ARROW.len()];
                plain.extend_from_slice(time);
                plain.push(separator);
                plain.extend_from_slice(rest.trim_ascii_start());
            }
            None => plain.extend_from_slice(line),
        }
    }
    Cow::Owned(plain)
}

/// What comes behind a time of day and an arrow.
fn after_arrow(line: &[u8]) -> Option<&[u8]> {
    let at = line
        .windows(ARROW.len())
        .take(24)
        .position(|own| own == ARROW)?;
    let time = &line[..at];
    let is_time = time.contains(&b':')
        && time
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b':' | b'.'));
    is_time.then(|| &line[at + ARROW.len()..])
}
