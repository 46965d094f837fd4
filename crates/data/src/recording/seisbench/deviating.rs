//! Traces that contradict what the data format says of all.

use support::words::counted;

/// How many there are, and the first.
#[derive(Default)]
pub(super) struct DeviatingTraces {
    count: usize,
    first: String,
}

impl DeviatingTraces {
    /// Adds a trace, which `shown` describes if it is the first.
    pub fn add(&mut self, shown: impl FnOnce() -> String) {
        if self.count == 0 {
            self.first = shown();
        }
        self.count += 1;
    }

    /// A note on those with another value in `column` than `all` has in the data format.
    pub fn note(&self, column: &str, all: &str) -> Option<String> {
        (self.count > 0).then(|| {
            format!(
                "{} with another `{column}` than `{all}` says: that of the trace counts (the first: {})",
                counted(self.count, "trace"),
                self.first
            )
        })
    }
}
