use super::*;
use crate::preprocessing::settings::BandsConfig;

fn features(config: &BandsConfig, window: &[f32], samples: usize) -> Vec<f32> {
    transformed(
        &mut Bands::new(BandLayout::new(config, samples).unwrap()),
        window,
    )
}

fn transformed(bands: &mut Bands, window: &[f32]) -> Vec<f32> {
    let layout = &bands.layout;
    let of_channel = layout.segments * layout.features();
    let mut out = vec![0.0; window.len() / layout.window * of_channel];
    bands.transform(window, None, &mut out).unwrap();
    out
}

/// A window of two channels.
fn window() -> Vec<f32> {
    (0..2048)
        .map(|i| 5000.0 + ((i * i) % 97) as f32 + (i % 63 * (63 - i % 63)) as f32 / 25.0)
        .collect()
}

#[test]
fn a_segment_has_as_many_features_as_samples() {
    for (window, features) in [(1024, 256), (512, 128), (256, 64), (2048, 256)] {
        let layout = BandLayout::new(&BandsConfig::default(), window).unwrap();
        assert_eq!((layout.segments, layout.features()), (7, features));
    }
    let one = BandsConfig {
        frames: 1,
        ..Default::default()
    };
    let layout = BandLayout::new(&one, 1024).unwrap();
    assert_eq!((layout.frame, layout.features()), (256, 65));
    assert_eq!(
        layout.edges,
        (0..=64).map(|b| 1 + 2 * b).collect::<Vec<_>>()
    );
    let four = BandLayout::new(&BandsConfig::default(), 1024).unwrap();
    assert_eq!((four.frame, four.frame_hop, four.hop), (128, 32, 128));
    assert_eq!(
        four.edges[62..],
        [63, 65],
        "the last band takes the bin that is left"
    );
    let fine = BandsConfig {
        segments: 15,
        frames: 1,
        ..Default::default()
    };
    let layout = BandLayout::new(&fine, 1024).unwrap();
    assert_eq!((layout.frame, layout.hop), (128, 64));
}

#[test]
fn what_does_not_fit_is_refused() {
    let fits = |config: BandsConfig, window| BandLayout::new(&config, window).map(|_| ());
    assert!(
        fits(BandsConfig::default(), 16)
            .unwrap_err()
            .to_string()
            .contains("does not fit")
    );
    let many = BandsConfig {
        bands: Some(65),
        ..Default::default()
    };
    assert!(
        fits(many, 1024)
            .unwrap_err()
            .to_string()
            .contains("has 64 bins")
    );
    let long = BandsConfig {
        hop: Some(200),
        ..Default::default()
    };
    assert!(
        fits(long, 1024)
            .unwrap_err()
            .to_string()
            .contains("does not fit a window of 1024")
    );
    // A window longer than the layout needs is accepted.
    let short = BandsConfig {
        segment: Some(100),
        hop: Some(50),
        ..Default::default()
    };
    assert_eq!(fits(short, 1000), Ok(()));
}

#[test]
fn units_move_the_level_alone() {
    for config in [
        BandsConfig::default(),
        BandsConfig {
            frames: 1,
            ..Default::default()
        },
    ] {
        let counts = features(&config, &window(), 1024);
        let row = counts.len() / 14;
        let level = row / config.frames - 1;
        for power in [-40, 40] {
            let scaled: Vec<f32> = window().iter().map(|v| v * 2f32.powi(power)).collect();
            for (i, (a, b)) in features(&config, &scaled, 1024)
                .iter()
                .zip(&counts)
                .enumerate()
            {
                if i % (level + 1) == level {
                    let moved = f64::from(a - b) - 2.0 * f64::from(power) * 2f64.ln();
                    assert!(moved.abs() < 1e-5, "{moved}");
                } else {
                    assert_eq!(a, b, "feature {i}");
                }
            }
        }
    }
}

#[test]
fn dead_channels_are_left_out_of_the_level() {
    let mut values = window();
    values[1024..].fill(-3.7);
    let config = BandsConfig {
        frames: 1,
        ..Default::default()
    };
    let both = features(&config, &values, 1024);
    let alone = features(&config, &values[..1024], 1024);
    let (bands, level) = (&both[455..455 + 64], both[455 + 64]);
    assert!(bands.iter().all(|v| *v == 0.0));
    assert_eq!(level, both[64]);
    // The reference differs, so the last digit may differ.
    for (a, b) in both[..455].iter().zip(&alone) {
        assert!((a - b).abs() < 1e-4, "{a} is not {b}");
    }
    let dead = features(&config, &[1.5; 2048], 1024);
    assert!(dead[64].is_nan() && dead[63] == 0.0);
}

#[test]
fn without_its_level_a_window_keeps_its_unit() {
    let config = BandsConfig {
        level: false,
        frames: 1,
        ..Default::default()
    };
    let counts = features(&config, &window(), 1024);
    assert_eq!(counts.len(), 14 * 64);
    let loud: Vec<f32> = window().iter().map(|v| v * 8.0).collect();
    for (a, b) in features(&config, &loud, 1024).iter().zip(&counts) {
        assert!((a - b - 64f32.ln()).abs() < 1e-5);
    }
}

/// Fingerprint of the bits of values (FNV-1a).
fn fingerprint(values: &[f32]) -> u64 {
    let bytes = values.iter().flat_map(|v| v.to_le_bytes());
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    bytes.fold(0xcbf2_9ce4_8422_2325, step)
}

/// The result depends on neither the instruction set nor the C library. A changed fingerprint means that existing
/// models would get different inputs.
#[test]
fn bits_are_the_same_on_every_machine() {
    let of = |frames| {
        let config = BandsConfig {
            frames,
            ..Default::default()
        };
        fingerprint(&features(&config, &window(), 1024))
    };
    assert_eq!(
        [of(4), of(1)],
        [12_250_206_038_124_753_767, 11_863_597_769_212_374_751]
    );
}

/// Frames of one window that are multiplied by different powers of two give what they give in float64, one by one.
#[test]
fn quiet_and_loud_frames_share_a_window() {
    let mut values: Vec<f32> = (0..1024).map(|i| ((i * i) % 97) as f32 - 48.0).collect();
    values[..512].iter_mut().for_each(|v| *v *= 1e-14);
    values[700..].iter_mut().for_each(|v| *v *= 1e14);
    let fine = BandsConfig {
        floor: 1e-30,
        ..Default::default()
    };
    // Frames of zeros are never multiplied; others of this unit are.
    let mut silent: Vec<f32> = values.iter().map(|v| v * 1e-14).collect();
    silent[..512].fill(0.0);
    silent[512..700].iter_mut().for_each(|v| *v *= 1e-16);
    silent[700..].iter_mut().for_each(|v| *v *= 1e-30);
    let windows = [&values, &silent].into_iter();
    for (config, values) in windows.flat_map(|w| [(BandsConfig::default(), w), (fine.clone(), w)]) {
        let layout = BandLayout::new(&config, 1024).unwrap();
        let mut one_by_one = Bands::new(layout.clone());
        one_by_one.spectra = Spectra::single(&cosine_window(layout.frame, 0.5));
        // Their squared magnitudes are not multiplied by 4.
        one_by_one.runs = Run::all(&layout, 1.0 / 48.0);
        let expected = transformed(&mut one_by_one, values);
        for (i, (a, b)) in features(&config, values, 1024)
            .iter()
            .zip(&expected)
            .enumerate()
        {
            assert!((a - b).abs() < 2e-3, "feature {i}: {a} is not {b}");
        }
    }
}

#[test]
fn features_of_the_window_follow_the_level() {
    for ([time, rhythm, power, correlation], bands) in [
        ([true, false, false, false], 60),
        ([false, true, false, false], 31),
        ([true, true, false, false], 28),
        ([false, false, true, false], 62),
        ([false, false, false, true], 60),
        ([true, true, true, true], 24),
    ] {
        let config = BandsConfig {
            time,
            rhythm,
            power,
            correlation,
            ..Default::default()
        };
        let layout = BandLayout::new(&config, 1024).unwrap();
        assert_eq!((layout.bands(), layout.features()), (bands, 256));
        let of = |values: &[f32]| transformed(&mut Bands::new(layout.clone()), values);
        let mut values = window();
        let all = of(&values);
        let without = BandsConfig {
            bands: Some(bands),
            ..Default::default()
        };
        let plain = features(&without, &values, 1024);
        let plain = plain.chunks(bands + 1);
        let statistics = |c: usize| mean_and_square(&values[c * 1024..][..1024]);
        let mut correlations = Correlations::default();
        correlations
            .means
            .extend([statistics(0)[0], statistics(1)[0]]);
        let correlation_layout = BandLayout {
            correlation: true,
            ..BandLayout::new(&BandsConfig::default(), 1024).unwrap()
        };
        let mut correlated = [0.0; 6];
        let squares = [statistics(0)[1], statistics(1)[1]];
        correlations.fill(&values, &squares, &correlation_layout, &mut correlated);
        for (i, (frame, plain)) in all.chunks(64).zip(plain).enumerate() {
            assert_eq!(frame[..=bands], *plain, "bands and level stay");
            let c = i / 28;
            let channel = &values[c * 1024..][..1024];
            let [mean, square] = statistics(c);
            let mut expected = Vec::new();
            let mut others = &frame[bands + 1..];
            if power {
                let relative = square.ln() - f64::from(frame[bands]);
                assert!((f64::from(others[0]) - relative).abs() < 1e-5);
                others = &others[1..];
            }
            if time {
                expected.extend(time::features(channel, mean, square));
            }
            if correlation {
                expected.extend(&correlated[3 * c..][..3]);
            }
            if rhythm {
                expected.extend(rhythm::features(channel, mean, square));
            }
            assert_eq!(others, expected);
        }
        values[1024..].fill(2.0);
        let dead = of(&values);
        let mut frames = dead[28 * 64..].chunks(64);
        assert!(frames.all(|frame| frame[bands + 1..].iter().all(|v| v.is_nan())));
        // The other channel lacks its correlation with it alone.
        let mut undefined = dead[..28 * 64]
            .chunks(64)
            .map(|frame| frame.iter().filter(|v| v.is_nan()).count());
        assert!(undefined.all(|count| count == if correlation { 3 } else { 0 }));
    }
}

/// Frames of several segments may be the same samples, and those of a segment need not follow each other.
#[test]
fn equal_frames_have_equal_features() {
    for (segments, frames, samples) in [(7, 4, 1024), (7, 2, 64), (15, 4, 1024), (13, 3, 480)] {
        let config = BandsConfig {
            segments,
            frames,
            ..Default::default()
        };
        let layout = BandLayout::new(&config, samples).unwrap();
        let values = &window()[..samples];
        let found = features(&config, values, samples);
        let rows = found.chunks_exact(layout.features() / layout.frames);
        let start = |i: usize| i / frames * layout.hop + i % frames * layout.frame_hop;
        let rows: Vec<(usize, &[f32])> = rows.enumerate().map(|(i, row)| (start(i), row)).collect();
        assert_eq!(rows.len(), segments * frames);
        for (start, row) in &rows {
            let same = rows.iter().filter(|(other_start, _)| other_start == start);
            same.for_each(|(_, other_row)| {
                assert_eq!(other_row, row, "{segments}, {frames}, {samples}")
            });
            let others = rows.iter().filter(|(other_start, _)| other_start != start);
            others.for_each(|(_, other_row)| {
                assert_ne!(other_row, row, "{segments}, {frames}, {samples}")
            });
        }
    }
}

#[test]
fn frames_of_few_samples_keep_a_band() {
    for frames in [1, 4] {
        let config = BandsConfig {
            time: true,
            rhythm: true,
            power: true,
            correlation: true,
            frames,
            ..Default::default()
        };
        let layout = BandLayout::new(&config, 32).unwrap();
        assert!(layout.bands() >= 1);
    }
}

/// Models and configurations without features of the window keep their bytes.
#[test]
fn layouts_without_features_in_time_say_nothing_of_them() {
    let layout = BandLayout::new(&BandsConfig::default(), 1024).unwrap();
    let text = serde_json::to_string(&layout).unwrap();
    let is_silent = |text: &str| {
        ["time", "rhythm", "power", "correlation"]
            .iter()
            .all(|key| !text.contains(key))
    };
    assert!(is_silent(&text), "{text}");
    assert_eq!(serde_json::from_str::<BandLayout>(&text).unwrap(), layout);
    let config = serde_json::to_string(&BandsConfig::default()).unwrap();
    assert!(is_silent(&config), "{config}");
    let layout_in_time = BandLayout {
        time: true,
        rhythm: true,
        ..layout
    };
    let text = serde_json::to_string(&layout_in_time).unwrap();
    assert_eq!(
        serde_json::from_str::<BandLayout>(&text).unwrap(),
        layout_in_time
    );
}
