use super::*;
use proptest::prelude::*;

#[test]
fn ratios() {
    let whole = |from: f64, to: f64| match Ratio::of_rates(from, to).unwrap().0 {
        Kind::Whole { up, down } => Some((up, down)),
        Kind::Any(_) => None,
    };
    assert_eq!(whole(100.0, 512.0), Some((128, 25)));
    assert_eq!(whole(1000.0 / 3.0, 250.0), Some((3, 4)));
    assert_eq!(whole(f64::from(99.9999f32), 100.0), None);
    assert_eq!(whole(478.036, 512.0), None);
    assert!(Ratio::of_rates(512.0, 512.0).unwrap().is_one());
    assert!(
        Ratio::of_rates(f64::from(333.3333f32), 333.3333)
            .unwrap()
            .is_one()
    );
    assert!(!Ratio::of_rates(99.9999, 100.0).unwrap().is_one());
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        Ratio::of_rates(bad, 512.0).unwrap_err();
    }
    assert_eq!(
        Ratio::of_rates(99.999, 512.007).unwrap().length(99_999),
        512_007
    );
    Ratio::of_rates(1e-3, 1e5).unwrap_err();
}

/// If a ratio can be computed both ways, both give the same result.
#[test]
fn any_ratio_is_as_the_polyphase_filter() {
    let x: Vec<f64> = (0..900)
        .map(|i| (0.3 * f64::from(i)).sin() + f64::from(i % 7))
        .collect();
    for (up, down) in [(3, 4), (512, 333), (25, 128)] {
        let exact = resample(&x, Ratio::new(up, down).unwrap());
        let any = resample(&x, Ratio(Kind::Any(up as f64 / down as f64)));
        assert_eq!(exact.len(), any.len());
        for (a, b) in exact.iter().zip(&any) {
            // SciPy normalises the gain by the sum of the few taps, this filter by the integral.
            assert!((a - b).abs() < 1e-3, "{up}/{down}: {a} is not {b}");
        }
    }
}

/// The offset of a recorder is no signal, neither at the ends nor between.
#[test]
fn an_offset_stays_an_offset() {
    let noise = |i: u32| f64::from(i * i * 31 % 101) - 50.0;
    for (up, down) in [(1, 2), (3, 4), (128, 25), (5, 4), (2, 1)] {
        for ratio in [
            Ratio::new(up, down).unwrap(),
            Ratio(Kind::Any(up as f64 / down as f64 * 1.000_37)),
        ] {
            let constant = resample(&[500_000.0; 400], ratio);
            assert!(constant.iter().all(|v| *v == 500_000.0), "{ratio:?}");
            let of = |offset: f64| {
                let x: Vec<f64> = (0..400).map(|i| noise(i) + offset).collect();
                resample(&x, ratio)
            };
            for (with, without) in of(500_000.0).iter().zip(of(0.0)) {
                assert!((with - without - 500_000.0).abs() < 1e-6, "{ratio:?}");
            }
            // A slow drift stays one up to the end.
            let drift: Vec<f64> = (0..400).map(|i| 0.5 * f64::from(i)).collect();
            let found = resample(&drift, ratio);
            let last = *found.last().unwrap();
            assert!((last - 199.5).abs() < 5.0, "{ratio:?}: {last}");
        }
    }
}

proptest! {
    /// A slow sine stays the same, away from the ends.
    #[test]
    fn a_sine_stays_a_sine(up in 1usize..9, down in 1usize..9) {
        let ratio = Ratio::new(up, down).unwrap();
        let step = down as f64 / up as f64;
        let x: Vec<f64> = (0..600).map(|i| (0.05 * f64::from(i)).sin()).collect();
        let y = resample(&x, ratio);
        prop_assert_eq!(y.len(), ratio.length(600));
        for m in y.len() / 4..3 * y.len() / 4 {
            let t = m as f64 * step;
            prop_assert!((y[m] - (0.05 * t).sin()).abs() < 2e-3);
        }
    }

    /// The result does not depend on how samples are split into chunks.
    #[test]
    fn pieces_are_as_the_whole(up in 1usize..60, down in 1usize..60, any: bool, cuts in proptest::collection::vec(0usize..400, 0..12)) {
        let ratio = if any { Ratio(Kind::Any(up as f64 / down as f64 * 1.000_37)) } else { Ratio::new(up, down).unwrap() };
        let x: Vec<f64> = (0..cuts.iter().sum::<usize>()).map(|i| (0.3 * i as f64).sin() + (i % 7) as f64).collect();
        let mut resampler = Resampler::new(ratio);
        // A second sequence starts from scratch.
        for _ in 0..2 {
            let (mut at, mut out) = (0, Vec::new());
            for n in &cuts {
                resampler.push(&x[at..at + n], &mut out);
                at += n;
            }
            resampler.finish(&mut out);
            prop_assert_eq!(&out, &resample(&x, ratio));
        }
    }

    /// Any sine below 80 % of both Nyquist frequencies is preserved for any pair of rates.
    #[test]
    fn any_rate_resamples(from in 20.0f64..500.0, to in 20.0f64..500.0, part in 0.01f64..0.8) {
        prop_assume!(to <= MOST_UP * from);
        let hertz = part * from.min(to) / 2.0;
        let sine = |t: f64| (std::f64::consts::TAU * hertz * t).sin();
        let x: Vec<f64> = (0..2000).map(|i| sine(f64::from(i) / from)).collect();
        let ratio = Ratio::of_rates(from, to).unwrap();
        let y = resample(&x, ratio);
        prop_assert_eq!(y.len(), ratio.length(2000));
        let edge = (12.0 * (to / from).max(1.0)).ceil() as usize + 12;
        for m in edge..y.len().saturating_sub(edge) {
            prop_assert!((y[m] - sine(m as f64 / to)).abs() < 5e-3, "sample {}", m);
        }
    }
}
