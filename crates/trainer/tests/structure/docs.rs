//! Checks the documentation against the programs: links exist, configurations parse, and command lines are accepted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;
use data::{DatasetConfig, parse_yaml, parse_yaml_noting_unknown};
use serde_json::Value;
use trainer::recipe::Preset;

use super::files_below;

/// Maximum number of words in the README.
const README_WORDS: usize = 700;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A page, with its path from the root and its text.
struct Page {
    name: String,
    text: String,
}

/// A fenced block: its page and first line for messages, and its language.
struct Block {
    place: String,
    language: String,
    text: String,
}

fn pages() -> Vec<Page> {
    let mut names: Vec<String> = [
        "README.md",
        "ARCHITECTURE.md",
        "BENCHMARKS.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "datasets/README.md",
        "experiments/README.md",
        "crates/data/fuzz/README.md",
    ]
    .map(String::from)
    .to_vec();
    names.extend(files_below(&root().join("docs"), ".md").iter().map(|path| {
        let name = path.strip_prefix(root()).unwrap();
        name.to_str().unwrap().to_owned()
    }));
    let page = |name: String| Page {
        text: std::fs::read_to_string(root().join(&name)).unwrap(),
        name,
    };
    names.into_iter().map(page).collect()
}

impl Page {
    /// The fenced blocks, and the lines outside them.
    fn parts(&self) -> (Vec<Block>, Vec<&str>) {
        let (mut blocks, mut prose) = (Vec::new(), Vec::new());
        let mut open: Option<Block> = None;
        for (i, line) in self.text.lines().enumerate() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(language), None) => {
                    open = Some(Block {
                        place: format!("{}:{}", self.name, i + 1),
                        language: language.to_owned(),
                        text: String::new(),
                    });
                }
                (None, Some(block)) => block.text += &format!("{line}\n"),
                (None, None) => prose.push(line),
            }
        }
        assert!(open.is_none(), "{}: a fenced block has no end", self.name);
        (blocks, prose)
    }

    /// Anchors of the headings, as GitHub generates them.
    fn anchors(&self) -> BTreeSet<String> {
        let (_, prose) = self.parts();
        let headings = prose.into_iter().filter(|line| line.starts_with('#'));
        headings.map(anchor).collect()
    }
}

/// The anchor of a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Targets of the links in a line.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let ends = line.split("](").skip(1);
    ends.filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// Normalises `a/b/../c`.
fn normal(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.iter().map(|part| part.to_str().unwrap()) {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn links_of_the_documentation_exist() {
    let pages = pages();
    let mut broken = Vec::new();
    let mut checked = 0;
    for page in &pages {
        let folder = Path::new(&page.name).parent().unwrap();
        let (_, prose) = page.parts();
        for target in prose.into_iter().flat_map(targets) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            checked += 1;
            let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
            let name = match file {
                "" => page.name.clone(),
                file => normal(&folder.join(file)),
            };
            if !root().join(&name).exists() {
                broken.push(format!("{}: {target} is not there", page.name));
                continue;
            }
            let linked = pages.iter().find(|page| page.name == name);
            let has = |page: &Page| page.anchors().contains(fragment);
            if !fragment.is_empty() && !linked.is_some_and(has) {
                broken.push(format!("{}: {target} has no such heading", page.name));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(checked > 50, "only {checked} links were found");
}

/// A YAML block must be a dataset configuration, a list of recordings or a preset. Blocks of other kinds name their
/// kind after the language, as in "```yaml sweep", and are not checked.
fn check_yaml(text: &str) -> Result<(), String> {
    let root: Value = parse_yaml(text)?;
    let sections = root.as_object().ok_or("not a mapping")?;
    let task_keys = ["class_names", "num_classes", "train_index_file"];
    let is_task = |section: &Value| task_keys.iter().any(|key| section.get(key).is_some());
    if sections.contains_key("recordings") {
        type List = data::import::RecordingsConfig;
        parse_yaml_noting_unknown::<List>(text)?;
        return Ok(());
    }
    if sections.values().any(is_task) {
        let config = DatasetConfig::parse(text, Path::new("dataset_config.yaml"), None)
            .map_err(|error| error.to_string())?;
        let unknown = config.warnings.first();
        return unknown.map_or(Ok(()), |warning| Err(warning.to_string()));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("preset.yaml");
    std::fs::write(&path, text).unwrap();
    let preset = Preset::load(&path).map_err(|error| error.to_string())?;
    preset.recipe.check().map_err(|error| error.to_string())
}

/// Whether a block is part of a sweep file, which includes excerpts that show alternatives.
fn is_sweep(text: &str) -> bool {
    let keys = ["base:", "vary:", "folds:", "slurm:"];
    text.lines()
        .any(|line| keys.iter().any(|key| line.starts_with(key)))
}

#[test]
fn configurations_in_the_documentation_parse() {
    let blocks = pages().into_iter().flat_map(|page| page.parts().0);
    let is_of_trainer = |block: &Block| block.language == "yaml" && !is_sweep(&block.text);
    let yaml: Vec<Block> = blocks.filter(is_of_trainer).collect();
    for block in &yaml {
        if let Err(problem) = check_yaml(&block.text) {
            panic!("{}: {problem}", block.place);
        }
    }
    assert!(yaml.len() > 5, "only {} blocks were found", yaml.len());
}

#[test]
fn configurations_of_the_project_parse() {
    for entry in std::fs::read_dir(root().join("configs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            check_yaml(&text).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        }
    }
}

/// Splits a command line into words: quotes group, `#` begins a comment.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut quote, mut inside) = (None, false);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => word.push(c),
            ('\'' | '"', None) => (quote, inside) = (Some(c), true),
            ('#' | '>' | '<', None) if word.is_empty() && !inside => break,
            (c, None) if c.is_whitespace() => {
                if inside || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                inside = false;
            }
            (c, None) => word.push(c),
        }
    }
    if inside || !word.is_empty() {
        words.push(word);
    }
    words
}

/// Program and arguments, if the line runs one of our programs.
fn invocation(line: &str) -> Option<(String, Vec<String>)> {
    let mut words = words(line);
    if words.first().is_some_and(|word| word == "cargo") {
        if words.get(1).is_none_or(|word| word != "run") {
            return None;
        }
        let package = words.iter().position(|word| word == "-p")?;
        let program = words.get(package + 1)?.clone();
        let end = words.iter().position(|word| word == "--");
        let arguments = end.map_or(Vec::new(), |end| words.split_off(end + 1));
        return Some((program, arguments));
    }
    let program = words.first()?.clone();
    let ours = ["trainer", "data", "experiment"].contains(&program.as_str());
    ours.then(|| (program, words.split_off(1)))
}

/// Passes the arguments to the program's parser. `a|b` stands for either and is tried with each.
fn accepted(program: &str, arguments: &[String]) -> Result<(), String> {
    let either = arguments.iter().position(|word| {
        let plain = |c: char| c.is_alphanumeric() || "|-_".contains(c);
        word.contains('|') && word.chars().all(plain)
    });
    if let Some(place) = either {
        return arguments[place].split('|').try_for_each(|choice| {
            let mut arguments = arguments.to_vec();
            arguments[place] = choice.to_owned();
            accepted(program, &arguments)
        });
    }
    let line = std::iter::once(program).chain(arguments.iter().map(String::as_str));
    let parsed = match program {
        "trainer" => trainer::cli::Cli::try_parse_from(line).map(drop),
        "data" => data::commands::Cli::try_parse_from(line).map(drop),
        "experiment" => experiment::commands::Cli::try_parse_from(line).map(drop),
        // Another program of the workspace, whose parser is not available here.
        other if root().join("crates").join(other).is_dir() => Ok(()),
        other => return Err(format!("there is no crate `{other}`")),
    };
    match parsed {
        Err(error)
            if !matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            Err(error.to_string())
        }
        _ => Ok(()),
    }
}

#[test]
fn commands_in_the_documentation_are_accepted() {
    let mut checked = 0;
    for block in pages().into_iter().flat_map(|page| page.parts().0) {
        if !["sh", "bash"].contains(&block.language.as_str()) {
            continue;
        }
        let joined = block.text.replace("\\\n", " ");
        for line in joined
            .lines()
            .flat_map(|line| line.split("; "))
            .flat_map(|line| line.split(" && "))
        {
            let Some((program, arguments)) = invocation(line) else {
                continue;
            };
            checked += 1;
            if let Err(problem) = accepted(&program, &arguments) {
                panic!("{}: {line}\n{problem}", block.place);
            }
        }
    }
    assert!(checked > 30, "only {checked} command lines were found");
}

#[test]
fn the_readme_is_short() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let words = text.split_whitespace().count();
    assert!(words <= README_WORDS, "{words} words");
}

#[test]
fn mistakes_in_documentation_are_found() {
    assert_eq!(
        words("a 'b c' \"\" d#e # f"),
        ["a", "b c", "", "d#e"].map(String::from)
    );
    let (program, arguments) = invocation("cargo run --release -p trainer -- --epochs 3").unwrap();
    assert_eq!((&*program, &*arguments.concat()), ("trainer", "--epochs3"));
    assert!(accepted("trainer", &arguments).is_ok());
    assert!(accepted("trainer", &["--epoch".into()]).is_err());
    assert!(accepted("trainr", &[]).is_err());
    let export = |format: &str| {
        let line = format!("export ID --format {format} --out x");
        accepted(
            "trainer",
            &line.split(' ').map(String::from).collect::<Vec<_>>(),
        )
    };
    assert!(export("onnx|safetensors").is_ok() && export("onnx|oxxn").is_err());
    assert!(check_yaml("epochs: 3").is_ok() && check_yaml("epoch: 3").is_err());
    let task = "t: {class_names: [a, b], train_index_file: x, val_index_file: y}\n";
    assert!(check_yaml(task).is_ok());
    assert!(check_yaml(&format!("{task}modallity: seismic")).is_err());
    assert!(check_yaml("recordings: []").is_err());
    assert_eq!(
        anchor("## `metadata.json`, and more"),
        "metadatajson-and-more"
    );
    assert_eq!(normal(Path::new("docs/../a/./b.md")), "a/b.md");
    let line = "see [a](b.md#c) and [d](https://e.f)";
    assert_eq!(targets(line).collect::<Vec<_>>(), ["b.md#c", "https://e.f"]);
}
