//! The two forms of the report: JSON and text.

use std::path::Path;

use support::words::counted;

use super::{REPORT_FILE, RecordingReport, Report};
use crate::error::{DataError, unwritable};

impl Report {
    /// Writes both forms into `folder`.
    ///
    /// # Errors
    /// [`DataError::Write`].
    pub(in crate::import) fn write(&self, folder: &Path) -> Result<(), DataError> {
        let json = serde_json::to_string_pretty(self).expect("names and numbers") + "\n";
        for (name, text) in [(REPORT_FILE, json), ("import_report.txt", self.text())] {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(unwritable(&path))?;
        }
        Ok(())
    }

    /// The report as text.
    fn text(&self) -> String {
        let mut text = String::from("Import report\n\nSplits\n");
        for split in &self.splits {
            let classes = self.class_names.iter().zip(&split.windows);
            let classes: Vec<String> = classes.map(|(name, n)| format!("{n} {name}")).collect();
            text += &format!(
                "  {:<6} {} of {}: {}\n",
                split.split,
                counted(split.windows.iter().sum(), "window"),
                counted(split.groups, "group"),
                classes.join(", ")
            );
        }
        if self.groups_united > 0 {
            text += &format!(
                "  {} of {} groups share samples with another and are one with it\n",
                self.groups_united, self.groups_named
            );
        }
        if self.left_out_as_shared > 0 {
            text += &format!(
                "  {} windows left out: a later split has some of their samples\n",
                self.left_out_as_shared
            );
        }
        text += &format!("\nNotes: {}\n", self.notes.len());
        for note in &self.grouped_notes {
            text += &format!("  - {note}\n");
        }
        if !self.information.is_empty() {
            text += &format!("\nInformation: {}\n", self.information.len());
            for note in &self.grouped_information {
                text += &format!("  - {note}\n");
            }
        }
        text += "\nRecordings\n";
        for recording in &self.recordings {
            recording.write(&mut text);
        }
        text
    }
}

impl RecordingReport {
    fn write(&self, text: &mut String) {
        let of = self.traces.map(|n| format!("{n} traces of "));
        *text += &format!(
            "  {}: {}{}\n",
            self.name,
            of.unwrap_or_default(),
            self.files.join(", ")
        );
        if let Some(rate) = self.rate_given {
            *text += &format!("    sampling rate given: {rate} Hz\n");
        }
        for channel in &self.channels {
            let rates: Vec<String> = channel.rates.iter().map(f64::to_string).collect();
            let rest = [
                (channel.no_measurement, "that are no measurements"),
                (channel.repeated, "there twice"),
                (channel.disagreeing, "of those differ"),
            ];
            *text += &format!(
                "    channel {}: {} samples at {} Hz{}{}\n",
                channel.channel,
                channel.samples,
                rates.join(" and "),
                listed(&rest),
                if channel.constant { ", constant" } else { "" }
            );
        }
        if self.gaps > 0 {
            *text += &format!("    gaps: {}\n", self.gaps);
        }
        for class in self.classes.iter().filter(|class| class.labels > 0) {
            let counts = &class.counts;
            let rest = [
                (counts.in_gaps, "over gaps or an end"),
                (counts.outside, "outside the recording"),
                (counts.contradicting, "reaching into another class"),
                (counts.too_short, "labels shorter than a window"),
                (counts.centred, "labels centred in a window"),
                (
                    class.labels_without_data,
                    "labels where nothing was recorded",
                ),
                (class.silent, "silent"),
            ];
            *text += &format!(
                "    class {}: {} labels, {} windows{}\n",
                class.class,
                class.labels,
                counts.windows,
                listed(&rest)
            );
        }
        if self.straddling > 0 {
            *text += &format!(
                "    {} windows left out at the boundary of two splits\n",
                self.straddling
            );
        }
    }
}

/// The counts that are not zero.
fn listed(counts: &[(usize, &str)]) -> String {
    let there = counts.iter().filter(|(count, _)| *count > 0);
    there
        .map(|(count, what)| format!(", {count} {what}"))
        .collect()
}
