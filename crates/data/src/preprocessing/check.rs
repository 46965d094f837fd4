//! Checks stored preprocessing: `model.json` may come from anywhere.

use super::bands::BandLayout;
use super::chain::Chain;
use super::normalise::Statistics;
use super::settings::{Compression, FLOORS, SpectralMethod};
use super::steps::check_recording_steps;
use super::thresholds::Thresholds;
use super::{Normalisation, Preprocessing};
use crate::error::PreprocessingError;
use crate::error::preprocessing::{LayoutError, StoredError};
use crate::segments::{Cut, window_length};

/// Longest plausible window, in samples.
const LONGEST: usize = 1 << 24;

impl Preprocessing {
    /// Checks that windows of [`Preprocessing::window_samples`] become inputs of `shape` `[channels, segments, bins]`.
    ///
    /// # Errors
    /// With the key of `model.json` that is invalid or contradicts others.
    pub fn check(&self, shape: [usize; 3]) -> Result<(), StoredError> {
        let [channels, segments, bins] = shape;
        self.spectral
            .check()
            .map_err(|(key, problem)| StoredError::Spectral { key, problem })?;
        Chain::new(&self.steps, self.spectral.sampling_rate)?;
        check_recording_steps(&self.recording_steps).map_err(StoredError::RecordingSteps)?;
        if let Some(rate) = self.sampling_rate
            && !(rate.is_finite() && (1e-6..=1e9).contains(&rate))
        {
            return Err(StoredError::SamplingRate { rate });
        }
        if let Some(window) = self.window.filter(|n| !(1..=LONGEST).contains(n)) {
            return Err(StoredError::Window {
                samples: window,
                limit: LONGEST,
            });
        }
        if let Some(layout) = &self.bands {
            check_layout(layout).map_err(StoredError::Bands)?;
        }
        if let Some(statistics) = &self.statistics {
            check_statistics(statistics, channels, bins)?;
        } else if self.normalisation.needs_statistics() {
            let normalisation = self.normalisation.to_string();
            return Err(StoredError::NoStatistics { normalisation });
        }
        if let Some(thresholds) = &self.thresholds {
            let compression = self.spectral.applied_compression();
            check_thresholds(thresholds, compression, channels)?;
        }
        match self.features_of_sample() {
            Some(found) if found != (segments, bins) => Err(StoredError::InputShape {
                window: self.window.unwrap_or(0),
                found,
                expected: (segments, bins),
            }),
            _ => Ok(()),
        }
    }

    /// Samples of a raw window per channel: as stored, or, in models of older versions, derived from the network's input of
    /// `[channels, segments, bins]`. None if neither is possible.
    pub fn window_samples(&self, [_, segments, bins]: [usize; 3]) -> Option<usize> {
        if self.own_segments.is_some() {
            return None;
        }
        let derived = match self.spectral.method {
            // One feature per sample; segments overlap by half.
            SpectralMethod::None | SpectralMethod::Fft => {
                let samples = segments
                    .checked_add(1)
                    .and_then(|n| n.checked_mul(bins / 2));
                let is_cut = |cut: Cut| (cut.segments, cut.length) == (segments, bins);
                samples.filter(|samples| self.spectral.cut(*samples).is_some_and(is_cut))
            }
            SpectralMethod::Bands => self.bands.as_ref().map(|layout| layout.window),
            SpectralMethod::Welch => None,
        };
        self.window.or(derived)
    }

    /// Refuses a sample on disk of another length than those of the training, which some front ends turn into an input of
    /// the right shape; `window` is the number of samples of a window, if it is known.
    ///
    /// # Errors
    /// [`PreprocessingError::WindowLength`] or [`PreprocessingError::OwnSegments`].
    pub fn check_length(
        &self,
        shape: &[usize],
        window: Option<usize>,
    ) -> Result<(), PreprocessingError> {
        if let Some(expected) = self.own_segments {
            return match *shape {
                [_, segments, length] if [segments, length] == expected => Ok(()),
                _ => Err(PreprocessingError::OwnSegments {
                    shape: shape.to_vec(),
                    expected,
                }),
            };
        }
        let found = window_length(shape);
        match window {
            Some(expected) if found != expected => {
                Err(PreprocessingError::WindowLength { found, expected })
            }
            _ => Ok(()),
        }
    }

    /// Segments, and features of a segment, of a sample as in the training; `None` if they do not follow from what is stored.
    fn features_of_sample(&self) -> Option<(usize, usize)> {
        if let Some([segments, length]) = self.own_segments {
            let bins = match self.spectral.method {
                SpectralMethod::Welch => self.spectral.welch.nfft / 2 + 1,
                SpectralMethod::None | SpectralMethod::Fft => length,
                // It refuses such samples.
                SpectralMethod::Bands => return None,
            };
            return Some((segments, bins));
        }
        let window = self.window?;
        if self.spectral.method == SpectralMethod::Bands {
            let layout = self.bands.clone();
            let layout =
                layout.map_or_else(|| BandLayout::new(&self.spectral.bands, window).ok(), Some)?;
            return Some((layout.segments, layout.features()));
        }
        // Windows stored in segments may have any number of them, so nothing can be checked.
        let cut = self.cut(window)?;
        let bins = match self.spectral.method {
            SpectralMethod::Welch => self.spectral.welch.nfft / 2 + 1,
            SpectralMethod::None | SpectralMethod::Fft | SpectralMethod::Bands => cut.length,
        };
        Some((cut.segments, bins))
    }
}

/// Refuses a layout that [`super::Pipeline`] cannot run.
fn check_layout(layout: &BandLayout) -> Result<(), LayoutError> {
    let BandLayout {
        window,
        segments,
        frames,
        frame,
        ..
    } = *layout;
    let lengths = [window, segments, frames, frame];
    if lengths.iter().any(|n| !(1..=LONGEST).contains(n)) || frame < 4 {
        return Err(LayoutError::Length);
    }
    if layout.reach().is_none_or(|reach| reach > window) {
        return Err(LayoutError::BeyondWindow { window });
    }
    let rising = layout.edges.windows(2).all(|pair| pair[0] < pair[1]);
    let inside = layout.edges.first().is_some_and(|edge| *edge >= 1)
        && layout
            .edges
            .last()
            .is_some_and(|edge| *edge <= frame / 2 + 1);
    if layout.edges.len() < 2 || !rising || !inside {
        return Err(LayoutError::Edges);
    }
    if !FLOORS.contains(&layout.floor) {
        return Err(LayoutError::Floor {
            floor: layout.floor,
        });
    }
    Ok(())
}

fn check_statistics(
    statistics: &Statistics,
    channels: usize,
    bins: usize,
) -> Result<(), StoredError> {
    let entries = statistics.mean.len();
    let fits = entries == channels || Some(entries) == channels.checked_mul(bins);
    if entries != statistics.std.len() || !fits {
        return Err(StoredError::StatisticsCount {
            means: entries,
            deviations: statistics.std.len(),
            channels,
            bins,
        });
    }
    let finite = statistics.mean.iter().all(|v| v.is_finite());
    if !finite || statistics.std.iter().any(|v| !v.is_finite() || *v < 0.0) {
        return Err(StoredError::StatisticsValue);
    }
    Ok(())
}

fn check_thresholds(
    thresholds: &Thresholds,
    compression: Compression,
    channels: usize,
) -> Result<(), StoredError> {
    if !(thresholds.constant.is_finite() && thresholds.constant >= 0.0) {
        return Err(StoredError::Constant {
            value: thresholds.constant,
        });
    }
    let positive = |v: &f64| (*v as f32).is_finite() && *v as f32 > 0.0;
    if !thresholds.compression.iter().all(positive) {
        return Err(StoredError::Compression);
    }
    let needed = compression != Compression::None;
    if needed && thresholds.compression.len() != channels {
        return Err(StoredError::CompressionCount {
            found: thresholds.compression.len(),
            channels,
        });
    }
    Ok(())
}

impl Normalisation {
    /// Whether the input of a window depends on that window alone.
    pub fn is_batch_independent(self) -> bool {
        self != Self::Batch
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SpectralConfig, Step};
    use super::*;

    fn preprocessing(method: SpectralMethod) -> Preprocessing {
        let spectral = SpectralConfig {
            method,
            ..Default::default()
        };
        let mut preprocessing = Preprocessing::new(vec![Step::Demean], spectral);
        preprocessing.set_window(1024).unwrap();
        preprocessing
    }

    #[test]
    fn windows_must_become_the_input() {
        for (method, bins) in [
            (SpectralMethod::None, 256),
            (SpectralMethod::Fft, 256),
            (SpectralMethod::Welch, 33),
            (SpectralMethod::Bands, 256),
        ] {
            let preprocessing = preprocessing(method);
            preprocessing.check([2, 7, bins]).unwrap();
            let error = preprocessing
                .check([2, 7, bins + 1])
                .unwrap_err()
                .to_string();
            assert!(error.contains("the network takes 7 of"), "{error}");
            assert_eq!(preprocessing.window_samples([2, 7, bins]), Some(1024));
        }
        let mut short = preprocessing(SpectralMethod::None);
        short.spectral.none.segment = Some(16);
        short.set_window(1024).unwrap();
        short.check([2, 127, 16]).unwrap();
        assert!(short.check([2, 7, 256]).is_err() && short.set_window(1020).is_err());
        short.window = None;
        assert_eq!(short.window_samples([2, 127, 16]), Some(1024));
        let old = Preprocessing {
            window: None,
            ..preprocessing(SpectralMethod::Fft)
        };
        assert_eq!(old.window_samples([2, 7, 256]), Some(1024));
        let old = Preprocessing {
            window: None,
            ..preprocessing(SpectralMethod::Welch)
        };
        assert_eq!(old.window_samples([2, 7, 33]), None);
    }

    #[test]
    fn invalid_numbers_are_refused() {
        let check = |change: &dyn Fn(&mut Preprocessing)| {
            let mut preprocessing = preprocessing(SpectralMethod::Bands);
            change(&mut preprocessing);
            preprocessing.check([2, 7, 256]).unwrap_err().to_string()
        };
        let layout = |change: &dyn Fn(&mut BandLayout)| {
            check(&|preprocessing| preprocessing.bands.iter_mut().for_each(change))
        };
        assert!(layout(&|bands| bands.edges = vec![3, 3]).contains("`edges`"));
        assert!(layout(&|bands| bands.edges = vec![1, 900]).contains("`edges`"));
        assert!(layout(&|bands| bands.hop = usize::MAX).contains("beyond the window"));
        assert!(layout(&|bands| bands.frames = 0).contains("out of range"));
        assert!(layout(&|bands| bands.floor = f64::NAN).contains("`floor`"));
        assert!(check(&|preprocessing| preprocessing.window = Some(1 << 60)).contains("`window`"));
        assert!(
            check(&|preprocessing| preprocessing.sampling_rate = Some(0.0))
                .contains("`sampling_rate`")
        );
        assert!(
            check(&|preprocessing| preprocessing.normalisation = Normalisation::Band)
                .contains("`statistics`")
        );
        assert!(
            check(&|preprocessing| {
                preprocessing.statistics = Some(Statistics {
                    mean: vec![0.0; 3],
                    std: vec![1.0; 3],
                });
            })
            .contains("3 means")
        );
        assert!(
            check(&|preprocessing| preprocessing.steps = vec![Step::Scale(0.0)])
                .contains("`steps`")
        );
    }
}
