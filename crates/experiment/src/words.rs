//! Word forms for messages.

/// A count with its noun: `1 record`, `2 records`.
pub fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
