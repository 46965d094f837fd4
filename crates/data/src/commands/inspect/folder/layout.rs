//! What folders and names of files tell: split, class and group.

use std::collections::BTreeMap;

use super::names::{Word, announces_group, word};
use super::parts::{Parts, Role, form};

/// Most classes and fewest groups that are guessed.
const MOST: usize = 40;
const FEWEST_GROUPS: usize = 3;
/// Files that may each have a class of their own.
const FEW_FILES: usize = 20;

/// What the paths of files tell.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Numbers of the files that it holds for.
    pub files: Vec<usize>,
    /// A pattern for them, with placeholders.
    pub pattern: String,
    /// For each of the files, what the placeholders stand for.
    pub class: Option<Told>,
    pub group: Option<Told>,
    pub split: Option<Told>,
    /// Sensors of other files with the same names; the pattern is for the first.
    pub sensors: Vec<String>,
}

/// What a part of the paths tells.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// For each file.
    pub values: Vec<String>,
    /// Where it is from.
    pub why: &'static str,
}

/// What is looked for in paths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub class: bool,
    pub group: bool,
    /// Whether files of different sensors are recordings of their own, of which one sensor counts.
    pub one_sensor: bool,
}

/// Infers the layout of files.
pub(super) fn layout(paths: &[Vec<String>], wanted: Wanted) -> Layout {
    let mut forms: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
    for (i, path) in paths.iter().enumerate() {
        forms.entry(form(path)).or_default().push(i);
    }
    let Some(mut files) = forms.into_values().max_by_key(Vec::len) else {
        return Layout::default();
    };
    let mut parts = of(paths, &files);
    let mut sensors = Vec::new();
    let of_sensors =
        |at: &usize| varies(&parts, *at) && all(&parts, *at, |own| own == Word::Sensor);
    if let Some(at) = (0..parts.len())
        .find(of_sensors)
        .filter(|_| wanted.one_sensor)
    {
        sensors = parts.different(at).into_iter().map(str::to_owned).collect();
        // The accelerometer, if there is one.
        let kept = sensors
            .iter()
            .position(|own| own.to_lowercase().starts_with("acc"))
            .unwrap_or(0);
        sensors.swap(0, kept);
        let kept = sensors[0].clone();
        let keeps: Vec<bool> = parts.files.iter().map(|file| file[at] == kept).collect();
        let mut keeps = keeps.into_iter();
        files.retain(|_| keeps.next().unwrap_or(false));
        parts = of(paths, &files);
    }
    let split = (0..parts.len())
        .find(|at| varies(&parts, *at) && all(&parts, *at, |own| own == Word::Split));
    let free = |at: &usize| varies(&parts, *at) && Some(*at) != split;
    let unused: Vec<usize> = (0..parts.len()).filter(free).collect();
    let class = class(&parts, &unused).filter(|_| wanted.class);
    let left: Vec<usize> = unused.into_iter().filter(|at| Some(*at) != class).collect();
    let group = group(&parts, &left).filter(|_| wanted.group);
    let role = |at: usize| match at {
        _ if Some(at) == split => Role::Key("split"),
        _ if Some(at) == class => Role::Key("class"),
        _ if Some(at) == group => Role::Key("group"),
        _ if varies(&parts, at) => Role::Any,
        _ => Role::Literal(parts.files[0][at].clone()),
    };
    let roles: Vec<Role> = (0..parts.len()).map(role).collect();
    let told = |at: Option<usize>| {
        at.map(|at| Told {
            values: parts.files.iter().map(|file| file[at].clone()).collect(),
            why: if at < parts.folders {
                "names of folders"
            } else {
                "names of files"
            },
        })
    };
    Layout {
        pattern: parts.pattern(&roles),
        class: told(class),
        group: told(group),
        split: told(split),
        files,
        sensors,
    }
}

fn of(paths: &[Vec<String>], files: &[usize]) -> Parts {
    Parts::of(
        &files
            .iter()
            .map(|i| paths[*i].as_slice())
            .collect::<Vec<_>>(),
    )
}

fn varies(parts: &Parts, at: usize) -> bool {
    parts.different(at).len() > 1
}

fn all(parts: &Parts, at: usize, is: impl Fn(Word) -> bool) -> bool {
    parts.different(at).into_iter().all(|own| is(word(own)))
}

fn any(parts: &Parts, at: usize, is: impl Fn(Word) -> bool) -> bool {
    parts.different(at).into_iter().any(|own| is(word(own)))
}

/// The part that most likely tells the class: words of which each is in several names; usual words of classes come first,
/// then folders, then parts with few different words.
fn class(parts: &Parts, free: &[usize]) -> Option<usize> {
    let files = parts.files.len();
    let different = |at: &usize| parts.different(*at).len();
    let repeats = |at: &usize| different(at) <= MOST && 2 * different(at) <= files;
    let usual = |at: &usize| any(parts, *at, |own| own == Word::Class);
    let are_words = |at: &usize| {
        all(parts, *at, |own| {
            matches!(own, Word::Class | Word::Word | Word::Numbered | Word::Split)
        }) && any(parts, *at, |own| matches!(own, Word::Class | Word::Word))
            && parts
                .different(*at)
                .into_iter()
                .any(|own| own.chars().count() > 1)
    };
    let rank = |at: &&usize| {
        (
            !usual(at),
            **at >= parts.folders,
            different(at),
            usize::MAX - **at,
        )
    };
    let words = free.iter().filter(|at| repeats(at) && are_words(at));
    if let Some(at) = words.min_by_key(rank) {
        return Some(*at);
    }
    // A file for each class.
    let single = |at: &&usize| usual(at) && are_words(at) && files <= FEW_FILES;
    if let Some(at) = free.iter().find(single) {
        return Some(*at);
    }
    let last = parts.len().saturating_sub(1);
    let numbers = |at: &&usize| {
        let is_running = **at == last && last >= parts.folders;
        repeats(at)
            && !is_running
            && all(parts, **at, |own| {
                matches!(own, Word::Number | Word::Numbered)
            })
    };
    free.iter().find(numbers).copied()
}

/// The part that most likely tells who, when or where: windows of one group stay in one split.
fn group(parts: &Parts, free: &[usize]) -> Option<usize> {
    let files = parts.files.len();
    let enough = |at: &usize| {
        let different = parts.different(*at).len();
        different >= FEWEST_GROUPS
            && 2 * different <= files
            && !all(parts, *at, |own| own == Word::Date)
    };
    let announced =
        |at: usize| at > 0 && announces_group(&parts.files[0][at - 1]) && !varies(parts, at - 1);
    let rank = |at: &usize| match *at {
        at if all(parts, at, |own| own == Word::Subject) || announced(at) => Some(0),
        at if at < parts.folders => Some(1),
        at if all(parts, at, |own| own == Word::Word) => Some(2),
        _ => None,
    };
    let ranked = free
        .iter()
        .filter(|at| enough(at))
        .filter_map(|at| Some((rank(at)?, *at)));
    ranked.min().map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pattern of files.
    fn pattern(paths: &[String]) -> String {
        let paths: Vec<Vec<String>> = paths
            .iter()
            .map(|path| path.split('/').map(str::to_owned).collect())
            .collect();
        let wanted = Wanted {
            class: true,
            group: true,
            one_sensor: true,
        };
        layout(&paths, wanted).pattern
    }

    #[test]
    fn usual_layouts() {
        let each = |make: &dyn Fn(usize, &str, &str) -> String, classes: [&str; 2]| {
            let who = ["anna", "ben", "carl"];
            let all = who.iter().flat_map(|who| {
                classes
                    .iter()
                    .flat_map(move |class| (0..2).map(move |i| (i, *who, *class)))
            });
            pattern(
                &all.map(|(i, who, class)| make(i, who, class))
                    .collect::<Vec<_>>(),
            )
        };
        let walk = ["walk", "sit"];
        for (make, classes, expected) in [
            (
                &(|i, who, class| format!("d/{class}/{who}_{i}.csv"))
                    as &dyn Fn(usize, &str, &str) -> String,
                walk,
                "d/{class}/{group}_*.csv",
            ),
            (
                &|i, who, class| format!("{who}_{class}_{i}.wav"),
                walk,
                "{group}_{class}_*.wav",
            ),
            (
                &|i, who, class| format!("{}/{class}/{who}{i}.wav", ["train", "val"][i]),
                ["x", "yy"],
                "{split}/{class}/*.wav",
            ),
            (
                &|i, who, class| format!("out_{class}_{i}_2025051{i}_{}.csv", who.len()),
                ["3", "7"],
                "out_{class}_*.csv",
            ),
            (
                &|i, who, class| format!("s0{}/{class}/{i}.csv", who.len()),
                ["on", "off"],
                "*/{class}/*.csv",
            ),
            (
                &|i, who, class| format!("{class}/{who}_{}.csv", ["acc", "gyro"][i]),
                walk,
                "{class}/*_acc.csv",
            ),
        ] {
            assert_eq!(each(make, classes), expected);
        }
        let single = ["geo_dig_20250924_1.csv", "geo_run_20250924_2.csv"].map(str::to_owned);
        assert_eq!(pattern(&single), "geo_{class}_20250924_*.csv");
        let nothing = ["1.csv", "2.csv", "3.csv"].map(str::to_owned);
        assert_eq!(pattern(&nothing), "*.csv");
    }
}
