//! Recordings whose windows are far louder or quieter than those of all others, as of another gain or unit.

use std::collections::BTreeMap;

use support::words::first_few;

use super::Traits;
use crate::import::report::RecordingReport;
use crate::loudness::{compared, median};

/// Ratio of loudness between recordings above which it is reported. Windows of one class differ by less, unless they are
/// near to and far from what they have recorded: then there are some between these, too.
const FAR: f32 = 100.0;
/// Fewer recordings do not tell which of them is unusual.
const FEWEST: usize = 3;
/// Recordings named.
const NAMED: usize = 3;

/// Some recordings, and how a channel of them differs from the others.
#[derive(Debug, PartialEq)]
struct Far {
    recordings: Vec<usize>,
    others: usize,
    /// `95 times quieter`.
    how: String,
}

/// Reports recordings whose windows are far louder or quieter than those of the same class in the others. `labels` are the
/// classes of all windows.
pub(in crate::import) fn far_recordings(
    traits: &Traits,
    labels: &[usize],
    recordings: &[RecordingReport],
) -> Vec<String> {
    let mut found: Vec<(Far, Vec<&str>)> = Vec::new();
    for channel in 0..traits.channels {
        let Some(far) = far(traits, channel, labels, recordings) else {
            continue;
        };
        let name = recordings[far.recordings[0]].channels.get(channel);
        let name = name.map_or("?", |channel| &channel.channel);
        match found.iter_mut().find(|(other, _)| *other == far) {
            Some((_, names)) => names.push(name),
            None => found.push((far, vec![name])),
        }
    }
    let advice = |(far, channels): (Far, Vec<&str>)| {
        let names: Vec<&str> = far
            .recordings
            .iter()
            .map(|i| &*recordings[*i].name)
            .collect();
        let channels: Vec<String> = channels.iter().map(|name| format!("`{name}`")).collect();
        let (noun, are) = if channels.len() == 1 {
            ("channel", "is")
        } else {
            ("channels", "are")
        };
        format!(
            "{noun} {} of {} {are} {} than in the other {} recordings (median standard deviation of windows of one class): another gain \
             or unit, or no sensor?",
            channels.join(" and "),
            first_few(&names, NAMED),
            far.how,
            far.others
        )
    };
    found.into_iter().map(advice).collect()
}

/// The recordings in which a channel is far from others, in the class that most recordings have.
fn far(
    traits: &Traits,
    channel: usize,
    labels: &[usize],
    recordings: &[RecordingReport],
) -> Option<Far> {
    // The levels of recordings, by class. A file with many traces is no recording of one place.
    let mut levels: BTreeMap<usize, Vec<(f32, usize)>> = BTreeMap::new();
    let places = recordings.iter().enumerate();
    for (number, recording) in places.filter(|(_, recording)| recording.traces.is_none()) {
        let mut of_class: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
        for window in recording.windows.clone() {
            let level = traits.level(window, channel).filter(|level| *level > 0.0);
            let label = labels.get(window);
            if let Some((level, label)) = level.zip(label) {
                of_class.entry(*label).or_default().push(level);
            }
        }
        for (class, all) in of_class {
            let level = median(all).map(|level| (level, number));
            levels.entry(class).or_default().extend(level);
        }
    }
    let found = levels.into_values().filter_map(apart);
    found.max_by_key(|far| far.recordings.len() + far.others)
}

/// Divides recordings at the widest step between their levels, if they are far apart there, and close together on both sides.
fn apart(mut levels: Vec<(f32, usize)>) -> Option<Far> {
    if levels.len() < FEWEST {
        return None;
    }
    levels.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let step = |i: usize| levels[i].0 / levels[i - 1].0;
    let at = (1..levels.len()).max_by(|a, b| step(*a).total_cmp(&step(*b)))?;
    let (low, high) = levels.split_at(at);
    let spread = |side: &[(f32, usize)]| side[side.len() - 1].0 / side[0].0;
    let is_apart = step(at) > FAR && spread(low).max(spread(high)) < step(at).sqrt();
    // With as many on both sides, the louder ones rather have the usual signal.
    let (few, many) = if low.len() <= high.len() {
        (low, high)
    } else {
        (high, low)
    };
    let usual = |side: &[(f32, usize)]| median(side.iter().map(|(level, _)| *level).collect());
    let how = compared(usual(few)?, usual(many)?);
    let mut recordings: Vec<usize> = few.iter().map(|(_, number)| *number).collect();
    recordings.sort_unstable();
    is_apart.then_some(Far {
        recordings,
        others: many.len(),
        how,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::report::ChannelReport;
    use super::*;

    /// What is said of recordings with windows of these sizes, of two classes in turn, on two channels.
    fn said(sizes: &[f32]) -> Vec<String> {
        let mut traits = Traits::default();
        let (mut labels, mut recordings) = (Vec::new(), Vec::new());
        let channel = |name: &str| ChannelReport {
            channel: name.into(),
            ..Default::default()
        };
        for (i, size) in sizes.iter().enumerate() {
            let begin = labels.len();
            for class in 0..2 {
                // One class is a thousand times louder than the other.
                let loud = [1.0, 1000.0][class] * size;
                let window = [1.0, -1.0, 1.0, -1.0].map(|sign| sign * loud);
                traits.add(&[window, [3.0, -3.0, 3.0, -3.0]].concat(), 2, None);
                labels.push(class);
            }
            recordings.push(RecordingReport {
                name: format!("day{i}"),
                channels: vec![channel("Z"), channel("N")],
                windows: begin..labels.len(),
                ..Default::default()
            });
        }
        far_recordings(&traits, &labels, &recordings)
    }

    #[test]
    fn recordings_of_another_unit() {
        assert_eq!(
            said(&[1.0, 2.0, 1e-9, 1.5]),
            [
                "channel `Z` of day2 is 2e9 times quieter than in the other 3 recordings (median standard deviation of windows of one \
                 class): another gain or unit, or no sensor?"
            ]
        );
        let two = said(&[200.0, 1.0, 300.0, 1.0, 1.5]);
        assert!(
            two[0].starts_with("channel `Z` of day0, day2 is 300 times louder"),
            "{two:?}"
        );
        // Near and far, and what may be chance.
        assert_eq!(said(&[1.0, 30.0, 900.0, 9000.0, 9e4]), [""; 0]);
        assert_eq!(said(&[1.0, 1.0, 90.0]), [""; 0]);
        assert_eq!(said(&[1.0, 1e9]), [""; 0]);
        // Dead channels are said elsewhere.
        assert_eq!(said(&[1.0, 1.0, 0.0, 1.0]), [""; 0]);
    }

    /// Recordings of a quiet class alone are not of another unit.
    #[test]
    fn classes_of_their_own_recordings() {
        let mut traits = Traits::default();
        let recordings: Vec<RecordingReport> = (0..6)
            .map(|i| RecordingReport {
                windows: i..i + 1,
                ..Default::default()
            })
            .collect();
        let labels = [0, 0, 0, 1, 1, 1];
        for label in labels {
            let size = [1.0, 1e5][label];
            traits.add(&[size, -size, size, -size], 1, None);
        }
        assert_eq!(far_recordings(&traits, &labels, &recordings), [""; 0]);
    }
}
