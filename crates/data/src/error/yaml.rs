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
    /// A key is there more than once.
    #[error(
        "`{key}` is there more than once, in lines {}: keep one of them",
        lines.iter().map(usize::to_string).collect::<Vec<_>>().join(" and ")
    )]
    Twice {
        /// The key.
        key: String,
        /// Its lines, from 1.
        lines: Vec<usize>,
    },
    /// A key has an invalid value; with line and column.
    #[error("{}", in_words(.0, None))]
    Malformed(#[from] serde_yaml::Error),
    /// A key of a text with merge keys has an invalid value.
    #[error("{}", in_words(.problem, Some(.place)))]
    Merged {
        /// Line and column of the file, in words; empty if they are not known.
        place: String,
        /// The problem, with line and column of the text without merge keys.
        problem: serde_yaml::Error,
    },
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

/// The message of an error without the names that programs have for types, with another `place` if one is given.
fn in_words(error: &serde_yaml::Error, place: Option<&str>) -> String {
    let mut text = error.to_string();
    if let (Some(place), Some(at)) = (place, text.rfind(" at line ")) {
        text.replace_range(at.., place);
    }
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
    format!("{before}expected {expected}, and found {found}{place}")
}

/// For callers that add the file to the message.
impl From<YamlError> for String {
    fn from(error: YamlError) -> Self {
        error.to_string()
    }
}
