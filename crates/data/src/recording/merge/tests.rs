use super::*;
use std::collections::BTreeSet;

use proptest::prelude::*;

fn trace(channel: &str, start_s: f64, samples: std::ops::Range<i32>) -> Trace {
    let samples = samples.map(f64::from).collect();
    Trace {
        channel: channel.into(),
        start: (start_s * 1e9) as i64,
        rate: 10.0,
        samples,
    }
}

#[test]
fn gaps_and_overlaps() {
    let traces = vec![
        trace("N.S..Z", 0.0, 0..50),
        trace("N.S..Z", 4.0, 40..100),
        trace("N.S..Z", 20.0, 200..250),
        trace("N.S..E", 1.0, 10..220),
    ];
    let channels = ["Z", "N.S..E"].map(String::from);
    let merged = merge(traces, &channels).unwrap();
    assert_eq!((merged.gaps, merged.overlapping), (1, 10));
    let spans: Vec<(i64, usize)> = merged
        .stretches
        .iter()
        .map(|s| (s.start / 1_000_000_000, s.len()))
        .collect();
    assert_eq!(spans, [(1, 90), (20, 20)]);
    for stretch in &merged.stretches {
        assert_eq!(stretch.channels[0], stretch.channels[1]);
    }
}

#[test]
fn samples_that_differ_are_counted() {
    let traces = vec![
        trace("Z", 0.0, 0..50),
        trace("Z", 4.0, 40..45),
        trace("Z", 4.5, 46..70),
    ];
    let merged = merge(traces, &["Z".into()]).unwrap();
    assert_eq!((merged.overlapping, merged.conflicting), (10, 5));
    assert_eq!(
        merged.stretches[0].channels[0][48..52],
        [48.0, 49.0, 51.0, 52.0]
    );
}

#[test]
fn samples_that_are_no_numbers_are_gaps() {
    let mut damaged = trace("Z", 0.0, 0..50);
    damaged.samples[20] = f64::NAN;
    damaged.samples[21] = f64::INFINITY;
    damaged.samples[30] = f64::from(1e20f32);
    damaged.samples[40] = LOWEST;
    let merged = merge(
        vec![damaged, trace("N", 0.0, 0..50)],
        &["Z".into(), "N".into()],
    )
    .unwrap();
    let spans = merged
        .stretches
        .iter()
        .map(|stretch| (stretch.channels[1][0], stretch.len()));
    assert_eq!(
        spans.collect::<Vec<_>>(),
        [(0.0, 20), (22.0, 8), (31.0, 19)]
    );
    assert_eq!(merged.gaps, 2);
    assert_eq!(
        merged.notes,
        [
            "channel `Z`: 3 samples are NaN, infinite or the fill value 1e20 and are gaps, the first at 2.000 s",
            "channel `Z`: 1 samples are -2147483648, which many programs write where data are missing"
        ]
    );
}

/// `n` samples whose values are their times in seconds.
fn clock(channel: &str, rate: f64, start: i64, n: usize) -> Trace {
    Trace {
        channel: channel.into(),
        start,
        rate,
        samples: (0..n)
            .map(|i| start as f64 / 1e9 + i as f64 / rate)
            .collect(),
    }
}

#[test]
fn rates_that_differ_in_the_seventh_digit_are_one() {
    let apart = |rate: f64| {
        let traces = vec![clock("A", 100.0, 0, 50_000), clock("B", rate, 0, 50_000)];
        let merged = merge(traces, &["A".into(), "B".into()]).unwrap();
        for stretch in &merged.stretches {
            for (a, b) in stretch.channels[0].iter().zip(&stretch.channels[1]) {
                assert!((a - b).abs() <= 0.0101, "{rate}: {a} {b}");
            }
        }
        let samples: usize = merged.stretches.iter().map(Stretch::len).sum();
        assert!(samples > 49_990, "{rate}: {samples}");
        merged.stretches.len()
    };
    // One stretch until the clocks differ by half a sample.
    assert_eq!(
        [99.99999, 100.00001, 99.9995, 99.995].map(apart),
        [1, 1, 1, 5]
    );
    let error = |rate: f64| {
        let traces = vec![clock("A", 100.0, 0, 500), clock("B", rate, 0, 500)];
        merge(traces, &["A".into(), "B".into()])
            .unwrap_err()
            .to_string()
    };
    assert!(
        error(99.9).contains("channel `B` has 99.9 samples per second, but channel `A` has 100")
    );
    // Records of one channel at nearly equal rates are continuous.
    let traces = vec![
        clock("A", 100.0, 0, 500),
        clock("A", 99.99999, 5_000_000_000, 500),
    ];
    assert_eq!(merge(traces, &["A".into()]).unwrap().stretches.len(), 1);
}

/// Files of a day each, whose rates differ little, keep their clocks: joined, the last samples of the second would be 4 s off.
#[test]
fn files_keep_their_clocks() {
    let stretches = |rate: f64| {
        let day = 1_000_000;
        let traces = vec![
            clock("A", 100.0, 0, day),
            clock("A", rate, 10_000_000_000_000, day),
        ];
        let merged = merge(traces, &["A".into()]).unwrap();
        let ends = merged.stretches.iter().map(Stretch::end);
        (ends.collect::<Vec<_>>(), merged.gaps)
    };
    assert_eq!(stretches(100.00001), (vec![20_000_000_000_000], 0));
    let end = 10_000_000_000_000 + (1e15 / 100.005_f64).round() as i64;
    assert_eq!(stretches(100.005), (vec![10_000_000_000_000, end], 0));
    let end = 10_000_000_000_000 + (1e15 / 100.0001_f64).round() as i64;
    assert_eq!(stretches(100.0001), (vec![10_000_000_000_000, end], 0));
}

/// If a channel changes its rate, nothing is lost provided that the others change too.
#[test]
fn rates_may_change() {
    let later = 10_000_000_000;
    let traces = vec![
        clock("A", 100.0, 0, 1000),
        clock("A", 200.0, later, 1000),
        clock("B", 100.0, 0, 1500),
    ];
    let names = ["A".to_owned(), "B".to_owned()];
    let merged = merge(traces, &names).unwrap();
    let spans = merged
        .stretches
        .iter()
        .map(|stretch| (stretch.rate, stretch.len()));
    assert_eq!(spans.collect::<Vec<_>>(), [(100.0, 1000)]);
    assert_eq!(
        merged.notes,
        ["5.000 s are left out: channel `B` has 100 samples per second, but channel `A` has 200"]
    );
}

#[test]
fn channels_are_named() {
    let traces = || vec![trace("N.A..Z", 0.0, 0..9), trace("N.B..Z", 0.0, 0..9)];
    let error = |name: &str| merge(traces(), &[name.to_owned()]).unwrap_err().to_string();
    assert!(
        error("Z").contains("several channels are called `Z`"),
        "{}",
        error("Z")
    );
    assert!(error("E").contains("there are N.A..Z, N.B..Z"));
    assert!(merge(traces(), &["N.A..Z".to_owned()]).is_ok());
    assert!(merge(Vec::new(), &[]).is_err());
}

#[test]
fn two_names_of_one_channel_are_refused() {
    let traces = vec![trace("N.A..Z", 0.0, 0..9), trace("N.A..N", 0.0, 0..9)];
    let names = ["Z", "N", "N.A..Z"].map(str::to_owned);
    let error = merge(traces.clone(), &names).unwrap_err().to_string();
    assert_eq!(
        error,
        "`Z` and `N.A..Z` are the same channel, `N.A..Z`: list each channel once"
    );
    assert!(merge(traces, &names[..2]).is_ok());
}

proptest! {
    /// Every sample's value is its time. However the pieces are cut, the stretches have exactly the samples of the
    /// times that both channels cover, each at its time.
    #[test]
    fn every_sample_keeps_its_time(pieces in proptest::collection::vec((0i32..300, 1i32..80, 0..2), 1..12)) {
        let traces: Vec<Trace> = pieces
            .iter()
            .map(|(first, n, which)| trace(["A", "B"][*which as usize], f64::from(*first) / 10.0, *first..first + n))
            .collect();
        let names: Vec<String> = ["A", "B"].map(String::from).to_vec();
        let covered = |which: i32| -> BTreeSet<i32> {
            pieces.iter().filter(|piece| piece.2 == which).flat_map(|(first, n, _)| *first..first + n).collect()
        };
        let shared: Vec<i32> = covered(0).intersection(&covered(1)).copied().collect();
        let merged = match merge(traces, &names) {
            Ok(merged) => merged,
            Err(error) => {
                prop_assert!(shared.is_empty(), "{error}");
                return Ok(());
            }
        };
        let mut before = i64::MIN;
        let mut found = [Vec::new(), Vec::new()];
        for stretch in &merged.stretches {
            prop_assert!(stretch.start >= before);
            before = stretch.end();
            for (channel, found) in stretch.channels.iter().zip(&mut found) {
                for (i, value) in channel.iter().enumerate() {
                    prop_assert_eq!(*value, (stretch.start as f64 / 1e8).round() + i as f64);
                    found.push(*value as i32);
                }
            }
        }
        prop_assert_eq!(&found[0], &shared);
        prop_assert_eq!(&found[1], &shared);
    }
}

/// A wave of 0.5 Hz recorded at three rates from different times. After merging, all channels agree, and the first
/// sample is one of the slowest channel.
#[test]
fn different_rates_are_brought_to_one() {
    let wave = |channel: &str, rate: f64, start: f64| Trace {
        channel: channel.into(),
        start: (start * 1e9) as i64,
        rate,
        samples: (0..(60.0 * rate) as usize)
            .map(|i| (std::f64::consts::PI * (start + i as f64 / rate)).sin())
            .collect(),
    };
    let traces = || {
        vec![
            wave("A", 10.0, 0.3),
            wave("B", 100.0, 0.0),
            wave("C", 39.7, 0.02),
            wave("D", 1.0, 0.0),
        ]
    };
    let names = ["A", "B", "C"].map(String::from);
    for rate in [10.0, 20.0, 62.5] {
        let merged = merge_at(traces(), &names, rate).unwrap();
        let [stretch] = &merged.stretches[..] else {
            panic!("{merged:?}");
        };
        assert_eq!((stretch.start, stretch.rate), (300_000_000, rate));
        assert!((stretch.len() as f64 / rate - 59.7).abs() < 0.2);
        let edge = (3.0 * rate) as usize;
        for i in edge..stretch.len() - edge {
            let time = 0.3 + i as f64 / rate;
            let expected = (std::f64::consts::PI * time).sin();
            for (name, channel) in names.iter().zip(&stretch.channels) {
                // C is off by at most half of its own sample period.
                assert!((channel[i] - expected).abs() < 0.03, "{name} at {time}");
            }
        }
        assert_eq!(merged.notes[0].is_doubt(), rate > 10.0);
    }
    assert!(merge(traces(), &names).is_err());
    // A channel that is not requested has no effect.
    assert_eq!(merge(traces(), &names[..1]).unwrap().notes.len(), 0);
}

#[test]
fn samples_between_others_are_noted() {
    let traces = |late: f64| {
        vec![
            trace("Z", 0.0, 0..50),
            trace("Z", 10.0, 0..50),
            trace("N", late / 10.0, 0..50),
            trace("N", 10.0, 0..50),
        ]
    };
    let names = ["Z", "N"].map(String::from);
    let merged = merge(traces(0.4), &names).unwrap();
    assert_eq!(
        merged.notes,
        [
            "channel `Z` was sampled up to 0.40 samples (40.000 ms) earlier than the other channels: the nearest samples are \
             taken for simultaneous, 50 samples in 1 stretch(es)"
        ]
    );
    for late in [0.0, 0.01, 3.0] {
        let merged = merge(traces(late), &names).unwrap();
        assert_eq!(merged.notes.len(), 0, "{late}: {:?}", merged.notes);
    }
}

#[test]
fn repeated_samples_are_counted_by_channel() {
    let mut traces = vec![trace("N", 0.0, 0..70)];
    traces.push(trace("Z", 0.0, 0..50));
    traces.push(trace("Z", 4.0, 40..60));
    traces.push(trace("Z", 5.0, 52..70));
    traces.push(trace("Z", 20.0, 0..9));
    let merged = merge(traces, &["N".into(), "Z".into()]).unwrap();
    let counts = merged
        .repeated
        .iter()
        .map(|repeated| (repeated.samples, repeated.conflicting));
    assert_eq!(counts.collect::<Vec<_>>(), [(0, 0), (20, 10)]);
    assert_eq!((merged.overlapping, merged.conflicting), (20, 10));
}
