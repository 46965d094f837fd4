//! Damaged files that the program reads in parts are what they are as a whole in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use data::recording::{self, Contents, Hints, IndexedFile, Trace, TraceReader};
use rand::SeedableRng;
use rand::seq::IndexedRandom;

use super::{damaged, read_damaged, sound_files};

/// WAV files that are longer than what is read at once, without and with other chunks before and after their samples.
pub fn long_wavs() -> Vec<Vec<u8>> {
    let chunk = |name: &[u8; 4], content: &[u8]| {
        [name, &(content.len() as u32).to_le_bytes()[..], content].concat()
    };
    let samples: Vec<u8> = (0..120_000u32).map(|i| (i * 37 % 251) as u8).collect();
    let format = [1u16, 2, 1000, 0, 4000, 0, 4, 16].map(u16::to_le_bytes);
    let parts = [
        chunk(b"fmt ", format.as_flattened()),
        chunk(b"JUNK", &[7; 70_000]),
        chunk(b"data", &samples),
        chunk(b"LIST", b"INFO"),
    ];
    let file = |which: &[usize]| {
        let body: Vec<&[u8]> = which.iter().map(|part| &*parts[*part]).collect();
        chunk(b"RIFF", &[b"WAVE", &body.concat()[..]].concat())
    };
    [&[0, 2][..], &[0, 1, 2], &[0, 2, 3], &[1, 0, 2, 3]]
        .map(file)
        .to_vec()
}

/// The bits of traces.
fn bits(traces: &[Trace]) -> Vec<(&str, i64, u64, Vec<u64>)> {
    let bits = |trace: &Trace| trace.samples.iter().map(|v| v.to_bits()).collect();
    traces
        .iter()
        .map(|trace| {
            let rate = trace.rate.to_bits();
            (&*trace.channel, trace.start, rate, bits(trace))
        })
        .collect()
}

/// Checks that a file in `path` is read as its bytes were.
pub fn as_from_bytes(path: &Path, hints: &Hints, parsed: Result<Contents, String>) {
    let read = recording::read(path, hints).map_err(|error| error.to_string());
    match (read, parsed) {
        (Ok(read), Ok(parsed)) => {
            assert_eq!(read.notes, parsed.notes);
            assert!(bits(&read.traces) == bits(&parsed.traces));
        }
        (Err(error), Err(expected)) => {
            assert_eq!(error, format!("{}: {expected}", path.display()));
        }
        (Err(error), Ok(parsed)) => {
            assert!(parsed.traces.iter().all(|trace| trace.samples.is_empty()));
            assert!(error.contains("has no samples"), "{error}");
        }
        (Ok(_), Err(error)) => panic!("read from the file, but not from its bytes: {error}"),
    }
}

/// The samples of each channel, one trace after the other.
type Samples = BTreeMap<String, Vec<u64>>;

fn add(all: &mut Samples, channel: &str, samples: &[f64]) {
    let bits = samples.iter().map(|sample| sample.to_bits());
    all.entry(channel.to_owned()).or_default().extend(bits);
}

/// Checks that records of miniSEED have the same samples where they are read one by one from the file. (A live stream gives each
/// record as soon as it is complete, and cannot look for the next one inside a damaged one.)
pub fn records_one_by_one(bytes: &[u8], path: &Path) {
    let Ok(parsed) = recording::parse(bytes, "mseed", &Hints::default()) else {
        return;
    };
    let file = File::open(path).unwrap();
    // Other formats begin like damaged records.
    let Some(Ok(indexed)) = IndexedFile::open(&file).unwrap() else {
        return;
    };
    // Records of several traces of a channel may be in turn.
    let sorted = |mut all: Samples| {
        all.values_mut().for_each(|samples| samples.sort_unstable());
        all.retain(|_, samples| !samples.is_empty());
        all
    };
    let mut whole = Samples::new();
    for trace in &parsed.traces {
        add(&mut whole, &trace.channel, &trace.samples);
    }
    let whole = sorted(whole);
    let mut by_record = Samples::new();
    for trace in &indexed.traces {
        let mut reader = TraceReader::open(path).unwrap();
        let mut samples = Vec::new();
        while let Some((first, _)) = reader.next(trace, &mut samples).unwrap() {
            assert!(first + samples.len() <= trace.len);
            add(&mut by_record, &trace.channel, &samples);
        }
    }
    let by_record = sorted(by_record);
    // A record inside one with damaged samples is found only where these are decoded.
    let is_there = |(channel, samples): (&String, &Vec<u64>)| {
        let mut all = whole.get(channel).into_iter().flatten();
        samples
            .iter()
            .all(|sample| all.any(|other| other == sample))
    };
    assert!(
        by_record.iter().all(is_there),
        "the index has other samples"
    );
    if parsed.notes.is_empty() {
        assert!(whole == by_record, "the index lacks samples");
    }
}

/// Some of the damaged files of the long test, which compares both ways of reading.
#[test]
fn damaged_files_in_parts_are_what_their_bytes_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    for ending in ["wav", "mseed"] {
        let files = sound_files().into_iter();
        let files = files.filter(|path| path.extension().is_some_and(|found| found == ending));
        let mut sound: Vec<Vec<u8>> = files.map(|path| std::fs::read(path).unwrap()).collect();
        if ending == "wav" {
            sound.extend(long_wavs());
        }
        assert!(sound.len() > 30);
        let path = folder.path().join(format!("waveforms.{ending}"));
        for bytes in &sound {
            read_damaged(bytes, ending, &path);
        }
        for _ in 0..200 {
            let bytes = damaged(sound.choose(&mut rng).unwrap(), &mut rng);
            read_damaged(&bytes, ending, &path);
        }
    }
}
