//! What an import reports about unusual recordings and windows.

use super::*;

/// Reports silence, a class with a single recording, minutes shared by splits, and a window length that is not a
/// multiple of 8.
#[test]
fn an_import_says_what_is_odd_about_its_windows() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let table = |silent_from: usize| {
        let value = |i: usize| {
            if i < silent_from {
                (i * i * 37 + silent_from) % 1009
            } else {
                7
            }
        };
        let rows = (0..2000).map(|i| format!("{}.{:02},{}\n", i / 100, i % 100, value(i)));
        format!("time,Z\n{}", rows.collect::<String>())
    };
    std::fs::write(at("one.csv"), table(2000)).unwrap();
    std::fs::write(at("two.csv"), table(1000)).unwrap();
    let list = "sampling_rate: 100\nwindow: 0.5\nchannels: [Z]\nclass_names: [a, b]\nrecordings:\n  - {files: [one.csv], \
                class: a}\n  - files: [two.csv]\n    labels: [{start: 0, end: 10, class: a}, {start: 10, end: 20, class: \
                b}]\nsplit: {by: time, train: 0.6, val: 0.2, test: 0.2}\n";
    std::fs::write(at("list.yaml"), list).unwrap();
    let config = RecordingsConfig::load(&at("list.yaml")).unwrap();
    let imported = import(&config, &at("out"), 100, &mut |_| {}).unwrap();
    let said = imported.warnings.join("\n");
    for part in [
        "50 samples, which the front end `bands` takes; `fft` and `welch` need a multiple of 8, such as 48 samples, 0.480000 s",
        "two: all 20 windows of class `b` are silent",
        "class `b` is in one recording alone, two",
        "windows of split val",
        "from minutes that split train has windows of",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    import(&config, &at("again"), 100, &mut |_| {}).unwrap();
    for entry in std::fs::read_dir(at("out")).unwrap() {
        let name = entry.unwrap().file_name();
        let read = |folder: &str| std::fs::read(at(folder).join(&name)).unwrap();
        assert_eq!(read("out"), read("again"), "{name:?}");
    }
}

/// Channels of one recording at 50, 100 and 200 Hz are resampled to the rate of the windows; an unused channel does not
/// cause an error. `--strict` rejects a channel slower than the windows, but not resampling or decimal commas.
#[test]
fn channels_at_several_rates_are_one_recording() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // A tone of 2 Hz, which every rate can represent, and an unused channel.
    let table = |name: &str, rate: u32| {
        let row = |i: u32| {
            let time = f64::from(i) / f64::from(rate);
            let value = 100.0 * (2.0 * std::f64::consts::TAU * time).sin();
            format!("{time:.4};{value:.6};texts\n").replace('.', ",")
        };
        let rows: String = (0..20 * rate).map(row).collect();
        std::fs::write(at(name), format!("time;{name};remark\n{rows}")).unwrap();
    };
    table("LOW", 50);
    table("MID", 100);
    table("HIGH", 200);
    let run = |channels: &str, out: &str, strict: bool| {
        let list = format!(
            "sampling_rate: 100\nwindow: 1.28\nchannels: [{channels}]\nclass_names: [a, b]\nrecordings:\n  - {{name: r, files: \
             [LOW.csv, MID.csv, HIGH.csv], class: a}}\nsplit: {{by: time, train: 0.6, val: 0.4}}\n"
        );
        std::fs::write(at("list.yaml"), list).unwrap();
        let config = RecordingsConfig::load(&at("list.yaml")).unwrap();
        let how = data::import::WriteOptions { shard: 100, strict };
        let done = data::import::import_watched(&config, &at(out), how, &mut |_| {}, &mut |_| {});
        done.map_err(|error| error.to_string())
    };
    for name in ["LOW", "MID", "HIGH"] {
        std::fs::rename(at(name), at(&format!("{name}.csv"))).unwrap();
    }
    let imported = run("MID, HIGH", "out", false).unwrap();
    let loud = imported.warnings.texts(false).join("\n");
    for part in [
        "decimal commas",
        "left out column `remark`: texts",
        "r: 20.000 s are resampled to 100 Hz by channel",
    ] {
        assert!(loud.contains(part), "{part}: {loud}");
    }
    let shard = at("out").join("train-00000-of-00001.tfrecord");
    let (mut largest, mut windows) = (0.0f32, 0);
    data::reader::read(&shard, &Default::default(), &mut |record| {
        let (mid, high) = record.values.split_at(record.values.len() / 2);
        // Skips the first window: before the start of the recording, the filter sees zeros.
        let pairs = mid.iter().zip(high).filter(|_| record.record > 0);
        largest = pairs.fold(largest, |largest, (a, b)| largest.max((a - b).abs()));
        windows += 1;
        Ok(())
    })
    .unwrap();
    assert!(windows > 5);
    assert!(largest < 0.2, "{largest} of 100");
    let strict = run("MID, HIGH", "strict", true).unwrap_err();
    assert!(
        !strict.contains("comma") && !strict.contains("resampled"),
        "{strict}"
    );
    let strict = run("MID, LOW", "strict", true).unwrap_err();
    let expected = "channel `LOW` has nothing above 25 Hz";
    assert!(strict.contains(expected), "{strict}");
    let report = std::fs::read_to_string(at("out").join("import_report.txt")).unwrap();
    assert!(report.contains("\nInformation: "), "{report}");
}

/// A file without samples beside others, such as the log of a recorder, is left out. Alone it is an error.
#[test]
fn files_without_samples_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // A text record of 128 bytes, and the volume header of a station's description.
    let mut log = b"000001D NODE   LOGXX".to_vec();
    log.extend([
        7, 232, 0, 122, 10, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 64, 0, 48,
    ]);
    log.extend([3, 232, 0, 0, 0, 1, 7, 0]);
    log.resize(64, 0);
    log.extend(b"hello");
    log.resize(128, 0);
    std::fs::write(at("b.mseed"), &log).unwrap();
    let dataless = format!(
        "{:<4096}",
        "000001V 010009502.4122001,001,00:00:00.0000~2020,001~~~~"
    );
    std::fs::write(at("c.mseed"), dataless).unwrap();
    std::fs::copy(fixtures().join("steim1.mseed"), at("a.mseed")).unwrap();
    let row = |i: i32| format!("{:.2},{}\n", f64::from(i) / 100.0, i * i % 97);
    let rows: String = (0..400).map(row).collect();
    std::fs::write(at("d.csv"), format!("time,EHZ\n{rows}")).unwrap();
    let run = |files: &str, out: &str| {
        let list = format!(
            "sampling_rate: 100\nwindow: 0.32\nchannels: [EHZ]\nclass_names: [a, b]\nrecordings:\n  - {{files: ['{files}'], \
             class: a, split: train}}\n  - {{files: [d.csv], class: a, split: val}}\nsplit: {{by: given}}\n"
        );
        std::fs::write(at("list.yaml"), list).unwrap();
        let config = RecordingsConfig::load(&at("list.yaml")).unwrap();
        import(&config, &at(out), 100, &mut |_| ()).map_err(|error| error.to_string())
    };
    let notes = run("*.mseed", "all").unwrap().warnings;
    for (file, why) in [
        ("b", "has no samples; 1 text record skipped"),
        ("c", "is a dataless SEED volume"),
    ] {
        let said = notes.texts(false).join("\n");
        assert!(
            said.contains(&format!("{file}.mseed: left out: {why}")),
            "{said}"
        );
    }
    let error = run("b.mseed", "log").unwrap_err();
    assert!(error.contains("b.mseed: has no samples"), "{error}");
    // What a power cut or a failed download left may have been data: a warning.
    std::fs::write(at("e.mseed"), "").unwrap();
    std::fs::write(at("f.mseed"), "<!DOCTYPE html><html>404</html>").unwrap();
    std::fs::write(at("g.mseed"), "<?xml version=\"1.0\"?><FDSNStationXML/>").unwrap();
    let notes = run("*.mseed", "more").unwrap().warnings;
    let said = notes.texts(true).join("\n");
    for what in [
        "e.mseed: left out: the file is empty",
        "f.mseed: left out: is a page of HTML",
        "g.mseed: left out: is StationXML",
    ] {
        assert!(said.contains(what), "{what}: {said}");
    }
    assert!(
        run("e.mseed", "empty")
            .unwrap_err()
            .contains("the file is empty")
    );
}
