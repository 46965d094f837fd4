//! Notes on recordings: those that say the same of several are one line.

/// Recordings that a line names.
const SHOWN: usize = 3;

/// Letters of a note in which digits tell notes apart, as in `channel 1:`.
const HEAD: usize = 10;

/// Notes, each with the recordings of which it is said.
#[derive(Default)]
pub(super) struct RecordingNotes(Vec<(String, Vec<String>)>);

impl RecordingNotes {
    /// Adds a note on the recording `name`. Of notes that differ in numbers alone, the first is shown.
    pub fn add(&mut self, name: &str, text: &str) {
        let kinds = ["note: ", "warning: "];
        let plain = kinds.iter().find_map(|kind| text.strip_prefix(kind));
        let text = plain.unwrap_or(text);
        match self.0.iter_mut().find(|(known, _)| key(known) == key(text)) {
            Some((_, names)) => names.push(name.to_owned()),
            None => self.0.push((text.to_owned(), vec![name.to_owned()])),
        }
    }

    /// One line for each note.
    pub fn lines(&self) -> Vec<String> {
        let line = |(text, names): &(String, Vec<String>)| match &names[..] {
            [only] => format!("{only}: {text}"),
            [first, others @ ..] => {
                let mut alike = others[..others.len().min(SHOWN)].join(", ");
                if others.len() > SHOWN {
                    alike.push_str(&format!(" and {} more", others.len() - SHOWN));
                }
                format!("{first}: {text} (alike: {alike})")
            }
            [] => text.clone(),
        };
        self.0.iter().map(line).collect()
    }
}

fn key(text: &str) -> String {
    let letters = text.chars().enumerate();
    letters
        .filter(|(i, c)| *i < HEAD || !(c.is_ascii_digit() || *c == '.'))
        .map(|(_, c)| c)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_that_say_the_same_are_one_line() {
        let mut notes = RecordingNotes::default();
        notes.add("a", "note: samples skipped: 12");
        notes.add("a", "channel 1: its amplitude lies 5.1 above");
        notes.add("a", "channel 2: its amplitude lies 5.1 above");
        for name in ["b", "c", "d", "e", "f"] {
            notes.add(name, "channel 2: its amplitude lies 17 above");
        }
        assert_eq!(
            notes.lines(),
            [
                "a: samples skipped: 12",
                "a: channel 1: its amplitude lies 5.1 above",
                "a: channel 2: its amplitude lies 5.1 above (alike: b, c, d and 2 more)",
            ]
        );
    }
}
