//! How loud windows are: splits that differ much may have another gain or unit.

use std::fmt::Write;

use spectra::loops::mean_and_square;

/// Ratio of loudness between splits above which it is reported.
const LOUDER: f32 = 10.0;

/// Standard deviations of concatenated channels.
pub(crate) fn loudness(values: &[f32], channels: usize) -> impl Iterator<Item = f32> {
    values
        .chunks((values.len() / channels.max(1)).max(1))
        .take(channels)
        .map(|channel| mean_and_square(channel)[1].sqrt() as f32)
}

/// The upper median; `None` without values.
pub(crate) fn median(mut values: Vec<f32>) -> Option<f32> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

/// How many times louder one level is than another, in words: `25 times louder`, `1e9 times quieter`.
pub(crate) fn compared(level: f32, usual: f32) -> String {
    let (times, word) = if level > usual {
        (level / usual, "louder")
    } else {
        (usual / level, "quieter")
    };
    if times < 1e6 {
        format!("{times:.0} times {word}")
    } else {
        format!("{times:.0e} times {word}")
    }
}

/// The median levels of a split, by channel, and its name in messages; `None` where they are not known.
pub(crate) struct SplitLevels<'a> {
    pub name: &'a str,
    pub channels: Vec<Option<f32>>,
}

/// Warnings of channels that are far louder or quieter in one of `others` than in `training`. Channels of which the same is
/// to be said are in one warning.
pub(crate) fn louder(training: &SplitLevels<'_>, others: &[SplitLevels<'_>]) -> Vec<String> {
    let channels = training.channels.len();
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (channel, usual) in training.channels.iter().enumerate() {
        // A dead channel has a warning of its own.
        let level = |split: &SplitLevels<'_>| split.channels.get(channel).copied().flatten();
        let known = |level: &f32| *level > 0.0;
        let Some(usual) = usual.filter(known) else {
            continue;
        };
        let far = others.iter().find_map(|split| {
            let level = level(split).filter(known)?;
            let is_far = level > LOUDER * usual || level * LOUDER < usual;
            is_far.then(|| format!("{} in {}", compared(level, usual), split.name))
        });
        let Some(far) = far else {
            continue;
        };
        let number = (channel + 1).to_string();
        match found.iter_mut().find(|(said, _)| *said == far) {
            Some((_, channels)) => channels.push(number),
            None => found.push((far, vec![number])),
        }
    }
    let warning = |(far, numbers): (String, Vec<String>)| {
        let (last, before) = numbers.split_last().expect("at least one channel");
        let mut text = match before {
            [] => format!("channel {last} of {channels} is"),
            before => format!(
                "channels {} and {last} of {channels} are",
                before.join(", ")
            ),
        };
        let _ = write!(
            text,
            " {far} than in {} (median standard deviation): another gain or unit?",
            training.name
        );
        text
    };
    found.into_iter().map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_of_another_gain() {
        let levels = |name: &'static str, channels: &[f32]| SplitLevels {
            name,
            channels: channels.iter().copied().map(Some).collect(),
        };
        let training = levels("the training split", &[2.0, 2.0, 3.0]);
        let said = |channels: &[f32]| louder(&training, &[levels("the test split", channels)]);
        assert_eq!(said(&[19.0, 0.3, 3.0]), [""; 0]);
        // Dead channels are said elsewhere.
        assert_eq!(said(&[0.0, 2.0]), [""; 0]);
        assert_eq!(
            said(&[50.0, 50.0, 3e-9]),
            [
                "channels 1 and 2 of 3 are 25 times louder in the test split than in the training split (median standard deviation): \
                 another gain or unit?",
                "channel 3 of 3 is 1e9 times quieter in the test split than in the training split (median standard deviation): \
                 another gain or unit?",
            ]
        );
    }
}
