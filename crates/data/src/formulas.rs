//! Cells that are formulas of a text, `="0.5"`, as programs write them so that spreadsheets show the text as it is.

/// Bytes in which such a cell is sought first.
const HEAD: usize = 1 << 14;
/// Bytes of such a text, at most.
const LONGEST: usize = 1 << 8;
/// How such cells begin and end: plainly, and in quotation marks of their own.
const FORMS: [(&[u8], &[u8]); 2] = [(b"=\"", b"\""), (b"\"=\"\"", b"\"\"\"")];

/// The text with the texts of such cells in their places, and the first of them; `None` if its beginning has none.
pub(crate) fn without(bytes: &[u8]) -> Option<(Vec<u8>, String)> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let first = (0..head.len()).find_map(|at| cell(head, at).map(|(end, _)| &head[at..end]))?;
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let Some((end, inner)) = cell(bytes, at) {
            // What separates cells stays within quotation marks.
            let is_quoted = inner.iter().any(|byte| b",;|\t\n\"".contains(byte));
            plain.extend(is_quoted.then_some(b'"'));
            plain.extend_from_slice(inner);
            plain.extend(is_quoted.then_some(b'"'));
            at = end;
        } else {
            plain.push(bytes[at]);
            at += 1;
        }
    }
    Some((plain, String::from_utf8_lossy(first).into_owned()))
}

/// Where the cell at byte `at` ends, and its text, if a cell of this kind begins there.
fn cell(bytes: &[u8], at: usize) -> Option<(usize, &[u8])> {
    if !matches!(bytes[at], b'=' | b'"') || !begins(bytes, at) {
        return None;
    }
    let rest = &bytes[at..];
    FORMS.into_iter().find_map(|(begin, end)| {
        let inner = rest.strip_prefix(begin)?;
        let inner = &inner[..inner.len().min(LONGEST)];
        let length = inner.windows(end.len()).position(|window| window == end)?;
        let behind = begin.len() + length + end.len();
        let is_end = |byte: &u8| matches!(byte, b',' | b';' | b'\t' | b'|' | b'\n' | b'\r');
        let ends = rest.get(behind).is_none_or(is_end);
        (ends && !inner[..length].contains(&b'\n')).then_some((at + behind, &inner[..length]))
    })
}

/// Whether a cell may begin at byte `at`.
fn begins(bytes: &[u8], at: usize) -> bool {
    let before = bytes[..at].iter().rev().find(|byte| **byte != b' ');
    before.is_none_or(|byte| matches!(byte, b',' | b';' | b'\t' | b'|' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_formulas() {
        for (text, expected) in [
            ("=\"t\",=\"Z\"\n=\"0.5\",7\r\n", "t,Z\n0.5,7\r\n"),
            ("t;Z\n=\"0,5\";=\"a;b\"", "t;Z\n\"0,5\";\"a;b\""),
            ("t,Z\n\"=\"\"0.5\"\"\",\"=\"\"-1\"\"\"\n", "t,Z\n0.5,-1\n"),
            ("t\tZ\n=\"001\"\t =\"\"\n", "t\tZ\n001\t \n"),
        ] {
            let (plain, _) = without(text.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(plain).unwrap(), expected);
        }
        let (_, first) = without(b"t,Z\n1,=\"0.5\"\n").unwrap();
        assert_eq!(first, "=\"0.5\"");
        for text in [
            "a=\"b\",c\n",
            "# x=\"1\"\nt,Z\n",
            "=\"0.5\"+1,2\n",
            "\"a\",\"b\"\n",
            "=\"0\n\",1",
        ] {
            assert_eq!(without(text.as_bytes()), None, "{text}");
        }
    }
}
