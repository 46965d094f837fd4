//! Notes that say the same of several files or recordings, as one line.

use std::collections::HashMap;

use super::{Note, Notes};

/// Subjects that a line names.
const NAMED: usize = 3;

/// Lines of one pattern that differ in their numbers alone: so many are shown, the rest is one line.
const SHOWN: usize = 3;

/// Notes that say the same, in the order in which they arose.
type Group<'a> = Vec<&'a Note>;

impl Notes {
    /// The texts of the notes that `wanted` accepts. Those that say the same of several files or recordings are one; so are
    /// those that do so with other numbers, from the fourth on.
    pub fn grouped(&self, wanted: impl Fn(&Note) -> bool) -> Vec<String> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        let mut known: HashMap<(&str, bool), usize> = HashMap::new();
        for note in self.0.iter().filter(|note| wanted(note)) {
            let (_, said) = note.parts();
            let index = *known
                .entry((gist(said), note.is_doubt))
                .or_insert(groups.len());
            match groups.get_mut(index) {
                Some(group) => group.push(note),
                None => groups.push(vec![note]),
            }
        }
        with_other_numbers(groups)
    }
}

/// The texts of groups of notes.
fn with_other_numbers(groups: Vec<Group<'_>>) -> Vec<String> {
    // What is said once by itself, of a recording that has a name.
    let key = |group: &Group<'_>| {
        let (subject, said) = group[0].parts();
        (!subject.is_empty() && subjects(group).len() == 1)
            .then(|| (pattern(said), group[0].is_doubt))
    };
    let keys: Vec<Option<(String, bool)>> = groups.iter().map(key).collect();
    let mut members: HashMap<&(String, bool), Vec<usize>> = HashMap::new();
    for (i, key) in keys.iter().enumerate() {
        if let Some(key) = key {
            members.entry(key).or_default().push(i);
        }
    }
    let text = |(i, group): (usize, &Group<'_>)| {
        // Two lines instead of one more are no gain.
        let all = keys[i].as_ref().map(|key| &members[key][..]);
        let Some((_, rest)) = all
            .filter(|all| all.len() > SHOWN + 1)
            .map(|all| all.split_at(SHOWN))
        else {
            return Some(together(group));
        };
        match rest.iter().position(|member| *member == i) {
            None => Some(together(group)),
            Some(0) => {
                let others = rest.iter().flat_map(|member| subjects(&groups[*member]));
                let names = named(&others.collect::<Vec<_>>());
                let (_, said) = group[0].parts();
                let count = rest.len();
                Some(format!(
                    "{count} times more, with other numbers: {said} ({names})"
                ))
            }
            Some(_) => None,
        }
    };
    groups.iter().enumerate().filter_map(text).collect()
}

/// What is said, with `#` for every number outside of names.
fn pattern(said: &str) -> String {
    let mut pattern = String::with_capacity(said.len());
    let mut is_name = false;
    let mut characters = said.chars().peekable();
    while let Some(c) = characters.next() {
        is_name ^= c == '`';
        let is_inside = pattern.ends_with('#') && !is_name;
        let is_point = c == '.' && characters.peek().is_some_and(char::is_ascii_digit);
        match c {
            _ if is_inside && (c.is_ascii_digit() || is_point) => {}
            _ if c.is_ascii_digit() && !is_name => pattern.push('#'),
            c => pattern.push(c),
        }
    }
    pattern
}

/// What notes have in common that say the same: not the example of a text.
fn gist(said: &str) -> &str {
    let example = said.find(": texts, such as `");
    &said[..example.unwrap_or(said.len())]
}

/// What the notes are about, each once if the same follow each other.
fn subjects<'a>(group: &[&'a Note]) -> Vec<&'a str> {
    let mut subjects: Vec<&str> = group.iter().map(|note| note.parts().0).collect();
    subjects.dedup();
    subjects
}

/// The first subjects, and how many more there are.
fn named(subjects: &[&str]) -> String {
    let names = subjects.iter().take(NAMED);
    let names: Vec<&str> = names.map(|name| name.trim_end_matches(": ")).collect();
    let more = match subjects.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names.join(", "))
}

/// The text of notes that say the same.
fn together(group: &[&Note]) -> String {
    let subjects = subjects(group);
    if let [_] = subjects[..] {
        return group[0].text.clone();
    }
    let (_, said) = group[0].parts();
    format!("{} times: {said} ({})", subjects.len(), named(&subjects))
}
