//! The samples of each channel that wait for those of other channels.

use std::collections::VecDeque;

use data::recording::NANOS;

/// Number of consumed samples after which a buffer is compacted.
const COMPACT_AFTER: usize = 1 << 15;

/// Contiguous samples of a channel.
#[derive(Debug)]
pub(super) struct Run {
    pub start: i64,
    pub rate: f64,
    /// Unused samples start at index `head`; the first of them has index `number` within the run.
    pub samples: Vec<f64>,
    pub head: usize,
    pub number: usize,
}

impl Run {
    pub fn time(&self, i: usize) -> i64 {
        self.start
            .saturating_add((i as f64 / self.rate * NANOS).round() as i64)
    }

    /// Where a stretch may begin with it: with its start, as long as samples nearest to that are there.
    pub fn begin(&self) -> i64 {
        if self.number == 0 {
            return self.start;
        }
        let first = self.time(self.number).saturating_sub(self.half_sample());
        // Times are rounded to nanoseconds.
        self.start.max(first.saturating_sub(2))
    }

    pub fn available(&self) -> usize {
        self.samples.len() - self.head
    }

    pub fn end(&self) -> i64 {
        self.time(self.number + self.available())
    }

    pub fn half_sample(&self) -> i64 {
        (0.5 / self.rate * NANOS) as i64
    }

    pub fn advance(&mut self, n: usize) {
        self.head += n;
        self.number += n;
        if self.head == self.samples.len() {
            self.samples.clear();
            self.head = 0;
        } else if self.head > COMPACT_AFTER {
            self.samples.drain(..self.head);
            self.head = 0;
        }
    }

    /// Number of unused samples before that nearest to `time`.
    pub fn before(&self, time: i64) -> usize {
        let index = time.saturating_sub(self.start) as f64 * self.rate / NANOS;
        let index = index.round().max(0.0) as usize;
        index.saturating_sub(self.number).min(self.available())
    }

    /// Drops samples before `time`; returns their number.
    pub fn pass(&mut self, time: i64) -> usize {
        let n = self.before(time);
        self.advance(n);
        n
    }

    /// Time of the first sample at or after `time`, but for rounding.
    pub fn first_from(&self, time: i64) -> i64 {
        let index = time.saturating_sub(self.start) as f64 * self.rate / NANOS;
        self.time((index - 1e-3).ceil().max(0.0) as usize)
    }
}

/// State of a channel.
#[derive(Debug)]
pub(super) struct ChannelQueue {
    /// Contiguous runs; only the last one can grow.
    pub runs: VecDeque<Run>,
    /// No sample before this time will arrive.
    pub from: i64,
    /// Size of the largest measurement so far.
    pub largest: f64,
}

impl ChannelQueue {
    /// Whether the first run is complete.
    pub fn is_closed(&self) -> bool {
        let ends = |run: &Run| self.from > run.end().saturating_add(run.half_sample());
        self.runs.len() > 1 || self.runs.front().is_none_or(ends)
    }

    pub fn available(&self) -> usize {
        self.runs.front().map_or(0, Run::available)
    }
}
