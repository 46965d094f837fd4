//! Counts, names and digests as text, the word that a misspelt one means, and the name of this machine.

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

/// The first `most` words of a list, with `...` where there are more.
///
/// ```
/// use support::words::first_few;
/// assert_eq!(first_few(&["a", "b"], 2), "a, b");
/// assert_eq!(first_few(&["a", "b", "c"], 2), "a, b, ...");
/// ```
pub fn first_few<T: AsRef<str>>(words: &[T], most: usize) -> String {
    let more = (words.len() > most).then_some("...");
    let first = words.iter().take(most).map(AsRef::as_ref);
    first.chain(more).collect::<Vec<_>>().join(", ")
}

/// The letters and digits of a name, in lower case.
///
/// ```
/// assert_eq!(support::words::letters_and_digits("Begin Time (s)"), "begintimes");
/// ```
pub fn letters_and_digits(name: &str) -> String {
    let characters = name.chars().filter(|c| c.is_alphanumeric());
    characters.collect::<String>().to_lowercase()
}

/// Bytes of a digest as lower-case hex.
///
/// ```
/// assert_eq!(support::words::hex(&[0, 171]), "00ab");
/// ```
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The candidate that a misspelt word most likely means: the one with the fewest edits, at most one per three letters.
/// An edit inserts, removes or replaces a letter, or swaps two neighbours (the optimal string alignment distance). Of
/// equally near candidates, the first.
///
/// ```
/// use support::words::nearest;
/// assert_eq!(nearest("tset_f1", ["val_f1", "test_f1"]), Some("test_f1"));
/// assert_eq!(nearest("colour", ["val_f1", "test_f1"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let limit = (word.len() / 3).max(1);
    let near = candidates.into_iter().filter_map(|candidate| {
        let letters: Vec<char> = candidate.to_lowercase().chars().collect();
        // Every letter more or less is one edit.
        if letters.len().abs_diff(word.len()) > limit {
            return None;
        }
        let edits = edits(&word, &letters);
        (edits <= limit).then_some((edits, candidate))
    });
    near.min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Number of edits between two words.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = last[j] + usize::from(a[i] != b[j]);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Name of this machine; empty if it has none.
pub fn host_name() -> String {
    hostname::get()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
