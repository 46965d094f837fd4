//! The front end `bands`: logarithms of the power in equal bands, and the level of the window apart.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::settings::BandsConfig;
use super::spectrum::PlannedFft;

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandLayout {
    /// Length of a window.
    pub window: usize,
    /// Segments of a window; segment `s` begins at sample `s * hop`.
    pub segments: usize,
    /// From one segment to the next.
    pub hop: usize,
    /// Frames of a segment; frame `f` of segment `s` begins at sample `s * hop + f * frame_hop`.
    pub frames: usize,
    /// From one frame to the next.
    pub frame_hop: usize,
    /// Length of a frame and of its transform.
    pub frame: usize,
    /// Band `b` is the mean of the bins `edges[b]..edges[b + 1]`, without the last. Bin 0 is in no band.
    pub edges: Vec<usize>,
    /// What is added to the power of a band, as share of the mean square of its channel in the window.
    pub floor: f64,
    /// Whether the level is removed from the bands and follows them in every frame.
    pub level: bool,
}

impl BandLayout {
    /// What `config` means for windows of `window` samples.
    ///
    /// # Errors
    /// Where the window is too short for it.
    pub fn new(config: &BandsConfig, window: usize) -> Result<Self, String> {
        let BandsConfig {
            segments,
            frames,
            floor,
            level,
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
            return Err(format!(
                "`bands` does not fit a window of {window} samples: {segments} segments of {segment} samples every \
                 {hop}, each of {frames} frames of {frame} every {frame_hop}"
            ));
        }
        let bins = frame / 2;
        // With its level a frame has no more features than bins, so that several make no more than a segment's samples.
        let usual = if is_one {
            bins.min(64)
        } else {
            (bins - 1).min(63)
        };
        let bands = config.bands.unwrap_or(usual);
        if bands > bins {
            return Err(format!(
                "a frame of {frame} samples has {bins} bins without that of frequency 0, too few for {bands} `bands`"
            ));
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
        })
    }

    /// Samples from the window's first to the last of the last frame; none where they are too many to count.
    pub(super) fn reach(&self) -> Option<usize> {
        let counts = [self.segments, self.frames];
        reach(counts, [self.hop, self.frame_hop], self.frame)
    }

    /// Bands of a frame.
    pub fn bands(&self) -> usize {
        self.edges.len() - 1
    }

    /// Features of a frame: its bands and, where it is kept, the level.
    pub fn frame_features(&self) -> usize {
        self.bands() + usize::from(self.level)
    }

    /// Features of a segment.
    pub fn features(&self) -> usize {
        self.frames * self.frame_features()
    }
}

/// See [`BandLayout::reach`]; of `counts`, each at least 1, of segments and of frames, and their `hops`.
fn reach(counts: [usize; 2], hops: [usize; 2], frame: usize) -> Option<usize> {
    let last = |i: usize| hops[i].checked_mul(counts[i] - 1);
    last(0)?.checked_add(last(1)?)?.checked_add(frame)
}

/// The front end, planned, with its buffers.
pub(super) struct Bands {
    layout: BandLayout,
    fft: PlannedFft,
    hann: Vec<f64>,
    /// `1 / sum(w^2)`.
    scale: f64,
    mean_squares: Vec<f64>,
    /// `log_power`, less the logarithm of the reference.
    logs: Vec<f64>,
}

impl Bands {
    pub fn new(layout: BandLayout) -> Self {
        let hann: Vec<f64> = (0..layout.frame)
            .map(|i| 0.5 - 0.5 * (TAU * i as f64 / layout.frame as f64).cos())
            .collect();
        Self {
            fft: PlannedFft::new(layout.frame),
            scale: 1.0 / hann.iter().map(|w| w * w).sum::<f64>(),
            hann,
            mean_squares: Vec::new(),
            logs: Vec::new(),
            layout,
        }
    }

    pub fn layout(&self) -> &BandLayout {
        &self.layout
    }

    /// Appends the features of a window `[channels, window]` to `out`.
    pub fn transform(&mut self, window: &[f32], out: &mut Vec<f32>) {
        let samples = self.layout.window;
        self.mean_squares.clear();
        self.mean_squares
            .extend(window.chunks_exact(samples).map(mean_square));
        // Logarithms are of ratios to this, so that they are the same for a window in other units.
        let reference = self.mean_squares.iter().sum::<f64>() / self.mean_squares.len() as f64;
        let mut live_channels = 0;
        let mut sum = 0.0;
        self.logs.clear();
        for (c, channel) in window.chunks_exact(samples).enumerate() {
            if self.mean_squares[c] > 0.0 {
                live_channels += 1;
                sum += self.channel(channel, self.mean_squares[c], reference);
            }
        }
        let layout = &self.layout;
        let bands = layout.bands();
        let frames = layout.segments * layout.frames;
        let mean = sum / (live_channels * frames * bands) as f64;
        let level = (mean + reference.ln()) as f32;
        let removed = if layout.level { mean } else { -reference.ln() };
        let mut live = self.logs.chunks_exact(frames * bands);
        for mean_square in &self.mean_squares {
            let logs = if *mean_square > 0.0 {
                live.next()
            } else {
                None
            };
            for frame in 0..frames {
                match logs {
                    Some(logs) => {
                        let own = &logs[frame * bands..(frame + 1) * bands];
                        out.extend(own.iter().map(|log| (log - removed) as f32));
                    }
                    None => out.resize(out.len() + bands, 0.0),
                }
                if layout.level {
                    out.push(level);
                }
            }
        }
    }

    /// Appends the logarithms of a live channel; returns their sum.
    fn channel(&mut self, samples: &[f32], mean_square: f64, reference: f64) -> f64 {
        let Self {
            layout,
            fft,
            hann,
            logs,
            ..
        } = self;
        let floor = layout.floor * mean_square / reference;
        let scale = self.scale / reference;
        let first = logs.len();
        for segment in 0..layout.segments {
            for frame in 0..layout.frames {
                let start = segment * layout.hop + frame * layout.frame_hop;
                let samples = &samples[start..start + layout.frame];
                let mean = mean(samples);
                for ((value, sample), w) in fft.input.iter_mut().zip(samples).zip(&*hann) {
                    *value = (f64::from(*sample) - mean) * w;
                }
                let spectrum = fft.run();
                for edges in layout.edges.windows(2) {
                    let bins = &spectrum[edges[0]..edges[1]];
                    let power = bins.iter().map(|bin| bin.norm_sqr()).sum::<f64>();
                    logs.push(power * scale / bins.len() as f64 + floor);
                }
            }
        }
        let logs = &mut logs[first..];
        logs.iter_mut().for_each(|power| *power = ln(*power));
        logs.iter().sum()
    }
}

/// Natural logarithm of a positive normal number, to 1e-12: without branches, so that the compiler computes several at
/// a time, and by the same operations on every machine. `f64::ln` took a third of the front end's time.
///
/// `x = 2^e m` with `m` from `sqrt(1/2)` to `sqrt(2)`; `ln m = 2 artanh((m - 1) / (m + 1))`.
fn ln(x: f64) -> f64 {
    const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const MANTISSA: u64 = (1 << 52) - 1;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = (shifted as i64 >> 52) as f64;
    let m = f64::from_bits((shifted & MANTISSA).wrapping_add(SQRT_HALF));
    let s = (m - 1.0) / (m + 1.0);
    let q = s * s;
    let series = [
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0,
    ];
    let sum = series.iter().fold(1.0 / 15.0, |sum, term| sum * q + term);
    exponent * std::f64::consts::LN_2 + 2.0 * s * sum
}

fn mean(samples: &[f32]) -> f64 {
    samples.iter().map(|v| f64::from(*v)).sum::<f64>() / samples.len() as f64
}

/// Around the mean.
fn mean_square(samples: &[f32]) -> f64 {
    let mean = mean(samples);
    let square = |v: &f32| (f64::from(*v) - mean).powi(2);
    samples.iter().map(square).sum::<f64>() / samples.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(config: &BandsConfig, window: &[f32], samples: usize) -> Vec<f32> {
        let mut bands = Bands::new(BandLayout::new(config, samples).unwrap());
        let mut out = Vec::new();
        bands.transform(window, &mut out);
        out
    }

    /// A window of two channels.
    fn window() -> Vec<f32> {
        (0..2048)
            .map(|i| 5000.0 + ((i * i) % 97) as f32 + 40.0 * (0.1 * i as f32).sin())
            .collect()
    }

    #[test]
    fn logarithms_are_those_of_the_standard_library() {
        for i in 0..100_000 {
            let x = 10f64.powf(f64::from(i) * 0.006 - 300.0) * (1.0 + f64::from(i % 97) / 97.0);
            let expected = x.ln();
            assert!(
                (ln(x) - expected).abs() < 1e-12 * expected.abs().max(1.0),
                "{x}"
            );
        }
        assert_eq!(ln(1.0), 0.0);
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
                .contains("does not fit")
        );
        let many = BandsConfig {
            bands: Some(65),
            ..Default::default()
        };
        assert!(fits(many, 1024).unwrap_err().contains("has 64 bins"));
        let long = BandsConfig {
            hop: Some(200),
            ..Default::default()
        };
        assert!(
            fits(long, 1024)
                .unwrap_err()
                .contains("does not fit a window of 1024")
        );
        // A longer window than the layout needs is no trouble.
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
        // The reference is another, so the last digit may be.
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
}
