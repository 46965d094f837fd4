use super::*;
use crate::preprocessing::{
    BandLayout, BandsConfig, Compression, NoneConfig, SpectralConfig, Statistics, Step, Thresholds,
    WelchConfig,
};
use proptest::prelude::*;

/// Two channels of a recording.
fn recording() -> [Vec<f32>; 2] {
    let of = |k: usize| {
        let value = |i: usize| ((i * i * k) % 1009) as f32 - 500.0 + 30.0 * (0.1 * i as f32).sin();
        (0..2000).map(value).collect()
    };
    [of(1), of(3)]
}

fn window_at(start: usize, samples: usize) -> Vec<f32> {
    let [a, b] = recording();
    [&a[start..start + samples], &b[start..start + samples]].concat()
}

/// Every combination of settings that affect sharing, by number.
fn preprocessing(which: usize) -> Preprocessing {
    let methods = [
        (SpectralMethod::None, Compression::None),
        (SpectralMethod::Fft, Compression::None),
        (SpectralMethod::Fft, Compression::Log1p),
        (SpectralMethod::Welch, Compression::Log),
        (SpectralMethod::Bands, Compression::None),
    ];
    let segment = (which % 2 == 1).then_some(32);
    let (method, compression) = methods[which % methods.len()];
    let (_, normalisation) = Normalisation::ALL.map(|(normalisation, name)| (name, normalisation))
        [which / methods.len() % 5];
    let steps = match which / 25 % 3 {
        0 => vec![],
        1 => vec![Step::Scale(2.4e-7)],
        _ => vec![Step::Demean, Step::Scale(0.5)],
    };
    let spectral = SpectralConfig {
        method,
        compression,
        welch: WelchConfig {
            nperseg: 8,
            noverlap: 4,
            nfft: 8,
            ..Default::default()
        },
        bands: BandsConfig {
            segments: 5,
            // Neighbouring segments share frames.
            frames: 3,
            hop: Some(16),
            frame_hop: Some(16),
            frame: Some(32),
            segment: Some(64),
            time: which % 2 == 1,
            ..Default::default()
        },
        none: NoneConfig { segment },
        ..Default::default()
    };
    let mut preprocessing = Preprocessing::new(steps, spectral);
    preprocessing.normalisation = normalisation;
    preprocessing.thresholds = Some(Thresholds {
        compression: vec![0.3, 2.0],
        ..Default::default()
    });
    let (shape, features) = plainly(&preprocessing, &window_at(1000, 128));
    let by_band = normalisation == Normalisation::Band;
    preprocessing.statistics = normalisation
        .needs_statistics()
        .then(|| Statistics::of(&features, shape, by_band));
    preprocessing
}

/// Compressed features of one window of 128 samples, computed without sharing.
fn plainly(preprocessing: &Preprocessing, values: &[f32]) -> ([usize; 3], Vec<f32>) {
    let mut features = Vec::new();
    let mut pipeline = preprocessing.pipeline().unwrap();
    let shape = pipeline.features(values, &[2, 128], &mut features).unwrap();
    preprocessing.compress(&mut features, shape);
    (shape, features)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The inputs have the same bits as without sharing, even if samples declared as shared differ.
    #[test]
    fn inputs_are_those_of_windows_by_themselves(
        which in 0usize..75,
        hops in proptest::collection::vec((0usize..150, 0usize..8), 1..12),
    ) {
        let preprocessing = preprocessing(which);
        let mut sequence = preprocessing.sequence().unwrap();
        let mut start = 0;
        for (hop, kind) in hops {
            // Half of the hops are whole segments.
            let hop = if kind < 4 { hop / 16 * 16 } else { hop };
            start += hop;
            let mut values = window_at(start, 128);
            match kind {
                // Samples differ from the expected ones.
                3 | 4 => values[5] += 1.0,
                5 => values[7] = f32::NAN,
                6 => values[128..].fill(2.5),
                _ => {}
            }
            let found = sequence.input(&values, &[2, 128], Some(hop));
            if kind == 5 {
                prop_assert!(found.is_err());
                continue;
            }
            let (found, shape) = found.unwrap();
            let (expected_shape, mut expected) = plainly(&preprocessing, &values);
            if preprocessing.normalisation != Normalisation::Batch {
                preprocessing.normalise(&mut expected, expected_shape);
            }
            prop_assert_eq!(shape, expected_shape);
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(found), bits(&expected), "{}", which);
        }
    }
}

#[test]
fn half_a_window_on_three_segments_are_known() {
    let known = |shift| known_segments(Cut::by_halves(1024, 256), shift);
    assert_eq!([128, 256, 512, 768].map(known), [6, 5, 3, 1]);
    assert_eq!([1, 100, 896, 1024, 5000].map(known), [0; 5]);
    assert_eq!(known_segments(None, 8), 0, "such a window has no segments");
    let short = |shift| known_segments(Cut::by_halves(1024, 16), shift);
    assert_eq!([8, 512, 1016, 12].map(short), [126, 63, 0, 0]);
}

/// Bands segments that start on a frame boundary of another segment share its frames.
#[test]
fn frames_are_counted_once() {
    let config = preprocessing(4).spectral.bands;
    let layout = BandLayout::new(&config, 128).unwrap();
    assert_eq!((layout.segments, layout.frames, layout.frame), (5, 3, 32));
    let mut sequence = preprocessing(4).sequence().unwrap();
    let values = window_at(0, 128);
    let (input, [_, segments, features]) = sequence.input(&values, &[2, 128], None).unwrap();
    let frame = features / 3;
    for segment in 1..segments {
        let before = &input[(segment - 1) * features..segment * features];
        let current = &input[segment * features..(segment + 1) * features];
        assert_eq!(current[..2 * frame], before[frame..]);
    }
}

/// Windows with more or fewer channels than the statistics are of: the caller compares the shapes.
#[test]
fn other_channels_are_told_by_the_shape() {
    for which in 0..75 {
        let mut sequence = preprocessing(which).sequence().unwrap();
        for channels in [1, 3, 2] {
            let values = window_at(0, 192)[..channels * 128].to_vec();
            if let Ok((input, shape)) = sequence.input(&values, &[channels, 128], None) {
                assert_eq!(shape[0], channels, "{which}");
                assert_eq!(input.len(), shape.iter().product::<usize>(), "{which}");
            }
        }
    }
}
