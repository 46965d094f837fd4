//! Compares filters with SciPy's (`scripts/conformance/make_signals.py`).

use data::signal::{self, Band, Butterworth, Ratio};
use serde_json::Value;

/// The signal of the script.
fn wave(n: usize) -> Vec<f64> {
    let value = |i: usize| {
        let t = i as f64;
        ((i * i) % 17) as f64 - 3.0 + 0.25 * (i % 5) as f64 + 0.01 * t + 40.0 * (0.05 * t).sin()
    };
    (0..n).map(value).collect()
}

#[test]
fn filters_are_those_of_scipy() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/signals.json")).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 50);
    for case in cases {
        let number = |key: &str| case[key].as_f64().unwrap();
        let mut x = wave(case["n"].as_u64().unwrap() as usize);
        let filter = || {
            let (low, high) = (number("low"), number("high"));
            let band = match case["kind"].as_str().unwrap() {
                "lowpass" => Band::Low(low),
                "highpass" => Band::High(high),
                _ => Band::Pass(low, high),
            };
            Butterworth::new(number("order") as usize, band, number("rate")).unwrap()
        };
        match case["name"].as_str().unwrap() {
            "demean" => signal::demean(&mut x),
            "detrend" => signal::detrend(&mut x),
            "sosfiltfilt" => filter().zero_phase(&mut x).unwrap(),
            "sosfilt" => filter().causal(&mut x),
            "resample_poly" => {
                x = signal::resample(
                    &x,
                    Ratio::new(number("up") as usize, number("down") as usize).unwrap(),
                );
            }
            other => panic!("{other}"),
        }
        let theirs: Vec<f64> = case["y"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect();
        assert_eq!(x.len(), theirs.len(), "{case}");
        let largest = theirs.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        for (i, (ours, theirs)) in x.iter().zip(&theirs).enumerate() {
            assert!(
                (ours - theirs).abs() <= 1e-7 * largest,
                "value {i}: {ours} is not {theirs}: {case}"
            );
        }
    }
}

/// Measured rates, whose ratio has large terms, compared with SciPy's filter of millions of taps.
#[test]
fn measured_rates_are_resampled_as_by_scipy() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/rates.json")).unwrap();
    for case in fixture["cases"].as_array().unwrap() {
        let rate = |key: &str| case[key].as_f64().unwrap();
        let ratio = Ratio::of_rates(rate("from"), rate("to")).unwrap();
        let ours = signal::resample(&wave(case["n"].as_u64().unwrap() as usize), ratio);
        let theirs = case["y"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap());
        let theirs: Vec<f64> = theirs.collect();
        assert_eq!(ours.len(), theirs.len());
        let largest = theirs.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        for (i, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            assert!(
                (ours - theirs).abs() <= 2e-5 * largest,
                "{} to {} Hz, value {i}: {ours} is not {theirs}",
                rate("from"),
                rate("to")
            );
        }
    }
}
