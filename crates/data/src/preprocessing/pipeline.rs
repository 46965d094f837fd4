//! From a window on disk to features, planned: steps, segments, front end.

use super::bands::{BandLayout, Bands};
use super::chain::Chain;
use super::segments::{self, SEGMENTS, segment};
use super::settings::{SpectralConfig, SpectralMethod};
use super::spectrum::Spectrum;
use super::steps::Step;

/// Turns windows into features, one after the other, in buffers of its own: one a thread.
pub struct Pipeline {
    chain: Chain,
    spectral: SpectralConfig,
    layout: Option<BandLayout>,
    front_end: Option<Planned>,
    /// One channel.
    samples: Vec<f64>,
    /// All channels after the steps.
    stepped: Vec<f32>,
}

/// A front end for one length: of segments, or of windows.
struct Planned {
    length: usize,
    front_end: FrontEnd,
}

enum FrontEnd {
    Segments(Spectrum),
    Windows(Bands),
}

impl Pipeline {
    /// Plans `steps` and the front end of `spectral`; `layout` is that of a trained model with bands.
    ///
    /// # Errors
    /// With the step that cannot be done.
    pub(super) fn new(
        steps: &[Step],
        spectral: &SpectralConfig,
        layout: Option<&BandLayout>,
    ) -> Result<Self, String> {
        Ok(Self {
            chain: Chain::new(steps, spectral.sampling_rate)?,
            spectral: spectral.clone(),
            layout: layout.cloned(),
            front_end: None,
            samples: Vec::new(),
            stepped: Vec::new(),
        })
    }

    /// Appends the features of one sample as it is on disk, neither compressed nor scaled, to `out`; returns their shape
    /// `[channels, segments, bins]`.
    ///
    /// `shape` is `[channels, samples]`, or `[channels, segments, samples]` of one that is cut already.
    ///
    /// # Errors
    /// Where the shape is no such, the window cannot be cut, or values are not finite.
    pub fn features(
        &mut self,
        values: &[f32],
        shape: &[usize],
        out: &mut Vec<f32>,
    ) -> Result<[usize; 3], String> {
        check(values, shape)?;
        let bands = self.spectral.method == SpectralMethod::Bands;
        if shape.len() > 2 && (bands || !self.chain.is_empty()) {
            // Steps and bands go over whole windows.
            let (window, shape) = segments::window(values, shape).map_err(|problem| {
                let needs = if bands {
                    "`bands` needs"
                } else {
                    "the steps of `preprocessing` need"
                };
                format!("{problem}, which {needs}")
            })?;
            return self.features(&window, &shape, out);
        }
        let mut stepped = std::mem::take(&mut self.stepped);
        let done = self.step(values, shape[0], &mut stepped).and_then(|()| {
            let values = if self.chain.is_empty() {
                values
            } else {
                &stepped[..]
            };
            if bands {
                self.bands(values, shape, out)
            } else {
                self.segments(values, shape, out)
            }
        });
        self.stepped = stepped;
        done
    }

    /// Does the steps to every channel.
    fn step(&mut self, values: &[f32], channels: usize, out: &mut Vec<f32>) -> Result<(), String> {
        out.clear();
        if self.chain.is_empty() {
            return Ok(());
        }
        for channel in values.chunks_exact(values.len() / channels) {
            self.samples.clear();
            self.samples.extend(channel.iter().map(|v| f64::from(*v)));
            self.chain.apply(&mut self.samples)?;
            out.extend(self.samples.iter().map(|v| *v as f32));
        }
        Ok(())
    }

    fn segments(
        &mut self,
        values: &[f32],
        shape: &[usize],
        out: &mut Vec<f32>,
    ) -> Result<[usize; 3], String> {
        let (channels, segments, length, hop) = match *shape {
            [channels, segments, length] => (channels, segments, length, length),
            _ => {
                let samples = shape[1];
                let length = segment(samples).ok_or_else(|| {
                    format!(
                        "a window of {samples} samples cannot be cut into {SEGMENTS} \
                         half-overlapping segments: the number must be a multiple of 8"
                    )
                })?;
                (shape[0], SEGMENTS, length, length / 2)
            }
        };
        let FrontEnd::Segments(spectrum) = self.front_end(length)? else {
            return Err("this front end works on whole windows".into());
        };
        let first = out.len();
        out.reserve(channels * segments * spectrum.bins());
        for channel in values.chunks_exact(values.len() / channels) {
            for i in 0..segments {
                spectrum.transform(&channel[i * hop..i * hop + length], out);
            }
        }
        if out[first..].iter().any(|v| !v.is_finite()) {
            return Err(
                "its spectrum is beyond the range of float32: scale the samples, say by `preprocessing: [{scale: 1e-9}]`"
                    .into(),
            );
        }
        Ok([channels, segments, spectrum.bins()])
    }

    fn bands(
        &mut self,
        values: &[f32],
        shape: &[usize],
        out: &mut Vec<f32>,
    ) -> Result<[usize; 3], String> {
        let FrontEnd::Windows(bands) = self.front_end(shape[1])? else {
            return Err("this front end works on segments".into());
        };
        out.reserve(shape[0] * bands.layout().segments * bands.layout().features());
        bands.transform(values, out);
        Ok([shape[0], bands.layout().segments, bands.layout().features()])
    }

    /// The front end for segments, or windows, of `length` samples.
    fn front_end(&mut self, length: usize) -> Result<&mut FrontEnd, String> {
        let planned = match self
            .front_end
            .take()
            .filter(|planned| planned.length == length)
        {
            Some(planned) => planned,
            None => Planned {
                length,
                front_end: self.plan(length)?,
            },
        };
        Ok(&mut self.front_end.insert(planned).front_end)
    }

    fn plan(&self, length: usize) -> Result<FrontEnd, String> {
        if self.spectral.method != SpectralMethod::Bands {
            let spectrum = Spectrum::new(&self.spectral, length).ok_or_else(|| {
                let nperseg = self.spectral.welch.nperseg;
                format!("segments of {length} samples are shorter than `welch.nperseg` ({nperseg})")
            })?;
            return Ok(FrontEnd::Segments(spectrum));
        }
        let layout = match &self.layout {
            Some(layout) if layout.window == length => layout.clone(),
            Some(layout) => {
                let expected = layout.window;
                return Err(format!(
                    "the window has {length} samples, the model's have {expected}"
                ));
            }
            None => BandLayout::new(&self.spectral.bands, length)?,
        };
        Ok(FrontEnd::Windows(Bands::new(layout)))
    }
}

/// Refuses what is no window.
fn check(values: &[f32], shape: &[usize]) -> Result<(), String> {
    if !matches!(shape.len(), 2 | 3) {
        return Err(format!(
            "the shape is {shape:?}; expected [2, 1024] or [2, 7, 256]"
        ));
    }
    if values.is_empty() || values.len() != shape.iter().product::<usize>() {
        return Err(format!(
            "{} values do not fill the shape {shape:?}",
            values.len()
        ));
    }
    if let Some(at) = values.iter().position(|v| !v.is_finite()) {
        return Err(format!(
            "value {at} is {}: expected finite numbers",
            values[at]
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(steps: &[Step], config: &SpectralConfig) -> Pipeline {
        Pipeline::new(steps, config, None).unwrap()
    }

    fn to_input(values: &[f32], shape: &[usize]) -> Result<(Vec<f32>, [usize; 3]), String> {
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
        // Of segments the same as of their window.
        let (cut, _) = to_input(&values, &[2, 64]).unwrap();
        let mut of_cut = Vec::new();
        pipeline.features(&cut, &[2, 7, 16], &mut of_cut).unwrap();
        assert_eq!(of_cut, input);
        let spectra: Vec<f32> = (0..224).map(|i| i as f32).collect();
        let error = pipeline
            .features(&spectra, &[2, 7, 16], &mut input)
            .unwrap_err();
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

    /// One, two and three channels, whole or cut: bands are of the window.
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
            .unwrap_err();
        assert!(error.contains("do not fill"), "{error}");
        let error = trained
            .features(&values[..1024], &[2, 512], &mut Vec::new())
            .unwrap_err();
        assert!(error.contains("the model's have 1024"), "{error}");
    }

    #[test]
    fn bad_windows() {
        assert!(
            to_input(&[0.0; 10], &[2, 5])
                .unwrap_err()
                .contains("multiple of 8")
        );
        assert!(
            to_input(&[0.0; 10], &[10])
                .unwrap_err()
                .contains("expected [2, 1024]")
        );
        let error = to_input(&[f32::NAN; 16], &[2, 8]).unwrap_err();
        assert!(error.contains("value 0 is NaN"), "{error}");
        let config = SpectralConfig {
            method: SpectralMethod::Welch,
            ..Default::default()
        };
        let loud: Vec<f32> = (0..256)
            .map(|i| if i % 2 == 0 { 3e30 } else { -3e30 })
            .collect();
        let error = pipeline(&[], &config)
            .features(&loud, &[1, 256], &mut Vec::new())
            .unwrap_err();
        assert!(error.contains("beyond the range of float32"), "{error}");
    }
}
