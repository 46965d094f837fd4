//! Warnings in the report of a recording.

use support::words::counted;

use super::{EXAMPLES, RecordingReport};
use crate::import::cut::Counts;
use crate::recording::{Note, Remark};

/// If at least so many labels lie within the beginning of a recording, this fraction of it, their unit may be wrong.
const SOME_LABELS: usize = 3;
const BEGINNING: f64 = 100.0;

impl RecordingReport {
    /// The warnings, one sentence each.
    pub(in crate::import) fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut note =
            |text: String| notes.push(Note::from(text).after(format_args!("{}: ", self.name)));
        match (self.traces, self.too_short) {
            (_, 0) => {}
            (Some(_), n) => note(format!("{n} traces have no stretch as long as a window")),
            (None, _) => note(match self.without_measurement() {
                Some(channel) => {
                    format!("gives no windows: channel `{channel}` has no measurement at all")
                }
                None => {
                    "gives no windows: no stretch is as long as a window; choose a shorter `window`"
                        .into()
                }
            }),
        }
        if self.classes.iter().all(|class| class.labels == 0) {
            note(match self.group {
                None => {
                    "has no labels: give it `labels`, a `labels_file` with rows, or `class`".into()
                }
                Some(_) => "gives no windows: none of its rows has a class of `class_names`".into(),
            });
        }
        for channel in &self.channels {
            if let Some(text) = &channel.no_measurement_note {
                let all = self
                    .traces
                    .map(|_| format!(", {} in all", channel.no_measurement));
                note(format!("{text}{}", all.unwrap_or_default()));
            }
            if channel.disagreeing > 0 {
                note(format!(
                    "channel `{}`: {} samples were there twice, and {} of them differ; those of the earlier trace are \
                     kept",
                    channel.channel, channel.repeated, channel.disagreeing
                ));
            }
            channel.suspect.iter().cloned().for_each(&mut note);
            if channel.constant {
                note(format!(
                    "channel `{}` is constant: all its samples are one value",
                    channel.channel
                ));
            }
        }
        for class_report in self
            .classes
            .iter()
            .filter(|class_report| class_report.all_silent > 0)
        {
            let (class, silent) = (&class_report.class, class_report.silent);
            note(match self.traces {
                None => format!("all {silent} windows of class `{class}` are silent"),
                Some(_) => format!(
                    "all windows of class `{class}` are silent in {} traces",
                    class_report.all_silent
                ),
            });
        }
        notes.extend(self.notes_on_labels());
        notes.extend(self.no_windows());
        notes
    }

    /// The first channel that has samples, all of which are no measurements.
    fn without_measurement(&self) -> Option<&str> {
        let mut channels = self.channels.iter();
        let found = channels
            .find(|channel| channel.samples > 0 && channel.no_measurement == channel.samples);
        found.map(|channel| &*channel.channel)
    }

    /// Why a recording with labels gives no window at all, and what to do.
    fn no_windows(&self) -> Option<Note> {
        let mut sum = Counts::default();
        self.classes.iter().for_each(|class| sum.add(&class.counts));
        let labels: usize = self.classes.iter().map(|class| class.labels).sum();
        if labels == 0 || sum.windows > 0 || self.too_short > 0 {
            return None;
        }
        if let Some([end, all]) = self.labelled_of
            && labels >= SOME_LABELS
            && end * BEGINNING < all
        {
            let text = format!(
                "gives no windows: all {labels} labels lie in the first {end:.1} s of its {all:.0} s: are their times in seconds?"
            );
            return Some(Note::from(text).after(format_args!("{}: ", self.name)));
        }
        let reasons = [
            (
                sum.outside,
                "before its start or after its end: do the labels belong to it?",
            ),
            (
                sum.in_gaps,
                "over a gap or its end: a shorter `window` may fit between the gaps",
            ),
            (
                sum.contradicting,
                "with samples of another class: a shorter `window` may fit between the labels",
            ),
        ];
        let reasons = reasons.iter().filter(|(count, _)| *count > 0);
        let mut reasons: Vec<String> = reasons
            .map(|(count, why)| format!("{} would lie {why}", counted(*count, "window")))
            .collect();
        if sum.too_short > 0 {
            reasons.push(format!(
                "{} shorter than a window: a shorter `window` fits them",
                match sum.too_short {
                    1 => "1 label is".into(),
                    count => format!("{count} labels are"),
                }
            ));
        }
        let text = format!("gives no windows: {}", reasons.join("; "));
        Some(Note::from(text).after(format_args!("{}: ", self.name)))
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
        if let (1.., Some([from, to])) = (self.undated_labels, &self.labelled) {
            let text = format!(
                "{} with times of day and no date, taken for those of the recording: from {from} to {to}",
                counted(self.undated_labels, "label")
            );
            notes.push(Note::from(Remark::Labels(text)).after(format_args!("{}: ", self.name)));
        }
        let mut note =
            |text: String| notes.push(Note::from(text).after(format_args!("{}: ", self.name)));
        let (without, examples) = self.without_data();
        if without > 0 {
            let times = |what: &str, range: &Option<[String; 2]>| match range {
                Some([from, to]) => format!("; {what} from {from} to {to}"),
                None => String::new(),
            };
            note(format!(
                "{without} of {all} labels lie where nothing was recorded: {}{}{}{}{}",
                examples,
                if without > EXAMPLES { "; ..." } else { "" },
                times("the recording is", &self.recorded),
                times("its labels are", &self.labelled),
                self.hours_late.map_or(String::new(), |hours| {
                    let (shift, how) = (hours.abs(), if hours > 0.0 { "earlier" } else { "later" });
                    format!("; {shift} h {how}, it has samples for all of them: are their times those of another time zone?")
                })
            ));
        }
        let sum = |count: fn(&Counts) -> usize| -> usize {
            self.classes.iter().map(|class| count(&class.counts)).sum()
        };
        let instants = sum(|counts| counts.instants);
        if instants > 0 && sum(|counts| counts.too_short) == 0 {
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

#[cfg(test)]
mod tests {
    use super::super::ClassReport;
    use super::*;

    #[test]
    fn labels_in_another_unit() {
        let said = |end: f64, windows: usize| {
            let report = RecordingReport {
                name: "a".into(),
                labelled_of: Some([end, 600.0]),
                classes: vec![ClassReport {
                    labels: 4,
                    counts: Counts {
                        windows,
                        contradicting: 4,
                        ..Default::default()
                    },
                    ..Default::default()
                }],
                ..Default::default()
            };
            let notes = report.notes().into_iter().map(|note| note.to_string());
            notes.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(
            said(0.6, 0),
            "a: gives no windows: all 4 labels lie in the first 0.6 s of its 600 s: are their times in seconds?"
        );
        assert!(said(590.0, 0).contains("a shorter `window` may fit between the labels"));
        assert_eq!(said(0.6, 1), "");
    }
}
