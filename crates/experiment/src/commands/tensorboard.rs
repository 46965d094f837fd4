//! `experiment tensorboard`.

use std::path::Path;

use super::Output;
use super::ids::Chosen;
use super::text::plain;
use crate::error::ExperimentError;
use crate::store::ExperimentStore;

/// Images kept per tag. TensorBoard keeps 10 by default; a training logs one per epoch.
const SAMPLES: &str = "images=1000";

/// The TensorBoard command line for a directory of logs.
pub(super) fn command(logs: &Path) -> Vec<String> {
    ["tensorboard", "--samples_per_plugin", SAMPLES, "--logdir"]
        .into_iter()
        .map(String::from)
        .chain([logs.display().to_string()])
        .collect()
}

pub(super) fn run(
    store: &ExperimentStore,
    ids: &[String],
    run: bool,
) -> Result<Output, ExperimentError> {
    let Chosen { entries, notes } = Chosen::of(store, ids)?;
    let command = match &entries[..] {
        [] => command(store.root()),
        [one] => command(&one.logs()),
        several => {
            let mut arguments = command(Path::new(""));
            let specs = several
                .iter()
                .map(|e| format!("{}:{}", e.id, e.logs().display()));
            let specs = specs.collect::<Vec<_>>().join(",");
            arguments.truncate(arguments.len() - 2);
            arguments.extend(["--logdir_spec".into(), specs]);
            arguments
        }
    };
    let mut output = Output {
        warnings: notes,
        ..Default::default()
    };
    if run {
        output.handover = Some(command);
    } else {
        output.text = format!("{}\n", shell(&command));
    }
    Ok(output)
}

/// Joins words into a command line for a POSIX shell.
pub(super) fn shell(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
    quoted.join(" ")
}

/// Quotes a word for a POSIX shell. Control characters become `$'...'` escapes, which bash and zsh understand.
fn quote(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "/._-=,:+".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    if plain(word) == word {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let escaped = word.bytes().map(|byte| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        byte => format!("\\x{byte:02x}"),
    });
    format!("$'{}'", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_several_and_all() {
        let (folder, store) = super::super::tests::store();
        let ids = ["00000000".to_owned(), "00000001".to_owned()];
        let lines: Vec<String> = [&ids[..1], &ids[..], &[]]
            .into_iter()
            .map(|ids| run(&store, ids, false).unwrap().text)
            .collect();
        let path = folder.path().display().to_string();
        insta::assert_snapshot!(lines.concat().replace(&path, "DIR"));
        assert_eq!(quote("a b'c"), r"'a b'\''c'");
        assert_eq!(quote("a\u{1b}'b"), r"$'a\x1b\'b'");
    }
}
