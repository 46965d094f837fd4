use super::*;
use proptest::prelude::*;

fn window() -> Vec<f32> {
    (0..128).map(|i| (i % 64) as f32 - 20.0).collect()
}

fn changed(augmentation: &Augmentation, window_number: usize) -> Vec<f32> {
    let mut values = window();
    augmentation.apply(&mut values, 2, None, (1, 2, window_number));
    values
}

#[test]
fn the_same_window_changes_the_same_way() {
    let field = Augmentation::preset("field").unwrap();
    assert_eq!(changed(&field, 3), changed(&field, 3));
    assert_ne!(changed(&field, 3), changed(&field, 4));
    assert_eq!(changed(&Augmentation::default(), 3), window());
}

#[test]
fn each_does_what_it_says() {
    let only = |change: fn(&mut Augmentation)| {
        let mut augmentation = Augmentation::default();
        change(&mut augmentation);
        augmentation.check().unwrap();
        changed(&augmentation, 1)
    };
    let shifted = only(|settings| settings.time_shift = 0.5);
    let mut sorted = shifted[..64].to_vec();
    sorted.sort_by(f32::total_cmp);
    assert_eq!(sorted, window()[..64]);
    assert_ne!(shifted, window());
    // All samples are scaled by the same factor: within 6 dB, and not 1.
    let scaled = only(|settings| settings.gain_db = 6.0);
    let gain = scaled[10] / window()[10];
    for (scaled, original) in scaled.iter().zip(window()) {
        assert!(
            (scaled - gain * original).abs() < 1e-4,
            "{scaled} of {original}"
        );
    }
    let most = 10f32.powf(6.0 / 20.0);
    assert!(
        (1.0 / most..most).contains(&gain) && (gain - 1.0).abs() > 1e-3,
        "{gain}"
    );
    let dead = only(|settings| settings.channel_dropout = 1.0);
    let silent = |values: &[f32]| values.iter().all(|v| *v == 0.0);
    assert!(silent(&dead[..64]) != silent(&dead[64..]));
    let mut swapped = window();
    swapped[64..].iter_mut().for_each(|v| *v += 100.0);
    let swap = Augmentation {
        channel_swap: 1.0,
        ..Default::default()
    };
    swap.apply(&mut swapped, 2, None, (1, 1, 1));
    assert_eq!((swapped[0], swapped[64]), (80.0, -20.0));
    let masked = only(|settings| {
        settings.time_mask = Some(Stretch {
            probability: 1.0,
            longest: 0.5,
        })
    });
    assert!(masked.iter().filter(|v| **v == 0.0).count() > 2);
    let gap = only(|settings| {
        settings.gap = Some(Stretch {
            probability: 1.0,
            longest: 0.9,
        })
    });
    assert!(gap.windows(2).any(|pair| pair[0] == pair[1]));
}

#[test]
fn noise_has_the_ratio_it_should() {
    for colour in [0.0, 1.0, 2.0] {
        let noise = Noise {
            probability: 1.0,
            snr_db: [10.0, 10.0],
            colour: [colour; 2],
        };
        let changed = changed(
            &Augmentation {
                noise: Some(noise),
                ..Default::default()
            },
            5,
        );
        let difference = changed
            .iter()
            .zip(window())
            .take(64)
            .map(|(a, b)| f64::from(a - b));
        let ratio =
            deviation(window().iter().take(64).map(|v| f64::from(*v))) / deviation(difference);
        assert!((20.0 * ratio.log10() - 10.0).abs() < 0.01, "{ratio}");
    }
    // Brown noise varies slowly, so neighbouring samples are similar.
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let roughness = |noise: Vec<f64>| {
        let steps = noise
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).powi(2))
            .sum::<f64>();
        steps / noise.iter().map(|v| v * v).sum::<f64>()
    };
    let [white, brown] = [0.0, 2.0].map(|colour| roughness(coloured(&mut rng, 1024, colour)));
    assert!(white > 1.5 && brown < 0.2, "{white} {brown}");
}

#[test]
fn backgrounds_are_mixed() {
    let background = Background {
        class: "quiet".into(),
        probability: 0.5,
        snr_db: [0.0, 0.0],
    };
    let augmentation = Augmentation {
        background: Some(background),
        ..Default::default()
    };
    let picked: Vec<_> = (0..100)
        .map(|i| augmentation.background_of(1, 0, i, 7))
        .collect();
    let some = picked.iter().flatten().count();
    assert!((30..70).contains(&some), "{some}");
    assert!(picked.iter().flatten().all(|i| *i < 7));
    let mut values = window();
    let other: Vec<f32> = (0..128).map(|i| (i % 3) as f32).collect();
    augmentation.apply(&mut values, 2, Some(&other), (1, 0, 0));
    // At 0 dB the added signal is the other window, scaled to the power of this one.
    let added = values.iter().zip(window()).map(|(a, b)| a - b);
    let added: Vec<f64> = added.map(f64::from).collect();
    for channel in 0..2 {
        let part = |all: &[f64]| deviation(all[channel * 64..][..64].iter().copied());
        let original: Vec<f64> = window().into_iter().map(f64::from).collect();
        let ratio = part(&added) / part(&original);
        assert!((ratio - 1.0).abs() < 0.02, "channel {channel}: {ratio}");
    }
    assert!((added[3] - added[0]).abs() < 1e-3 && (added[1] - added[0]).abs() > 1.0);
}

#[test]
fn mistakes_are_named() {
    let wrong = Augmentation {
        time_shift: 2.0,
        ..Default::default()
    };
    assert!(wrong.check().unwrap_err().key.contains("time_shift"));
    let noise = Noise {
        snr_db: [20.0, 10.0],
        ..Default::default()
    };
    let wrong = Augmentation {
        noise: Some(noise),
        ..Default::default()
    };
    assert!(wrong.check().unwrap_err().key.contains("noise.snr_db"));
    assert!(Augmentation::preset("wild").is_none());
}

proptest! {
    #[test]
    fn windows_stay_finite(
        values in proptest::collection::vec(-1e6f32..1e6, 2..200),
        number: usize,
        epoch in 0u64..1000,
    ) {
        let mut values = values;
        values.truncate(values.len() / 2 * 2);
        let field = Augmentation::preset("field").unwrap();
        let other = values.clone();
        field.apply(&mut values, 2, Some(&other), (7, epoch, number % (1 << 30)));
        prop_assert!(values.iter().all(|v| v.is_finite()));
    }
}
