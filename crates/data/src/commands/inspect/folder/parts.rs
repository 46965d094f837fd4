//! Paths of files, cut into the parts that may tell something: folders, and words of the file's name.

use std::collections::BTreeSet;

/// Paths of files of one depth and ending, cut at the same places.
#[derive(Debug)]
pub(super) struct Parts {
    /// For each file its folders, then the words of its name.
    pub files: Vec<Vec<String>>,
    /// Number of folders.
    pub folders: usize,
    /// Separators after the words of the name; the last one is followed by the rest of the name, which is anything.
    separators: Vec<char>,
    /// Whether the words are the whole name.
    is_whole: bool,
    /// The ending, with its point.
    ending: String,
}

/// What stands for a part in a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The same text in all names.
    Literal(String),
    Any,
    /// `class`, `group` or `split`.
    Key(&'static str),
}

/// The name of a file without its ending, and the ending with its point.
fn stem(name: &str) -> (&str, &str) {
    let lower = name.to_lowercase();
    let plain = lower.strip_suffix(".gz").map_or(name.len(), str::len);
    match name[..plain].rfind('.') {
        // Numbers after a point are no ending.
        Some(at) if at > 0 && !name[at + 1..plain].bytes().all(|b| b.is_ascii_digit()) => {
            name.split_at(at)
        }
        _ => name.split_at(plain),
    }
}

/// The depth and the ending of a path.
pub(super) fn form(path: &[String]) -> (usize, String) {
    let name = path.last().map_or("", String::as_str);
    (path.len(), stem(name).1.to_owned())
}

/// The last word of a file's name.
pub(super) fn last_word(path: &[String]) -> String {
    let name = path.last().map_or("", String::as_str);
    stem(name)
        .0
        .rsplit(SEPARATORS)
        .next()
        .unwrap_or_default()
        .to_owned()
}

const SEPARATORS: [char; 4] = ['_', '-', '.', ' '];

/// Words of a name, and the separators between them.
fn words(stem: &str, separators: &[char]) -> (Vec<String>, Vec<char>) {
    let words = stem.split(separators).map(str::to_owned).collect();
    let between = stem.chars().filter(|c| separators.contains(c));
    (words, between.collect())
}

impl Parts {
    /// Cuts paths of one form: at all separators if all names have the same ones, else at one kind of them, else as many
    /// words from the left as all have.
    pub fn of(paths: &[&[String]]) -> Self {
        let names: Vec<&str> = paths
            .iter()
            .map(|path| path.last().map_or("", String::as_str))
            .collect();
        let stems: Vec<&str> = names.iter().map(|name| stem(name).0).collect();
        let kinds = std::iter::once(&SEPARATORS[..]).chain(SEPARATORS.chunks(1));
        let cut = |kind: &[char]| {
            stems
                .iter()
                .map(|stem| words(stem, kind))
                .collect::<Vec<_>>()
        };
        let same = |cut: &Vec<(Vec<String>, Vec<char>)>| {
            !cut[0].1.is_empty()
                && cut.iter().all(|cut_name| {
                    cut_name.1 == cut[0].1 && cut_name.0.iter().all(|word| !word.is_empty())
                })
        };
        let uniform = kinds.map(cut).find(same);
        let is_whole = uniform.is_some() || stems.iter().all(|stem| !stem.contains(SEPARATORS));
        let cut = uniform.unwrap_or_else(|| cut(&SEPARATORS));
        let first = cut
            .first()
            .map(|cut_name| cut_name.1.clone())
            .unwrap_or_default();
        let shared = |cut_name: &(Vec<String>, Vec<char>)| {
            let same = first
                .iter()
                .zip(&cut_name.1)
                .take_while(|(one, other)| one == other)
                .count();
            // Nothing separates empty words.
            cut_name
                .0
                .iter()
                .take(same)
                .take_while(|word| !word.is_empty())
                .count()
        };
        let separators = if is_whole {
            first.clone()
        } else {
            first[..cut.iter().map(shared).min().unwrap_or(0)].to_vec()
        };
        let number = separators.len() + usize::from(is_whole);
        let folders = paths.first().map_or(0, |path| path.len().saturating_sub(1));
        let file = |(path, cut_name): (&&[String], &(Vec<String>, Vec<char>))| {
            path[..folders]
                .iter()
                .chain(&cut_name.0[..number])
                .cloned()
                .collect()
        };
        Self {
            files: paths.iter().zip(&cut).map(file).collect(),
            folders,
            separators,
            is_whole,
            ending: names.first().map_or("", |name| stem(name).1).to_owned(),
        }
    }

    /// Number of parts.
    pub fn len(&self) -> usize {
        self.files.first().map_or(0, Vec::len)
    }

    /// The different texts of a part.
    pub fn different(&self, at: usize) -> BTreeSet<&str> {
        self.files.iter().map(|file| file[at].as_str()).collect()
    }

    /// The pattern of the files, with a role for each part.
    pub fn pattern(&self, roles: &[Role]) -> String {
        let mut pattern = String::new();
        for role in &roles[..self.folders] {
            pattern += &shown(role);
            pattern.push('/');
        }
        let of_name = &roles[self.folders..];
        // Any words at the end are one.
        let told = of_name
            .iter()
            .rposition(|role| *role != Role::Any)
            .map_or(0, |last| last + 1);
        for (i, role) in of_name[..told].iter().enumerate() {
            pattern += &shown(role);
            pattern.extend(self.separators.get(i));
        }
        if told < of_name.len() || !self.is_whole {
            pattern.push('*');
        }
        pattern + &escaped(&self.ending)
    }
}

fn shown(role: &Role) -> String {
    match role {
        Role::Literal(text) => escaped(text),
        Role::Any => "*".into(),
        Role::Key(key) => format!("{{{key}}}"),
    }
}

/// A text as it is written in a pattern.
pub(super) fn escaped(text: &str) -> String {
    let special = |c: char| "[]*?{}".contains(c);
    text.chars()
        .map(|c| {
            if special(c) {
                format!("[{c}]")
            } else {
                c.to_string()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(paths: &[&str]) -> Parts {
        let paths: Vec<Vec<String>> = paths
            .iter()
            .map(|path| path.split('/').map(str::to_owned).collect())
            .collect();
        Parts::of(&paths.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn names_are_cut_where_all_can_be() {
        let cut = parts(&["a/x_1-2.csv", "b/y_3-4.csv"]);
        assert_eq!(cut.files, [["a", "x", "1", "2"], ["b", "y", "3", "4"]]);
        let roles = [Role::Key("class"), Role::Key("group"), Role::Any, Role::Any];
        assert_eq!(cut.pattern(&roles), "{class}/{group}_*.csv");
        // One kind of separator.
        let cut = parts(&["ambient_noise-1.csv", "chain-2.csv"]);
        assert_eq!(cut.files, [["ambient_noise", "1"], ["chain", "2"]]);
        assert_eq!(
            cut.pattern(&[Role::Key("class"), Role::Any]),
            "{class}-*.csv"
        );
        // Words from the left.
        let cut = parts(&["walk_1_b.csv", "sit_2.csv"]);
        assert_eq!(cut.files, [["walk"], ["sit"]]);
        assert_eq!(cut.pattern(&[Role::Key("class")]), "{class}_*.csv");
        let cut = parts(&["[a]/x.csv.gz", "[a]/y.csv.gz"]);
        let roles = [Role::Literal("[a]".into()), Role::Any];
        assert_eq!(cut.pattern(&roles), "[[]a[]]/*.csv.gz");
    }
}
