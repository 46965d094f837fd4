//! In every crate of the workspace, modules in one folder do not import each other in a circle, files and functions are
//! short (`structure/limits.rs`), variables are named (`structure/names.rs`), and the documentation matches the programs
//! (`structure/docs.rs`).
//!
//! The search for circles ignores tests, and imports between a module and its own children.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[path = "structure/docs.rs"]
mod docs;
#[path = "structure/limits.rs"]
mod limits;
#[path = "structure/names.rs"]
mod names;

/// A module path from the crate's root: `["native", "gemm"]`.
type ModulePath = Vec<String>;

/// Every module of a crate, with the paths named in its code.
fn modules(src: &Path) -> BTreeMap<ModulePath, BTreeSet<ModulePath>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(src.to_owned(), Vec::new())];
    while let Some((folder, path)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let file = entry.unwrap().path();
            let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let child = [&path[..], std::slice::from_ref(&stem)].concat();
            if file.is_dir() {
                if stem != "bin" && stem != "tests" {
                    folders.push((file, child));
                }
            } else if file.extension().is_some_and(|ending| ending == "rs") && stem != "tests" {
                let module = match stem.as_str() {
                    "lib" | "main" | "mod" => path.clone(),
                    _ => child,
                };
                let text = std::fs::read_to_string(&file).unwrap();
                found
                    .entry(module.clone())
                    .or_insert_with(BTreeSet::new)
                    .extend(named(&text, &module));
            }
        }
    }
    found
}

/// Code without comments, up to the first `#[cfg(test)]` module.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..end]
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""));
    lines.collect::<Vec<_>>().join("\n")
}

/// Paths with `crate::` or `super::` in the code of `module`, relative to the crate's root.
fn named(text: &str, module: &[String]) -> BTreeSet<ModulePath> {
    let code = code(text);
    let mut found = BTreeSet::new();
    for (start, _) in code.match_indices("crate::") {
        take(&code[start + 7..], Vec::new(), &mut found);
    }
    for (start, _) in code.match_indices("super::") {
        // The second word of `super::super::` was handled with the first.
        if code[..start].ends_with("super::") {
            continue;
        }
        let (mut rest, mut up) = (&code[start..], 0);
        while let Some(after) = rest.strip_prefix("super::") {
            (rest, up) = (after, up + 1);
        }
        if up <= module.len() {
            take(rest, module[..module.len() - up].to_vec(), &mut found);
        }
    }
    found
}

/// Parses `a::b` or `{a, b::c}` after `path`.
fn take(text: &str, path: ModulePath, found: &mut BTreeSet<ModulePath>) {
    if let Some(list) = text.strip_prefix('{') {
        let mut depth = 0usize;
        let mut start = 0;
        for (i, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                ',' if depth == 0 => {
                    take(list[start..i].trim(), path.clone(), found);
                    start = i + 1;
                }
                '}' if depth == 0 => {
                    take(list[start..i].trim(), path, found);
                    return;
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
        return;
    }
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    if end == 0 {
        return;
    }
    let path = [&path[..], &[text[..end].to_owned()]].concat();
    match text[end..].strip_prefix("::") {
        Some(rest) => take(rest, path, found),
        None => {
            found.insert(path);
        }
    }
}

/// Edges between the modules of one folder, from importing to imported module.
fn edges(src: &Path) -> BTreeMap<ModulePath, BTreeMap<String, BTreeSet<String>>> {
    let all = modules(src);
    let known: BTreeSet<&[String]> = all
        .keys()
        .flat_map(|path| (1..=path.len()).map(|n| &path[..n]))
        .collect();
    let mut edges: BTreeMap<ModulePath, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (module, names) in &all {
        for name in names {
            let shared = module.iter().zip(name).take_while(|(a, b)| a == b).count();
            // The parent itself, or an item of it that is not a module.
            let (Some(from), Some(to)) = (module.get(shared), name.get(shared)) else {
                continue;
            };
            if known.contains(&name[..=shared]) {
                let folder = edges.entry(module[..shared].to_vec()).or_default();
                folder.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    edges
}

/// A path from a module back to itself.
fn circle(edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(
        at: &str,
        way: &mut Vec<String>,
        done: &mut BTreeSet<String>,
        edges: &BTreeMap<String, BTreeSet<String>>,
    ) -> Option<Vec<String>> {
        if let Some(first) = way.iter().position(|step| step == at) {
            return Some([&way[first..], &[at.to_owned()]].concat());
        }
        if !done.insert(at.to_owned()) {
            return None;
        }
        way.push(at.to_owned());
        let mut nexts = edges.get(at).into_iter().flatten();
        let found = nexts.find_map(|next| walk(next, way, done, edges));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    edges
        .keys()
        .find_map(|start| walk(start, &mut Vec::new(), &mut done, edges))
}

/// Files in a folder and its subfolders whose names have this ending, without those of builds.
fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if name != "target" {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn crates() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let entries = std::fs::read_dir(root).unwrap();
    let sources = entries.map(|entry| entry.unwrap().path().join("src"));
    sources.filter(|src| src.is_dir()).collect()
}

#[test]
fn siblings_do_not_import_each_other_in_a_circle() {
    let mut circles = Vec::new();
    for src in crates() {
        for (folder, edges) in edges(&src) {
            if let Some(way) = circle(&edges) {
                let folder = folder.join("/");
                circles.push(format!("{}/{folder}: {}", src.display(), way.join(" -> ")));
            }
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn circles_are_found() {
    let text = "use super::b::{C, d::E};\nuse crate::x::Y; // crate::z::W\n#[cfg(test)]\nmod tests { use crate::q; }";
    let module = ["m".to_owned(), "a".to_owned()];
    let found: Vec<String> = named(text, &module)
        .iter()
        .map(|path| path.join("::"))
        .collect();
    assert_eq!(found, ["m::b::C", "m::b::d::E", "x::Y"]);
    let edges = |pairs: &[(&str, &str)]| {
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            edges
                .entry((*from).into())
                .or_default()
                .insert((*to).into());
        }
        edges
    };
    assert_eq!(circle(&edges(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    let way = circle(&edges(&[("a", "b"), ("b", "c"), ("c", "b")])).unwrap();
    assert_eq!(way, ["b", "c", "b"]);
}
