//! The unit of the samples makes no difference: the same windows in volts, counts or metres per second give the same
//! inputs. Windows and channels without information are reported.

use std::path::PathBuf;

use data::reader::{Record, TfrecordWriter};
use data::{Dataset, DatasetConfig, Normalisation, Storage, batch};

const WINDOWS: usize = 12;
const SHAPE: [usize; 2] = [2, 256];

/// Counts of a recorder: integers with an offset and power at every frequency.
fn counts(window: usize, i: usize) -> f32 {
    let (channel, t) = (i / SHAPE[1], i % SHAPE[1]);
    let noise = ((i * 7919 + window * 104_729) * 31 + i * i * 17) % 101;
    let tone = 60.0 * (0.11 * (1 + window % 3) as f64 * t as f64).sin();
    (tone + noise as f64 + 30.0 * channel as f64).round() as f32
}

struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// Samples are `value` of window and position; `settings` go into the configuration.
    fn new(value: impl Fn(usize, usize) -> f32, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (split, first) in [("train", 0), ("val", 100)] {
            let path = folder.path().join(format!("{split}.tfrecord"));
            let mut writer = TfrecordWriter::create(&path).unwrap();
            for i in 0..WINDOWS {
                let values = (0..SHAPE[0] * SHAPE[1]).map(|at| value(first + i, at));
                let record = Record {
                    record: i,
                    values: values.collect(),
                    shape: SHAPE.to_vec(),
                    label: (i % 2) as i64,
                    group: Some(format!("{split}{i}")),
                };
                writer.write(&record).unwrap();
            }
            writer.finish().unwrap();
            let index = folder.path().join(format!("{split}.txt"));
            std::fs::write(index, format!("{split}.tfrecord\n")).unwrap();
        }
        let text = "task:\n  class_names: [a, b]\n  train_index_file: train.txt\n  val_index_file: val.txt\n";
        std::fs::write(
            folder.path().join("config.yaml"),
            format!("{text}{settings}\n"),
        )
        .unwrap();
        Self { folder }
    }

    fn config(&self) -> DatasetConfig {
        let path: PathBuf = self.folder.path().join("config.yaml");
        DatasetConfig::load(&path, None).unwrap()
    }

    fn open(&self, normalisation: Normalisation, storage: Storage) -> Dataset {
        Dataset::open(&self.config(), normalisation, storage).unwrap()
    }
}

/// All training inputs, as one batch.
fn inputs(dataset: &Dataset) -> Vec<f32> {
    let all: Vec<usize> = (0..dataset.train.len()).collect();
    let mut fetcher = batch::Fetcher::new(&dataset.train, &dataset.preprocessing);
    fetcher.fetch(&all).unwrap().x
}

const SETTINGS: [(&str, bool); 11] = [
    ("spectral_processing: {method: none}", true),
    ("spectral_processing: {method: fft}", true),
    (
        "spectral_processing: {method: fft, compression: log}",
        false,
    ),
    (
        "spectral_processing: {method: fft, compression: log1p}",
        true,
    ),
    ("spectral_processing: {method: welch}", true),
    (
        "spectral_processing: {method: welch, compression: log}",
        false,
    ),
    (
        "spectral_processing: {method: welch, compression: log1p}",
        true,
    ),
    // The bands are exact, but the level is a logarithm.
    ("spectral_processing: {method: bands}", false),
    (
        "spectral_processing: {method: bands, bands: {frames: 1, level: true}}",
        false,
    ),
    (
        "preprocessing: [detrend, {band_pass: {low: 20, high: 200}}, standardise]",
        true,
    ),
    ("preprocessing: [demean, {scale: 2.4e-7}, fft, log1p]", true),
];

const NORMALISATIONS: [Normalisation; 4] = [
    Normalisation::Sample,
    Normalisation::Dataset,
    Normalisation::Band,
    Normalisation::Batch,
];

#[test]
fn units_make_no_difference() {
    for (settings, is_exact) in SETTINGS {
        for normalisation in NORMALISATIONS {
            // The level changes the scale of the other features, since it is scaled together with them.
            let scales_with_level =
                matches!(normalisation, Normalisation::Sample | Normalisation::Batch);
            if settings.contains("bands") && scales_with_level {
                continue;
            }
            let of = |factor: f32| {
                let project = Project::new(|window, i| counts(window, i) * factor, settings);
                inputs(&project.open(normalisation, Storage::Memory))
            };
            let expected = of(1.0);
            let spread = expected
                .iter()
                .fold(0f32, |largest, v| largest.max(v.abs()));
            assert!(spread > 0.5, "{settings}, {normalisation}: nothing is left");
            for power in [-40, 40] {
                let scaled = of(2f32.powi(power));
                if is_exact {
                    assert_eq!(scaled, expected, "{settings}, {normalisation}, 2^{power}");
                } else {
                    close(
                        &scaled,
                        &expected,
                        1e-4,
                        &format!("{settings}, {normalisation}, 2^{power}"),
                    );
                }
            }
            // Rounding errors of the samples show in bins where they cancel.
            let tolerance = match (is_exact, settings.contains("scale")) {
                (false, _) => 0.15,
                (true, true) => 0.15,
                (true, false) => 5e-3,
            };
            for factor in [1e-12, 1e-9, 1e12] {
                let scaled = of(factor);
                close(
                    &scaled,
                    &expected,
                    tolerance,
                    &format!("{settings}, {normalisation}, {factor}"),
                );
            }
        }
    }
}

fn close(ours: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance,
            "{what}: value {i}: {a} is not {b}"
        );
    }
}

/// Thresholds come from the training split, however the windows are stored.
#[test]
fn streamed_inputs_are_those_in_memory_to_the_bit() {
    // Dead windows have no level.
    let value = |window, i| if window == 3 { 5.0 } else { counts(window, i) };
    for (settings, _) in SETTINGS {
        let project = Project::new(value, settings);
        for normalisation in NORMALISATIONS {
            let [memory, windows, streamed] =
                [Storage::Memory, Storage::Windows, Storage::Streamed]
                    .map(|storage| project.open(normalisation, storage));
            let what = format!("{settings}, {normalisation}");
            assert_eq!(memory.preprocessing, windows.preprocessing, "{what}");
            assert_eq!(memory.preprocessing, streamed.preprocessing, "{what}");
            let expected = inputs(&memory);
            assert!(expected.iter().all(|v| v.is_finite()), "{what}");
            assert_eq!(inputs(&windows), expected, "{what}");
            assert_eq!(inputs(&streamed), expected, "{what}");
            // Stored with the model and read again.
            let json = serde_json::to_string(&memory.preprocessing).unwrap();
            let stored: data::Preprocessing = serde_json::from_str(&json).unwrap();
            assert_eq!(stored, memory.preprocessing, "{what}");
        }
    }
}

/// Checks that `found` is `ln(1 + x)` of `of`, to within one unit in the last place.
fn are_log1p(found: &[f32], of: &[f32]) {
    assert_eq!(found.len(), of.len());
    for (found, of) in found.iter().zip(of) {
        let nearest = f64::from(*of).ln_1p() as f32;
        assert!(
            found.to_bits().abs_diff(nearest.to_bits()) <= 1,
            "{of}: {found}"
        );
    }
}

/// A run of an older version keeps its thresholds.
#[test]
fn absolute_thresholds_are_those_of_older_versions() {
    let settings = "spectral_processing: {method: fft, compression: log1p}";
    let small = Project::new(|window, i| 1e-3 * counts(window, i), settings);
    let mut config = small.config();
    config.absolute_thresholds = true;
    let dataset = Dataset::load(&config, Normalisation::None).unwrap();
    assert_eq!(dataset.preprocessing.thresholds, None);
    config.spectral.compression = data::Compression::None;
    let plain = Dataset::load(&config, Normalisation::None).unwrap();
    are_log1p(&inputs(&dataset), &inputs(&plain));
}

/// Counts in old configurations give the same inputs as before.
#[test]
fn counts_keep_their_log1p() {
    let project = Project::new(
        counts,
        "spectral_processing: {method: fft, compression: log1p}",
    );
    let dataset = project.open(Normalisation::None, Storage::Memory);
    let thresholds = dataset.preprocessing.thresholds.as_ref().unwrap();
    assert_eq!(thresholds.compression, [1.0, 1.0]);
    let plain = Project::new(counts, "spectral_processing: {method: fft}");
    let plain = inputs(&plain.open(Normalisation::None, Storage::Memory));
    are_log1p(&inputs(&dataset), &plain);
}

#[test]
fn what_says_nothing_is_named() {
    let warnings = |value: fn(usize, usize) -> f32, settings: &str| {
        let dataset = Project::new(value, settings).open(Normalisation::Dataset, Storage::Streamed);
        let mut warnings = dataset.warnings;
        warnings.retain(|warning| !warning.contains("serves as test"));
        warnings
    };
    assert_eq!(warnings(counts, ""), [""; 0]);
    // Also in metres per second.
    let dead = |window, i| {
        if i >= SHAPE[1] {
            -2e-9
        } else {
            1e-9 * counts(window, i)
        }
    };
    assert_eq!(
        warnings(dead, ""),
        [
            "channel 2 of 2 is constant in all 12 training windows: is the sensor dead?",
            "channel 2 of 2 is constant in all 12 validation windows: is the sensor dead?"
        ]
    );
    let sometimes = |window, i| {
        if window < 3 && i < SHAPE[1] {
            0.0
        } else {
            counts(window, i)
        }
    };
    let found = warnings(
        sometimes,
        "spectral_processing: {method: welch, compression: log}",
    );
    assert_eq!(
        found,
        [
            "channel 1 of 2 is constant in 3 of 12 training windows (25.0 %)",
            "25.0 % of the training spectra of channel 1 of 2 lie at the floor of `log`"
        ]
    );
    let filtered = warnings(counts, "preprocessing: [{high_pass: {frequency: 2}}]");
    assert_eq!(
        filtered,
        ["no `sampling_rate` is given: `high_pass` assumes 512 Hz"]
    );
    let known = "sampling_rate: 100\npreprocessing: [{high_pass: {frequency: 2}}]";
    assert_eq!(warnings(counts, known), [""; 0]);
}

/// A dead channel stays zero under every normalisation, and the other channel's inputs are those it would have alone.
#[test]
fn dead_channels_become_zero() {
    for settings in [
        "spectral_processing: {method: none}",
        "spectral_processing: {method: none}\npreprocessing: [detrend, standardise]",
        "spectral_processing: {method: welch}",
    ] {
        for normalisation in NORMALISATIONS {
            let value = |window, i| {
                if i >= SHAPE[1] {
                    8.3e6
                } else {
                    counts(window, i)
                }
            };
            let dataset = Project::new(value, settings).open(normalisation, Storage::Memory);
            let [channels, segments, bins] = dataset.train.shape;
            for (i, input) in inputs(&dataset).chunks(segments * bins).enumerate() {
                let dead = i % channels == 1;
                assert_eq!(
                    input.iter().all(|v| *v == 0.0),
                    dead,
                    "{settings}, {normalisation}"
                );
            }
        }
    }
}
