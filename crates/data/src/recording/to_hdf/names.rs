//! Names of columns, which the form `table` has as pickles of lists in Python's protocol 0.

/// The texts and numbers of a pickled list; `None` if it is something else, such as a list of tuples. Code in the pickle is never run.
pub(super) fn of_list(pickle: &[u8]) -> Option<Vec<String>> {
    let (names, rest) = list(pickle)?;
    rest.starts_with(b".").then_some(names)
}

/// The same of a list within another value.
pub(super) fn of_beginning(pickle: &[u8]) -> Option<Vec<String>> {
    list(pickle).map(|(names, _)| names)
}

/// The texts and numbers of a list, and what follows them.
fn list(pickle: &[u8]) -> Option<(Vec<String>, &[u8])> {
    let mut rest = pickle.strip_prefix(b"(l")?;
    let mut names = Vec::new();
    loop {
        let (code, more) = rest.split_first()?;
        if matches!(code, b'.' | b't') {
            return Some((names, rest));
        }
        if *code == b'a' {
            rest = more;
            continue;
        }
        let end = more.iter().position(|byte| *byte == b'\n')?;
        let line = &more[..end];
        match code {
            // Numbers of values that could be used again.
            b'p' => {}
            b'V' => names.push(unescaped(line)?),
            b'I' | b'L' => {
                let digits = str::from_utf8(line).ok()?.trim_end_matches('L');
                names.push(digits.parse::<i64>().ok()?.to_string());
            }
            _ => return None,
        }
        rest = &more[end + 1..];
    }
}

/// A text in Python's `raw-unicode-escape`: Latin-1, and others as `\u20ac`.
fn unescaped(line: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut rest = line;
    while let Some((byte, more)) = rest.split_first() {
        let digits = match (byte, more.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => 0,
        };
        if digits == 0 {
            text.push(char::from(*byte));
            rest = more;
            continue;
        }
        let code = str::from_utf8(more.get(1..=digits)?).ok()?;
        text.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
        rest = &more[1 + digits..];
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names() {
        let of = |pickle: &[u8]| of_list(pickle).map(|names| names.join("|"));
        assert_eq!(of(b"(lp0\nVZ\np1\naVN E\np2\na."), Some("Z|N E".into()));
        assert_eq!(of(b"(lp0\nI0\naI12\naL-7L\na."), Some("0|12|-7".into()));
        assert_eq!(
            of(b"(lp0\nV\xE4\\u20ac\\u005c\np1\na."),
            Some("ä€\\".into())
        );
        assert_eq!(of(b"(lp0\n."), Some(String::new()));
        for other in [
            &b"(lp0\n(VZ\np1\ntp2\na."[..],
            b"N.",
            b"",
            b"(lp0\nVZ",
            b"(lp0\nV\\ud800\na.",
            b"cos\nsystem\n",
        ] {
            assert_eq!(of(other), None);
        }
    }
}
