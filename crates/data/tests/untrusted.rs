//! Untrusted configurations and index files cause no panic, and use bounded memory and time.

mod files;

use std::path::Path;
use std::time::{Duration, Instant};

use data::DatasetConfig;
use data::reader::{self, SourceSelection};
use data::recording::{self, Hints, SeisBench, merge};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};

const CONFIG: &str = "\
vehicle_classification:
  num_classes: 4
  class_names: [background, a, b, c]
  included_classes: [0, 2]
  train_index_file: train.txt
  val_index_file: val.txt
location: shake
modality: seismic
spectral_processing:
  method: welch
  sampling_rate: 512.0
  welch: {nperseg: 32, noverlap: 16, nfft: 64, window: hann}
";

fn parse(text: &str) -> Result<DatasetConfig, String> {
    DatasetConfig::parse(text, Path::new("config.yaml"), None).map_err(|e| e.to_string())
}

proptest! {
    /// Damage anywhere gives an error that names the file, or a different configuration.
    #[test]
    fn damaged_configurations(at in 0usize..400, with in "[-:{}\\[\\]&*!|>%@#0-9a-z \\n\\t'\"]{0,6}", cut in 0usize..8) {
        let at = at % CONFIG.len();
        let end = (at + cut).min(CONFIG.len());
        let text = format!("{}{with}{}", &CONFIG[..at], &CONFIG[end..]);
        if let Err(error) = parse(&text) {
            prop_assert!(error.contains("config.yaml"), "{error}");
        }
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    /// Any index gives an existing source, or an error that names the line.
    #[test]
    fn any_index(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["train.txt", "val.txt"] {
            std::fs::write(folder.path().join(name), &bytes).unwrap();
        }
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, CONFIG).unwrap();
        let config = DatasetConfig::load(&path, None).unwrap();
        prop_assert!(data::Dataset::load(&config, data::Normalisation::None).is_err());
    }
}

#[test]
fn aliases_do_not_multiply() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let alias = format!("*a{}", i - 1);
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", [&alias[..]; 10].join(", ")));
    }
    let started = Instant::now();
    parse(&format!("{bomb}{CONFIG}")).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn nesting_has_an_end() {
    for (open, close) in [
        ("[", "]"),
        ("{a: ", "}"),
        ("- ", ""),
        ("? ", ""),
        ("!a ", ""),
        ("a: &a ", "\n"),
    ] {
        let started = Instant::now();
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        parse(&deep).unwrap_err();
        parse(&format!("{CONFIG}x: {deep}")).unwrap_err();
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "{open} {took:?}");
        eprintln!("{open} {took:?}");
    }
}

#[test]
fn a_configuration_is_no_gigabyte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    std::fs::File::create(&path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let error = DatasetConfig::load(&path, None).unwrap_err().to_string();
    assert!(error.contains("not a configuration"), "{error}");
}

/// Files of all formats written by other programs.
fn sound_files() -> Vec<std::path::PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folders = [
        "recordings",
        "miniseed",
        "wav",
        "sac",
        "segy",
        "seg2",
        "su",
        "gse1",
        "gse2",
        "css",
        "gcf",
        "reftek",
        "seisan",
        "evt",
        "y",
        "pdas",
        "rg16",
        "win",
        "ah",
        "suds",
        "handler",
        "to_hdf",
        "asdf",
        "knet",
        "texts",
        "tables",
        "numpy",
        "pt",
        "tfrecord",
        "tfrecord_types",
    ];
    let mut found = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(fixtures.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let small = std::fs::metadata(&path).unwrap().len() < 100_000;
            if path.is_file() && small && path.extension().is_some_and(|e| e != "json") {
                found.push(path);
            }
        }
    }
    for entry in std::fs::read_dir(fixtures.join("seisbench")).unwrap() {
        let path = entry.unwrap().path().join("waveforms.hdf5");
        if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A file with some bytes changed, moved, duplicated or cut off.
fn damaged(sound: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for _ in 0..rng.random_range(1..=4) {
        if bytes.is_empty() {
            break;
        }
        // Changes to headers have the largest effect.
        let reach = if rng.random_bool(0.5) {
            bytes.len().min(256)
        } else {
            bytes.len()
        };
        let at = rng.random_range(0..reach);
        let length = rng.random_range(1..=16).min(bytes.len() - at);
        match rng.random_range(0..6) {
            0 => bytes[at] = rng.random(),
            1 => bytes[at] ^= 1 << rng.random_range(0..8),
            2 => bytes[at..at + length].fill(
                *[0, 0xFF, b'9', 0x7F]
                    .get(rng.random_range(0..4usize))
                    .unwrap(),
            ),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..at + length)),
            _ => {
                let part = bytes[at..at + length].to_vec();
                drop(bytes.splice(at..at, part));
            }
        }
    }
    bytes
}

/// Reads a damaged file with every reader that accepts its extension.
fn read_damaged(bytes: &[u8], ending: &str, path: &Path) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let hints = Hints {
        folder: match ending {
            "wfdisc" => Some(fixtures.join("css")),
            "QHD" => Some(fixtures.join("handler")),
            _ => None,
        },
        file_name: (ending == "QHD").then(|| "little.QHD".into()),
        sampling_rate: bytes.len().is_multiple_of(2).then_some(100.0),
        samples_in_rows: (ending == "packed").then_some(true),
        ..Default::default()
    };
    match ending {
        "npz" | "npy" | "pt" | "tfrecord" => {
            std::fs::write(path, bytes).unwrap();
            let wanted = SourceSelection {
                label: "vehicle_type".into(),
                label_is_optional: true,
                ..Default::default()
            };
            let _ = reader::read(path, &wanted, &mut |record| {
                assert_eq!(record.values.len(), record.shape.iter().product::<usize>());
                Ok(())
            });
            let _ = reader::described(path);
        }
        "w" => {
            let table = include_bytes!("fixtures/css/types.wfdisc");
            let folder = path.parent().map(Path::to_owned);
            std::fs::write(path.with_file_name("samples.w"), bytes).unwrap();
            let _ = recording::parse(table, "wfdisc", &Hints { folder, ..hints });
        }
        "QBN" => {
            let header = include_bytes!("fixtures/handler/untold.QHD");
            let folder = path.parent().map(Path::to_owned);
            let file_name = Some("untold.QHD".into());
            std::fs::write(path.with_file_name("untold.QBN"), bytes).unwrap();
            let hints = Hints {
                folder,
                file_name,
                ..hints
            };
            let _ = recording::parse(header, "QHD", &hints);
        }
        "hdf5" => {
            std::fs::write(path, bytes).unwrap();
            if let Ok(mut seisbench) = SeisBench::open(path.parent().unwrap(), "") {
                for row in 0..seisbench.len().min(4) {
                    let _ = seisbench.traces(row);
                }
            }
        }
        _ => {
            let parsed = recording::parse(bytes, ending, &hints);
            // The program reads these in parts.
            if ending == "wav" || ending == "mseed" {
                std::fs::write(path, bytes).unwrap();
                let parsed = parsed.as_ref().map_err(ToString::to_string).cloned();
                files::as_from_bytes(path, &hints, parsed);
            }
            if ending == "mseed" {
                files::records_one_by_one(bytes, path);
            }
            if let Ok(contents) = parsed {
                let traces = contents.traces;
                let names: Vec<String> = traces.iter().map(|trace| trace.channel.clone()).collect();
                let _ = merge(traces, &names);
            }
        }
    }
}

/// Processor time of this process in steps of 10 ms; wall time would depend on other processes.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    let fields = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * ticks)
}

/// Damaged files that were tried, and the outcome.
#[derive(Default)]
struct Tried {
    /// Number of files and longest time per file, by extension.
    counts: std::collections::BTreeMap<String, (u64, Duration)>,
    /// Files kept because of a panic or a long run time.
    bad: Vec<String>,
}

impl Tried {
    fn one(&mut self, bytes: &[u8], ending: &str, folder: &Path) {
        let path = folder.join(format!("waveforms.{ending}"));
        let started = processor_time();
        let outcome = std::panic::catch_unwind(|| read_damaged(bytes, ending, &path));
        let took = processor_time() - started;
        let (count, longest) = self.counts.entry(ending.to_owned()).or_default();
        *count += 1;
        *longest = took.max(*longest);
        if outcome.is_err() || took > Duration::from_secs(1) {
            let name = format!("damaged-{}.{ending}", self.bad.len());
            let kept = std::env::temp_dir().join(name);
            std::fs::write(&kept, bytes).unwrap();
            let what = if outcome.is_err() { "panic" } else { "slow" };
            self.bad
                .push(format!("{}: {what}, {took:?}", kept.display()));
            eprintln!("{}", self.bad[self.bad.len() - 1]);
        }
    }
}

/// Damaged files for every reader: no panic, no file takes more than a second, memory stays bounded. `FUZZ_INPUTS` sets
/// the number of files per extension, `FUZZ_SECONDS` the maximum duration, `FUZZ_SEED` the seed and `FUZZ_ENDINGS`
/// (`wav,sac`) the extensions. cargo-fuzz (`fuzz/README.md`) finds what this test does not.
#[test]
#[ignore = "takes as long as FUZZ_SECONDS says"]
fn damaged_files_are_read_or_refused_in_time() {
    let number = |name: &str, default: u64| {
        let given = std::env::var(name).ok();
        given.map_or(default, |text| text.parse().expect("a number"))
    };
    let (seconds, seed) = (number("FUZZ_SECONDS", 60), number("FUZZ_SEED", 1));
    let inputs = number("FUZZ_INPUTS", u64::MAX);
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let metadata = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/recordings/seisbench/metadata.csv");
    std::fs::copy(metadata, folder.path().join("metadata.csv")).unwrap();
    let mut files = std::collections::BTreeMap::<String, Vec<Vec<u8>>>::new();
    let only = std::env::var("FUZZ_ENDINGS").unwrap_or_default();
    for path in sound_files() {
        let ending = path.extension().unwrap().to_string_lossy().into_owned();
        if only.is_empty() || only.split(',').any(|listed| listed == ending) {
            let bytes = std::fs::read(&path).unwrap();
            files.entry(ending).or_default().push(bytes);
        }
    }
    if let Some(wavs) = files.get_mut("wav") {
        wavs.extend(files::long_wavs());
    }
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut tried = Tried::default();
    let begun = Instant::now();
    let mut said = 1;
    // All readers in turn, however many files each has.
    for round in 0..inputs {
        if begun.elapsed() > Duration::from_secs(seconds) || tried.bad.len() > 50 {
            break;
        }
        if begun.elapsed() > Duration::from_secs(60 * said) {
            eprintln!("after {said} min: {round} files of each ending");
            said += 1;
        }
        for (ending, sound) in &files {
            let sound = &sound[rng.random_range(0..sound.len())];
            tried.one(&damaged(sound, &mut rng), ending, folder.path());
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let most = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let Tried { counts, bad } = tried;
    let all: u64 = counts.values().map(|(count, _)| count).sum();
    eprintln!("{all} damaged files, {most}; by ending, with the longest: {counts:?}");
    assert!(bad.is_empty(), "{bad:#?}");
    let kilobytes: u64 = most.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes < 2 << 20, "{most}");
}
