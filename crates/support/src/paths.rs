//! Paths that a shell would have completed.

use std::ffi::OsString;
use std::path::{Component, Path};

/// Why a path that does not exist may be wrong: it has `~` or a variable, which shells replace, and programs do not. With what
/// to write instead, if that is known.
///
/// ```
/// use support::paths::not_replaced;
/// let problem = not_replaced("~/data/a.csv".as_ref()).unwrap();
/// assert!(problem.starts_with("`~` is not replaced: write the whole path"));
/// assert_eq!(not_replaced("data/a~1.csv".as_ref()), None);
/// ```
pub fn not_replaced(path: &Path) -> Option<String> {
    reason(path, |name| std::env::var_os(name))
}

fn reason(path: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let mut parts = path.components();
    while let Some(part) = parts.next() {
        let Component::Normal(text) = part else {
            continue;
        };
        let text = text.to_string_lossy();
        let name = if text.starts_with('~') {
            (text == "~").then_some("HOME")
        } else if let Some(name) = text.strip_prefix('$') {
            Some(name.trim_matches(['{', '}']))
        } else if let Some(name) = text.strip_prefix('%') {
            Some(name.strip_suffix('%')?)
        } else {
            continue;
        };
        let value = name.and_then(&variable).filter(|value| !value.is_empty());
        let whole = value.map(|value| Path::new(&value).join(parts.as_path()));
        let whole = whole.map_or(String::new(), |whole| format!(", {}", whole.display()));
        return Some(format!(
            "`{text}` is not replaced: write the whole path{whole}"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_shells_replace() {
        let known = |name: &str| match name {
            "HOME" => Some("/home/anna".into()),
            "DATA" => Some("/data".into()),
            _ => None,
        };
        for (path, expected) in [
            (
                "~/a.csv",
                "`~` is not replaced: write the whole path, /home/anna/a.csv",
            ),
            // Behind the folder of the file that has the path.
            (
                "/list/~/a.csv",
                "`~` is not replaced: write the whole path, /home/anna/a.csv",
            ),
            (
                "$HOME/a/b",
                "`$HOME` is not replaced: write the whole path, /home/anna/a/b",
            ),
            (
                "${DATA}/a",
                "`${DATA}` is not replaced: write the whole path, /data/a",
            ),
            (
                "%DATA%/a",
                "`%DATA%` is not replaced: write the whole path, /data/a",
            ),
            ("x/$NONE/a", "`$NONE` is not replaced: write the whole path"),
            ("~anna/a", "`~anna` is not replaced: write the whole path"),
        ] {
            assert_eq!(reason(path.as_ref(), known).as_deref(), Some(expected));
        }
        for path in ["/a/b", "a~b/c.csv", "a$b", "50%/a", "~"] {
            let found = reason(path.as_ref(), known);
            assert_eq!(found.is_some(), path == "~", "{path}: {found:?}");
        }
    }
}
