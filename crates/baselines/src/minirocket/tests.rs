use super::*;
use crate::reference::{close, numbers, reference, whole};

/// Dilations, and the features for the channels and biases drawn by sktime.
#[test]
fn as_sktime() {
    for case in reference()["minirocket"].as_array().unwrap() {
        let shape = ["channels", "samples"].map(|key| case[key].as_u64().unwrap() as usize);
        let windows: Vec<f32> = numbers(&case["x"])
            .iter()
            .map(|&value| value as f32)
            .collect();
        let mut rocket = MiniRocket::fit(&windows, shape, 1).unwrap();
        let expected: Vec<_> = whole(&case["dilations"])
            .into_iter()
            .zip(whole(&case["per_dilation"]))
            .collect();
        assert_eq!(rocket.dilations, expected);
        assert_eq!(rocket.channels.len(), KERNELS * expected.len());

        rocket.channels = case["combinations"]
            .as_array()
            .unwrap()
            .iter()
            .map(whole)
            .collect();
        let biases = numbers(&case["biases"]);
        assert_eq!(rocket.width(), biases.len());
        rocket.biases = biases.iter().map(|&bias| bias as f32).collect();
        let ours: Vec<f64> = rocket
            .features(&windows)
            .chunks_exact(biases.len())
            .flat_map(|row| row.iter().step_by(37).map(|&value| f64::from(value)))
            .collect();
        let theirs = numbers(&case["features"]);
        // Every bias is a value of a convolution, so rounding can put one value on the other side.
        close(
            &ours,
            &theirs,
            1.01 / (shape[1] as f64 / 2.0 - 1.0).max(1.0),
        );
        let differing = ours
            .iter()
            .zip(&theirs)
            .filter(|(a, b)| (*a - *b).abs() > 1e-6)
            .count();
        assert!(differing * 50 < ours.len(), "{differing} of {}", ours.len());
    }
}

#[test]
fn biases_part_the_values() {
    let windows: Vec<f32> = (0..6 * 2 * 128)
        .map(|i| ((i * i) % 101) as f32 + (i / 256) as f32)
        .collect();
    let rocket = MiniRocket::fit(&windows, [2, 128], 5).unwrap();
    assert_eq!(rocket.width(), 9996);
    assert!(
        rocket
            .channels
            .iter()
            .all(|channels| matches!(channels.len(), 1 | 2) && channels.iter().all(|&c| c < 2))
    );
    let features = rocket.features(&windows);
    let mean = features.iter().map(|&value| f64::from(value)).sum::<f64>() / features.len() as f64;
    assert!((mean - 0.5).abs() < 0.05, "{mean}");
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let again = pool.install(|| MiniRocket::fit(&windows, [2, 128], 5).unwrap());
        assert_eq!(again, rocket);
        assert_eq!(pool.install(|| again.features(&windows)), features);
    }
    assert_ne!(MiniRocket::fit(&windows, [2, 128], 6).unwrap(), rocket);
    assert_eq!(MiniRocket::fit(&windows, [2, 8], 5), None);
}

#[test]
fn units_and_offsets_change_nothing_and_silence_is_finite() {
    let windows: Vec<f32> = (0..4 * 64).map(|i| ((i * i) % 31) as f32).collect();
    let of = |windows: &[f32]| {
        let rocket = MiniRocket::fit(windows, [1, 64], 5).unwrap();
        rocket.features(windows)
    };
    let expected = of(&windows);
    let scaled: Vec<f32> = windows.iter().map(|value| value * 2f32.powi(-40)).collect();
    assert_eq!(of(&scaled), expected);
    let silent = of(&[0.1; 256]);
    assert!(silent.iter().all(|value| value.is_finite()));
}
