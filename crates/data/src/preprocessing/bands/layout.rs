//! The numbers of the front end `bands`.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::PreprocessingError;
use crate::preprocessing::settings::BandsConfig;
use crate::serde_skip::is_false;

/// Bands of a frame where few are better: those that the rhythm leaves at least, and of the coarse forms that trainings try.
pub const FEW_BANDS: usize = 8;

/// Every number of the front end `bands` for windows of one length. Lengths are samples.
///
/// For every channel `c`, `mean_square[c]` is the mean square of the window after its mean is removed. A channel is
/// live where that is above zero. For every frame, its mean is removed, it is multiplied by a periodic Hann window `w`
/// and transformed; `power = |bin|^2 / sum(w^2)`, so that white noise has the power of its mean square in every bin. A
/// band is the mean over its bins, and becomes
///
/// ```text
/// log_power[c, segment, frame, band] = ln(power + floor * mean_square[c])
/// level                              = mean of log_power over all live channels, segments, frames and bands
/// feature                            = log_power - level        (0 in channels that are not live)
/// ```
///
/// A feature row `[channel][segment]` is its frames end to end, each its bands and then the level. Multiplying a window
/// by a number moves the level and nothing else. A window without a live channel has no level: not a number, which
/// scaling turns into the mean.
///
/// The power of the channel in the window may follow, relative to the level as the bands are (without `level`, as it is):
///
/// ```text
/// power = ln(mean_square[c]) - level
/// ```
///
/// It says how far the loudest bands and frames, which make up most of the mean square, lie above their mean logarithm, as
/// spectral flatness does.
///
/// Three features of the channel in time may follow, the same in all of its frames. With `x` the samples less their
/// mean, in the unit of `sqrt(mean_square[c])`, and `e[i]` the mean square of `x` in part `i`, samples
/// `i * window / parts..(i + 1) * window / parts`, of `parts = min(16, window)`:
///
/// ```text
/// kurtosis   = ln(mean(x^4))
/// crest      = ln(max(|x|))
/// unevenness = std(e) / mean(e)     (population)
/// ```
///
/// Then the correlation with the next channel may follow (of the last with the first), the same in all frames as well. With
/// `x` and `y` the samples of both less their means, and `m` and `n` the means of `x` and `y` in `parts = max(1, window /
/// length)` parts:
///
/// ```text
/// correlation[length] = mean(m * n) / sqrt((mean(m^2) + 1e-6 * mean(x^2)) * (mean(n^2) + 1e-6 * mean(y^2)))
///                                                               for lengths of 1, 4 and 16 samples
/// ```
///
/// Then the rhythm may follow, which is the same in all frames as well: the autocorrelation of `e` of `parts =
/// min(64, window)`, with `r[i] = e[i] / mean(e) - 1`:
///
/// ```text
/// rhythm[lag] = sum(r[i] * r[i + lag]) / (sum(r^2) + 1e-4 * parts)     for lags of 1 to 32 parts
/// ```
///
/// In channels that are not live, features of the window are not a number, nor is the correlation with such a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandLayout {
    /// Length of a window.
    pub window: usize,
    /// Segments of a window; segment `s` begins at sample `s * hop`.
    pub segments: usize,
    /// Distance from one segment to the next.
    pub hop: usize,
    /// Frames of a segment; frame `f` of segment `s` begins at sample `s * hop + f * frame_hop`.
    pub frames: usize,
    /// Distance from one frame to the next.
    pub frame_hop: usize,
    /// Length of a frame and of its transform.
    pub frame: usize,
    /// Band `b` is the mean of the bins `edges[b]..edges[b + 1]`, without the last. Bin 0 is in no band.
    pub edges: Vec<usize>,
    /// Added to the power of a band, as a fraction of the mean square of its channel in the window.
    pub floor: f64,
    /// Whether the level is subtracted from the bands and follows them in every frame.
    pub level: bool,
    /// Whether the power of the channel in the window follows in every frame.
    #[serde(default, skip_serializing_if = "is_false")]
    pub power: bool,
    /// Whether the features in time follow in every frame.
    #[serde(default, skip_serializing_if = "is_false")]
    pub time: bool,
    /// Whether the rhythm follows in every frame.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rhythm: bool,
    /// Whether the correlation with the next channel follows in every frame.
    #[serde(default, skip_serializing_if = "is_false")]
    pub correlation: bool,
}

impl BandLayout {
    /// Computes the layout of `config` for windows of `window` samples.
    ///
    /// # Errors
    /// If the window is too short for it.
    pub fn new(config: &BandsConfig, window: usize) -> Result<Self, PreprocessingError> {
        let BandsConfig {
            segments,
            frames,
            floor,
            level,
            time,
            rhythm,
            power,
            correlation,
            ..
        } = *config;
        let segment = config.segment.unwrap_or(2 * window / (segments + 1));
        let hop = config.hop.unwrap_or(segment / 2);
        let is_one = frames == 1;
        let frame = config
            .frame
            .unwrap_or(if is_one { segment } else { segment / 2 });
        let frame_hop = config.frame_hop.unwrap_or(hop / frames);
        let reach = reach([segments, frames], [hop, frame_hop], frame);
        let fits = reach.is_some_and(|reach| reach <= window);
        if frame < 4 || !fits || (frames - 1) * frame_hop + frame > segment {
            return Err(PreprocessingError::BandsDoNotFit {
                window,
                segments,
                segment,
                hop,
                frames,
                frame,
                frame_hop,
            });
        }
        let bins = frame / 2;
        // Including the others, a frame has at most as many features as bins, so several frames have at most as many as
        // a segment has samples; but some bands are kept.
        let least = if rhythm { bins.min(FEW_BANDS) } else { 1 };
        let usual = if is_one {
            bins.min(64)
        } else {
            (bins - 1)
                .min(63)
                .saturating_sub(of_window([time, rhythm, power, correlation]))
                .max(least)
        };
        let bands = config.bands.unwrap_or(usual);
        if bands > bins {
            return Err(PreprocessingError::TooManyBands { frame, bins, bands });
        }
        Ok(Self {
            window,
            segments,
            hop,
            frames,
            frame_hop,
            frame,
            edges: (0..=bands).map(|band| 1 + band * bins / bands).collect(),
            floor,
            level,
            time,
            rhythm,
            power,
            correlation,
        })
    }

    /// Samples from the window's first sample to the end of the last frame; `None` if the number overflows.
    pub(in crate::preprocessing) fn reach(&self) -> Option<usize> {
        let counts = [self.segments, self.frames];
        reach(counts, [self.hop, self.frame_hop], self.frame)
    }

    /// Bands of a frame.
    pub fn bands(&self) -> usize {
        self.edges.len() - 1
    }

    /// Features of a frame: its bands, the level if it is kept, and those of the whole window.
    pub fn frame_features(&self) -> usize {
        self.bands() + usize::from(self.level) + self.window_features()
    }

    /// Features of a frame that are those of the whole window: the power, those in time, the correlation and the rhythm.
    pub fn window_features(&self) -> usize {
        of_window([self.time, self.rhythm, self.power, self.correlation])
    }

    /// Features of a segment with few bands and all features of the window.
    pub fn features_with_rhythm(&self) -> usize {
        self.frames * (FEW_BANDS + usize::from(self.level) + of_window([true; 4]))
    }

    /// Features of a segment.
    pub fn features(&self) -> usize {
        self.frames * self.frame_features()
    }
}

/// Number of features of the window, of which a frame has some: the power, those in time, the correlation and the rhythm.
fn of_window(has: [bool; 4]) -> usize {
    const COUNTS: [usize; 4] = [
        super::time::FEATURES,
        super::rhythm::FEATURES,
        1,
        super::correlation::FEATURES,
    ];
    // By reference: a copy of both arrays would take longer than the sum.
    let counts = COUNTS.iter().zip(&has);
    counts.map(|(count, has)| count * usize::from(*has)).sum()
}

/// See [`BandLayout::reach`]; for `counts`, each at least 1, of segments and frames, and their `hops`.
fn reach(counts: [usize; 2], hops: [usize; 2], frame: usize) -> Option<usize> {
    let last = |i: usize| hops[i].checked_mul(counts[i] - 1);
    last(0)?.checked_add(last(1)?)?.checked_add(frame)
}

/// Adjacent bands of `bins` bins each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub bands: Range<usize>,
    /// The first bin of the first band.
    pub first: usize,
    pub bins: usize,
    /// From sums of squared magnitudes to mean powers.
    pub factor: f64,
}

impl Run {
    /// The runs of a layout, whose squared magnitudes are multiplied by `factor`.
    pub fn all(layout: &BandLayout, factor: f64) -> Vec<Self> {
        let mut runs: Vec<Self> = Vec::new();
        for (band, edges) in layout.edges.windows(2).enumerate() {
            let bins = edges[1] - edges[0];
            match runs.last_mut() {
                Some(last) if last.bins == bins => last.bands.end += 1,
                _ => runs.push(Self {
                    bands: band..band + 1,
                    first: edges[0],
                    bins,
                    factor: factor / bins as f64,
                }),
            }
        }
        runs
    }
}
