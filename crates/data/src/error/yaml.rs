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
        "no task: expected a section such as `vehicle_classification:` with `num_classes`, `class_names` and index files{}",
        after(found)
    )]
    NoTask {
        /// What of a task is there all the same, and what to do, in words; may be empty.
        found: String,
    },
    /// A list of recordings instead of a dataset configuration.
    #[error(
        "this is a list of recordings: import it with `data import`, which writes a dataset configuration"
    )]
    ListOfRecordings,
    /// The text is not YAML; with line and column.
    #[error("not valid YAML: {}; {}", .0, remedy(&.0.to_string()))]
    Syntax(serde_yaml::Error),
    /// The text is not YAML, and has a character that looks like a blank.
    #[error(
        "not valid YAML: {problem}; line {line} has a character that looks like a blank and is none (U+{code:04X}): replace it"
    )]
    Blank {
        /// The line, from 1.
        line: usize,
        /// The character.
        code: u32,
        /// What the parser says.
        problem: serde_yaml::Error,
    },
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

/// Words that follow others, if there are any.
fn after(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("; {words}")
    }
}

/// What the parser says, and what to do about it.
const REMEDIES: [(&str, &str); 4] = [
    (
        "more than one document",
        "`---` begins another one: keep one of them in the file",
    ),
    (
        "unknown escape",
        "in double quotes, backslashes have a meaning of their own: write `/`, or single quotes",
    ),
    (
        "unknown anchor",
        "`*name` stands for what `&name` marks above it",
    ),
    (
        "could not find expected ':'",
        "write a blank behind every colon, as in `epochs: 20`",
    ),
];

fn remedy(problem: &str) -> &'static str {
    let known = REMEDIES.iter().find(|(says, _)| problem.contains(says));
    known.map_or(
        "close every bracket, brace and quote, write a blank behind every colon, and indent with spaces alone",
        |(_, remedy)| remedy,
    )
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
    let advice = if expected.contains("number") {
        advice(found)
    } else {
        None
    };
    let advice = advice.map_or(String::new(), |advice| format!(": {advice}"));
    let found = match found {
        "sequence" => "a list".to_owned(),
        "map" => "keys with values".to_owned(),
        "unit value" => "nothing".to_owned(),
        other => match other.replace("floating point", "float").split_once(' ') {
            Some(("string", value)) => format!("the text {value}"),
            Some(("integer" | "float", value)) => {
                let digits = value.split(" as ").next().unwrap_or(value);
                format!("the number {digits}")
            }
            Some(("boolean", value)) => value.replace('`', ""),
            _ => other.to_owned(),
        },
    };
    format!("{before}expected {expected}, and found {found}{place}{advice}")
}

/// How to write the number that is there in another form: a text such as `"1e-3"`, since programs for YAML 1.1 take some for
/// numbers that are texts here; or a whole number with a fraction.
fn advice(found: &str) -> Option<String> {
    if let Some(float) = found.strip_prefix("floating point `") {
        let number: f64 = float.strip_suffix('`')?.parse().ok()?;
        let is_whole = number.fract() == 0.0 && (0.0..1e15).contains(&number);
        return is_whole.then(|| format!("write {number} without a fraction or an exponent"));
    }
    let text = found.strip_prefix("string \"")?.strip_suffix('"')?.trim();
    let plain = text.replace('_', "");
    plain
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())?;
    let digits = plain.trim_start_matches('0');
    let is_padded = plain.len() > 1
        && plain.starts_with('0')
        && digits.starts_with(|c: char| c.is_ascii_digit());
    if !is_padded {
        return Some(format!("write {plain} without quotation marks"));
    }
    let octal = i64::from_str_radix(digits, 8)
        .ok()
        .filter(|value| value.to_string() != digits);
    Some(match octal {
        Some(octal) => format!(
            "write {digits}, or {octal} if it is meant as YAML 1.1 reads it, in octal digits"
        ),
        None => format!("write {digits} without zeros before it"),
    })
}

/// For callers that add the file to the message.
impl From<YamlError> for String {
    fn from(error: YamlError) -> Self {
        error.to_string()
    }
}
