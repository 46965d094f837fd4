use super::*;

fn pipeline(steps: &[Step], config: &SpectralConfig) -> Pipeline {
    Pipeline::new(steps, config, None).unwrap()
}

fn to_input(values: &[f32], shape: &[usize]) -> Result<(Vec<f32>, [usize; 3]), PreprocessingError> {
    let mut out = Vec::new();
    let shape = pipeline(&[], &SpectralConfig::default()).features(values, shape, &mut out)?;
    Ok((out, shape))
}

#[test]
fn steps_come_before_segments() {
    let values: Vec<f32> = (0..128).map(|i| 100.0 + (i % 64) as f32).collect();
    let mut pipeline = pipeline(
        &[Step::Demean, Step::Scale(2.0)],
        &SpectralConfig::default(),
    );
    let mut input = Vec::new();
    let shape = pipeline.features(&values, &[2, 64], &mut input).unwrap();
    assert_eq!(shape, [2, 7, 16]);
    assert_eq!((input[0], input[16], input[112]), (-63.0, -47.0, -63.0));
    // Segments give the same features as their window.
    let (cut, _) = to_input(&values, &[2, 64]).unwrap();
    let mut of_cut = Vec::new();
    pipeline.features(&cut, &[2, 7, 16], &mut of_cut).unwrap();
    assert_eq!(of_cut, input);
    let spectra: Vec<f32> = (0..224).map(|i| i as f32).collect();
    let error = pipeline
        .features(&spectra, &[2, 7, 16], &mut input)
        .unwrap_err()
        .to_string();
    assert!(error.contains("`preprocessing` need"), "{error}");
}

#[test]
fn segments_overlap_by_half() {
    let values: Vec<f32> = (0..2048).map(|i| i as f32).collect();
    let (input, shape) = to_input(&values, &[2, 1024]).unwrap();
    assert_eq!(shape, [2, 7, 256]);
    for (i, start) in [0, 128, 256, 384, 512, 640, 768].into_iter().enumerate() {
        assert_eq!(input[i * 256], start as f32);
        assert_eq!(input[(7 + i) * 256 + 255], (1024 + start + 255) as f32);
    }
    assert_eq!(to_input(&input, &[2, 7, 256]).unwrap(), (input, shape));
}

/// For one, two and three channels, whole or cut, bands are computed from the window.
#[test]
fn bands_are_of_whole_windows() {
    let config = SpectralConfig {
        method: SpectralMethod::Bands,
        ..Default::default()
    };
    let values: Vec<f32> = (0..3 * 1024).map(|i| ((i * i) % 31) as f32).collect();
    for channels in 1..=3 {
        let values = &values[..channels * 1024];
        let (cut, cut_shape) = to_input(values, &[channels, 1024]).unwrap();
        let mut pipeline = pipeline(&[], &config);
        let (mut of_window, mut of_cut) = (Vec::new(), Vec::new());
        let shape = pipeline
            .features(values, &[channels, 1024], &mut of_window)
            .unwrap();
        assert_eq!(shape, [channels, 7, 256]);
        assert_eq!(of_window.len(), channels * 7 * 256);
        pipeline.features(&cut, &cut_shape, &mut of_cut).unwrap();
        assert_eq!(of_window, of_cut);
    }
    let layout = BandLayout::new(&config.bands, 1024).unwrap();
    let mut trained = Pipeline::new(&[], &config, Some(&layout)).unwrap();
    let error = trained
        .features(&values[..1024], &[1, 512], &mut Vec::new())
        .unwrap_err()
        .to_string();
    assert!(error.contains("do not fill"), "{error}");
    let error = trained
        .features(&values[..1024], &[2, 512], &mut Vec::new())
        .unwrap_err()
        .to_string();
    assert!(error.contains("those of the model have 1024"), "{error}");
}

#[test]
fn bad_windows() {
    for (shape, expected) in [
        (&[2, 12][..], "multiple of 8; cut windows to 8"),
        // As Keras stores windows.
        (&[8, 3], "are the channels last?"),
        (&[24], "a single channel is [1, samples]"),
    ] {
        let error = to_input(&[0.0; 24], shape).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let error = to_input(&[f32::NAN; 16], &[2, 8]).unwrap_err().to_string();
    assert!(error.contains("value 0 is NaN"), "{error}");
    let bands = SpectralConfig {
        method: SpectralMethod::Bands,
        ..Default::default()
    };
    let mut bands = pipeline(&[], &bands);
    let mut values = vec![0.5; 512];
    for bad in [f32::NAN, f32::INFINITY] {
        values[300] = bad;
        let mut out = vec![7.0; 3];
        let found = bands.features(&values, &[2, 256], &mut out);
        let error = found.unwrap_err().to_string();
        assert!(error.contains(&format!("value 300 is {bad}")), "{error}");
    }
    // An infinite sum of finite samples is no such value.
    values.fill(f32::MAX);
    bands.features(&values, &[2, 256], &mut Vec::new()).unwrap();
    let config = SpectralConfig {
        method: SpectralMethod::Welch,
        ..Default::default()
    };
    let loud: Vec<f32> = (0..256)
        .map(|i| if i % 2 == 0 { 3e30 } else { -3e30 })
        .collect();
    let error = pipeline(&[], &config)
        .features(&loud, &[1, 256], &mut Vec::new())
        .unwrap_err()
        .to_string();
    assert!(error.contains("out of the range of float32"), "{error}");
}
