//! Time zones in the names of columns.

use std::borrow::Cow;

use crate::recording::{offset_in, zone_word};

/// A name without the zone in it, and whether there is one: `start ` and true for `start (UTC+2)` and `start_local`.
pub(super) fn without_zone(head: &str) -> (Cow<'_, str>, bool) {
    if offset_in(head).is_some() {
        let upper = head.to_ascii_uppercase();
        let marks = ["UTC", "GMT", "(", "["];
        let at = marks.iter().filter_map(|mark| upper.find(mark)).min();
        return (head[..at.unwrap_or(head.len())].into(), true);
    }
    match zone_word(head) {
        Some(zone) => (head.replacen(zone, " ", 1).into(), true),
        None => (head.into(), false),
    }
}
