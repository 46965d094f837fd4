//! Filters such as `model=simple_cnn and test.f1_macro>0.9 and not status=failed`.
//!
//! ```text
//! or      = and ("or" and)*
//! and     = not ("and" not)*
//! not     = "not" not | "(" or ")" | FIELD (OPERATOR VALUE)?
//! OPERATOR: = == != < <= > >= ~ !~        ~ contains, in letters of any case
//! VALUE:   a word, or text in single or double quotes
//! ```
//! A field alone is true if it is present and not empty, false or zero. `age` and `duration` take units (`90s`,
//! `10m`, `3h`, `7d`), and so does `size` (`20k`, `5M`, `1G`).

use serde_json::Value;

use crate::error::ExperimentError;
use crate::fields::{Fields, compare, text};
use crate::json::number as number_of;

/// A condition on experiments.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Or(Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Has(String),
    Compare(String, Operator, Expected),
}

/// The right-hand side of a comparison.
#[derive(Clone, Debug, PartialEq)]
struct Expected {
    /// The text as written.
    text: String,
    /// The value as a number, with units applied.
    number: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Contains,
    ContainsNot,
}

/// Longest first, since `<` is a prefix of `<=`.
const OPERATORS: [(&str, Operator); 9] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessEqual),
    (">=", Operator::GreaterEqual),
    ("!~", Operator::ContainsNot),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("~", Operator::Contains),
];

/// Maximum nesting of parentheses and `not`s.
const MAX_DEPTH: usize = 100;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Operator(Operator),
    /// Text, and whether it was quoted.
    Word(String, bool),
}

impl Filter {
    /// Parses an expression.
    ///
    /// # Errors
    /// [`ExperimentError::Filter`] with the position and what was expected there.
    pub fn parse(expression: &str) -> Result<Self, ExperimentError> {
        let failed = |(at, problem): (usize, String)| ExperimentError::Filter {
            expression: expression.to_owned(),
            column: expression[..at].chars().count(),
            problem,
        };
        let tokens = tokens(expression).map_err(failed)?;
        let mut parser = Parser {
            tokens,
            at: 0,
            end: expression.len(),
            depth: 0,
        };
        let node = parser.or().map_err(failed)?;
        match parser.peek() {
            None => Ok(Self(node)),
            Some(_) => Err(failed(parser.expected("`and`, `or` or the end"))),
        }
    }

    /// Whether an experiment matches.
    pub fn matches(&self, fields: &Fields<'_>) -> bool {
        self.0.matches(fields)
    }

    /// Names of the fields that the filter reads.
    pub fn fields(&self) -> Vec<&str> {
        let mut found = Vec::new();
        let mut waiting = vec![&self.0];
        while let Some(node) = waiting.pop() {
            match node {
                Node::Or(a, b) | Node::And(a, b) => waiting.extend([&**b, &**a]),
                Node::Not(a) => waiting.push(a),
                Node::Has(name) | Node::Compare(name, _, _) => found.push(&name[..]),
            }
        }
        found
    }
}

fn tokens(expression: &str) -> Result<Vec<(usize, Token)>, (usize, String)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = expression[at..].chars().next() {
        let rest = &expression[at..];
        let operator = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign));
        let (token, length) = match first {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '\'' | '"' => {
                let end = rest[1..].find(first);
                let end = end.ok_or_else(|| (at, format!("unterminated quote {first}")))?;
                (Token::Word(rest[1..=end].to_owned(), true), end + 2)
            }
            _ if operator.is_some() => {
                let (sign, operator) = operator.expect("just seen");
                (Token::Operator(*operator), sign.len())
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || "()=!<>~'\"".contains(c);
                let end = rest.find(ends).unwrap_or(rest.len());
                if end == 0 {
                    return Err((at, format!("unexpected `{first}`")));
                }
                (Token::Word(rest[..end].to_owned(), false), end)
            }
        };
        tokens.push((at, token));
        at += length;
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    depth: usize,
}

type Parsed = Result<Node, (usize, String)>;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn expected(&self, what: &str) -> (usize, String) {
        let at = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
        (at, format!("expected {what}"))
    }

    /// Consumes the next token if it is the unquoted word `word`.
    fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Word(found, false)) if found.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn or(&mut self) -> Parsed {
        let mut node = self.and()?;
        while self.word("or") {
            node = Node::Or(Box::new(node), Box::new(self.and()?));
        }
        Ok(node)
    }

    fn and(&mut self) -> Parsed {
        let mut node = self.not()?;
        while self.word("and") {
            node = Node::And(Box::new(node), Box::new(self.not()?));
        }
        Ok(node)
    }

    fn not(&mut self) -> Parsed {
        if self.depth == MAX_DEPTH {
            return Err(self.expected("less nesting"));
        }
        self.depth += 1;
        let node = self.not_within();
        self.depth -= 1;
        node
    }

    fn not_within(&mut self) -> Parsed {
        if self.word("not") {
            return Ok(Node::Not(Box::new(self.not()?)));
        }
        let name = match self.peek() {
            Some(Token::Open) => {
                self.at += 1;
                let node = self.or()?;
                if self.peek() != Some(&Token::Close) {
                    return Err(self.expected("`)`"));
                }
                self.at += 1;
                return Ok(node);
            }
            Some(Token::Word(name, _)) => name.clone(),
            _ => return Err(self.expected("a field, such as `model` or `test.f1_macro`")),
        };
        self.at += 1;
        let Some(Token::Operator(operator)) = self.peek() else {
            return Ok(Node::Has(name));
        };
        let operator = *operator;
        self.at += 1;
        let Some(Token::Word(text, quoted)) = self.peek() else {
            return Err(self.expected("a value"));
        };
        let value = Expected {
            number: number(&name, text).filter(|_| !quoted),
            text: text.clone(),
        };
        self.at += 1;
        Ok(Node::Compare(name, operator, value))
    }
}

/// Parses an age with its unit into seconds: `90s`, `10m`, `3h`, `7d`.
#[cfg(feature = "cli")]
pub(crate) fn age_in_seconds(word: &str) -> Option<f64> {
    number("age", word)
}

/// Parses a word as a number in the unit of field `name`.
fn number(name: &str, word: &str) -> Option<f64> {
    let units: &[(&str, f64)] = match name {
        "age" | "duration" | "duration_s" => {
            &[("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)]
        }
        "size" => &[("k", 1024.0), ("M", 1_048_576.0), ("G", 1_073_741_824.0)],
        _ => &[],
    };
    let with_unit = units.iter().find_map(|(unit, factor)| {
        let number: f64 = word.strip_suffix(unit)?.parse().ok()?;
        Some(number * factor)
    });
    with_unit
        .or_else(|| word.parse().ok())
        .filter(|number: &f64| number.is_finite())
}

impl Node {
    fn matches(&self, fields: &Fields<'_>) -> bool {
        match self {
            Node::Or(a, b) => a.matches(fields) || b.matches(fields),
            Node::And(a, b) => a.matches(fields) && b.matches(fields),
            Node::Not(a) => !a.matches(fields),
            Node::Has(name) => match fields.get(name) {
                Value::Null => false,
                Value::Bool(value) => value,
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Object(fields) => !fields.is_empty(),
                Value::Number(number) => number.as_f64() != Some(0.0),
            },
            Node::Compare(name, operator, expected) => {
                holds(&fields.get(name), *operator, expected)
            }
        }
    }
}

fn holds(found: &Value, operator: Operator, expected: &Expected) -> bool {
    // A list, such as tags, matches if any item does; negated operators need all items to differ.
    if let Value::Array(items) = found {
        return match operator {
            Operator::NotEqual => !holds(found, Operator::Equal, expected),
            Operator::ContainsNot => !holds(found, Operator::Contains, expected),
            _ => items.iter().any(|item| holds(item, operator, expected)),
        };
    }
    // NaN is neither less nor greater than a number.
    if expected.number.is_some() && number_of(found).is_some_and(f64::is_nan) {
        return matches!(operator, Operator::NotEqual | Operator::ContainsNot);
    }
    let contains = || {
        let part = expected.text.to_lowercase();
        text(found).to_lowercase().contains(&part)
    };
    // Numbers compare by value. Everything else, including an ID made of digits, compares as text.
    let infinite = number_of(found).filter(|number| number.is_infinite());
    let order = match (found.as_f64().or(infinite), expected.number) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => compare(&text(found).into(), &expected.text.clone().into()),
    };
    match operator {
        Operator::Contains => contains(),
        Operator::ContainsNot => !contains(),
        Operator::NotEqual => order.is_ne(),
        // A missing value equals nothing and is neither less nor greater.
        _ if found.is_null() => false,
        Operator::Equal => order.is_eq(),
        Operator::Less => order.is_lt(),
        Operator::LessEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterEqual => order.is_ge(),
    }
}

#[cfg(test)]
mod tests;
