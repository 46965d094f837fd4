//! Notes on parts of a recorder's file that are left out.

use std::fmt::Display;

use support::words::counted;

use super::{Note, Remark};

/// That so many damaged units, such as blocks, of `all` are left out; `problem` is that of the first.
pub(super) fn damaged(count: usize, unit: &str, all: usize, problem: impl Display) -> String {
    let of_unit = counted(count, &format!("damaged {unit}"));
    format!("left out {of_unit} of {all}: {problem}")
}

/// That nothing is read from byte `at` on, if there are more bytes.
pub(super) fn behind(unit: &str, at: usize, rest: usize) -> Option<String> {
    (rest > 0).then(|| {
        format!("no {unit} begins at byte {at}: the {rest} bytes from there on are left out")
    })
}

/// That a header counts other units than the file has.
pub(super) fn other_count(unit: &str, stated: usize, found: usize) -> Option<String> {
    (stated != found).then(|| {
        let stated = counted(stated, unit);
        format!("the header says {stated}, but the file has {found}")
    })
}

/// Notes on what a recorder's file has beside samples: units, such as packets, with its state, and bytes that are no whole one.
pub(super) fn beside_samples(unit: &str, states: usize, rest: usize) -> impl Iterator<Item = Note> {
    let state = (states > 0).then(|| {
        let states = counted(states, unit);
        Remark::Records(format!("left out {states} with the state of the recorder")).into()
    });
    let rest = (rest > 0).then(|| {
        let text = format!("the last {rest} bytes are no whole {unit}, and are left out");
        Note::from(text)
    });
    state.into_iter().chain(rest)
}
