//! Errors of YAML.

/// YAML that cannot be parsed.
#[derive(Debug, thiserror::Error)]
pub enum YamlError {
    /// Parsing would take too long.
    #[error("brackets are nested more than {limit} deep")]
    TooDeep {
        /// Deepest nesting that is parsed.
        limit: usize,
    },
    /// A dataset configuration describes no task.
    #[error(
        "no task: expected a section such as `vehicle_classification:` with `num_classes`, `class_names` and index files"
    )]
    NoTask,
    /// A list of recordings instead of a dataset configuration.
    #[error(
        "this is a list of recordings: import it with `data import`, which writes a dataset configuration"
    )]
    ListOfRecordings,
    /// The text is not YAML; with line and column.
    #[error(
        "not valid YAML: {0}; close every bracket, brace and quote, and indent with spaces alone"
    )]
    Syntax(serde_yaml::Error),
    /// A mapping has a key more than once.
    #[error(
        "`{key}` is there more than once, in {}: {}",
        in_lines(lines),
        keep_one(key)
    )]
    Twice {
        /// The path of the key, such as `recordings[0].classes.walk`.
        key: String,
        /// Its lines, from 1.
        lines: Vec<usize>,
    },
    /// A key has an invalid value; with line and column.
    #[error("{}", in_words(&.0.to_string()))]
    Malformed(#[from] serde_yaml::Error),
    /// A key of a text with merge keys has an invalid value.
    #[error("{}", in_words(&placed(.problem, .place)))]
    Merged {
        /// Line and column of the file, in words; empty if they are not known.
        place: String,
        /// The problem, with line and column of the text without merge keys.
        problem: serde_yaml::Error,
    },
}

/// Lines in words, each once.
fn in_lines(lines: &[usize]) -> String {
    let mut lines: Vec<String> = lines.iter().map(usize::to_string).collect();
    lines.dedup();
    let word = if lines.len() == 1 { "line" } else { "lines" };
    format!("{word} {}", lines.join(" and "))
}

/// What to do about a key that is there twice.
fn keep_one(key: &str) -> &'static str {
    if key.rsplit('.').next() == Some("<<") {
        "write both in one list, such as `<<: [*a, *b]`"
    } else {
        "keep one of them"
    }
}

/// What the library calls `expected`, and what people do.
const EXPECTED: [(&str, &str); 11] = [
    ("usize", "a whole number, 0 or more"),
    ("u64", "a whole number, 0 or more"),
    ("u32", "a whole number, 0 or more"),
    ("i64", "a whole number"),
    ("f64", "a number"),
    ("f32", "a number"),
    ("a sequence", "a list"),
    ("a map", "keys with values, such as `epochs: 20`"),
    ("a boolean", "true or false"),
    ("a string", "a text"),
    ("a YAML tag starting with '!'", "a single word"),
];

/// The message of an error with another `place`.
fn placed(error: &serde_yaml::Error, place: &str) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.rfind(" at line ") {
        text.replace_range(at.., place);
    }
    text
}

/// The message of an error about a value, of YAML or JSON, without the names that programs have for types.
pub fn in_words(error: &str) -> String {
    let text = error.to_owned();
    let Some((before, rest)) = text.split_once("invalid type: ") else {
        return text;
    };
    let Some((found, rest)) = rest.split_once(", expected ") else {
        return text;
    };
    let (expected, place) = match rest.rfind(" at line ") {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let named = EXPECTED.iter().find(|(name, _)| *name == expected);
    let expected = match named {
        Some((_, words)) => words,
        None if expected.starts_with("struct ") => EXPECTED[7].1,
        None => expected,
    };
    let advice = number_in(found)
        .filter(|_| expected.contains("number"))
        .map_or(String::new(), |number| {
            format!(": write {number} without quotation marks")
        });
    let found = match found {
        "sequence" => "a list".to_owned(),
        "map" => "keys with values".to_owned(),
        "unit value" => "nothing".to_owned(),
        other => match other.split_once(' ') {
            Some(("string", value)) => format!("the text {value}"),
            Some(("integer" | "floating point", value)) => format!("the number {value}"),
            Some(("boolean", value)) => value.replace('`', ""),
            _ => other.to_owned(),
        },
    };
    format!("{before}expected {expected}, and found {found}{place}{advice}")
}

/// The number that a text shows, such as `string "1e-3"`: programs for YAML 1.1 take some for numbers that are texts here.
fn number_in(found: &str) -> Option<String> {
    let text = found.strip_prefix("string \"")?.strip_suffix('"')?;
    let number = text.trim().replace('_', "");
    let is_finite = number.parse::<f64>().is_ok_and(f64::is_finite);
    is_finite.then_some(number)
}

/// For callers that add the file to the message.
impl From<YamlError> for String {
    fn from(error: YamlError) -> Self {
        error.to_string()
    }
}
