//! Warnings in the report of a recording.

use super::{EXAMPLES, RecordingReport};
use crate::import::cut::Counts;
use crate::recording::{Note, Remark};

impl RecordingReport {
    /// The warnings, one sentence each.
    pub(in crate::import) fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut note = |text: String| notes.push(Note::from(format!("{}: {text}", self.name)));
        match (self.traces, self.too_short) {
            (_, 0) => {}
            (Some(_), n) => note(format!("{n} traces have no stretch as long as a window")),
            (None, _) => note("no stretch is as long as a window".into()),
        }
        if self.classes.iter().all(|class| class.labels == 0) {
            note("has no labels: give it `labels`, a `labels_file` with rows, or `class`".into());
        }
        for own in &self.channels {
            if let Some(text) = &own.no_measurement_note {
                let all = self
                    .traces
                    .map(|_| format!(", {} in all", own.no_measurement));
                note(format!("{text}{}", all.unwrap_or_default()));
            }
            if own.disagreeing > 0 {
                note(format!(
                    "channel `{}`: {} samples were there twice, and {} of them differ; those of the earlier trace are \
                     kept",
                    own.channel, own.repeated, own.disagreeing
                ));
            }
            own.suspect.iter().cloned().for_each(&mut note);
            if own.constant {
                note(format!(
                    "channel `{}` is constant: all its samples are one value",
                    own.channel
                ));
            }
        }
        for own in self.classes.iter().filter(|own| own.all_silent > 0) {
            let (class, silent) = (&own.class, own.silent);
            note(match self.traces {
                None => format!("all {silent} windows of class `{class}` are silent"),
                Some(_) => format!(
                    "all windows of class `{class}` are silent in {} traces",
                    own.all_silent
                ),
            });
        }
        notes.extend(self.notes_on_labels());
        notes
    }

    /// Warnings and information on labels.
    fn notes_on_labels(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        let all: usize = self.classes.iter().map(|class| class.labels).sum();
        if self.repeated_labels > 0 {
            let text = format!(
                "{} of {} labels are left out: another has the same times and class",
                self.repeated_labels,
                all + self.repeated_labels
            );
            notes.push(Note::from(Remark::Labels(text)).after(format_args!("{}: ", self.name)));
        }
        let mut note = |text: String| notes.push(Note::from(format!("{}: {text}", self.name)));
        let without = self.classes.iter().map(|class| class.labels_without_data);
        let without: usize = without.sum();
        if without > 0 {
            let times = |what: &str, own: &Option<[String; 2]>| match own {
                Some([from, to]) => format!("; {what} from {from} to {to}"),
                None => String::new(),
            };
            note(format!(
                "{without} of {all} labels lie where nothing was recorded: {}{}{}{}",
                self.labels_without_data.join("; "),
                if without > EXAMPLES { "; ..." } else { "" },
                times("the recording is", &self.recorded),
                times("its labels are", &self.labelled)
            ));
        }
        let sum = |count: fn(&Counts) -> usize| -> usize {
            self.classes.iter().map(|class| count(&class.counts)).sum()
        };
        let instants = sum(|counts| counts.instants);
        if instants > 0 && sum(|counts| counts.centred) > 0 {
            let text = format!(
                "{instants} of {all} labels end where they begin: each is an instant with a window around it"
            );
            notes.push(Note::from(Remark::Labels(text)).after(format_args!("{}: ", self.name)));
        } else if instants > 0 {
            note(format!(
                "{instants} of {all} labels end where they begin, and `centre_short_events` is false: they become no \
                 windows"
            ));
        }
        notes
    }
}
