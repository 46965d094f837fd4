use proptest::prelude::*;

use super::*;

/// A window of one channel: a sine, a burst, and pseudo-random noise.
fn window(samples: usize, phase: f64) -> Vec<f32> {
    let mut state = 12_345u32;
    (0..samples)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state >> 8) / f64::from(1 << 24) - 0.5;
            let burst = if i % 300 < 40 {
                (i as f64 * 0.9).sin() * 4.0
            } else {
                0.0
            };
            (20.0 * (0.3 * i as f64 + phase).sin() + burst + noise) as f32
        })
        .collect()
}

#[test]
fn a_sine_lies_in_its_band() {
    // Bin 33 of 256 is the first of band 16: bins 33 and 34.
    let tone: Vec<f32> = (0..1024)
        .map(|i| (std::f64::consts::TAU * 33.5 / 256.0 * i as f64).sin() as f32)
        .collect();
    let features = Features::of(&tone, [1, 1024], true);
    let row = features.table(FeatureSet::MeanBands);
    assert_eq!(row.width(), 65);
    let bands = &row.row(0)[..64];
    let loudest = (0..64)
        .max_by(|&a, &b| bands[a].total_cmp(&bands[b]))
        .unwrap();
    assert_eq!(loudest, 16);
    // The mean square is 1/2, nearly all of it in two bins of one band.
    assert!((row.row(0)[64] - 0.5f64.ln()).abs() < 1e-3);
    assert!(bands[16].exp() * 2.0 > 0.35, "{}", bands[16].exp());
    assert_eq!(features.table(FeatureSet::SegmentBands).width(), 7 * 64 + 1);
}

#[test]
fn time_features_tell_strikes_from_a_roar() {
    let roar: Vec<f32> = (0..1024)
        .map(|i| if i % 2 == 0 { 1.0 } else { -1.0 })
        .collect();
    let mut strike = vec![0.01f32; 1024];
    (0..1024).step_by(2).for_each(|i| strike[i] = -0.01);
    strike[500] = 10.0;
    let features = Features::of(&[roar, strike].concat(), [1, 1024], true).table(FeatureSet::Time);
    let (roar, strike) = (features.row(0), features.row(1));
    assert!(roar.iter().all(|value| value.abs() < 1e-9), "{roar:?}");
    assert!(strike.iter().all(|value| *value > 2.0), "{strike:?}");
    // One of 1024 samples contains all the energy.
    assert!((strike[0] - 32f64.ln()).abs() < 0.01 && (strike[1] - 1024f64.ln()).abs() < 0.01);
}

/// The strongest lag is the interval between bursts, in 64ths of the window.
#[test]
fn the_rhythm_shows_intervals() {
    for period in [160, 256, 384] {
        let loud = |i: usize| if i % period < 30 { 20.0 } else { 1.0 };
        let samples: Vec<f32> = (0..1024)
            .map(|i| loud(i) * (((i * i * 7) % 97) as f32 / 48.0 - 1.0))
            .collect();
        let table = Features::of(&samples, [1, 1024], false).table(FeatureSet::Rhythm);
        let row = table.row(0);
        assert_eq!(row.len(), 32);
        let strongest = (4..32).max_by(|a, b| row[*a].total_cmp(&row[*b]));
        assert_eq!(strongest, Some(period / 16 - 1));
    }
}

/// Parts hide noise that differs from channel to channel; what is common stays.
#[test]
fn correlation_tells_how_neighbouring_channels_move() {
    let slow = |i: usize| 40.0 * (i as f32 / 60.0).sin();
    let noise = |i: usize, c: usize| ((i * i * 7 + i * c * 13) % 97) as f32 - 48.0;
    let first: Vec<f32> = (0..1024).map(|i| 5.0 + slow(i) + noise(i, 0)).collect();
    let against: Vec<f32> = first.iter().map(|value| -3.0 * value).collect();
    let other: Vec<f32> = (0..1024).map(|i| slow(i) + noise(i, 5)).collect();
    let of = |channels: &[&[f32]]| {
        let features = Features::of(&channels.concat(), [channels.len(), 1024], false);
        let table = features.table(FeatureSet::TimeAndCorrelation);
        table.row(0)[5 * channels.len()..].to_vec()
    };
    assert!(of(&[&first]).is_empty());
    let pair = of(&[&first, &against]);
    assert!(
        pair.iter().all(|value| (value + 1.0).abs() < 1e-3),
        "{pair:?}"
    );
    let pair = of(&[&first, &other]);
    assert!(
        pair[0] > 0.2 && pair[1] > pair[0] + 0.1 && pair[2] > pair[1] + 0.1,
        "{pair:?}"
    );
    // Of three channels, the last one is next to the first: first and against, against and other, other and first.
    let three = of(&[&first, &against, &other]);
    assert_eq!(three.len(), 9);
    assert_eq!([three[2], three[5], three[8]], pair[..]);
    for i in 0..3 {
        assert!((three[3 * i] + 1.0).abs() < 1e-3);
        assert!((three[3 * i + 1] + three[3 * i + 2]).abs() < 1e-3);
    }
    // Without noise: (1, 0, -1, 0) and (1, -1, 0, 0) have a mean product of 1/4 and mean squares of 1/2.
    let short = Features::of(&[1.0, 0.0, -1.0, 0.0, 1.0, -1.0, 0.0, 0.0], [2, 4], false);
    let table = short.table(FeatureSet::TimeAndCorrelation);
    assert!((table.row(0)[10] - 0.5).abs() < 1e-5);
}

#[test]
fn silent_windows_are_not_finite_and_others_are() {
    let windows = [vec![0.1; 64], window(64, 0.0)].concat();
    let features = Features::of(&windows, [1, 64], true);
    for set in FeatureSet::ALL {
        let table = features.table(set);
        assert!(
            table.row(0).iter().all(|value| !value.is_finite()),
            "{set:?}"
        );
        assert!(
            table.row(1).iter().all(|value| value.is_finite()),
            "{set:?}"
        );
    }
}

proptest! {
    /// Another unit shifts logarithms of powers by a constant and changes nothing else.
    #[test]
    fn the_unit_does_not_matter(exponent in -40i32..40, samples in 16usize..700, channels in 1usize..4) {
        let one = window(samples * channels, 0.5);
        let factor = 2f32.powi(exponent);
        let scaled: Vec<f32> = one.iter().map(|value| value * factor).collect();
        let (one, scaled) = (Features::of(&one, [channels, samples], true), Features::of(&scaled, [channels, samples], true));
        let shift = 2.0 * f64::from(exponent) * 2f64.ln();
        for set in [FeatureSet::MeanBands, FeatureSet::SegmentBands] {
            for (a, b) in one.table(set).row(0).iter().zip(scaled.table(set).row(0)) {
                prop_assert!((b - a - shift).abs() < 1e-9, "{} {} {}", a, b, shift);
            }
        }
        for set in [FeatureSet::Time, FeatureSet::Rhythm, FeatureSet::TimeAndCorrelation] {
            prop_assert_eq!(one.table(set), scaled.table(set));
        }
    }
}
