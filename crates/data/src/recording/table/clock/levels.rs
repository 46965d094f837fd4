//! Levels of the delay of times relative to an even clock: medians of rows if they jitter, the earliest of a block if
//! rows arrive late, the latest if a clock has coarse ticks. A gap raises all later levels; a late row raises none for
//! long.

/// The value that represents a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Median,
    Earliest,
    Latest,
}

/// Criteria for blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Levels {
    kind: Kind,
    /// Points of a block.
    pub width: usize,
    /// Usual difference of neighbouring blocks, in samples.
    pub scatter: f64,
}

/// A line of time over row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// Seconds per sample.
    pub period: f64,
    /// Root mean square distance of points from it, in samples.
    pub scatter: f64,
}

/// Median deviations of a normal distribution in its standard deviation.
pub(super) const NORMAL: f64 = 1.48;

/// The median, or 0 without values; changes their order.
pub(in super::super) fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

impl Kind {
    fn of(self, block: &[f64]) -> f64 {
        match self {
            Self::Median => median(&mut block.to_vec()),
            Self::Earliest => block.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Latest => block.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

impl Levels {
    /// Criteria for a clock without noise.
    pub fn of_clean() -> Self {
        Self {
            kind: Kind::Median,
            width: 0,
            scatter: 0.0,
        }
    }

    /// Criteria for points of `width` rows, which have the time of the first of them.
    pub fn of_packets(width: usize) -> Self {
        Self {
            kind: if width == 1 {
                Kind::Median
            } else {
                Kind::Latest
            },
            width,
            scatter: 0.0,
        }
    }

    /// The narrowest blocks whose levels are steady, else the steadiest.
    pub fn steadiest(late: &[f64]) -> Self {
        let mut best: Option<(f64, Self)> = None;
        for width in [8, 16, 32, 64, 128, 256, 512, 1024, 2048] {
            if late.len() / width < 6 {
                break;
            }
            for (kind, weight) in [
                (Kind::Median, 1.0),
                (Kind::Earliest, 1.5),
                (Kind::Latest, 1.5),
            ] {
                let levels: Vec<f64> = late.chunks_exact(width).map(|b| kind.of(b)).collect();
                let mut steps: Vec<f64> = levels
                    .windows(2)
                    .map(|pair| (pair[1] - pair[0]).abs())
                    .collect();
                let scatter = NORMAL * median(&mut steps);
                // A wider block must be clearly steadier.
                if best.is_none_or(|(other, _)| scatter * weight < other * 0.7) {
                    let candidate = Self {
                        kind,
                        width,
                        scatter,
                    };
                    best = Some((scatter * weight, candidate));
                }
            }
            if best.is_some_and(|(scatter, _)| scatter <= 0.15) {
                break;
            }
        }
        best.map(|(_, levels)| levels).unwrap_or_else(|| {
            let mut steps: Vec<f64> = late
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).abs())
                .collect();
            Self {
                kind: Kind::Median,
                width: 1,
                scatter: NORMAL * median(&mut steps),
            }
        })
    }

    /// Levels for all rows of a coarse clock, of which `width` rows are sure to contain a tick. The last row of a tick
    /// is the clock if rows arrive `late` together, otherwise the first.
    pub fn of_rows(self, late: bool, width: usize) -> Self {
        Self {
            kind: if late { Kind::Earliest } else { Kind::Latest },
            width,
            ..self
        }
    }

    /// Whether every time is that of its row.
    pub fn exact(self) -> bool {
        self == Self::of_clean()
    }

    /// Whether times jitter around the clock, so that medians of several rows tell it.
    pub fn are_medians(self) -> bool {
        self.kind == Kind::Median && !self.exact()
    }

    /// Median change of levels, in samples per row.
    pub fn slope(self, late: &[f64], rows: &[f64]) -> Option<f64> {
        let width = self.width;
        if late.len() / width < 4 {
            return None;
        }
        let levels: Vec<f64> = late.chunks_exact(width).map(|b| self.kind.of(b)).collect();
        let middles: Vec<f64> = rows
            .chunks_exact(width)
            .map(|rows| rows.iter().sum::<f64>() / width as f64)
            .collect();
        // Single times that were rounded half to even are early and late in turn.
        let apart = if width == 1 { 2 } else { 1 };
        let mut slopes: Vec<f64> = (apart..levels.len())
            .map(|i| (levels[i] - levels[i - apart]) / (middles[i] - middles[i - apart]))
            .collect();
        Some(median(&mut slopes))
    }

    /// The levels of blocks of `width` points.
    pub fn of_blocks(self, late: &[f64], width: usize) -> Vec<f64> {
        let blocks = late.chunks_exact(width);
        blocks.map(|block| self.kind.of(block)).collect()
    }

    /// How late a whole stretch is.
    pub fn typical(self, late: &[f64]) -> f64 {
        if self.kind == Kind::Median {
            return self.kind.of(late);
        }
        let width = self.width.min(late.len()).max(1);
        let mut levels: Vec<f64> = late.chunks_exact(width).map(|b| self.kind.of(b)).collect();
        median(&mut levels)
    }

    /// Usual distance of a point from its block's level.
    fn noise(self, late: &[f64]) -> f64 {
        if self.kind != Kind::Median || self.width == 1 {
            return 0.0;
        }
        let off = late.chunks_exact(self.width).flat_map(|block| {
            let level = self.kind.of(block);
            block.iter().map(move |late| (late - level).abs())
        });
        let mut off: Vec<f64> = off.collect();
        if off.is_empty() {
            return 0.0;
        }
        let most = off.len() * 9 / 10;
        *off.select_nth_unstable_by(most, f64::total_cmp).1
    }
}

/// Points at which the clock is late for good, by `least` samples or what noise demands. Of breaks within `tick` rows,
/// which a coarse clock shows twice, the first counts.
pub(super) fn breaks(
    late: &[f64],
    rows: &[f64],
    levels: Levels,
    (least, tick): (f64, f64),
) -> Vec<usize> {
    let limit = (6.0 * levels.scatter)
        .max(least)
        .max(2.0 * levels.noise(late));
    let steps: Vec<f64> = late.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let noisy = steps.iter().filter(|step| step.abs() > 0.25).count() * 50 >= steps.len();
    let test = Test {
        late,
        kind: levels.kind,
        width: levels.width.max((4 * levels.width).min(128)),
        limit,
        noisy,
    };
    let mut candidates: Vec<usize> = (0..steps.len())
        .filter(|i| steps[*i] > 0.75 || steps[*i] < -1.5)
        .collect();
    // Largest first; smaller ones are then judged between them.
    candidates.sort_by(|a, b| steps[*b].abs().total_cmp(&steps[*a].abs()));
    let mut cuts = std::collections::BTreeSet::from([0, late.len()]);
    for i in candidates {
        let first = cuts.range(..=i + 1).next_back().copied().unwrap_or(0);
        let end = cuts.range(i + 2..).next().copied().unwrap_or(late.len());
        if first <= i && test.stays(first..end, i, steps[i]) {
            cuts.insert(i + 1);
        }
    }
    let mut kept: Vec<usize> = Vec::new();
    for cut in cuts {
        let inside = cut > 0 && cut < late.len();
        let again = kept
            .last()
            .is_some_and(|last| rows[cut.min(rows.len() - 1)] - rows[*last] <= tick);
        if inside && !(tick > 0.0 && again) {
            kept.push(cut);
        }
    }
    kept
}

struct Test<'a> {
    late: &'a [f64],
    kind: Kind,
    width: usize,
    limit: f64,
    noisy: bool,
}

impl Test<'_> {
    /// Whether the clock, late by `step` after point `i`, stays so within `range`.
    fn stays(&self, range: std::ops::Range<usize>, i: usize, step: f64) -> bool {
        let Self {
            late, kind, width, ..
        } = self;
        let first = range.start.max((i + 1).saturating_sub(*width));
        let before = kind.of(&late[first..=i]);
        let short = |points: usize| points * 2 < *width;
        let mut at = i + 1;
        let mut previous: Option<f64> = None;
        while at < range.end {
            let next = range.end.min(at + width);
            if short(next - at) && previous.is_some() {
                return true;
            }
            let level = kind.of(&late[at..next]);
            // A few rows of a noisy clock are not conclusive.
            let limit = if self.noisy && (short(i + 1 - first) || short(next - at)) {
                (3.0 * self.limit).max(3.0)
            } else {
                self.limit
            };
            if (level - before) * step.signum() <= limit {
                return false;
            }
            // The clock does not catch up.
            if previous.is_some_and(|p| (p - level) * step.signum() <= 0.1 * *width as f64) {
                return true;
            }
            // The last burst of a file may only be late.
            let last = next == late.len() && short(next - at);
            if last && self.noisy && step.abs() < 4.0 * *width as f64 {
                return false;
            }
            previous = Some(level);
            at = next;
        }
        true
    }
}

/// The least-squares line through the points between `cuts`, with one slope, without outliers.
pub(super) fn line(
    times: &[f64],
    rows: &[f64],
    cuts: &[usize],
    period: f64,
    levels: Levels,
) -> Option<Line> {
    let firsts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([times.len()]);
    let pieces: Vec<Vec<usize>> = firsts
        .zip(ends)
        .map(|(first, end)| points(times, rows, first..end, (period, levels)))
        .filter(|points| points.len() > 1)
        .collect();
    if pieces.is_empty() {
        return Some(Line {
            period,
            scatter: 0.0,
        });
    }
    let mut slope = period;
    let mut limit = f64::INFINITY;
    let mut centres = vec![0.0; pieces.len()];
    let mut scatter = 0.0;
    for _ in 0..3 {
        let (mut numerator, mut denominator) = (0.0, 0.0);
        for (piece, centre) in pieces.iter().zip(&centres) {
            let kept = || {
                piece
                    .iter()
                    .filter(|i| ((times[**i] - slope * rows[**i] - centre) / slope).abs() <= limit)
            };
            let n = kept().count() as f64;
            let (x, y) = kept().fold((0.0, 0.0), |(x, y), i| (x + rows[*i], y + times[*i]));
            let (x, y) = (x / n, y / n);
            for i in kept() {
                numerator += (rows[*i] - x) * (times[*i] - y);
                denominator += (rows[*i] - x).powi(2);
            }
        }
        if denominator <= 0.0 || numerator <= 0.0 {
            return None;
        }
        slope = numerator / denominator;
        let mut off = Vec::new();
        for (piece, centre) in pieces.iter().zip(&mut centres) {
            let late = |i: &usize| times[*i] - slope * rows[*i];
            *centre = median(&mut piece.iter().map(late).collect::<Vec<_>>());
            off.extend(piece.iter().map(|i| ((late(i) - *centre) / slope).abs()));
        }
        limit = (3.0 * NORMAL * median(&mut off)).max(0.1);
        let squares = off.iter().map(|off| off.min(limit).powi(2));
        scatter = (squares.sum::<f64>() / off.len() as f64).sqrt();
    }
    Some(Line {
        period: slope,
        scatter,
    })
}

/// The points of a piece that tell its slope: all, or the one of every block that is the clock.
fn points(
    times: &[f64],
    rows: &[f64],
    range: std::ops::Range<usize>,
    (period, levels): (f64, Levels),
) -> Vec<usize> {
    if levels.kind == Kind::Median {
        return range.collect();
    }
    let late = |i: &usize| times[*i] - period * rows[*i];
    let blocks = (range.len() / levels.width).max(1);
    let edge = |block: usize| range.start + range.len() * block / blocks;
    (0..blocks)
        .filter_map(|block| {
            let indices = edge(block)..edge(block + 1);
            if levels.kind == Kind::Earliest {
                indices.min_by(|a, b| late(a).total_cmp(&late(b)))
            } else {
                indices.max_by(|a, b| late(a).total_cmp(&late(b)))
            }
        })
        .collect()
}
