//! Reads recordings whose sampling rate may be unknown.

use crate::error::DataError;
use crate::recording::{self, Hints};

/// The content of a recording.
pub(super) struct Recorded<T> {
    pub contents: T,
    /// Why the sampling rate is unknown; `None` if it is known.
    pub no_rate: Option<String>,
}

/// Reads a recording with `read`, and looks for columns of labels. A table without times has no sampling rate; only its
/// columns are known.
///
/// # Errors
/// Those of `read`.
pub(super) fn recorded<T>(
    read: impl Fn(&Hints) -> Result<T, DataError>,
) -> Result<Recorded<T>, DataError> {
    let plain = Hints {
        finds_labels: true,
        ..Hints::default()
    };
    let counted = Hints {
        sampling_rate: Some(1.0),
        ..plain.clone()
    };
    match read(&plain) {
        Err(DataError::Source { problem, .. }) if recording::is_rate_unknown(&problem) => {
            Ok(Recorded {
                contents: read(&counted)?,
                no_rate: Some(problem.to_string()),
            })
        }
        read => Ok(Recorded {
            contents: read?,
            no_rate: None,
        }),
    }
}
