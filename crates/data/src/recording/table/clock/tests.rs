use proptest::prelude::*;

use super::*;

/// Times of an even clock, in seconds. `gaps` gives the rows after a gap and its length in samples.
fn even(n: usize, rate: f64, gaps: &[(usize, f64)]) -> Vec<f64> {
    let late = |row: usize| {
        gaps.iter()
            .filter(|(at, _)| *at <= row)
            .map(|(_, late)| late)
            .sum::<f64>()
    };
    (0..n).map(|row| (row as f64 + late(row)) / rate).collect()
}

fn nanos(seconds: &[f64]) -> Vec<i64> {
    seconds
        .iter()
        .map(|time| (time * NANOS).round() as i64)
        .collect()
}

/// Uniform between 0 and 1.
fn random(state: &mut u64) -> f64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

pub(super) fn normal(state: &mut u64) -> f64 {
    (0..12).map(|_| random(state)).sum::<f64>() - 6.0
}

/// Rows at which stretches begin.
fn firsts(clock: &Clock) -> Vec<usize> {
    clock.stretches.iter().map(|(rows, _)| rows.start).collect()
}

/// How many samples the fitted rate drifts from `rate` over `n` rows.
fn drift(clock: &Clock, rate: f64, n: usize) -> f64 {
    (clock.rate / rate - 1.0).abs() * n as f64
}

#[test]
fn exact_clocks_keep_their_rates() {
    for rate in [99.95, 100.0, 512.0, 333.25, 40.0, 0.5, 10_000.0] {
        let seconds = even(60_000, rate, &[]);
        let clock = fit(&nanos(&seconds), None).unwrap();
        assert_eq!(clock.rate, rate);
        assert_eq!(clock.stretches, [(0..60_000, 0)]);
        assert!(clock.notes.is_empty());
    }
    // A period of 3 ms must not become 333.33 Hz.
    let clock = fit(&nanos(&even(60_000, 1000.0 / 3.0, &[])), None).unwrap();
    assert_eq!(clock.rate, 1e6 / 3000.0);
    // 99.95 Hz for 5 s must not become 100 Hz.
    let clock = fit(&nanos(&even(500, 99.95, &[])), None).unwrap();
    assert_eq!(clock.rate, 99.95);
}

#[test]
fn a_single_lost_sample_is_a_gap() {
    let clock = fit(&nanos(&even(1000, 200.0, &[(400, 1.0), (700, 30.5)])), None).unwrap();
    assert_eq!((clock.rate, firsts(&clock)), (200.0, vec![0, 400, 700]));
    assert_eq!(clock.stretches[1].1, 2_005_000_000);
}

/// A late row, or one with an absurd time, is not a gap and does not change the rate.
#[test]
fn late_rows_are_no_gaps() {
    let mut seconds = even(2000, 100.0, &[]);
    seconds[500] += 0.019;
    seconds[900] += 7.0;
    let clock = fit(&nanos(&seconds), None).unwrap();
    assert_eq!((clock.rate, firsts(&clock)), (100.0, vec![0]));
}

/// Ten rows at a time, 0.4 ms apart, while the converter runs at 25 Hz; now and then, several tens arrive late
/// together.
#[test]
fn bursts_of_a_port_are_an_even_clock() {
    let mut state = 3;
    let mut seconds = Vec::new();
    let mut row = 0;
    while row < 1700 {
        let many = if random(&mut state) < 0.1 {
            10 * (2 + (random(&mut state) * 4.0) as usize)
        } else {
            10
        };
        row += many;
        let arrives = row as f64 / 25.0 + 0.06 * random(&mut state).powi(3);
        let mut read = arrives;
        for _ in 0..many {
            seconds.push(read);
            read += 0.0002 + 0.0004 * random(&mut state);
        }
    }
    let clock = fit(&nanos(&seconds), None).unwrap();
    assert_eq!((clock.rate, clock.stretches.len()), (25.0, 1));
    assert!(clock.notes[0].contains("bursts"), "{:?}", clock.notes);
    let clock = fit(&nanos(&seconds), Some(25.0)).unwrap();
    assert_eq!(clock.stretches.len(), 1);
}

/// One second at 200 Hz every ten seconds must not become 20 Hz.
#[test]
fn a_logger_that_wakes_has_gaps() {
    let seconds: Vec<f64> = (0..6000)
        .map(|i| f64::from(i / 200 * 10) + f64::from(i % 200) / 200.0)
        .collect();
    let clock = fit(&nanos(&seconds), None).unwrap();
    assert_eq!((clock.rate, clock.stretches.len()), (200.0, 30));
    assert_eq!(clock.stretches[7], (1400..1600, 70_000_000_000));
}

#[test]
fn whole_seconds_are_a_coarse_clock() {
    let seconds: Vec<f64> = even(3000, 50.0, &[])
        .iter()
        .map(|time| time.floor())
        .collect();
    let clock = fit(&nanos(&seconds), None).unwrap();
    assert_eq!(
        (clock.rate, &clock.stretches[..]),
        (50.0, &[(0..3000, 0)][..])
    );
    let seconds: Vec<f64> = even(3000, 50.0, &[(1530, 250.0)])
        .iter()
        .map(|time| time.floor())
        .collect();
    let clock = fit(&nanos(&seconds), None).unwrap();
    assert_eq!((clock.rate, clock.stretches.len()), (50.0, 2));
    assert!(clock.stretches[1].0.start.abs_diff(1530) <= 50);
}

/// Whole seconds, rounded half to even: 99 and 101 rows in turn.
#[test]
fn rounded_seconds_are_a_coarse_clock() {
    for n in [2000usize, 3000, 4500, 6000] {
        let seconds: Vec<f64> = even(n, 100.0, &[])
            .iter()
            .map(|time| time.round_ties_even())
            .collect();
        let clock = fit(&nanos(&seconds), None).unwrap();
        assert!(drift(&clock, 100.0, n) < 1.0, "{n}: {} Hz", clock.rate);
        assert_eq!(firsts(&clock), [0], "{n}");
    }
}

#[test]
fn a_given_rate_rules_and_contradictions_are_said() {
    let seconds = even(1000, 100.0, &[(300, 40.0)]);
    let clock = fit(&nanos(&seconds), Some(100.2)).unwrap();
    assert_eq!((clock.rate, firsts(&clock)), (100.2, vec![0, 300]));
    assert!(clock.notes.is_empty(), "{:?}", clock.notes);
    let clock = fit(&nanos(&seconds), Some(50.0)).unwrap();
    assert_eq!((clock.rate, firsts(&clock)), (50.0, vec![0, 300]));
    assert!(
        clock.notes[0].contains("the times say 100"),
        "{:?}",
        clock.notes
    );
    // Constant times contain no information.
    let clock = fit(&nanos(&[5.0; 20]), Some(100.0)).unwrap();
    assert_eq!(clock.rate, 100.0);
}

#[test]
fn times_that_go_back_are_refused() {
    let mut seconds = even(1000, 100.0, &[]);
    seconds[500..].iter_mut().for_each(|time| *time -= 3600.0);
    let error = fit(&nanos(&seconds), None).unwrap_err().to_string();
    assert!(
        error.contains("row 501 is not after that of row 500"),
        "{error}"
    );
    assert!(
        fit(&nanos(&[1.0, 0.0, 2.0]), None)
            .unwrap_err()
            .to_string()
            .contains("row 2 is not after")
    );
    assert!(
        fit(&nanos(&[1.0; 9]), None)
            .unwrap_err()
            .to_string()
            .contains("sampling_rate")
    );
    assert!(
        fit(&[7], None)
            .unwrap_err()
            .to_string()
            .contains("sampling_rate")
    );
    // A correction by a few samples starts a new stretch.
    let mut seconds = even(1000, 100.0, &[]);
    seconds[500..].iter_mut().for_each(|time| *time -= 0.2);
    let clock = fit(&nanos(&seconds), None).unwrap();
    assert_eq!((clock.rate, firsts(&clock)), (100.0, vec![0, 500]));
    assert!(clock.notes[0].contains("goes back"), "{:?}", clock.notes);
}

proptest! {
    // Without optimisation, a fit takes milliseconds.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// For any rate and gaps, an exact clock is fitted to the last row.
    #[test]
    fn exact_clocks(rate in 0.5f64..4000.0, n in 200usize..6000, holes in proptest::collection::vec((0.05f64..0.95, 1.0f64..5000.0), 0..6)) {
        let mut gaps: Vec<(usize, f64)> = holes.iter().map(|(at, late)| ((at * n as f64) as usize, *late)).collect();
        gaps.sort_by_key(|(at, _)| *at);
        gaps.dedup_by_key(|(at, _)| *at);
        let clock = fit(&nanos(&even(n, rate, &gaps)), None).unwrap();
        let expected: Vec<usize> = std::iter::once(0).chain(gaps.iter().map(|(at, _)| *at)).collect();
        prop_assert_eq!(firsts(&clock), expected);
        prop_assert!(drift(&clock, rate, n) < 0.02, "{} Hz", clock.rate);
    }

    /// With jitter of up to half a sample and more, or a coarse clock, gaps of several samples are found within two
    /// rows, and no others.
    #[test]
    fn noisy_clocks(
        rate in 1.0f64..4000.0,
        n in 600usize..6000,
        holes in proptest::collection::vec(6.0f64..500.0, 0..4),
        (jitter, tick) in (0.0f64..0.4, 0.0f64..0.9),
        seed in any::<u64>(),
    ) {
        let gaps: Vec<(usize, f64)> =
            holes.iter().enumerate().map(|(i, late)| (n * (i + 1) / (holes.len() + 1), late.round())).collect();
        let mut state = seed;
        let times = even(n, rate, &gaps).iter().map(|time| {
            let time = time + jitter * normal(&mut state) / rate;
            if tick > 0.1 { (time * rate / tick).floor() * tick / rate } else { time }
        }).collect::<Vec<f64>>();
        let clock = fit(&nanos(&times), None).unwrap();
        let found = firsts(&clock);
        prop_assert_eq!(found.len(), gaps.len() + 1, "{:?} is not {:?}", found, gaps);
        for (first, (at, _)) in found[1..].iter().zip(&gaps) {
            prop_assert!(first.abs_diff(*at) <= 2, "{} is not {}", first, at);
        }
        prop_assert!(drift(&clock, rate, n / (gaps.len() + 1)) < 0.6, "{} Hz is not {}", clock.rate, rate);
        let start = clock.stretches[0].1 as f64 / NANOS * rate;
        prop_assert!(start.abs() < 1.2, "begins {} samples late", start);
    }

    /// Any times give an error, or stretches that cover all rows in order.
    #[test]
    fn anything_is_survived(times in proptest::collection::vec(any::<i64>(), 0..80), given in proptest::option::of(0.1f64..1000.0)) {
        if let Ok(clock) = fit(&times, given) {
            let mut next = 0;
            for (rows, _) in &clock.stretches {
                prop_assert_eq!(rows.start, next);
                next = rows.end;
            }
            prop_assert_eq!(next, times.len());
        }
    }
}

/// A recorder that begins at half its rate, with jitter.
#[test]
fn a_part_at_another_rate_is_noted() {
    let mut state = 5;
    let mut time = 0.0;
    let mut times = Vec::new();
    for row in 0..12_000 {
        times.push(time + 0.003 * random(&mut state));
        time += if row < 500 { 0.02 } else { 0.01 };
    }
    let clock = fit(&nanos(&times), None).unwrap();
    assert!(clock.stretches.len() > 8, "{:?}", clock.stretches.len());
    let noted = clock.notes.iter().any(|note| note.contains("stretches"));
    assert!(noted, "{:?}", clock.notes);
    // A few gaps are none.
    let gaps: Vec<(usize, f64)> = (1..6).map(|i| (2000 * i, 50.0)).collect();
    let gappy = even(12_000, 100.0, &gaps);
    let clock = fit(&nanos(&gappy), None).unwrap();
    assert!(clock.notes.is_empty(), "{:?}", clock.notes);
}

/// Seconds since 1970 in float32 are 128 s apart.
#[test]
fn times_of_32_bit_floats_are_said() {
    let float = |row: i64| f64::from((1_714_557_600.0 + row as f64 / 100.0) as f32);
    let times: Vec<i64> = (0..60_000).map(|row| (float(row) * 1e9) as i64).collect();
    let clock = fit(&times, None).unwrap();
    assert!((clock.rate - 100.0).abs() < 0.5, "{}", clock.rate);
    let said = clock.notes.join("; ");
    let expected = "the times change only every 128 s, as if they had been stored in 32-bit floats";
    assert!(said.contains(expected), "{said}");
    let seconds: Vec<i64> = (0..60_000).map(|row| row / 100 * 1_000_000_000).collect();
    assert!(fit(&seconds, None).unwrap().notes.is_empty());
}

/// A row with the sensitivities below the names, or of the state of the logger, is no sample.
#[test]
fn rows_between_those_of_an_even_clock_are_said() {
    let even: Vec<i64> = (0..400).map(|row| row * 10_000_000).collect();
    for (at, time, said) in [
        (
            0,
            0,
            "1 row(s) come too early for a sample, such as row 2, 0.000000 s after the one before",
        ),
        (
            200,
            1_995_000_000,
            "1 row(s) come too early for a sample, such as row 201, 0.005000 s after",
        ),
    ] {
        let mut times = even.clone();
        times.insert(at, time);
        let notes = fit(&times, None).unwrap().notes.join("; ");
        assert!(notes.contains(said), "{notes}");
    }
    // One in twenty comes early: a clock that rounds to milliseconds.
    let rounded: Vec<i64> = (0..2000).map(|row| row * 20 / 21 * 1_000_000).collect();
    assert!(fit(&rounded, None).unwrap().notes.is_empty());
}
