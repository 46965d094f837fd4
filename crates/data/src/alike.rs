//! Groups that may be one, as their names differ in their spelling alone: `1`, `01` and `1.0`, or `Anna` and `anna`.

use std::collections::{BTreeMap, BTreeSet};

use support::words::counted;

/// A warning of groups in different splits that may be one. `groups` are the names of groups, each with its split.
pub(crate) fn alike_groups<'a>(
    groups: impl IntoIterator<Item = (&'a str, usize)>,
) -> Option<String> {
    let mut named: BTreeMap<String, BTreeMap<&str, BTreeSet<usize>>> = BTreeMap::new();
    for (name, split) in groups {
        let names = named.entry(spelling(name)).or_default();
        names.entry(name).or_default().insert(split);
    }
    let is_divided = |names: &&BTreeMap<&str, BTreeSet<usize>>| {
        let splits: BTreeSet<usize> = names.values().flatten().copied().collect();
        names.len() > 1 && splits.len() > 1
    };
    let divided: Vec<_> = named.values().filter(is_divided).collect();
    let mut first = divided.first()?.keys();
    let (one, other) = (first.next()?, first.next()?);
    let more = match divided.len() {
        1 => String::new(),
        count => format!(" (and {})", counted(count - 1, "other pair")),
    };
    Some(format!(
        "groups `{one}` and `{other}`{more} differ in their spelling alone and are in different splits: if they are one, scores \
         are too high; give them one name"
    ))
}

/// A name without what people write in different ways: case, blanks and dashes between words, and zeros before and after
/// numbers.
fn spelling(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let whole = name
        .split_once('.')
        .filter(|(_, fraction)| !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0'));
    let name = match whole {
        Some((whole, _)) if !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) => whole,
        _ => &name,
    };
    let mut spelt = String::with_capacity(name.len());
    let mut characters = name.chars().peekable();
    while let Some(c) = characters.next() {
        let before = spelt.chars().next_back();
        // Those of `1.05` count.
        let begins = !before.is_some_and(|before| before.is_ascii_digit() || before == '.');
        let goes_on = characters.peek().is_some_and(char::is_ascii_digit);
        match c {
            '0' if begins && goes_on => {}
            ' ' | '_' | '-' => spelt.push(' '),
            c => spelt.push(c),
        }
    }
    spelt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_may_be_one() {
        let said = |a: &str, b: &str| alike_groups([(a, 0), (b, 1)]);
        for (a, b) in [
            ("1", "01"),
            ("1", "1.0"),
            ("Anna", "anna "),
            ("day 1", "Day_001"),
            ("2024-05-01", "2024-5-1"),
            ("s0", "s00"),
        ] {
            let expected = format!("groups `{a}` and `{b}` differ in their spelling alone");
            let swapped = format!("groups `{b}` and `{a}` differ in their spelling alone");
            let found = said(a, b).unwrap_or_default();
            assert!(
                found.starts_with(&expected) || found.starts_with(&swapped),
                "{a} {b}: {found}"
            );
        }
        for (a, b) in [
            ("1", "10"),
            ("1.5", "1.05"),
            ("day1", "day2"),
            ("a", "a"),
            ("100", "1"),
            ("0", ""),
            ("1-1", "11"),
        ] {
            assert_eq!(said(a, b), None, "{a} {b}");
        }
        // In one split, they do no harm.
        assert_eq!(alike_groups([("1", 0), ("01", 0), ("2", 1)]), None);
        let two = alike_groups([("1", 0), ("01", 1), ("b", 1), ("B", 0)]).unwrap();
        assert!(
            two.starts_with("groups `01` and `1` (and 1 other pair) differ"),
            "{two}"
        );
    }
}
