//! Windows of intervals, gaps and neighbours.

use super::*;
use proptest::prelude::*;

fn interval(start: f64, end: f64, label: usize) -> Interval {
    let nanos = |s: f64| (s * NANOS) as i64;
    Interval {
        start: nanos(start),
        end: nanos(end),
        label,
        group: format!("g{label}"),
    }
}

/// Ten samples per second whose values are their times; a gap from 30 s to 40 s.
fn stretches() -> Vec<Stretch> {
    let stretch = |from: i32, to: i32| Stretch {
        start: i64::from(from) * 1_000_000_000,
        rate: 10.0,
        channels: vec![(10 * from..10 * to).map(f64::from).collect(); 2],
    };
    vec![stretch(0, 30), stretch(40, 60)]
}

#[test]
fn windows_lie_in_intervals_and_not_in_gaps() {
    let intervals = [interval(10.0, 20.0, 0), interval(25.0, 45.0, 1)];
    let (cuts, counts) = cut(&stretches(), &intervals, 40, 2.0, true);
    let starts: Vec<f32> = cuts.iter().map(|cut| cut.values[0] / 10.0).collect();
    // From 10: 10, 12, 14, 16. From 25: only 25, since windows after 26 reach into the gap; then 41.
    assert_eq!(starts, [10.0, 12.0, 14.0, 16.0, 25.0, 41.0]);
    assert_eq!(cuts[0].values.len(), 80);
    assert_eq!(
        counts,
        Counts {
            windows: 6,
            in_gaps: 7,
            ..Default::default()
        }
    );
}

#[test]
fn short_and_contradicting_intervals() {
    let intervals = [
        interval(10.0, 11.0, 0),
        interval(13.0, 29.0, 1),
        interval(15.0, 16.0, 0),
    ];
    let (cuts, counts) = cut(&stretches(), &intervals, 40, 4.0, true);
    // The first is centred on 10.5. Windows 13 and 17 of the second overlap the window of the third.
    let starts: Vec<f32> = cuts.iter().map(|cut| cut.values[0] / 10.0).collect();
    assert_eq!(starts, [8.5, 17.0, 21.0, 25.0]);
    // The window around 15.5 would overlap the second: that interval was not widened.
    assert_eq!((counts.centred, counts.contradicting), (1, 2));
    let (cuts, counts) = cut(&stretches(), &intervals[..1], 40, 4.0, false);
    assert_eq!((cuts.len(), counts.too_short), (0, 1));
}

/// Labels of one class that overlap give each window once.
#[test]
fn a_window_is_cut_once() {
    let intervals = [
        interval(10.0, 20.0, 0),
        interval(10.0, 16.0, 0),
        interval(12.0, 18.0, 0),
    ];
    let (cuts, counts) = cut(&stretches(), &intervals, 40, 2.0, true);
    let starts: Vec<f32> = cuts.iter().map(|cut| cut.values[0] / 10.0).collect();
    assert_eq!(starts, [10.0, 12.0, 14.0, 16.0]);
    assert_eq!((counts.windows, counts.repeated), (4, 4));
}

#[test]
fn an_instant_has_a_window_around_it() {
    let all = [interval(10.0, 10.0, 0), interval(20.0, 20.0, 1)];
    let (cuts, counts) = cut(&stretches(), &all, 40, 4.0, true);
    let starts: Vec<f32> = cuts.iter().map(|cut| cut.values[0] / 10.0).collect();
    assert_eq!(starts, [8.0, 18.0]);
    assert_eq!((counts.centred, counts.instants), (2, 2));
    // A window that would include an instant of another class is left out.
    let near = [interval(10.0, 10.0, 0), interval(11.0, 11.0, 1)];
    let (cuts, counts) = cut(&stretches(), &near, 40, 4.0, true);
    assert_eq!((cuts.len(), counts.contradicting), (0, 2));
    let (_, counts) = cut(&stretches(), &all, 40, 4.0, false);
    assert_eq!((counts.too_short, counts.instants), (2, 2));
}

/// Boundaries between two samples: neighbours of different classes share no sample, and no window is lost.
#[test]
fn neighbours_share_no_sample() {
    for boundary in [10.0, 10.02, 10.049, 10.05, 10.051, 10.08] {
        for length in [4.0, 4.04, 8.0] {
            let intervals = [
                interval(boundary - length, boundary, 0),
                interval(boundary, boundary + length, 1),
            ];
            let (cuts, counts) = cut(&stretches(), &intervals, 40, 4.0, true);
            let times: Vec<i64> = cuts.iter().map(|cut| cut.first).collect();
            for pair in times.windows(2) {
                assert!(pair[1] - pair[0] >= 4_000_000_000, "{boundary}: {pair:?}");
            }
            let windows = if length < 8.0 { 2 } else { 4 };
            assert_eq!(counts.windows, windows, "{boundary}, {length}: {counts:?}");
        }
    }
}

#[test]
fn intervals_for_ever_end_with_the_data() {
    let all = Interval {
        start: i64::MIN / 2,
        end: i64::MAX / 2,
        label: 0,
        group: String::new(),
    };
    let (cuts, _) = cut(&stretches(), &[all], 40, 4.0, true);
    assert!(cuts.len() > 10);
}

proptest! {
    #[test]
    fn every_window_is_whole(start in 0.0f64..60.0, long in 0.1f64..30.0, samples in 1usize..200, hop in 0.05f64..5.0) {
        let interval = interval(start, start + long, 0);
        let (cuts, counts) = cut(&stretches(), std::slice::from_ref(&interval), samples, hop, false);
        prop_assert_eq!(cuts.len(), counts.windows);
        for cut in cuts {
            for (i, value) in cut.values[..samples].iter().enumerate() {
                prop_assert_eq!(*value, cut.values[0] + i as f32);
            }
            prop_assert!(cut.start >= interval.start);
            prop_assert!(f64::from(cut.values[samples - 1]) / 10.0 <= start + long + 0.15);
        }
    }
}
