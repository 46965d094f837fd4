//! Scalars that were logged several times at a step.

use crate::catalogue::tags::{TagMeaning, meaning};
use crate::event_files::Scalars;
use support::words::{counted, first_few};

use super::MAX_NAMED;

/// Removes scalars that have several values for most steps: they are those of batches, and none is that of the epoch. Of a
/// few steps, the last values count, as after a restart; of the last step the first, since it is evaluated again after
/// training.
pub(super) fn settle(found: &mut Scalars, notes: &mut Vec<String>) {
    let (mut many, mut few) = (Vec::new(), Vec::new());
    for ((folder, tag), first_values) in std::mem::take(&mut found.repeated) {
        let name = folder.to_string_lossy().into_owned();
        // Others are not shown anyway.
        if !matches!(
            meaning(&name, &tag),
            TagMeaning::Metric(..) | TagMeaning::LearningRate
        ) {
            continue;
        }
        let Some(tags) = found.runs.get_mut(&folder) else {
            continue;
        };
        let Some(steps) = tags.get_mut(&tag) else {
            continue;
        };
        let place = [&name, &tag[..]].join("/");
        let place = place.trim_start_matches('/').to_owned();
        if first_values.len() * 2 > steps.len() {
            tags.remove(&tag);
            many.push(place);
            continue;
        }
        if let Some(mut last) = steps.last_entry()
            && let Some(first) = first_values.get(last.key())
        {
            last.insert(*first);
        }
        few.push(place);
    }
    for (places, what) in [
        (
            many,
            "with several values for a step, such as those of batches, not shown",
        ),
        (
            few,
            "logged again at some steps: of the last step the first value counts, of others the last",
        ),
    ] {
        if !places.is_empty() {
            let scalars = counted(places.len(), "scalar");
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            let places = first_few(&places, MAX_NAMED);
            notes.push(format!("{scalars} {what}: {places}"));
        }
    }
    if found.restarted {
        let note = "its steps start again, as after a restart: the later values count";
        notes.push(note.into());
    }
}
