//! Inputs of overlapping windows, such as those of a recording. What two windows share is computed once.

use super::Preprocessing;
use super::normalise::{Normalisation, Scales};
use super::pipeline::{Overlap, Pipeline};
use super::settings::SpectralMethod;
use crate::error::PreprocessingError;
use crate::segments::Cut;
use spectra::loops;

/// Turns windows into inputs, one after the other, and remembers the last one; each thread has one.
///
/// The inputs equal those of [`Pipeline::features`], [`Preprocessing::compress`] and [`Preprocessing::normalise`] bit
/// for bit. Spectra are shared if no step before them processes the whole window.
pub struct Sequence {
    preprocessing: Preprocessing,
    pipeline: Pipeline,
    shared: Reusable,
    /// Factors for scaling rows; `None` if they come from the window or the batch.
    scales: Option<Scales>,
    /// Whether rows are scaled one by one, by `scales` or not at all.
    scales_rows: bool,
    /// The last window and its shape `[channels, samples]`; empty if there is none.
    window: Vec<f32>,
    shape: Vec<usize>,
    /// Its segments, compressed and, if they are scaled one by one, scaled: `[channels, segments, bins]`. Where windows share no
    /// segments, they are in `fresh`.
    segments: Vec<f32>,
    /// Those that are not shared.
    fresh: Vec<f32>,
    /// The input, if segments are not scaled one by one.
    whole: Vec<f32>,
}

/// What overlapping windows have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reusable {
    Nothing,
    /// Finished segments.
    Segments,
    /// The power in the bands of a frame; its logarithm depends on the whole window.
    Frames,
}

impl Sequence {
    /// Plans `preprocessing`.
    ///
    /// # Errors
    /// If a step is impossible.
    pub(super) fn new(preprocessing: &Preprocessing) -> Result<Self, PreprocessingError> {
        let pipeline = preprocessing.pipeline()?;
        let shared = match (pipeline.is_per_sample(), preprocessing.spectral.method) {
            (false, _) => Reusable::Nothing,
            (true, SpectralMethod::Bands) => Reusable::Frames,
            (true, SpectralMethod::None | SpectralMethod::Fft | SpectralMethod::Welch) => {
                Reusable::Segments
            }
        };
        let scales_rows = match preprocessing.normalisation {
            Normalisation::Dataset | Normalisation::Band => preprocessing.statistics.is_some(),
            Normalisation::None => true,
            Normalisation::Sample | Normalisation::Batch => false,
        };
        Ok(Self {
            scales: preprocessing
                .statistics
                .as_ref()
                .filter(|_| preprocessing.normalisation.needs_statistics())
                .map(|statistics| statistics.scales(preprocessing.constant_guard())),
            preprocessing: preprocessing.clone(),
            pipeline,
            shared,
            scales_rows,
            window: Vec::new(),
            shape: Vec::new(),
            segments: Vec::new(),
            fresh: Vec::new(),
            whole: Vec::new(),
        })
    }

    /// The input of a window and its shape `[channels, segments, bins]`. With `batch` normalisation it is not scaled
    /// yet.
    ///
    /// `shape` is `[channels, samples]`, or `[channels, segments, samples]` for a window that is already cut. The
    /// window is expected to begin `shift` samples after the last one; if its samples differ, it is computed in full.
    ///
    /// An input of another shape than the statistics are of is returned as it is before scaling: compare the shape with what
    /// the network takes.
    ///
    /// # Errors
    /// Those of [`Pipeline::features`].
    pub fn input(
        &mut self,
        values: &[f32],
        shape: &[usize],
        shift: Option<usize>,
    ) -> Result<(&[f32], [usize; 3]), PreprocessingError> {
        // Callers with windows of their own never ask what they share.
        let is_kept = shift.is_some() && shape.len() == 2 && self.shared != Reusable::Nothing;
        let shift = shift.filter(|shift| self.is_shifted(values, shape, *shift));
        let known = match (self.shared, shift) {
            (Reusable::Segments, Some(shift)) => Overlap {
                segments: known_segments(self.preprocessing.spectral.cut(shape[1]), shift),
                shift: None,
            },
            (Reusable::Nothing | Reusable::Segments, _) => Overlap::default(),
            (Reusable::Frames, shift) => Overlap { segments: 0, shift },
        };
        // After an error there is no previous window.
        self.window.clear();
        self.shape.clear();
        let found = self
            .pipeline
            .features_after(known, (values, shape), &mut self.fresh, 0)?;
        self.preprocessing.compress(&mut self.fresh, found);
        if let Some(scales) = &self.scales {
            if !scales.fit(found) {
                return Ok((&self.fresh, found));
            }
            scales.apply(&mut self.fresh, found);
        } else if self.scales_rows {
            self.preprocessing.normalise(&mut self.fresh, found);
        }
        let input_shape = [found[0], known.segments + found[1], found[2]];
        if is_kept {
            self.window.extend_from_slice(values);
            self.shape.extend_from_slice(shape);
        }
        let all = if self.shared == Reusable::Segments {
            self.put_together(known.segments, found);
            &self.segments
        } else {
            &self.fresh
        };
        if self.scales_rows || self.preprocessing.normalisation == Normalisation::Batch {
            return Ok((all, input_shape));
        }
        self.whole.clear();
        self.whole.extend_from_slice(all);
        self.preprocessing.normalise(&mut self.whole, input_shape);
        Ok((&self.whole, input_shape))
    }

    /// Whether the window begins with the samples of the last one from `shift` on, bit for bit.
    fn is_shifted(&self, values: &[f32], shape: &[usize], shift: usize) -> bool {
        let &[_, samples] = shape else { return false };
        if !(1..samples).contains(&shift) || shape != self.shape {
            return false;
        }
        let channels = values.chunks_exact(samples);
        let mut pairs = channels.zip(self.window.chunks_exact(samples));
        pairs.all(|(channel, last)| loops::are_same(&channel[..samples - shift], &last[shift..]))
    }

    /// Assembles `segments` from its last `known` ones and the new ones, which have the shape `found`.
    fn put_together(&mut self, known: usize, [_, count, bins]: [usize; 3]) {
        if known == 0 {
            std::mem::swap(&mut self.segments, &mut self.fresh);
            return;
        }
        let rows = (known + count) * bins;
        let fresh = self.fresh.chunks_exact(count * bins);
        for (channel, fresh) in self.segments.chunks_exact_mut(rows).zip(fresh) {
            channel.copy_within(count * bins.., 0);
            channel[known * bins..].copy_from_slice(fresh);
        }
    }
}

/// Number of segments shared with a window that begins `shift` samples, at least one, earlier.
fn known_segments(cut: Option<Cut>, shift: usize) -> usize {
    match cut {
        Some(cut) if shift.is_multiple_of(cut.hop) => cut.segments.saturating_sub(shift / cut.hop),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
