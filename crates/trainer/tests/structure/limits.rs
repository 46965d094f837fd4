//! Limits the length of files, functions and parameter lists: CONTRIBUTING.md, "Rules".
//!
//! Counting relies on the format of `cargo fmt`.

use std::path::Path;

use super::files_below;

/// Maximum number of lines in a file.
const FILE: usize = 400;
/// Maximum number of lines in a function, including signature and closing brace.
const FUNCTION: usize = 80;
/// Maximum number of parameters, not counting `self`.
const PARAMETERS: usize = 5;

/// A function: its line number from 1, its name, and its numbers of lines and parameters.
#[derive(Debug, PartialEq)]
struct Function {
    line: usize,
    name: String,
    lines: usize,
    parameters: usize,
}

/// All functions in a file that have a body.
fn functions(text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().collect();
    let found = lines.iter().enumerate().filter_map(|(i, line)| {
        let (name, after) = signature(line)?;
        let rest = &lines[i + 1..];
        let code = std::iter::once(after).chain(rest.iter().map(|line| without_comment(line)));
        let text: String = code.collect::<Vec<_>>().join("\n");
        let (parameters, body) = parameters(&text)?;
        // A declaration in a trait has no body.
        let brace = text[body..].find('{')?;
        if text[body..body + brace].contains(";\n") {
            return None;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let more = if line.ends_with('}') {
            0
        } else {
            1 + rest.iter().position(|line| *line == end)?
        };
        Some(Function {
            line: i + 1,
            name: name.to_owned(),
            lines: 1 + more,
            parameters,
        })
    });
    found.collect()
}

fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or("")
}

/// The name of the function that begins in `line`, and the text after the name.
fn signature(line: &str) -> Option<(&str, &str)> {
    let (before, rest) = line.trim_start().split_once("fn ")?;
    let is_modifier = |word: &str| {
        ["const", "async", "unsafe", "extern", "\"C\""].contains(&word) || word.starts_with("pub")
    };
    let before = before.replace("(in ", "(");
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    (end > 0 && before.split_whitespace().all(is_modifier)).then(|| rest.split_at(end))
}

/// The number of parameters besides `self`, in a text that begins after a function's name, and the end of their list.
fn parameters(text: &str) -> Option<(usize, usize)> {
    let (mut round, mut angle) = (0i32, 0i32);
    let (mut count, mut start) = (0, None);
    let mut before = ' ';
    for (i, c) in text.char_indices() {
        match c {
            '<' => angle += 1,
            '>' if before != '-' => angle -= 1,
            '(' if start.is_none() && angle == 0 => start = Some(i + 1),
            '(' | '[' | '{' => round += 1,
            ')' if round == 0 && start.is_some() => {
                count += usize::from(is_parameter(&text[start?..i]));
                return Some((count, i));
            }
            ')' | ']' | '}' => round -= 1,
            ',' if round == 0 && angle == 0 => {
                if let Some(from) = start {
                    count += usize::from(is_parameter(&text[from..i]));
                    start = Some(i + 1);
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}

fn is_parameter(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or("").trim();
    !name.is_empty() && name.split_whitespace().last() != Some("self") && name != "&self"
}

#[test]
fn files_functions_and_parameters_are_few() {
    let mut long = Vec::new();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = files_below(&workspace, ".rs");
    assert!(files.len() > 300, "{} files", files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let place = path.display();
        let lines = text.lines().count();
        if lines > FILE {
            long.push(format!(
                "{place}: {lines} lines of at most {FILE}: split it along what it does"
            ));
        }
        for function in functions(&text) {
            let Function { line, name, .. } = &function;
            if function.lines > FUNCTION {
                long.push(format!(
                    "{place}:{line}: `{name}` has {} lines of at most {FUNCTION}: make its steps functions",
                    function.lines
                ));
            }
            if function.parameters > PARAMETERS {
                long.push(format!(
                    "{place}:{line}: `{name}` has {} parameters of at most {PARAMETERS}: group those that belong \
                     together into a struct",
                    function.parameters
                ));
            }
        }
    }
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn functions_are_counted() {
    let text = "\
trait T {
    fn declared(&self, a: u8) -> u8;
}
impl<F: Fn(u8, u8) -> u8> T for F {
    pub(in crate::a) const fn method(&mut self, (a, b): (u8, u8), c: &dyn Fn(u8, u8) -> [u8; 2]) -> [u8; 2] {
        // fn commented(a: u8) {}
        1
    }
}
fn generic<A: Into<Vec<u8>>, F: Fn(A) -> u8>(
    a: A, // one, two
    f: F,
    map: HashMap<u8, (u8, u8)>,
) -> u8
where
    A: Copy,
{
    1
}
pub fn boxed(mut self: Box<Self>) {}
";
    let function = |line, name: &str, lines, parameters| Function {
        line,
        name: name.to_owned(),
        lines,
        parameters,
    };
    let expected = [
        function(5, "method", 4, 2),
        function(10, "generic", 10, 3),
        function(20, "boxed", 1, 0),
    ];
    assert_eq!(functions(text), expected);
}
