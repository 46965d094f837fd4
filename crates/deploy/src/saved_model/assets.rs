//! `assets/`: class names, `model.json`, and a note if something is missing.

use model::CARD_FILE;

use super::{LeftOut, WINDOWS_SIGNATURE};
use crate::{ModelFile, TrainedModel};

/// The files of `assets/`.
pub(super) fn files(model: &TrainedModel<'_>, left_out: Option<&LeftOut>) -> Vec<ModelFile> {
    let mut files = vec![
        ModelFile::new("assets/class_names.txt", lines(model.class_names())),
        ModelFile::new(&format!("assets/{CARD_FILE}"), model.card()),
    ];
    let notes = [left_out.map(note), model.recording_steps().map(prepared)];
    let text = notes.into_iter().flatten().collect::<Vec<_>>().join("\n");
    if !text.is_empty() {
        files.push(ModelFile::new("assets/README.txt", text.into_bytes()));
    }
    files
}

/// One name per line, in the order of the outputs; backslashes and line breaks within a name are escaped.
fn lines(names: &[String]) -> Vec<u8> {
    let line = |name: &String| {
        let name = name.replace('\\', "\\\\").replace('\n', "\\n");
        name.replace('\r', "\\r") + "\n"
    };
    names.iter().map(line).collect::<String>().into_bytes()
}

fn note(reason: &LeftOut) -> String {
    format!(
        "This SavedModel has no signature `{WINDOWS_SIGNATURE}`, which would take raw windows:\n{reason}.\n\
         Compute the network's input yourself, as {CARD_FILE} describes it under `preprocessing`, and call\n\
         `serving_default`.\n"
    )
}

/// What was done to recordings before windows were cut.
fn prepared(steps: String) -> String {
    format!(
        "The recordings of the training were prepared before windows were cut from them, which this SavedModel does not\n\
         contain. Do the same to samples first:\n{steps}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_one_a_line() {
        let names = ["a b", "c\nd", "e\\n"].map(String::from);
        assert_eq!(lines(&names), b"a b\nc\\nd\ne\\\\n\n");
    }
}
