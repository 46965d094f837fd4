//! Recordings written by ObsPy, libmseed, SciPy and pyarrow, value by value (`scripts/conformance/make_recordings.py`),
//! and damaged files.

use std::path::{Path, PathBuf};

use data::recording::{self, Hints, Trace, merge};
use proptest::prelude::*;

/// 2024-05-01T10:00:00Z.
const START: i64 = 1_714_557_600_000_000_000;
const N: i64 = 400;

/// The samples of the script.
fn value(i: i64, channel: i64) -> f64 {
    let scale = if (101..140).contains(&i) { 200 } else { 1 };
    (((i * i * 37) % 1009 - 500) * scale + i / 7 + 1000 * channel) as f64
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings")
}

fn read(name: &str) -> Vec<Trace> {
    recording::read(&folder().join(name), &Hints::default())
        .unwrap()
        .traces
}

fn assert_samples(trace: &Trace, first: i64, last: i64, channel: i64, change: impl Fn(f64) -> f64) {
    let expected: Vec<f64> = (first..last).map(|i| change(value(i, channel))).collect();
    assert_eq!(trace.samples, expected, "{}", trace.channel);
    assert_eq!(trace.rate, 100.0);
}

#[test]
fn miniseed_of_libmseed() {
    let clip = |v: f64| v.clamp(-32768.0, 32767.0);
    let plain = |v: f64| v;
    let files: [(&str, &dyn Fn(f64) -> f64); 8] = [
        ("steim1.mseed", &plain),
        ("steim2.mseed", &plain),
        ("int32.mseed", &plain),
        ("int16.mseed", &clip),
        ("float32.mseed", &plain),
        ("float64.mseed", &plain),
        ("steim2.mseed3", &plain),
        ("float64.mseed3", &plain),
    ];
    for (name, change) in files {
        let traces = read(name);
        assert_eq!(traces.len(), 4, "{name}");
        for (channel, code) in ["XX.NODE.00.EHZ", "XX.NODE.00.EHN"].into_iter().enumerate() {
            let stretches: Vec<&Trace> = traces
                .iter()
                .filter(|trace| trace.channel == code)
                .collect();
            assert_eq!(stretches.len(), 2, "{name} {code}");
            assert_samples(stretches[0], 0, 250, channel as i64, change);
            assert_samples(stretches[1], 250, N, channel as i64, change);
            assert_eq!(
                (stretches[0].start, stretches[1].start),
                (START, START + 4_500_000_000),
                "{name}"
            );
        }
        let merged = merge(traces, &["EHZ".into(), "EHN".into()]).unwrap();
        let lengths: Vec<usize> = merged
            .stretches
            .iter()
            .map(|stretch| stretch.len())
            .collect();
        assert_eq!((lengths, merged.gaps), (vec![250, 150], 2), "{name}");
    }
}

#[test]
fn sac_of_obspy() {
    for name in ["le.sac", "be.sac"] {
        let traces = read(name);
        assert_eq!(traces.len(), 1);
        assert_eq!(
            (traces[0].channel.as_str(), traces[0].start),
            ("XX.NODE.00.EHZ", START)
        );
        assert_samples(&traces[0], 0, N, 0, |v| f64::from(v as f32));
    }
}

#[test]
fn wav_of_scipy() {
    for name in ["int32.wav", "int16.wav", "float32.wav"] {
        let traces = read(name);
        assert_eq!(traces.len(), 2);
        for (channel, trace) in traces.iter().enumerate() {
            let clipped = |v: f64| {
                if name == "int16.wav" {
                    v.clamp(-32768.0, 32767.0)
                } else {
                    v
                }
            };
            assert_samples(trace, 0, N, channel as i64, clipped);
            assert_eq!(
                (trace.channel.clone(), trace.start),
                ((channel + 1).to_string(), 0)
            );
        }
    }
}

#[test]
fn tables_of_pandas_and_pyarrow() {
    let traces = read("table.csv");
    assert_eq!(traces.len(), 2);
    for (channel, trace) in traces.iter().enumerate() {
        assert_samples(trace, 0, N, channel as i64, |v| v);
        assert_eq!(trace.start, START);
    }
    for name in ["zstd_geo.parquet", "snappy_geo.parquet"] {
        let traces = read(name);
        assert_eq!((traces.len(), traces[0].channel.as_str()), (1, "EHZ"));
        assert_samples(&traces[0], 0, N, 0, |v| v);
        assert!((traces[0].start - START).abs() < 1000, "{name}");
    }
}

#[test]
fn runs_of_m3n_vc() {
    let runs = recording::runs(&folder().join("m3n_vc/run_ids.parquet")).unwrap();
    assert_eq!(runs.len(), 4);
    assert_eq!(
        (runs[2].label.as_str(), runs[3].set.as_deref()),
        ("mustang", Some("test"))
    );
    assert_eq!(
        (runs[1].start, runs[1].end),
        (START + 100_000_000_000, START + 120_000_000_000)
    );
    let node = &read("m3n_vc/run1_rs2_geo.parquet")[0];
    assert_eq!(
        (node.channel.as_str(), node.rate, node.samples.len()),
        ("SH3", 200.0, 4000)
    );
}

#[test]
fn seisbench_of_h5py() {
    let mut seisbench = recording::SeisBench::open(&folder().join("seisbench"), "").unwrap();
    assert_eq!(seisbench.len(), 9);
    assert_eq!(
        (
            seisbench.value(1, "source_type"),
            seisbench.value(6, "trace_P_arrival_sample")
        ),
        (Some("explosion"), None)
    );
    for (row, event, length) in [(0, 0, 300), (1, 1, 280), (7, 7, 300), (8, 0, 300)] {
        let traces = seisbench.traces(row).unwrap();
        let names: Vec<&str> = traces.iter().map(|trace| trace.channel.as_str()).collect();
        assert_eq!(names, ["Z", "N", "E"]);
        for (channel, trace) in traces.iter().enumerate() {
            assert_samples(trace, 0, length, channel as i64, |v| {
                f64::from((v + 10.0 * f64::from(event)) as f32)
            });
            assert_eq!(trace.start, START + 60_000_000_000 * row as i64);
        }
    }
    assert!(
        seisbench
            .needs("colour")
            .unwrap_err()
            .to_string()
            .contains("there are trace_name, source_id")
    );
}

#[test]
fn damage_is_named() {
    let damaged = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = std::fs::read(folder().join(name)).unwrap();
        change(&mut bytes);
        let ending = name.rsplit('.').next().unwrap();
        recording::parse(&bytes, ending, &Hints::default())
            .unwrap_err()
            .to_string()
    };
    let one_record = damaged("steim2.mseed", &|bytes| {
        bytes.truncate(512);
        bytes[200] ^= 0x10;
    });
    assert!(
        one_record.contains("(record 0, at byte 0: the samples end with"),
        "{one_record}"
    );
    let cut = damaged("steim1.mseed", &|bytes| bytes.truncate(500));
    assert!(
        cut.contains("(record 0, at byte 0: the record is truncated: 500 of its 512"),
        "{cut}"
    );
    let checksum = damaged("float64.mseed3", &|bytes| {
        bytes.truncate(2000);
        bytes
            .iter_mut()
            .skip(100)
            .step_by(100)
            .for_each(|byte| *byte ^= 1);
    });
    assert!(
        checksum.contains("(record 0, at byte 0: the checksum is"),
        "{checksum}"
    );
    let unknown = recording::parse(b"nothing", "dat", &Hints::default())
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("recordings are miniSEED, SAC, WAV, SEG-Y"),
        "{unknown}"
    );
}

/// All fixtures whose format is recognised by content.
fn fixtures() -> Vec<PathBuf> {
    let all = ["recordings", "miniseed", "wav", "sac"].map(|name| folder().with_file_name(name));
    let files = all
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let known = ["mseed", "mseed3", "sac", "wav", "csv", "parquet"];
    let mut files: Vec<PathBuf> = files
        .map(|file| file.unwrap().path())
        .filter(|path| {
            let ending = path.extension().unwrap_or_default();
            known.iter().any(|known| ending == *known)
        })
        .collect();
    files.sort();
    files
}

proptest! {
    /// Changed bytes give an error or samples, never a panic, and never more samples than the bytes can hold.
    #[test]
    fn any_change_is_survived(
        file in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let files = fixtures();
        let path = &files[file.index(files.len())];
        let mut bytes = std::fs::read(path).unwrap();
        for (at, byte) in changes {
            // Changes to headers have the largest effect.
            let length = bytes.len().min(700);
            bytes[at.index(length)] = byte;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()) + 1);
        }
        let ending = path.extension().unwrap().to_str().unwrap();
        if let Ok(contents) = recording::parse(&bytes, ending, &Hints::default()) {
            let traces = contents.traces;
            let samples: usize = traces.iter().map(|trace| trace.samples.len()).sum();
            prop_assert!(samples <= 16 * bytes.len());
            let names: Vec<String> = traces.iter().map(|trace| trace.channel.clone()).collect();
            let _ = merge(traces, &names);
        }
    }
}
