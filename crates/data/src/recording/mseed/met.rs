//! Counts unusual properties of a miniSEED file while it is read, and describes them at the end.

use std::collections::BTreeMap;

use super::super::{Notes, Remark};
use super::encoding;

/// Describes the position of a record.
pub(super) fn place(number: usize, offset: usize) -> String {
    format!("record {number}, at byte {offset}")
}

/// How often something occurred, and where first.
#[derive(Default)]
pub(super) struct Tally {
    count: usize,
    bytes: usize,
    first: String,
}

impl Tally {
    /// Counts one of `bytes` bytes.
    pub(super) fn add(&mut self, bytes: usize, first: impl FnOnce() -> String) {
        if self.count == 0 {
            self.first = first();
        }
        self.count += 1;
        self.bytes += bytes;
    }

    /// A sentence with the count of `thing` and `text`; `None` if the count is zero.
    fn note(&self, thing: &str, text: &str) -> Option<String> {
        let plural = if self.count == 1 { "" } else { "s" };
        let first = match (self.first.is_empty(), self.count) {
            (true, _) => String::new(),
            (_, 1) => format!(" ({})", self.first),
            _ => format!(" (the first: {})", self.first),
        };
        let count = self.count;
        (count > 0).then(|| format!("{count} {thing}{plural} {text}{first}"))
    }
}

/// Everything that was unusual about a file.
#[derive(Default)]
pub(super) struct Irregularities {
    /// Records whose header, checksum or samples are wrong.
    pub damaged: Tally,
    /// The last record, if the file ends inside it.
    pub cut: Tally,
    /// Records whose encoding is not supported, by encoding.
    pub not_read: BTreeMap<u8, Tally>,
    /// Records with samples but without a sampling rate.
    pub without_rate: Tally,
    /// Ranges of bytes that are not a record.
    pub foreign: Tally,
    /// Control records of a full SEED volume.
    pub control: Tally,
    /// Records of text.
    pub text: Tally,
    /// Records whose byte order is neither 0 nor 1.
    pub order: Tally,
    /// Records without blockette 1000.
    pub without_length: Tally,
    /// Version 3 records without a checksum.
    pub without_checksum: Tally,
}

impl Irregularities {
    /// Whether there were control records and no others.
    pub(super) fn is_dataless(&self) -> bool {
        self.control.count > 0 && self.text.count == 0
    }

    /// What of the samples was left out, and why.
    pub(super) fn lost(&self) -> Vec<String> {
        let not_read = self.not_read.iter().map(|(encoding, tally)| {
            let name = encoding::name(*encoding);
            let text = format!("left out, as encoding {encoding} ({name}) is not supported");
            tally.note("record", &text)
        });
        let damaged = self.damaged.note("damaged record", "left out, as gaps");
        let cut = self.cut.note("record", "left out at the end of the file");
        let without_rate = (self.without_rate).note("record", "without a sampling rate left out");
        let all = [damaged, cut, without_rate].into_iter().chain(not_read);
        all.flatten().collect()
    }

    /// What was unusual otherwise.
    pub(super) fn unusual(&self) -> Notes {
        let foreign = format!(
            "skipped, of {} bytes that are not miniSEED records",
            self.foreign.bytes
        );
        let doubts = [
            self.foreign.note("place", &foreign),
            self.order.note(
                "record",
                "with a byte order that is neither 0 nor 1 read in the order of the header",
            ),
            self.without_length.note(
                "record",
                "without blockette 1000 read as Steim-1 up to the next record",
            ),
        ];
        let mut notes: Notes = doubts.into_iter().flatten().collect();
        let harmless = [
            (self.control).note("control record", "of a full SEED volume skipped"),
            self.text.note("text record", "skipped"),
            (self.without_checksum).note("record", "without a checksum read unchecked"),
        ];
        notes.extend(harmless.into_iter().flatten().map(Remark::Records));
        notes
    }
}
