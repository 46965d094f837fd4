//! Names of variables say what they hold: CONTRIBUTING.md, "Rules".

use std::path::Path;

use super::files_below;

/// How a line binds a name that says nothing.
const BINDINGS: [&str; 8] = [
    "let own ",
    "let mut own ",
    "|own|",
    "|own:",
    "|&own|",
    "for own in",
    "Some(own)",
    ", own)|",
];

/// Lines of a text, from 1, that bind such a name.
fn nameless(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim_start().starts_with("//"));
    let binding = |line: &&str| BINDINGS.iter().any(|binding| line.contains(binding));
    lines
        .map(|(i, line)| (i + 1, line))
        .filter(move |(_, line)| binding(line))
}

#[test]
fn variables_are_named_for_what_they_are() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for path in files_below(&workspace, ".rs") {
        if path.ends_with("structure/names.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let places = nameless(&text)
            .map(|(line, text)| format!("{}:{line}: {}", path.display(), text.trim()));
        found.extend(places);
    }
    assert!(
        found.is_empty(),
        "`own` says nothing: name what it is\n{}",
        found.join("\n")
    );
}

#[test]
fn such_names_are_found() {
    let text = "// |own| is fine here\nlet sum = all.map(|own| own.sum());\nlet own_rate = 5;\n    for own in all {";
    let lines: Vec<usize> = nameless(text).map(|(line, _)| line).collect();
    assert_eq!(lines, [2, 4]);
}
