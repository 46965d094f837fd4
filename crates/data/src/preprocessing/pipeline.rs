//! Plans and runs the path from a window on disk to features: steps, segments, front end.

use super::bands::{BandLayout, Bands};
use super::chain::Chain;
use super::settings::{SpectralConfig, SpectralMethod};
use super::spectrum::Spectrum;
use super::steps::Step;
use crate::error::PreprocessingError;
use crate::segments::{self, Cut, SEGMENTS};
use spectra::loops::are_finite;

/// Turns windows into features, one after the other, with its own buffers; each thread has one.
pub struct Pipeline {
    chain: Chain,
    spectral: SpectralConfig,
    layout: Option<BandLayout>,
    front_end: Option<FrontEnd>,
    /// One channel.
    samples: Vec<f64>,
    /// All channels after the steps.
    stepped: Vec<f32>,
}

/// What is known about a window from the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Overlap {
    /// Number of leading segments whose features are omitted, for front ends of single segments.
    pub segments: usize,
    /// Number of samples between the start of the last window and of this one, for `bands`.
    pub shift: Option<usize>,
}

/// A front end for windows of one length, or segments that are cut in one way.
enum FrontEnd {
    Segments(Spectrum),
    Windows(Box<Bands>),
}

impl Pipeline {
    /// Plans `steps` and the front end of `spectral`; `layout` is that of a trained model with bands.
    ///
    /// # Errors
    /// If a step is impossible.
    pub(super) fn new(
        steps: &[Step],
        spectral: &SpectralConfig,
        layout: Option<&BandLayout>,
    ) -> Result<Self, PreprocessingError> {
        Ok(Self {
            chain: Chain::new(steps, spectral.sampling_rate)?,
            spectral: spectral.clone(),
            layout: layout.cloned(),
            front_end: None,
            samples: Vec::new(),
            stepped: Vec::new(),
        })
    }

    /// Appends the features of one sample on disk, neither compressed nor scaled, to `out`; returns their shape
    /// `[channels, segments, bins]`.
    ///
    /// `shape` is `[channels, samples]`, or `[channels, segments, samples]` for a sample that is already cut into
    /// segments.
    ///
    /// # Errors
    /// If the shape differs, the window cannot be cut, or values are not finite.
    pub fn features(
        &mut self,
        values: &[f32],
        shape: &[usize],
        out: &mut Vec<f32>,
    ) -> Result<[usize; 3], PreprocessingError> {
        let first = out.len();
        self.features_after(Overlap::default(), (values, shape), out, first)
    }

    /// Whether the steps before the front end change each sample independently.
    pub(super) fn is_per_sample(&self) -> bool {
        self.chain.is_per_sample()
    }

    /// Like [`Pipeline::features`], without what is already known, and in place of the values of `out` from `first` on.
    ///
    /// # Errors
    /// As there.
    pub(super) fn features_after(
        &mut self,
        known: Overlap,
        (values, shape): (&[f32], &[usize]),
        out: &mut Vec<f32>,
        first: usize,
    ) -> Result<[usize; 3], PreprocessingError> {
        check_shape(values, shape)?;
        let bands = self.spectral.method == SpectralMethod::Bands;
        // `bands` looks at all samples itself.
        if !(bands && self.chain.is_empty()) {
            check_finite(values)?;
        }
        let short_segments = self.spectral.cuts_short_segments();
        if shape.len() > 2 && (bands || short_segments || !self.chain.is_empty()) {
            // They apply to whole windows.
            let (window, shape) = segments::window(values, shape).map_err(|problem| {
                PreprocessingError::WindowNeeded {
                    problem: Box::new(problem),
                    needed_by: if bands {
                        "`bands` needs"
                    } else if short_segments {
                        "`none` with a length of segments needs"
                    } else {
                        "the steps of `preprocessing` need"
                    },
                }
            })?;
            return self.features_after(known, (&window, &shape), out, first);
        }
        let mut stepped = std::mem::take(&mut self.stepped);
        let done = self.step(values, shape[0], &mut stepped).and_then(|()| {
            let values = if self.chain.is_empty() {
                values
            } else {
                &stepped[..]
            };
            if bands {
                self.bands(known.shift, (values, shape), out, first)
            } else {
                out.truncate(first);
                self.segments(known.segments, values, shape, out)
            }
        });
        self.stepped = stepped;
        done
    }

    /// Applies the steps to every channel.
    fn step(
        &mut self,
        values: &[f32],
        channels: usize,
        out: &mut Vec<f32>,
    ) -> Result<(), PreprocessingError> {
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
        known: usize,
        values: &[f32],
        shape: &[usize],
        out: &mut Vec<f32>,
    ) -> Result<[usize; 3], PreprocessingError> {
        let cut = match *shape {
            [_, segments, length] => Cut {
                segments,
                length,
                hop: length,
            },
            _ => {
                let samples = shape[1];
                let cut = self.spectral.cut(samples);
                cut.ok_or(match self.spectral.none.segment {
                    Some(length) => PreprocessingError::UncuttableBy { samples, length },
                    None => PreprocessingError::Uncuttable {
                        samples,
                        segments: SEGMENTS,
                    },
                })?
            }
        };
        let spectrum = self.spectrum(cut)?;
        let first = out.len();
        spectrum.transform(values, shape[0], known, out);
        if !are_finite(&out[first..]) {
            return Err(PreprocessingError::SpectrumRange);
        }
        Ok([shape[0], cut.segments - known, spectrum.bins()])
    }

    fn bands(
        &mut self,
        shift: Option<usize>,
        (values, shape): (&[f32], &[usize]),
        out: &mut Vec<f32>,
        first: usize,
    ) -> Result<[usize; 3], PreprocessingError> {
        let bands = self.planned_bands(shape[1])?;
        let found = [shape[0], bands.layout().segments, bands.layout().features()];
        // Values that are there are not set to zero first.
        out.resize(first + found.iter().product::<usize>(), 0.0);
        if bands.transform(values, shift, &mut out[first..]).is_err() {
            check_finite(values)?;
        }
        Ok(found)
    }

    /// The front end for segments.
    fn spectrum(&mut self, cut: Cut) -> Result<&mut Spectrum, PreprocessingError> {
        let is_planned =
            matches!(&self.front_end, Some(FrontEnd::Segments(spectrum)) if spectrum.cut() == cut);
        if !is_planned {
            let spectrum = Spectrum::new(&self.spectral, cut);
            let spectrum = spectrum.ok_or(PreprocessingError::SegmentTooShort {
                samples: cut.length,
                nperseg: self.spectral.welch.nperseg,
            })?;
            self.front_end = Some(FrontEnd::Segments(spectrum));
        }
        match &mut self.front_end {
            Some(FrontEnd::Segments(spectrum)) => Ok(spectrum),
            _ => unreachable!("it was planned above"),
        }
    }

    /// The front end for windows of `length` samples.
    fn planned_bands(&mut self, length: usize) -> Result<&mut Bands, PreprocessingError> {
        let is_planned = matches!(&self.front_end, Some(FrontEnd::Windows(bands)) if bands.layout().window == length);
        if !is_planned {
            let layout = match &self.layout {
                Some(layout) if layout.window == length => layout.clone(),
                Some(layout) => {
                    return Err(PreprocessingError::WindowLength {
                        found: length,
                        expected: layout.window,
                    });
                }
                None => BandLayout::new(&self.spectral.bands, length)?,
            };
            self.front_end = Some(FrontEnd::Windows(Box::new(Bands::new(layout))));
        }
        match &mut self.front_end {
            Some(FrontEnd::Windows(bands)) => Ok(bands),
            _ => unreachable!("it was planned above"),
        }
    }
}

/// Refuses samples that are not windows.
fn check_shape(values: &[f32], shape: &[usize]) -> Result<(), PreprocessingError> {
    if !matches!(shape.len(), 2 | 3) {
        return Err(PreprocessingError::Dimensions {
            shape: shape.to_vec(),
        });
    }
    if values.is_empty() || values.len() != shape.iter().product::<usize>() {
        return Err(PreprocessingError::ValueCount {
            values: values.len(),
            shape: shape.to_vec(),
        });
    }
    Ok(())
}

/// Refuses values that are not finite.
fn check_finite(values: &[f32]) -> Result<(), PreprocessingError> {
    if !are_finite(values)
        && let Some(position) = values.iter().position(|v| !v.is_finite())
    {
        let value = values[position];
        return Err(PreprocessingError::NotFinite { position, value });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
