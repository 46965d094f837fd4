use super::*;
use crate::preprocessing::{SpectralConfig, SpectralMethod};

const LAYOUT: FeatureLayout = FeatureLayout {
    shape: [2, 7, 256],
    frame: 64,
    bands: 63,
    window: 0,
    response: Vec::new(),
};

fn changed(augmentation: FeatureAugmentation, position: usize) -> Vec<f32> {
    let mut features = vec![1.0; 2 * 7 * 256];
    let draw = Draw {
        seed: 1,
        epoch: 2,
        position,
    };
    augmentation.apply(&mut features, &LAYOUT, draw);
    features
}

#[test]
fn draws_depend_on_seed_epoch_and_position_alone() {
    let recipe = FeatureAugmentation::standard();
    assert_eq!(changed(recipe, 3), changed(recipe, 3));
    assert_ne!(changed(recipe, 3), changed(recipe, 4));
    assert_eq!(
        changed(FeatureAugmentation::default(), 3),
        vec![1.0; 2 * 7 * 256]
    );
    // The values come from the generator's own bits, so they are the same on every machine.
    let mut rng = rng(Draw {
        seed: 1,
        epoch: 2,
        position: 3,
    });
    let stretches = [(); 3].map(|()| stretch(&mut rng, 0.5, 100));
    assert!(
        stretches
            .iter()
            .all(|span| span.len() <= 50 && span.end <= 100)
    );
}

#[test]
fn masks_spare_the_level() {
    let only = FeatureAugmentation {
        frequency_mask: 0.3,
        ..Default::default()
    };
    let mut widest = 0;
    for position in 0..200 {
        let features = changed(only, position);
        let frames: Vec<&[f32]> = features.chunks(64).collect();
        assert!(
            frames.iter().all(|frame| frame == &frames[0]),
            "all frames alike"
        );
        assert_eq!(frames[0][63], 1.0);
        widest = widest.max(frames[0].iter().filter(|v| **v == 0.0).count());
    }
    assert_eq!(widest, 18, "0.3 of 63 bands");
    let only = FeatureAugmentation {
        time_mask: 0.4,
        ..Default::default()
    };
    let masked = |position| {
        let features = changed(only, position);
        let dead: Vec<bool> = features.chunks(256).map(|row| row[63] == 0.0).collect();
        assert_eq!(dead[..7], dead[7..], "all channels alike");
        dead[..7].iter().filter(|dead| **dead).count()
    };
    assert_eq!((0..200).map(masked).max(), Some(2), "0.4 of 7 segments");
    assert_eq!((0..200).map(masked).min(), Some(0));
}

#[test]
fn noise_is_normal() {
    let table = quantiles();
    let moment = |k: i32| table.iter().map(|z| f64::from(*z).powi(k)).sum::<f64>() / 4096.0;
    assert!(moment(1).abs() < 1e-9);
    assert!((moment(2) - 1.0).abs() < 1e-6);
    assert!((moment(4) - 3.0).abs() < 0.02, "{}", moment(4));
    // scipy.stats.norm.ppf([0.5 + 0.5 / 4096, 0.75 + 0.5 / 4096, 1 - 0.5 / 4096]).
    for (i, z) in [(2048, 0.000_305_987), (3072, 0.674_874), (4095, 3.668_17)] {
        assert!(
            (f64::from(table[i]) - z).abs() < 1e-3 * z.max(0.1),
            "{}: {z}",
            table[i]
        );
    }
    let noise = FeatureAugmentation {
        noise: 0.3,
        ..Default::default()
    };
    let values: Vec<f64> = (0..20)
        .flat_map(|p| changed(noise, p))
        .map(|v| f64::from(v) - 1.0)
        .collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
    assert!(
        mean.abs() < 0.005 && (variance.sqrt() - 0.3).abs() < 0.005,
        "{mean} {variance}"
    );
}

#[test]
fn responses_are_smooth_and_constant_in_time() {
    let only = FeatureAugmentation {
        response: 0.5,
        ..Default::default()
    };
    let (mut sum, mut squares) = (0.0, 0.0);
    for position in 0..400 {
        let features = changed(only, position);
        for channel in features.chunks(7 * 256) {
            let frames: Vec<&[f32]> = channel.chunks(64).collect();
            assert!(frames.iter().all(|frame| frame == &frames[0]));
            assert_eq!(frames[0][63], 1.0, "the level is left alone");
            for pair in frames[0][..63].windows(2) {
                assert!((pair[0] - pair[1]).abs() < 0.4, "{pair:?}");
            }
        }
        assert_ne!(features[..63], features[7 * 256..][..63], "per channel");
        for value in &features[..63] {
            sum += f64::from(value - 1.0);
            squares += f64::from(value - 1.0).powi(2);
        }
    }
    let count = 400.0 * 63.0;
    assert!((sum / count).abs() < 0.05, "{sum}");
    let deviation = (squares / count).sqrt();
    assert!((deviation - 0.5).abs() < 0.03, "{deviation}");
    // A single band has no curve but is still shifted.
    assert_eq!(cosines(1).len(), COSINES);
}

#[test]
fn the_level_moves_alike_in_all_channels() {
    let only = FeatureAugmentation {
        level: 1.0,
        ..Default::default()
    };
    let features = changed(only, 5);
    let shift = features[63];
    assert_ne!(shift, 1.0);
    for frame in features.chunks(64) {
        assert_eq!(frame[63], shift);
        assert!(frame[..63].iter().all(|v| *v == 1.0));
    }
}

/// Responses, masks over frequency and shifts of the level leave features of the window as they are.
#[test]
fn features_of_the_window_are_no_bands_and_no_level() {
    let layout = FeatureLayout {
        bands: 60,
        window: 3,
        ..LAYOUT
    };
    let only = FeatureAugmentation {
        frequency_mask: 0.3,
        response: 1.0,
        level: 1.0,
        ..Default::default()
    };
    let mut features = vec![1.0; 2 * 7 * 256];
    let draw = Draw {
        seed: 1,
        epoch: 2,
        position: 3,
    };
    only.apply(&mut features, &layout, draw);
    for frame in features.chunks(64) {
        assert!(frame[..61].iter().all(|v| *v != 1.0));
        assert_eq!(frame[61..], [1.0; 3]);
    }
}

#[test]
fn layouts_follow_the_front_end() {
    let spectral = SpectralConfig {
        method: SpectralMethod::Bands,
        ..Default::default()
    };
    let mut preprocessing = Preprocessing::new(Vec::new(), spectral);
    preprocessing.set_window(1024).unwrap();
    assert_eq!(FeatureLayout::new(&preprocessing, [2, 7, 256]), LAYOUT);
    preprocessing.spectral.bands.time = true;
    preprocessing.set_window(1024).unwrap();
    let layout = FeatureLayout::new(&preprocessing, [2, 7, 256]);
    assert_eq!((layout.level(), layout.frame), (60..61, 64));
    let samples = Preprocessing::new(Vec::new(), SpectralConfig::default());
    let layout = FeatureLayout::new(&samples, [1, 7, 32]);
    assert_eq!((layout.frame, layout.bands), (32, 32));
    let wrong = FeatureAugmentation {
        time_mask: 2.0,
        ..Default::default()
    };
    assert!(wrong.check().unwrap_err().key.contains("time_mask"));
    assert_eq!(FeatureAugmentation::standard().check(), Ok(()));
}

/// Features are scaled by the deviation of their band; a response shifts the logarithm of power equally in all bands.
#[test]
fn responses_shift_the_power_of_all_bands_equally() {
    let shape = [2, 2, 256];
    let deviations: Vec<f64> = (0..2 * 256).map(|i| 0.5 + i as f64 / 256.0).collect();
    let spectral = SpectralConfig {
        method: SpectralMethod::Bands,
        ..Default::default()
    };
    let mut preprocessing = Preprocessing::new(Vec::new(), spectral);
    preprocessing.set_window(1024).unwrap();
    preprocessing.normalisation = Normalisation::Band;
    preprocessing.statistics = Some(Statistics {
        mean: vec![0.0; 2 * 256],
        std: deviations.clone(),
    });
    let layout = FeatureLayout::new(&preprocessing, shape);
    let mut features = vec![0.0; 2 * 2 * 256];
    for (c, channel) in features.chunks_exact_mut(2 * 256).enumerate() {
        add_response(channel, &[1.0; 63], &layout, c);
        // Before scaling, the shift is the same in all bands, frames and segments; levels are not shifted.
        let shift = |i: usize| f64::from(channel[i]) * deviations[c * 256 + i % 256];
        assert!(shift(0) > 0.5);
        for i in 0..2 * 256 {
            let expected = if i % 64 == 63 { 0.0 } else { shift(0) };
            assert!((shift(i) - expected).abs() < 1e-6, "{c} {i}: {}", shift(i));
        }
    }
}

#[test]
fn bands_without_variation_get_no_larger_response() {
    let statistics = Statistics {
        mean: vec![1.0; 4],
        std: vec![1.0, 1e-3, 1e-12, 1.0],
    };
    let guard = ConstantGuard {
        absolute: 1e-9,
        relative: 0.0,
    };
    let factors = response_factors(&statistics, 4, (4, 4), guard);
    assert_eq!(factors[1..3], [LARGEST_FACTOR as f32, 0.0]);
    // A response is no shift of spectra without a logarithm.
    let linear = SpectralConfig {
        method: SpectralMethod::Fft,
        ..Default::default()
    };
    let mut preprocessing = Preprocessing::new(Vec::new(), linear);
    preprocessing.normalisation = Normalisation::Band;
    preprocessing.statistics = Some(statistics);
    assert!(
        FeatureLayout::new(&preprocessing, [1, 1, 4])
            .response
            .is_empty()
    );
}
