//! Writes values of YAML.

/// A text as a value, in quotation marks where YAML would take it for something else.
pub(super) fn text(text: &str) -> String {
    let first = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let plain = |c: char| c.is_alphanumeric() || "_./- ".contains(c);
    let words = [
        "true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf",
    ];
    let is_plain = first
        && text.chars().all(plain)
        && !text.ends_with(' ')
        && !words.contains(&text.to_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    if !text.contains(['\'', '\n', '\t', '\r']) && !text.chars().any(char::is_control) {
        return format!("'{text}'");
    }
    serde_json::Value::from(text).to_string()
}

/// Texts as a list in brackets.
pub(super) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<String> = texts.iter().map(|item| text(item.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_are_read_back() {
        for text in [
            "a",
            "1",
            "true",
            "Geo Z [mV]",
            "it's",
            "a: b",
            "x#y",
            "-",
            "{class}/*.csv",
            "",
            " a",
            "a\tb",
            "é",
            "1e3",
            "No",
            "a,b",
        ] {
            let list: Vec<String> = crate::config::parse_yaml(&super::list(&[text])).unwrap();
            assert_eq!(list, [text]);
        }
    }
}
