//! Detects windows that occur in two splits, or several times in one.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use crate::error::DataError;
use crate::reader::Record;
use crate::runs::{Content, SPARSE, runs};
use crate::shapes::{are_many, shape_hash};
use support::words::counted;

/// Hash of a window's values. Between two splits of a hundred thousand windows, a chance collision occurs once in two
/// billion datasets. `None` for constant windows: those of dead sensors are the same everywhere.
pub(crate) fn content_hash(record: &Record) -> Option<u64> {
    let first = record.values.first()?;
    if record.values.iter().all(|value| value == first) {
        return None;
    }
    let mut content = Content::default();
    for pair in record.values.chunks(2) {
        let bits = |value: Option<&f32>| u64::from(value.map_or(0, |value| value.to_bits()));
        content.add(bits(pair.first()) << 32 | bits(pair.get(1)));
    }
    Some(content.hash())
}

/// Windows of a split without a group that share samples with another, from which it is said; and the fraction of them.
const SHARING: (usize, f64) = (3, 0.01);
/// Most runs of a split that are kept.
const MOST_RUNS: usize = 1 << 22;

/// Hashes of a window, of its shape and, if it has no group, of runs of its samples.
#[derive(Debug)]
pub(crate) struct WindowContent {
    whole: Option<u64>,
    shape: Option<u64>,
    runs: Vec<u64>,
}

impl WindowContent {
    pub fn of(record: &Record) -> Self {
        let mut window = Self {
            whole: content_hash(record),
            shape: shape_hash(record),
            runs: Vec::new(),
        };
        // Groups tell by themselves which windows belong together.
        if let (None, [_, samples]) = (&record.group, &record.shape[..])
            && *samples > 0
        {
            let bits = |value: f32| u64::from(value.to_bits());
            let channels = record.values.chunks(*samples);
            let found = channels.flat_map(|channel| runs(channel, bits, (0, SPARSE)));
            window.runs.extend(found.map(|run| run.hash));
        }
        window
    }
}

/// Source and record of a window.
type WindowSource = (u32, u32);

/// Windows of a split: source and record by [`content_hash`].
#[derive(Debug, Default)]
pub(crate) struct Contents {
    windows: HashMap<u64, WindowSource>,
    /// Windows by [`shape_hash`], the first of each.
    shapes: HashMap<u64, WindowSource>,
    /// Number of all windows that were added.
    count: usize,
    /// Number of windows with the values of an earlier one, and the first with the earlier one.
    repeats: usize,
    repeat: Option<[WindowSource; 2]>,
    split: &'static str,
    sources: Vec<PathBuf>,
    /// Runs of samples in windows without a group, each with the number of the window.
    runs: Vec<(u64, u32)>,
    /// Number of windows without a group.
    ungrouped: u32,
    /// How many runs are taken, as a multiple of [`SPARSE`].
    thinned: u64,
}

impl Contents {
    /// Adds a window by index of its source and record.
    pub fn add(
        &mut self,
        window: WindowContent,
        is_grouped: bool,
        (source, record): (usize, usize),
    ) {
        let place = (source as u32, record as u32);
        self.count += 1;
        if !is_grouped {
            self.add_runs(window.runs);
        }
        if let Some(shape) = window.shape {
            self.shapes.entry(shape).or_insert(place);
        }
        let Some(content) = window.whole else {
            return;
        };
        match self.windows.entry(content) {
            Entry::Vacant(free) => drop(free.insert(place)),
            Entry::Occupied(earlier) => {
                self.repeats += 1;
                self.repeat.get_or_insert([*earlier.get(), place]);
            }
        }
    }

    fn add_runs(&mut self, runs: Vec<u64>) {
        let thinned = self.thinned.max(1);
        let taken = |hash: &u64| hash.is_multiple_of(SPARSE * thinned);
        let window = self.ungrouped;
        self.runs
            .extend(runs.into_iter().filter(taken).map(|hash| (hash, window)));
        self.ungrouped += 1;
        if self.runs.len() > MOST_RUNS {
            self.thinned = 2 * thinned;
            let sparse = SPARSE * self.thinned;
            self.runs.retain(|(hash, _)| hash.is_multiple_of(sparse));
        }
    }

    /// A warning of windows without a group that share samples with windows of another split, as where overlapping windows of
    /// a recording were dealt at random.
    pub fn sharing(&self, other: &Contents) -> Option<String> {
        let known: HashSet<u64> = self.runs.iter().map(|(hash, _)| *hash).collect();
        let shared = other.runs.iter().filter(|(hash, _)| known.contains(hash));
        let windows: HashSet<u32> = shared.map(|(_, window)| *window).collect();
        let (fewest, fraction) = SHARING;
        let is_said = windows.len() >= fewest
            && windows.len() as f64 >= fraction * f64::from(other.ungrouped);
        is_said.then(|| {
            format!(
                "at least {} of {} {} windows without a group share samples with {} windows, as overlapping windows of one recording \
                 do: scores are far too high; keep all windows of a recording in one split, and store it as their `group`",
                windows.len(),
                other.ungrouped,
                other.split,
                self.split
            )
        })
    }

    /// A warning of windows that are those of another split with another gain or offset.
    pub fn scaled(&self, other: &Contents) -> Option<String> {
        let pair = |(shape, place): (&u64, &WindowSource)| Some((*place, *self.shapes.get(shape)?));
        let mut pairs: Vec<(WindowSource, WindowSource)> =
            other.shapes.iter().filter_map(pair).collect();
        if !are_many(pairs.len(), other.count) {
            return None;
        }
        pairs.sort_unstable();
        let (first, original) = pairs[0];
        Some(format!(
            "at least {} of {} {} windows are {} windows with another gain or offset, as from augmentation or an export in another \
             unit ({} is {}): scores are far too high; keep both in one split",
            pairs.len(),
            other.count,
            other.split,
            self.split,
            other.place(first),
            self.place(original)
        ))
    }

    /// Sets the name of the split and its sources.
    pub fn name(&mut self, split: &'static str, sources: Vec<PathBuf>) {
        (self.split, self.sources) = (split, sources);
    }

    /// A warning of windows that are there more than once, as if a file is listed twice or under two names.
    pub fn repeats(&self) -> Option<String> {
        let [a, b] = self.repeat?.map(|place| self.place(place));
        let verb = if self.repeats == 1 { "has" } else { "have" };
        Some(format!(
            "{} of the {} split {verb} the values of an earlier one, to the bit, and count twice: {b} is {a}; list each \
             file and window once",
            counted(self.repeats, "window"),
            self.split
        ))
    }

    fn place(&self, (source, record): WindowSource) -> String {
        format!(
            "{}, record {record}",
            self.sources[source as usize].display()
        )
    }

    /// Refuses two splits that share windows.
    ///
    /// # Errors
    /// [`DataError::SharedWindows`] with the positions of some of them.
    pub fn refuse_shared(&self, other: &Contents) -> Result<(), DataError> {
        let mut shared: Vec<_> = self
            .windows
            .iter()
            .filter_map(|(content, place)| Some((*place, *other.windows.get(content)?)))
            .collect();
        if shared.is_empty() {
            return Ok(());
        }
        shared.sort_unstable();
        let example = |(a, b): &(_, _)| format!("{} and {}", self.place(*a), other.place(*b));
        Err(DataError::SharedWindows {
            first: self.split,
            second: other.split,
            count: shared.len(),
            examples: shared.iter().take(3).map(example).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_are_there_twice() {
        let mut contents = Contents::default();
        let content = |whole: u64| WindowContent {
            whole: Some(whole),
            shape: None,
            runs: Vec::new(),
        };
        contents.add(content(1), true, (0, 0));
        contents.add(content(2), true, (0, 1));
        contents.name("training", vec!["a.npz".into(), "b.npz".into()]);
        assert_eq!(contents.repeats(), None);
        contents.add(content(2), true, (1, 0));
        let warning = contents.repeats().unwrap();
        assert!(
            warning.starts_with("1 window of the training split has the values of an earlier one")
                && warning.contains("b.npz, record 0 is a.npz, record 1"),
            "{warning}"
        );
    }

    /// Windows that were augmented before they were divided.
    #[test]
    fn windows_with_another_gain_in_another_split() {
        let mut splits = [Contents::default(), Contents::default()];
        for (split, name) in splits.iter_mut().zip(["training", "test"]) {
            split.name(name, vec![format!("{name}.npz").into()]);
        }
        let mut add = |split: usize, number: usize, gain: f32, seed: u32| {
            let values = (0..200).map(|i| gain * ((seed + i) * (seed + i) % 1009) as f32);
            let record = Record {
                record: number,
                values: values.collect(),
                shape: vec![1, 200],
                label: 0,
                group: Some(format!("{split}")),
            };
            splits[split].add(WindowContent::of(&record), true, (0, number));
        };
        for number in 0..9 {
            add(0, number, 1.0, 400 * number as u32);
            add(
                1,
                number,
                1.5,
                400 * number as u32 + [200, 0][usize::from(number > 3)],
            );
        }
        let said = splits[0].scaled(&splits[1]).unwrap();
        assert!(
            said.starts_with("at least 5 of 9 test windows are training windows with another gain"),
            "{said}"
        );
        assert!(
            said.contains("(test.npz, record 4 is training.npz, record 4)"),
            "{said}"
        );
        assert_eq!(splits[0].scaled(&Contents::default()), None);
    }

    /// Overlapping windows of one signal, dealt in turn.
    #[test]
    fn windows_that_overlap_those_of_another_split() {
        let signal: Vec<f32> = (0..20_000u32)
            .map(|i| (i * i % 10_007) as f32 + i as f32)
            .collect();
        let said = |hop: usize, group: Option<&str>| {
            let mut splits = [Contents::default(), Contents::default()];
            splits[0].name("training", Vec::new());
            splits[1].name("validation", Vec::new());
            for (number, start) in (0..20_000 - 256).step_by(hop).enumerate() {
                let record = Record {
                    record: number,
                    values: signal[start..start + 256].to_vec(),
                    shape: vec![1, 256],
                    label: 0,
                    group: group.map(str::to_owned),
                };
                let split = usize::from(number % 5 == 0);
                let content = WindowContent::of(&record);
                splits[split].add(content, record.group.is_some(), (0, number));
            }
            splits[0].sharing(&splits[1])
        };
        let found = said(64, None).unwrap();
        let parts: Vec<&str> = found.split(' ').collect();
        assert_eq!(parts[..2], ["at", "least"]);
        assert!(parts[2].parse::<usize>().unwrap() > 55, "{found}");
        assert!(
            found.contains("of 62 validation windows without a group share samples with training"),
            "{found}"
        );
        assert_eq!(said(256, None), None);
        assert_eq!(said(64, Some("a")), None);
    }
}
