//! Sampling rates beside the samples of each format; those of NumPy are tested with its archives.

use std::path::{Path, PathBuf};

use tfrecord::protobuf::feature::Kind;
use tfrecord::protobuf::{Example, Feature, Features, FloatList, Int64List};

use super::{class_note, rate_note};

/// What is said of a source with 100 Hz.
fn check(path: &Path) {
    let name = path.display();
    let said = rate_note([path], Some(50.0)).unwrap_or_default();
    let expected = "has a sampling rate of 100 Hz, but the configuration has 50 Hz, which counts";
    assert!(said.contains(expected), "{name}: {said}");
    let said = rate_note([path], None).unwrap_or_default();
    assert!(said.contains("add `sampling_rate: 100`"), "{name}: {said}");
    assert_eq!(rate_note([path], Some(100.0)), None, "{name}");
}

/// A file of torch.save with a pickle and no tensors.
fn torch(path: &Path, pickle: &[u8]) {
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in [("a/data.pkl", pickle), ("a/version", b"3\n")] {
        archive.start_file(name, options).unwrap();
        std::io::Write::write_all(&mut archive, bytes).unwrap();
    }
    archive.finish().unwrap();
}

#[test]
fn rates_of_torch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pt");
    // {"fs": 100.0}, {"metadata": {"sampling_rate": 100}} and {"offset": 100}
    torch(&path, b"\x80\x02}X\x02\0\0\0fsG@Y\0\0\0\0\0\0s.");
    check(&path);
    torch(
        &path,
        b"\x80\x02}X\x08\0\0\0metadata}X\x0d\0\0\0sampling_rateKdss.",
    );
    check(&path);
    torch(&path, b"\x80\x02}X\x06\0\0\0offsetKds.");
    assert_eq!(rate_note([&*path], Some(50.0)), None);
}

#[test]
fn rates_of_parquet() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet_lists");
    check(&fixtures.join("rate.parquet"));
    let [rates, pandas] = ["rates", "pandas"].map(|name| fixtures.join(format!("{name}.parquet")));
    let said = rate_note([&*rates], Some(100.0)).unwrap_or_default();
    assert!(said.contains("the same file also has 50 Hz"), "{said}");
    assert_eq!(rate_note([&*pandas], Some(50.0)), None);
    // Of several files, each with one.
    let rate = fixtures.join("rate.parquet");
    let said = rate_note([&*pandas, &*rate, &*rates], None).unwrap_or_default();
    assert!(
        said.contains("100 Hz, and") && said.contains("rates.parquet has 50 Hz"),
        "{said}"
    );
}

#[test]
fn sources_are_spread_evenly() {
    let of = |count: usize, most: usize| {
        let sources: Vec<PathBuf> = (0..count).map(|i| i.to_string().into()).collect();
        let found = super::notes::spread(&sources, most);
        found
            .map(|path| path.to_string_lossy().parse().unwrap())
            .collect::<Vec<usize>>()
    };
    assert_eq!(of(0, 3), [0; 0]);
    assert_eq!(of(1, 3), [0]);
    assert_eq!(of(3, 3), [0, 1, 2]);
    assert_eq!(of(101, 3), [0, 50, 100]);
}

/// A TFRecord file with one example for each rate, and samples beside it.
fn tfrecord(path: &Path, name: &str, rates: impl IntoIterator<Item = Kind>) {
    let mut file = Vec::new();
    for (i, rate) in rates.into_iter().enumerate() {
        let value = vec![i as f32; 200 + i % 7];
        let samples = Kind::FloatList(FloatList { value });
        let features = [(name, rate), ("x", samples)].map(|(name, kind)| {
            let kind = Some(kind);
            (name.to_owned(), Feature { kind })
        });
        let features = Some(Features {
            feature: features.into_iter().collect(),
        });
        let bytes = <Example as tfrecord::Record>::to_bytes(Example { features }).unwrap();
        tfrecord::io::sync::try_write_record(&mut file, bytes).unwrap();
    }
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packed, &file).unwrap();
        file = packed.finish().unwrap();
    }
    std::fs::write(path, file).unwrap();
}

#[test]
fn rates_of_tfrecord() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    let float = || Kind::FloatList(FloatList { value: vec![100.0] });
    let whole = |value: Vec<i64>| Kind::Int64List(Int64List { value });
    for (file, name, rate) in [
        ("a.tfrecord", "sampling_rate", float()),
        ("b.tfrecord", "fs", whole(vec![100])),
        ("c.tfrecord.gz", "Sample Rate (Hz)", float()),
    ] {
        tfrecord(&at(file), name, [rate]);
        check(&at(file));
    }
    tfrecord(&at("d.tfrecord"), "fs", [whole(vec![100, 50])]);
    assert_eq!(rate_note([&*at("d.tfrecord")], Some(50.0)), None);
}

/// A file that was joined of two, or shuffled, or whose last part is another.
#[test]
fn rates_of_other_records_of_a_tfrecord() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |rate: f32| Kind::FloatList(FloatList { value: vec![rate] });
    let others: [fn(usize) -> bool; 3] = [|i| i >= 150, |i| i % 2 == 1, |i| i >= 270];
    for (number, other) in others.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.tfrecord"));
        let rates = (0..300).map(|i| kind(if other(i) { 50.0 } else { 100.0 }));
        tfrecord(&path, "fs", rates);
        let said = rate_note([&*path], Some(100.0)).unwrap_or_default();
        assert!(
            said.contains("the same file also has 50 Hz"),
            "{number}: {said}"
        );
        tfrecord(&path, "fs", (0..300).map(|_| kind(100.0)));
        assert_eq!(rate_note([&*path], Some(100.0)), None);
    }
    let path = folder.path().join("a.tfrecord.gz");
    let rates = (0..300).map(|i| kind(if i % 2 == 1 { 50.0 } else { 100.0 }));
    tfrecord(&path, "fs", rates);
    let said = rate_note([&*path], Some(100.0)).unwrap_or_default();
    assert!(said.contains("the same file also has 50 Hz"), "{said}");
}

/// Each file numbers its classes.
#[test]
fn classes_of_several_files() {
    let folder = tempfile::tempdir().unwrap();
    let list = |file: &str, names: [&str; 2]| {
        let path = folder.path().join(file);
        let mut pickle = b"\x80\x02}X\x07\0\0\0classes](".to_vec();
        for name in names {
            pickle.extend([b'X', name.len() as u8, 0, 0, 0]);
            pickle.extend(name.as_bytes());
        }
        pickle.extend(b"es.");
        torch(&path, &pickle);
        path
    };
    let [a, b, c] = [
        list("a.pt", ["noise", "car"]),
        list("b.pt", ["Noise", "car"]),
        list("c.pt", ["car", "noise"]),
    ];
    assert_eq!(class_note([&*a, &*b]), None);
    let said = class_note([&*a, &*b, &*c]).unwrap_or_default();
    assert!(
        said.contains("a.pt: lists the classes noise, car, and"),
        "{said}"
    );
    assert!(said.contains("c.pt lists car, noise"), "{said}");
    assert!(said.contains("`noise` has two numbers"), "{said}");
    // As `datasets` of Hugging Face keeps them.
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet_lists");
    let d = list("d.pt", ["b", "a"]);
    let said = class_note([&*d, &*fixtures.join("class_label.parquet")]).unwrap_or_default();
    assert!(said.contains("class_label.parquet lists"), "{said}");
}
