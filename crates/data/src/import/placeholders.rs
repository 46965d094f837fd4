//! Patterns with placeholders, such as `data/{class}/{group}_*.csv`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::error::{ImportError, PatternError};

/// What a part of a path tells of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Class,
    Group,
    Split,
    Start,
}

impl Key {
    const ALL: [Self; 4] = [Self::Class, Self::Group, Self::Split, Self::Start];

    pub fn name(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Group => "group",
            Self::Split => "split",
            Self::Start => "start",
        }
    }
}

/// `*` matches within a folder.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Text of a pattern without placeholders.
struct Part {
    text: String,
    pattern: Pattern,
}

impl Part {
    fn matches(&self, text: &str) -> bool {
        // A pattern that ends with a folder must not end within a name.
        let is_whole = !self.text.ends_with('/') || text.is_empty() || text.ends_with('/');
        is_whole && self.pattern.matches_with(text, OPTIONS)
    }
}

/// A pattern with placeholders.
pub(super) struct Template {
    /// The same with `*` for each placeholder.
    pub pattern: PathBuf,
    /// Existing folder, whose name is literal.
    folder: PathBuf,
    first: Part,
    rest: Vec<(Key, Part)>,
}

impl Template {
    /// `None` if there are no placeholders. The name of an existing folder is literal.
    ///
    /// # Errors
    /// If a placeholder is unknown, appears twice, or nothing separates it from other text that may be anything.
    pub fn parse(path: &Path) -> Result<Option<Self>, ImportError> {
        let mut folders = path.ancestors().skip(1);
        let folder = folders.find(|folder| folder.is_dir());
        let folder = folder.unwrap_or(Path::new("")).to_owned();
        let rest = path.strip_prefix(&folder).unwrap_or(path);
        let Some(text) = rest.to_str() else {
            return Ok(None);
        };
        let (texts, keys) = split(text)?;
        if keys.is_empty() {
            return Ok(None);
        }
        let pattern = folder.join(texts.join("*"));
        let part = |text: &&str| {
            let pattern = Pattern::new(text).map_err(|source| PatternError::Malformed {
                text: path.display().to_string(),
                source,
            })?;
            let text = (*text).to_owned();
            Ok::<_, ImportError>(Part { text, pattern })
        };
        let mut parts = texts.iter().map(part);
        let first = parts.next().expect("a text before the first placeholder")?;
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Self {
            pattern,
            folder,
            first,
            rest: keys.into_iter().zip(parts).collect(),
        }))
    }

    pub fn keys(&self) -> BTreeSet<Key> {
        self.rest.iter().map(|(key, _)| *key).collect()
    }

    /// What the placeholders stand for in `path`: each for as little as possible, the first ones first. `None` if one
    /// would be empty.
    pub fn values(&self, path: &Path) -> Option<BTreeMap<Key, String>> {
        let text = path.strip_prefix(&self.folder).ok()?.to_str()?;
        let mut failed = HashSet::new();
        let mut values = Vec::new();
        let found = ends(text, 0).any(|at| {
            self.first.matches(&text[..at]) && self.follow(text, (0, at), &mut values, &mut failed)
        });
        let keys = self.rest.iter().map(|(key, _)| *key);
        found.then(|| keys.zip(values).collect())
    }

    /// Finds the values of the placeholders from number `number` on, in `text` from `from` on.
    fn follow(
        &self,
        text: &str,
        (number, from): (usize, usize),
        values: &mut Vec<String>,
        failed: &mut HashSet<(usize, usize)>,
    ) -> bool {
        let Some((_, part)) = self.rest.get(number) else {
            return from == text.len();
        };
        if failed.contains(&(number, from)) {
            return false;
        }
        for to in ends(text, from).skip(1) {
            if text[from..to].ends_with('/') {
                break;
            }
            values.push(text[from..to].to_owned());
            let found = ends(text, to).any(|end| {
                part.matches(&text[to..end]) && self.follow(text, (number + 1, end), values, failed)
            });
            if found {
                return true;
            }
            values.truncate(number);
        }
        failed.insert((number, from));
        false
    }
}

/// Where a part of `text` that begins at `from` may end.
fn ends(text: &str, from: usize) -> impl Iterator<Item = usize> {
    (from..=text.len()).filter(|at| text.is_char_boundary(*at))
}

/// The texts around the placeholders, and these. Brackets are literal.
fn split(text: &str) -> Result<(Vec<&str>, Vec<Key>), ImportError> {
    let (mut texts, mut keys) = (Vec::new(), Vec::new());
    let (mut begin, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        if let Some(inside) = rest.strip_prefix('[') {
            // The first character in brackets may be `]` or `[`.
            let inner = 1 + usize::from(inside.starts_with('!'));
            let first = rest[inner..].chars().next();
            let skip = inner + first.map_or(0, char::len_utf8);
            let close = rest.get(skip..).and_then(|rest| rest.find(']'));
            at += close.map_or(1, |close| skip + close + 1);
            continue;
        }
        if !rest.starts_with('{') {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let length = rest.find('}').map_or(rest.len(), |end| end + 1);
        let placeholder = &rest[..length];
        let named = |key: &Key| placeholder == format!("{{{}}}", key.name());
        let Some(key) = Key::ALL.into_iter().find(named) else {
            let placeholder = placeholder.to_owned();
            return Err(ImportError::UnknownPlaceholder { placeholder });
        };
        if keys.contains(&key) {
            return Err(ImportError::PlaceholderTwice { name: key.name() });
        }
        let before = &text[begin..at];
        let after = &rest[length..];
        let touches = before.ends_with('*') || after.starts_with('*');
        if touches || before.is_empty() && !keys.is_empty() {
            return Err(ImportError::PlaceholderTouches { name: key.name() });
        }
        texts.push(before);
        keys.push(key);
        at += length;
        begin = at;
    }
    texts.push(&text[begin..]);
    Ok((texts, keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brackets stand for one of several characters, and for themselves if these are in brackets.
    #[test]
    fn brackets_around_placeholders() {
        for (text, texts) in [
            ("d/[[]{class}[]]/*.csv", vec!["d/[[]", "[]]/*.csv"]),
            ("[!]]{class}x", vec!["[!]]", "x"]),
            ("[{]{class}[}]", vec!["[{]", "[}]"]),
            ("[ab]{class}[", vec!["[ab]", "["]),
        ] {
            assert_eq!(split(text).unwrap(), (texts, vec![Key::Class]), "{text}");
        }
    }
}
