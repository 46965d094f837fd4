use super::super::parse;
use super::*;

/// Seconds between packets of 25 samples at 100 Hz.
const STEP: f64 = 0.25;
const START: f64 = 1_582_315_130.292;

/// A packet with the samples `25 * number` to `25 * number + 24`.
fn line(channel: &str, number: usize, late: f64) -> String {
    let samples = (25 * number..25 * number + 25).map(|sample| sample.to_string());
    let time = START + STEP * number as f64 + late;
    let samples = samples.collect::<Vec<_>>().join(", ");
    format!("{{'{channel}', {time:.3}, {samples}}}\n")
}

/// A number from -1 to 1 that looks like chance.
fn jitter(number: usize) -> f64 {
    let mixed = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed >> 40) as f64 / (1u64 << 23) as f64 - 1.0
}

fn parsed(text: &str) -> Contents {
    parse(text.as_bytes(), "log", &Hints::default()).unwrap()
}

/// Every sample is where the number of its packet says.
fn check(trace: &Trace, most: f64) {
    assert_eq!(trace.rate, 100.0);
    let first = trace.samples[0];
    let start = START + first / 100.0;
    let late = (trace.start as f64 / 1e9 - start).abs();
    assert!(late <= most, "{late} at {first}");
    for (i, sample) in trace.samples.iter().enumerate() {
        assert_eq!(*sample, first + i as f64);
    }
}

use super::super::Trace;

#[test]
fn channels_take_turns() {
    let text: String = (0..8)
        .flat_map(|number| ["EHZ", "EHN"].map(|channel| line(channel, number, 0.0)))
        .collect();
    let contents = parsed(&text);
    let found: Vec<_> = contents
        .traces
        .iter()
        .map(|trace| (&*trace.channel, trace.samples.len()))
        .collect();
    assert_eq!(found, [("EHZ", 200), ("EHN", 200)]);
    assert_eq!(contents.traces[0].start, 1_582_315_130_292_000_000);
    contents.traces.iter().for_each(|trace| check(trace, 0.0));
    assert!(contents.notes.is_empty());
}

/// As `print(data)`, loggers and shells write them.
#[test]
fn text_around_packets_is_passed_over() {
    let plain: Vec<String> = (0..8)
        .map(|number| line("EHZ", number, 0.0).trim().to_owned())
        .collect();
    let expected = parsed(&plain.join("\n")).traces;
    let forms: [fn(&str) -> String; 6] = [
        |packet| format!("b\"{packet}\"\r"),
        |packet| format!("2020-02-21 19:58:50,292 INFO ('192.168.1.10', 58133) b\"{packet}\""),
        |packet| format!("1582315130.5\t{packet}"),
        |packet| packet.replace('\'', "\\'"),
        |packet| packet.replace('\'', "\""),
        |packet| packet.replace(", ", ","),
    ];
    for form in forms {
        let text = plain
            .iter()
            .map(|packet| form(packet))
            .collect::<Vec<_>>()
            .join("\n");
        let contents = parsed(&text);
        assert_eq!(contents.traces, expected, "{text}");
        assert!(contents.notes.is_empty());
    }
    let one = parsed(&plain.join(" "));
    assert_eq!(one.traces, expected);
    let wide: Vec<u8> = plain
        .join("\r\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let wide = [&b"\xFF\xFE"[..], &wide].concat();
    assert_eq!(
        parse(&wide, "txt", &Hints::default()).unwrap().traces,
        expected
    );
}

/// The mean rate of what has come would be 91.6 Hz.
#[test]
fn lost_packets_are_gaps() {
    for (most, share) in [(0.0, 12), (0.002, 12), (0.03, 12), (0.005, 3)] {
        let mut text = String::new();
        let mut there = 0;
        for number in 0..2000 {
            if number % share != 5 % share && number % 97 > 2 {
                text += &line("EHZ", number, most * jitter(number));
                there += 25;
            }
        }
        let contents = parsed(&text);
        let samples: usize = contents
            .traces
            .iter()
            .map(|trace| trace.samples.len())
            .sum();
        assert_eq!(samples, there);
        contents
            .traces
            .iter()
            .for_each(|trace| check(trace, most + 0.001));
        let said = contents.notes.texts(false);
        assert!(said[0].contains("packets missing, in "), "{said:?}");
        // More than a sample is worth a warning.
        assert_eq!(contents.notes.texts(true).len(), usize::from(most > 0.01));
    }
}

/// The gap is about an hour and has no whole number of packets.
#[test]
fn a_long_gap_has_its_own_start() {
    let mut text: String = (0..40).map(|number| line("EHZ", number, 0.0)).collect();
    text += &(14_400..14_440)
        .map(|number| line("EHZ", number, 0.107))
        .collect::<String>();
    let contents = parsed(&text);
    let [first, second] = &contents.traces[..] else {
        panic!("{contents:?}");
    };
    check(first, 0.0);
    assert_eq!(second.start - first.start, 3_600_107_000_000);
}

#[test]
fn packets_that_come_late_or_twice() {
    let mut lines: Vec<String> = (0..100).map(|number| line("EHZ", number, 0.0)).collect();
    lines.swap(40, 41);
    lines.insert(60, lines[59].clone());
    let contents = parsed(&lines.concat());
    let [trace] = &contents.traces[..] else {
        panic!("{contents:?}");
    };
    check(trace, 0.0);
    assert_eq!(
        contents.notes,
        [
            "channel `EHZ`: 1 packet came late: sorted by time",
            "channel `EHZ`: 1 packet came twice: the second is left out"
        ]
    );
}

#[test]
fn damaged_packets_are_gaps() {
    let lines: Vec<String> = (0..40).map(|number| line("EHZ", number, 0.0)).collect();
    let damaged = [
        lines[20][..40].to_owned(),
        format!("{}\n", &lines[20][..40]),
        format!("{}\n", &lines[20][..4]),
        format!("{}\n", &lines[20][40..].trim()),
        lines[20].replace("510", "5x0"),
        lines[20].replace("1582", "15.82"),
    ];
    for wrong in damaged {
        let mut own_lines = lines.clone();
        own_lines[20].clone_from(&wrong);
        let contents = parsed(&format!("listening on port 8888\n{}", own_lines.concat()));
        // Without its line end, the packet behind it is in the same line.
        let lengths: Vec<usize> = contents
            .traces
            .iter()
            .map(|trace| trace.samples.len())
            .collect();
        assert_eq!(lengths, [500, 475], "{wrong}");
        contents.traces.iter().for_each(|trace| check(trace, 0.0));
        assert_eq!(
            contents.notes[0],
            "left out the packets of 1 damaged line (the first: line 22)"
        );
        assert_eq!(
            contents.notes[1],
            "left out 1 line without packets (the first: line 1)"
        );
    }
}

/// Two recorders that send to one port, or a clock that is none.
#[test]
fn other_times_are_refused() {
    let two: String = (0..200)
        .flat_map(|number| [line("EHZ", number, 0.0), line("EHZ", number, 0.11)])
        .collect();
    let problem = parse(two.as_bytes(), "", &Hints::default()).unwrap_err();
    assert!(
        problem.to_string().contains("come in turn from two clocks"),
        "{problem}"
    );
    let one = parse(line("EHZ", 0, 0.0).as_bytes(), "", &Hints::default()).unwrap_err();
    assert!(one.is_rate_unknown(), "{one}");
    let given = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let contents = parse(line("EHZ", 0, 0.0).as_bytes(), "", &given).unwrap();
    check(&contents.traces[0], 0.0);
}

#[test]
fn a_change_of_the_rate_is_noted() {
    let mut text: String = (0..400).map(|number| line("EHZ", number, 0.0)).collect();
    text += &(400..800)
        .map(|number| line("EHZ", number, STEP * (number - 400) as f64))
        .collect::<String>();
    let notes = parsed(&text).notes;
    assert!(
        notes.texts(true)[0].contains("if the sampling rate changed there"),
        "{notes:?}"
    );
}

/// JSON and tables of printed rows are none.
#[test]
fn other_texts_are_none() {
    for text in [
        "{\"EHZ\": 1582315130.292, \"x\": 1}\n",
        "{'EHZ', 12.5, 3, 4}\n",
        "{EHZ, 1582315130.292, 3}\n",
        "time,x\n1582315130.292,3\n",
    ] {
        assert!(!is(text.as_bytes()), "{text}");
    }
    assert!(is(line("SHZ", 3, 0.0).as_bytes()));
}
