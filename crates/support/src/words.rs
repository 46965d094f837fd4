//! Counts and digests as text, and the name of this machine.

/// A count with its noun.
///
/// ```
/// assert_eq!(support::words::counted(1, "record"), "1 record");
/// assert_eq!(support::words::counted(2, "record"), "2 records");
/// ```
pub fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// Bytes of a digest as lower-case hex.
///
/// ```
/// assert_eq!(support::words::hex(&[0, 171]), "00ab");
/// ```
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Name of this machine; empty if it has none.
pub fn host_name() -> String {
    hostname::get()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
