//! Tables whose column of times is given, and files of one recording.

use std::fmt::Write;

use data::recording::Hints;
use predict::scoring::LabelledRecording;
use predict::{Analysis, Cutting, EventDetector, EventSettings, Finding, JoinerEvent, Slider};

use super::*;

/// A table at 100 Hz of `x` and `y` with a gap of 5 s after 3 s, whose samples depend on `salt`.
fn table(head: &str, (start, salt): (f64, usize)) -> String {
    let mut text = head.to_owned();
    for i in 0..600 {
        let time = start + i as f64 / 100.0 + if i < 300 { 0.0 } else { 5.0 };
        let value = (i * i * 37 + i * salt + salt) % 1009;
        writeln!(text, "{time:.2},{value},{}", value * value % 997).unwrap();
    }
    text
}

/// A table without names has the same results as one with them, if the column of times is given, as `time_column` of a list.
#[test]
fn the_column_of_times_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let at = |name: &str| folder.path().join(name).display().to_string();
    for (name, head) in [
        ("named.csv", "time,2,3\n"),
        ("plain.csv", ""),
        ("other.csv", "A,2,3\n"),
    ] {
        std::fs::write(at(name), table(head, (0.0, 1))).unwrap();
    }
    let windows = |name: &str, more: &[&str]| {
        let path = at(name);
        let words = [
            "recording",
            model.to_str().unwrap(),
            &path,
            "--channels",
            "2,3",
            "--windows",
            "--json",
        ];
        let output = run(&[&words, more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        stdout(&output).replace(&path, "FILE")
    };
    let named = windows("named.csv", &[]);
    assert!(named.lines().count() > 12, "{named}");
    assert_eq!(windows("plain.csv", &["--time-column", "1"]), named);
    assert_eq!(windows("other.csv", &["--time-column", "A"]), named);
    let (model, path) = (model.to_str().unwrap(), at("plain.csv"));
    let output = run(&["recording", model, &path, "--channels", "2,3"]);
    refused(&output, 2, "`time_column: 1`");
    let output = run(&[
        "recording",
        model,
        &path,
        "--channels",
        "2,3",
        "--time-column",
        "t",
    ]);
    refused(
        &output,
        2,
        "there is no column `t`, as `time_column` says: there are 1, 2, 3",
    );
}

/// Rows of ten samples have the same results as rows of one.
#[test]
fn rows_of_several_samples() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let at = |name: &str| folder.path().join(name).display().to_string();
    let sample = |i: usize, salt: usize| (i * i * 37 + i * salt) % 1009;
    let mut plain = String::from("time,x,y\n");
    for i in 0..600 {
        let time = i as f64 / 100.0;
        writeln!(plain, "{time:.2},{},{}", sample(i, 1), sample(i, 2)).unwrap();
    }
    let names = |stem: &str| (0..10).map(|i| format!(",{stem}{i}")).collect::<String>();
    let mut rows = format!("time{}{}\n", names("x_"), names("y_"));
    for row in 0..60 {
        let cells = |salt: usize| {
            let all = (10 * row..10 * row + 10).map(|i| format!(",{}", sample(i, salt)));
            all.collect::<String>()
        };
        writeln!(rows, "{:.2}{}{}", row as f64 / 10.0, cells(1), cells(2)).unwrap();
    }
    std::fs::write(at("plain.csv"), plain).unwrap();
    std::fs::write(at("rows.csv"), rows).unwrap();
    let windows = |name: &str, more: &[&str]| {
        let path = at(name);
        let words = ["recording", model.to_str().unwrap(), &path];
        let words = [
            &words[..],
            &["--channels", "x,y", "--windows", "--json"],
            more,
        ]
        .concat();
        let output = run(&words);
        assert!(output.status.success(), "{}", text(&output.stderr));
        stdout(&output).replace(&path, "FILE")
    };
    let plain = windows("plain.csv", &[]);
    assert!(plain.lines().count() > 12, "{plain}");
    assert_eq!(windows("rows.csv", &["--samples-in-rows"]), plain);
    assert_eq!(windows("rows.csv", &["--samples-in-rows=true"]), plain);
    let (model, path) = (model.to_str().unwrap(), at("rows.csv"));
    let output = run(&[
        "recording",
        model,
        &path,
        "--channels",
        "x,y",
        "--samples-in-rows=false",
    ]);
    refused(&output, 2, "`x` must match exactly one channel");
}

/// Reads files of a list, as `trainer evaluate --recordings` does.
fn labelled(
    model: &Path,
    files: &[PathBuf],
    channels: &[&str],
) -> Result<LabelledRecording, String> {
    let mut classifier = Classifier::open(model).unwrap();
    let cutting = Cutting {
        channels: 2,
        window: 64,
        hop: 32,
        rate: 100.0,
        from: i64::MIN,
        until: i64::MAX,
    };
    let channels: Vec<String> = channels.iter().map(|name| (*name).to_owned()).collect();
    let hints = Hints::default();
    let read = LabelledRecording::read(&mut classifier, files, (&hints, &channels), cutting);
    read.map_err(|error| error.to_string())
}

/// The same files are refused as by the import, and their channels have the same names.
#[test]
fn files_of_one_recording_are_those_of_the_import() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let write = |name: &str, start: f64, salt: usize| {
        let path = folder.path().join(name);
        std::fs::write(&path, table("time,x,y\n", (start, salt))).unwrap();
        path
    };
    let files = [write("anna_acc.csv", 0.0, 1), write("anna_gyr.csv", 0.0, 2)];
    let error = labelled(&model, &files, &["x", "y"]).unwrap_err();
    for part in [
        "anna_gyr.csv: channel `x`: ",
        "anna_acc.csv and this file have different samples for the same 3.000 s",
        "`each_file: true`",
        "`acc.x` and `gyr.x`",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let read = labelled(&model, &files, &["acc.x", "gyr.x"]).unwrap();
    assert!(read.windows.len() > 12);
    // Files that follow each other, and copies.
    let next = write("next.csv", 20.0, 3);
    let read = labelled(&model, &[files[0].clone(), next], &["x", "y"]).unwrap();
    assert_eq!(
        (read.start, read.starts),
        (0, vec![Some(0), Some(20_000_000_000)])
    );
    let copy = write("copy.csv", 0.0, 1);
    labelled(&model, &[files[0].clone(), copy], &["x", "y"]).unwrap();
}

/// Seconds of labels count from the first sample of the channels that are used.
#[test]
fn other_channels_do_not_move_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let (early, late) = (
        folder.path().join("early.csv"),
        folder.path().join("late.csv"),
    );
    std::fs::write(&early, table("time,p,q\n", (2.0, 1))).unwrap();
    std::fs::write(&late, table("time,x,y\n", (7.0, 2))).unwrap();
    let read = labelled(&model, &[early, late], &["x", "y"]).unwrap();
    assert_eq!(
        (read.start, read.starts),
        (7_000_000_000, vec![None, Some(7_000_000_000)])
    );
}

/// What the import did to the recordings of the training is done to others, too; a stream, which has no end, is refused.
#[test]
fn recordings_are_prepared_as_those_of_the_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let values: Vec<i16> = (0..1200).map(|i| (i * i % 1999 + 300) as i16).collect();
    let rows = values
        .chunks(2)
        .map(|pair| format!("{},{}\n", pair[0], pair[1]));
    std::fs::write(&path, format!("z,n\n{}", rows.collect::<String>())).unwrap();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let probabilities = |output: &Output| -> Vec<Value> {
        let lines = lines(output).into_iter();
        lines.map(|line| line["probabilities"].clone()).collect()
    };
    let options = ["--windows", "--json", "--rate", "100"];
    for steps in [
        vec![Step::Scale(0.02)],
        vec![Step::Detrend, Step::Scale(0.02)],
    ] {
        let mut preprocessing = Preprocessing::new(Vec::new(), SpectralConfig::default());
        preprocessing.sampling_rate = Some(100.0);
        preprocessing.recording_steps.clone_from(&steps);
        let model = write_model_with(folder.path(), 64, preprocessing);
        let chain = data::Chain::new(&steps, 100.0).unwrap();
        let channel = |channel: usize| {
            let samples = values.iter().skip(channel).step_by(2);
            let mut samples: Vec<f64> = samples.map(|v| f64::from(*v)).collect();
            chain.apply(&mut samples).unwrap();
            samples.into_iter().map(|v| v as f32).collect::<Vec<f32>>()
        };
        let (z, n) = (channel(0), channel(1));
        let window = |start: usize| Window {
            values: [&z[start..start + 64], &n[start..start + 64]].concat(),
            shape: vec![2, 64],
        };
        let windows: Vec<Window> = (0..=600 - 64).step_by(32).map(window).collect();
        write_windows(&folder.path().join("windows.tfrecord"), &windows);
        let model = model.to_str().unwrap();
        let prepared = folder.path().join("windows.tfrecord");
        let expected = run(&["windows", model, prepared.to_str().unwrap(), "--json"]);
        let expected = probabilities(&expected);
        let read = run(&[&["recording", model, path.to_str().unwrap()][..], &options].concat());
        assert_eq!(probabilities(&read), expected, "{steps:?}");
        let arguments = [&["stream", model, "-", "--format", "int16"][..], &options].concat();
        let streamed = run_with_input(&arguments, &[&bytes[..777], &bytes[777..]]);
        if steps.len() == 1 {
            assert_eq!(probabilities(&streamed), expected);
        } else {
            refused(
                &streamed,
                2,
                "applied `preprocessing` to the whole of each (detrend, scale)",
            );
        }
    }
}

/// The channels are those of the training, in its order, whatever the order in the file.
#[test]
fn channels_of_the_training_are_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let mut preprocessing = Preprocessing::new(vec![Step::Demean], SpectralConfig::default());
    preprocessing.sampling_rate = Some(100.0);
    preprocessing.normalisation = Normalisation::Sample;
    preprocessing.recording_channels = vec!["HHN".into(), "EHZ".into()];
    let model = write_model_with(folder.path(), 64, preprocessing);
    let station = station();
    let bytes = std::fs::read(&station).unwrap();
    let windows = |options: &[&str]| {
        let fixed = [
            "recording",
            model.to_str().unwrap(),
            &station,
            "--windows",
            "--json",
        ];
        let read = run(&[&fixed[..], options].concat());
        let fixed = [
            "stream",
            model.to_str().unwrap(),
            "-",
            "--windows",
            "--json",
        ];
        let streamed = run_with_input(&[&fixed[..], options].concat(), &[&bytes]);
        assert_eq!(stdout(&read), stdout(&streamed));
        let outputs = [&read, &streamed].map(|output| text(&output.stderr).to_owned());
        (stdout(&read).to_owned(), outputs)
    };
    let other = "the order XX.MADE.00.HHZ, XX.MADE.00.HHN, but the model was trained on HHN, EHZ";
    let (chosen, outputs) = windows(&[]);
    assert!(
        !outputs.iter().any(|stderr| stderr.contains(other)),
        "{outputs:?}"
    );
    assert_eq!(windows(&["--channels", "HHN,HHZ"]).0, chosen);
    let (swapped, outputs) = windows(&["--channels", "HHZ,HHN"]);
    assert!(
        outputs.iter().all(|stderr| stderr.contains(other)),
        "{outputs:?}"
    );
    assert_ne!(swapped, chosen);
}

/// Sensors that write files of their own have the same results as one table.
#[test]
fn sensors_in_files_of_their_own_are_one_recording() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let at = |name: &str| folder.path().join(name).display().to_string();
    let both = table("time,a,b\n", (0.0, 1));
    let column = |head: &str, column: usize| -> String {
        let rows = both.lines().skip(1).map(|row| {
            let cells: Vec<&str> = row.split(',').collect();
            format!("{},{}\n", cells[0], cells[column])
        });
        format!("time,{head}\n{}", rows.collect::<String>())
    };
    std::fs::write(at("both.csv"), &both).unwrap();
    std::fs::write(at("acc.csv"), column("x", 1)).unwrap();
    std::fs::write(at("gyro.csv"), column("x", 2)).unwrap();
    std::fs::write(at("other.csv"), column("y", 2)).unwrap();
    let windows = |files: &[&str], channels: &str| {
        let files: Vec<String> = files.iter().map(|name| at(name)).collect();
        let mut words = vec!["recording", model.to_str().unwrap(), "--windows", "--csv"];
        words.extend(files.iter().map(String::as_str));
        let output = run(&[&words[..], &["--channels", channels]].concat());
        stdout(&output).replace(&files[0], "FILE")
    };
    let expected = windows(&["both.csv"], "a,b");
    assert!(expected.lines().count() > 12, "{expected}");
    assert_eq!(windows(&["acc.csv", "gyro.csv"], "acc.x,gyro.x"), expected);
    assert_eq!(windows(&["acc.csv", "other.csv"], "x,y"), expected);
}

/// With `batch` normalisation, which windows are scaled together depends on their order alone.
#[test]
fn windows_are_scaled_together_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut preprocessing = Preprocessing::new(Vec::new(), SpectralConfig::default());
    preprocessing.normalisation = Normalisation::Batch;
    let model = write_model_with(folder.path(), 64, preprocessing);
    let mut classifier = Classifier::open(&model).unwrap();
    let samples: Vec<f64> = (0..1200_u32)
        .map(|i| f64::from(i * i % 83) * (1.0 + f64::from(i / 100)))
        .collect();
    let window = |start: usize| Window {
        values: [&samples[start..start + 64]; 2]
            .concat()
            .iter()
            .map(|v| *v as f32)
            .collect(),
        shape: vec![2, 64],
    };
    let windows: Vec<Window> = (0..=1200 - 64).step_by(2).map(window).collect();
    let expected = classifier.classify(&windows).unwrap();
    assert!(expected.len() > 512);
    let cutting = Cutting::new(&classifier, Some(2), Some(100.0)).unwrap();
    let settings = EventSettings {
        on: 1.0,
        off: 1.0,
        min_duration: 0.0,
        merge_gap: 0.0,
        threshold: 0.0,
        ignored: vec![true; 3],
    };
    for chunk in [30, 700] {
        let detector = EventDetector::new(settings.clone());
        let mut analysis = Analysis::new(Slider::new(cutting), detector, 256);
        let mut found = Vec::new();
        let mut take = |event: JoinerEvent<'_>| {
            let taken = analysis.take(event, &mut classifier, &mut found);
            taken.unwrap();
        };
        take(JoinerEvent::Begin(0, 100.0));
        for part in samples.chunks(chunk) {
            take(JoinerEvent::Samples(&[part, part]));
        }
        take(JoinerEvent::End);
        analysis.finish(&mut classifier, &mut found).unwrap();
        let found = found.into_iter().filter_map(|finding| match finding {
            Finding::Window(_, prediction) => Some(prediction),
            Finding::Event(_) => None,
        });
        assert!(found.eq(expected.iter().cloned()), "in chunks of {chunk}");
    }
}
