//! What folders and names of files tell: split, class and group.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Word, announces_group, word};
use super::parts::{Parts, Role, form, last_word};

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
    pub class: Option<PathPart>,
    pub group: Option<PathPart>,
    pub split: Option<PathPart>,
    /// Sensors of other files with the same names; the pattern is for the first.
    pub sensors: Vec<String>,
}

/// What a part of the paths tells.
#[derive(Clone, Debug)]
pub(super) struct PathPart {
    /// For each file.
    pub values: Vec<String>,
    /// Where it is from.
    pub why: &'static str,
}

/// What is looked for in paths.
#[derive(Clone, Debug, Default)]
pub(super) struct PathParts {
    pub class: bool,
    pub group: bool,
    /// Whether files of different sensors are recordings of their own, of which one sensor counts.
    pub one_sensor: bool,
    /// For each file the codes of its networks, stations and channels, in lower case: they tell no class. Empty where files
    /// have none.
    pub codes: Vec<BTreeSet<String>>,
}

/// Infers the layout of files.
pub(super) fn layout(paths: &[Vec<String>], wanted: &PathParts) -> Layout {
    let last: Vec<String> = paths.iter().map(|path| last_word(path)).collect();
    let mut sensors: Vec<String> = last
        .iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .cloned()
        .collect();
    let are_sensors =
        sensors.len() > 1 && sensors.iter().all(|sensor| word(sensor) == Word::Sensor);
    if !are_sensors || !wanted.one_sensor {
        sensors.clear();
    }
    // That of most files, the accelerometer among equals.
    sensors.sort_by_key(|sensor| {
        let files = last.iter().filter(|other| *other == sensor).count();
        (
            usize::MAX - files,
            !sensor.to_lowercase().starts_with("acc"),
        )
    });
    let mut forms: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
    for (i, path) in paths.iter().enumerate() {
        if sensors.first().is_none_or(|sensor| last[i] == *sensor) {
            forms.entry(form(path)).or_default().push(i);
        }
    }
    let Some(files) = forms.into_values().max_by_key(Vec::len) else {
        return Layout::default();
    };
    let parts = Parts::of(
        &files
            .iter()
            .map(|i| paths[*i].as_slice())
            .collect::<Vec<_>>(),
    );
    let split = (0..parts.len())
        .find(|at| varies(&parts, *at) && all(&parts, *at, |word| word == Word::Split));
    let free = |at: &usize| varies(&parts, *at) && Some(*at) != split;
    let unused: Vec<usize> = (0..parts.len()).filter(free).collect();
    let is_code = |at: &usize| {
        let mut numbered = files.iter().zip(&parts.files);
        numbered.all(|(i, file)| {
            let part = file[*at].to_lowercase();
            // Archives have a folder for each channel, such as `EHZ.D`.
            let code = part.strip_suffix(".d").unwrap_or(&part);
            (wanted.codes.get(*i)).is_some_and(|codes| codes.contains(code))
        })
    };
    let (codes, words): (Vec<usize>, Vec<usize>) = unused.iter().partition(|at| is_code(at));
    let class = class(&parts, &words, wanted.codes.is_empty()).filter(|_| wanted.class);
    let left: Vec<usize> = unused.into_iter().filter(|at| Some(*at) != class).collect();
    let group = group(&parts, (&left, &codes), class).filter(|_| wanted.group);
    let role = |at: usize| match at {
        _ if Some(at) == split => Role::Key("split"),
        _ if Some(at) == class => Role::Key("class"),
        _ if Some(at) == group => Role::Key("group"),
        _ if varies(&parts, at) => Role::Any,
        _ => Role::Literal(parts.files[0][at].clone()),
    };
    let roles: Vec<Role> = (0..parts.len()).map(role).collect();
    let part = |at: Option<usize>| {
        at.map(|at| PathPart {
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
        class: part(class),
        group: part(group),
        split: part(split),
        files,
        sensors,
    }
}

fn varies(parts: &Parts, at: usize) -> bool {
    parts.different(at).len() > 1
}

fn all(parts: &Parts, at: usize, is: impl Fn(Word) -> bool) -> bool {
    parts.different(at).into_iter().all(|text| is(word(text)))
}

/// Whether a part is one of a date: a number after a year, a day or another part of the date.
fn is_date(parts: &Parts, at: usize) -> bool {
    let is_number = || all(parts, at, |word| word == Word::Number);
    all(parts, at, |word| word == Word::Date)
        || at > parts.folders && is_number() && is_date(parts, at - 1)
}

fn any(parts: &Parts, at: usize, is: impl Fn(Word) -> bool) -> bool {
    parts.different(at).into_iter().any(|text| is(word(text)))
}

/// The part that most likely tells the class: words of which each is in several names; usual words of classes come first,
/// then folders, then parts with few different words.
fn class(parts: &Parts, free: &[usize], may_be_numbers: bool) -> Option<usize> {
    let files = parts.files.len();
    let different = |at: &usize| parts.different(*at).len();
    let repeats = |at: &usize| different(at) <= MOST && 2 * different(at) <= files;
    let usual = |at: &usize| any(parts, *at, |word| word == Word::Class);
    let are_words = |at: &usize| {
        all(parts, *at, |word| {
            matches!(
                word,
                Word::Class | Word::Other | Word::Numbered | Word::Split
            )
        }) && any(parts, *at, |word| matches!(word, Word::Class | Word::Other))
            && (*at < parts.folders || parts.different(*at).iter().any(|text| text.len() > 1))
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
        let are_numbers = all(parts, **at, |word| word == Word::Number)
            || **at >= parts.folders && all(parts, **at, |word| word == Word::Numbered);
        may_be_numbers && repeats(at) && !is_running && are_numbers && !is_date(parts, **at)
    };
    free.iter().find(numbers).copied()
}

/// The part that most likely tells who, when or where: windows of one group stay in one split.
fn group(
    parts: &Parts,
    (free, codes): (&[usize], &[usize]),
    class: Option<usize>,
) -> Option<usize> {
    let files = parts.files.len();
    let enough = |at: &usize| {
        let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for file in &parts.files {
            let class = class.map_or("", |class| file[class].as_str());
            groups.entry(class).or_default().insert(&file[*at]);
        }
        // Other names of the classes are no groups.
        let most = groups.values().map(BTreeSet::len).max().unwrap_or(0);
        most >= FEWEST_GROUPS && 2 * parts.different(*at).len() <= files && !is_date(parts, *at)
    };
    let announced =
        |at: usize| at > 0 && announces_group(&parts.files[0][at - 1]) && !varies(parts, at - 1);
    let rank = |at: &usize| match *at {
        at if all(parts, at, |word| word == Word::Subject)
            || announced(at)
            || codes.contains(&at) =>
        {
            Some(0)
        }
        at if at < parts.folders => Some(1),
        at if all(parts, at, |word| word == Word::Other) => Some(2),
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
        let wanted = PathParts {
            class: true,
            group: true,
            one_sensor: true,
            ..PathParts::default()
        };
        layout(&paths, &wanted).pattern
    }

    /// The pattern of files of three persons, two classes and two numbers each, from a template.
    fn of_template(template: &str, classes: [&str; 2]) -> String {
        let mut paths = Vec::new();
        for (number, who) in ["anna", "ben", "carl"].into_iter().enumerate() {
            for class in classes {
                for i in 0..2 {
                    let path = template.replace("WHO", who).replace("CLASS", class);
                    let path = path.replace("NUMBER", &format!("s0{number}"));
                    let path = path.replace("SPLIT", ["train", "val"][i]);
                    let path = path.replace("SENSOR", ["acc", "gyro"][i]);
                    paths.push(path.replace('I', &i.to_string()));
                }
            }
        }
        pattern(&paths)
    }

    /// Nor are the folders of channels in an archive.
    #[test]
    fn channels_are_no_classes() {
        let (mut paths, mut codes) = (Vec::new(), Vec::new());
        for channel in ["EHZ", "EHN", "EHE"] {
            for day in 1..4 {
                let path = format!("2024/XX/GEO/{channel}.D/XX.GEO..{channel}.D.2024.00{day}");
                paths.push(path.split('/').map(str::to_owned).collect());
                let file_codes = ["xx", "geo", &channel.to_lowercase()].map(str::to_owned);
                codes.push(BTreeSet::from(file_codes));
            }
        }
        let wanted = PathParts {
            class: true,
            group: true,
            one_sensor: false,
            codes,
        };
        assert!(layout(&paths, &wanted).class.is_none());
    }

    #[test]
    fn usual_layouts() {
        let walk = ["walk", "sit"];
        for (template, classes, expected) in [
            ("d/CLASS/WHO_I.csv", walk, "d/{class}/{group}_*.csv"),
            ("WHO_CLASS_I.wav", walk, "{group}_{class}_*.wav"),
            ("SPLIT/CLASS/WHOI.wav", ["x", "yy"], "{split}/{class}/*.wav"),
            ("out_CLASS_I_2025051I.csv", ["3", "7"], "out_{class}_*.csv"),
            ("NUMBER/CLASS/I.csv", walk, "{group}/{class}/*.csv"),
            ("CLASS/WHO_SENSOR.csv", walk, "{class}/{group}_acc.csv"),
            (
                "WHO/I_2016-07-0I_16-1I.csv",
                walk,
                "{class}/*_2016-07-*_16-*.csv",
            ),
        ] {
            assert_eq!(of_template(template, classes), expected);
        }
        let single = ["geo_dig_20250924_1.csv", "geo_run_20250924_2.csv"].map(str::to_owned);
        assert_eq!(pattern(&single), "geo_{class}_20250924_*.csv");
        let nothing = ["1.csv", "2.csv", "3.csv"].map(str::to_owned);
        assert_eq!(pattern(&nothing), "*.csv");
        let dates = [
            "2016-07-07_16-17.csv",
            "2016-07-07_17-17.csv",
            "2016-07-07_16-18.csv",
            "2016-07-07_17-18.csv",
        ];
        assert_eq!(pattern(&dates.map(str::to_owned)), "2016-07-07_*.csv");
    }
}
