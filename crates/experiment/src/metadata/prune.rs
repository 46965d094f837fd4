//! Leaves out the parts of `metadata.json` that lists of thousands of experiments do not show, since building values
//! from them takes most of the time of reading. Plain loops over bytes, which are fast in debug builds, too.

use super::foreign::{has_scores, is_average};

/// Deepest containers that are kept: the sections of the file.
const KEPT: usize = 2;
/// Deepest containers that are kept in the results, also those of other programs: the metrics of a split.
const KEPT_OF_RESULTS: usize = 3;
/// Nesting above which the whole file is parsed; the parser then refuses it.
const MAX_DEPTH: usize = 100;

/// The text with every container below the sections emptied, that of the results below the metrics, and `files`. Programs of
/// others may have the metrics one section deeper. `None` if the omitted text is not certainly JSON; the full parser then decides.
pub(super) fn pruned(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(bytes.len() / 2);
    let (mut depth, mut at, mut copied) = (0, 0, 0);
    // The last string, which is the key where a container begins.
    let mut key = "";
    let mut limit = KEPT;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let end = string(bytes, at)?;
                key = &text[at + 1..end - 1];
                at = end;
            }
            open @ (b'{' | b'[') => {
                if depth == 1 {
                    limit = match key {
                        "files" => 1,
                        key if has_scores(key) => KEPT_OF_RESULTS,
                        _ => KEPT,
                    };
                }
                let is_deeper = depth == KEPT_OF_RESULTS
                    && depth == limit
                    && (has_scores(key) || is_average(key));
                if depth < limit || is_deeper {
                    (depth, at) = (depth + 1, at + 1);
                    continue;
                }
                out.push_str(&text[copied..at]);
                out.push_str(if open == b'{' { "{}" } else { "[]" });
                at = container(bytes, at, depth)?;
                copied = at;
            }
            b'}' | b']' => {
                depth = usize::checked_sub(depth, 1)?;
                at += 1;
            }
            b' ' | b'\n' => at = space(bytes, at + 1),
            _ => at += 1,
        }
    }
    out.push_str(&text[copied..]);
    Some(out)
}

/// The end of the container that begins at `at`, nested `depth` deep.
fn container(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
    if depth > MAX_DEPTH {
        return None;
    }
    let is_object = bytes[at] == b'{';
    let close = if is_object { b'}' } else { b']' };
    let mut at = space(bytes, at + 1);
    if *bytes.get(at)? == close {
        return Some(at + 1);
    }
    loop {
        if is_object {
            at = space(bytes, string(bytes, at)?);
            at = space(bytes, word(bytes, at, b":")?);
        }
        at = space(bytes, value(bytes, at, depth + 1)?);
        match bytes.get(at)? {
            b',' => at = space(bytes, at + 1),
            byte if *byte == close => return Some(at + 1),
            _ => return None,
        }
    }
}

fn value(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'{' | b'[' => container(bytes, at, depth),
        b'"' => string(bytes, at),
        b't' => word(bytes, at, b"true"),
        b'f' => word(bytes, at, b"false"),
        b'n' => word(bytes, at, b"null"),
        _ => number(bytes, at),
    }
}

fn space(bytes: &[u8], mut at: usize) -> usize {
    // Most of an indented file is blanks.
    while bytes[at..].first_chunk() == Some(b"        ") {
        at += 8;
    }
    while at < bytes.len() && matches!(bytes[at], b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

fn word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes[at..].starts_with(word).then_some(at + word.len())
}

/// The end of the string that begins at `at`. `None` for escapes by number, too, which have rules of their own.
fn string(bytes: &[u8], mut at: usize) -> Option<usize> {
    if at >= bytes.len() || bytes[at] != b'"' {
        return None;
    }
    at += 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return Some(at + 1),
            b'\\' if at + 1 < bytes.len() && b"\"\\/bfnrt".contains(&bytes[at + 1]) => at += 2,
            b'\\' | ..0x20 => return None,
            _ => at += 1,
        }
    }
    None
}

/// The end of the digits from `at` on. `None` if there are none, or more than `most`.
fn digits(bytes: &[u8], at: usize, most: usize) -> Option<usize> {
    let mut end = at;
    while end < bytes.len() && bytes[end].is_ascii_digit() {
        end += 1;
    }
    (end > at && end - at <= most).then_some(end)
}

/// The end of the number that begins at `at`. `None` for numbers so long that they may be beyond the range of float64.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let first = at + usize::from(bytes[at] == b'-');
    let mut at = digits(bytes, first, 200)?;
    if bytes[first] == b'0' && at > first + 1 {
        return None;
    }
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1, usize::MAX)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at = digits(bytes, at + 1 + usize::from(signed), 2)?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Those of scikit-learn are one section deeper.
    #[test]
    fn averages_stay() {
        let file =
            json!({"results": {"test": {"car": {"f1-score": 1}, "macro avg": {"f1-score": 0.5}}}});
        let expected = json!({"results": {"test": {"car": {}, "macro avg": {"f1-score": 0.5}}}});
        let read: Value = serde_json::from_str(&pruned(&file.to_string()).unwrap()).unwrap();
        assert_eq!(read, expected);
    }

    #[test]
    fn sections_and_scores_stay() {
        let file = json!({
            "tags": ["a", "b}"],
            "files": {"model/weights": "00ff"},
            "training_config": {"learning_rate": 1e-3, "plateau": {"factor": [0.5]}, "name": "a\"{"},
            "results": {"test": {"f1_macro": 0.5, "per_class": {"f1": [1, 2]}}, "list": [[1], {"a": 2}]},
            "notes": "[",
        });
        let expected = json!({
            "tags": ["a", "b}"],
            "files": {},
            "training_config": {"learning_rate": 1e-3, "plateau": {}, "name": "a\"{"},
            "results": {"test": {"f1_macro": 0.5, "per_class": {}}, "list": [[], {}]},
            "notes": "[",
        });
        for text in [file.to_string(), format!("{file:#}")] {
            let left: Value = pruned(&text).unwrap().parse().unwrap();
            assert_eq!(left, expected);
        }
    }

    /// As `foreign` looks for them.
    #[test]
    fn scores_of_other_programs_stay() {
        let others = json!({
            "final_metrics": {"test": {"accuracy": 0.9}},
            "evaluation_results": {"val": {"loss": 0.5}},
            "results": {"metrics": {"test": {"accuracy": 0.9}}, "test": {"overall": {"f1": 0.5}}},
            "test": {"metrics": {"acc": 0.9}},
        });
        let left: Value = pruned(&others.to_string()).unwrap().parse().unwrap();
        assert_eq!(left, others);
    }

    /// Damage in the skipped parts is still detected.
    #[test]
    fn what_the_parser_refuses_is_not_left_out() {
        for damaged in [
            "{\"a\" 1}",
            "[1,]",
            "[01]",
            "[1e999]",
            "[1.]",
            "[-]",
            "[NaN]",
            "[tru]",
            "[\"\u{1}\"]",
            "[\"\\x\"]",
            "[1",
            "{1: 2}",
            "[1}",
            "{,}",
            "[\"\\ud800\"]",
        ] {
            let file = format!("{{\"a\": {{\"b\": {damaged}}}}}");
            assert!(file.parse::<Value>().is_err(), "{damaged}");
            let accepted = pruned(&file).is_some_and(|left| left.parse::<Value>().is_ok());
            assert!(!accepted, "{damaged}");
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let text = "[a-c\"\\\\{}\\[\\],:\n]{0,4}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((text, inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// In texts with one byte changed or missing, nothing is accepted that the parser rejects.
        #[test]
        fn nothing_damaged_is_accepted(value in json_value(), at: prop::sample::Index, by in "[\"\\\\{}\\[\\],:0e. ]?") {
            let text = json!({"a": {"b": value}}).to_string();
            prop_assert!(pruned(&text).is_none_or(|left| left.parse::<Value>().is_ok()));
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = boundaries[at.index(boundaries.len())];
            let mut damaged = text;
            damaged.remove(at);
            damaged.insert_str(at, &by);
            let accepted = pruned(&damaged).is_some_and(|left| left.parse::<Value>().is_ok());
            prop_assert!(!accepted || damaged.parse::<Value>().is_ok(), "{damaged}");
        }
    }
}
