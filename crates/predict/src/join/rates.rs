//! Stretches of channels that have different sampling rates.

use data::recording::NANOS;
use data::signal::{Ratio, Resampler};

use super::{ChannelQueue, Joined, JoinedSink, Joiner, Run, first_sample};
use crate::error::PredictError;

/// Brings the channels of a stretch to one rate.
#[derive(Debug)]
pub(super) struct Bringer {
    resamplers: Vec<Resampler>,
    /// Resampled samples of every channel that are not passed on yet.
    samples: Vec<Vec<f64>>,
    /// Rate of the stretch in Hz.
    rate: f64,
    /// The rates, for the counts.
    rates: String,
    /// Time up to which the channels were taken, in nanoseconds.
    until: i64,
}

impl Bringer {
    /// Passes on what all channels have.
    fn pass_on(&mut self, sink: JoinedSink<'_>) -> Result<(), PredictError> {
        let shared = self.samples.iter().map(Vec::len).min().unwrap_or(0);
        if shared > 0 {
            let slices: Vec<&[f64]> = self.samples.iter().map(|own| &own[..shared]).collect();
            sink(Joined::Samples(&slices))?;
            for own in &mut self.samples {
                own.drain(..shared);
            }
        }
        Ok(())
    }
}

impl Joiner {
    /// What brings the first runs of all channels to one rate, if such a rate is given and can be reached.
    pub(super) fn bringer(&self, rates: &str) -> Option<Bringer> {
        let rate = self.rate?;
        let of = |lane: &ChannelQueue| Ratio::of_rates(lane.runs[0].rate, rate).ok();
        let ratios = self.lanes.iter().map(of).collect::<Option<Vec<Ratio>>>()?;
        Some(Bringer {
            resamplers: ratios.into_iter().map(Resampler::new).collect(),
            samples: vec![Vec::new(); self.lanes.len()],
            rate,
            rates: rates.to_owned(),
            until: 0,
        })
    }

    /// Begins a stretch at a sample of the slowest channel at or after `start`, where all channels have samples; returns
    /// whether there may be more.
    pub(super) fn begin_brought(
        &mut self,
        mut bringer: Bringer,
        start: i64,
        sink: JoinedSink<'_>,
    ) -> Result<bool, PredictError> {
        let runs = || self.lanes.iter().map(|lane| &lane.runs[0]);
        let slowest = runs().min_by(|a, b| a.rate.total_cmp(&b.rate));
        let begin = slowest.map_or(start, |run| first_sample(run.start, run.rate, start));
        let end = runs().map(Run::end).min().unwrap_or(0);
        if begin >= end {
            let is_over = |lane: &ChannelQueue| lane.runs[0].end() == end && lane.is_closed();
            let is_over = self.lanes.iter().any(is_over);
            if is_over {
                self.pass(end);
            }
            return Ok(is_over);
        }
        self.pass(begin);
        bringer.until = begin;
        sink(Joined::Begin(begin, bringer.rate))?;
        self.bringer = Some(bringer);
        Ok(true)
    }

    /// Continues the open stretch; returns whether there may be more.
    pub(super) fn continue_brought(&mut self, sink: JoinedSink<'_>) -> Result<bool, PredictError> {
        let Some(mut bringer) = self.bringer.take() else {
            return Ok(true);
        };
        let end = |lane: &ChannelQueue| lane.runs[0].end();
        let until = self.lanes.iter().map(end).min().unwrap_or(0);
        let is_over = |lane: &ChannelQueue| end(lane) == until && lane.is_closed();
        let is_over = self.lanes.iter().any(is_over);
        for (channel, lane) in self.lanes.iter_mut().enumerate() {
            let run = &mut lane.runs[0];
            let n = run.before(until);
            let (resampler, own) = (
                &mut bringer.resamplers[channel],
                &mut bringer.samples[channel],
            );
            resampler.push(&run.samples[run.head..run.head + n], own);
            run.advance(n);
            if is_over {
                resampler.finish(own);
            }
        }
        let seconds = until.saturating_sub(bringer.until).max(0) as f64 / NANOS;
        bringer.until = until;
        let rates = || (0.0, bringer.rates.clone());
        self.counts.brought.get_or_insert_with(rates).0 += seconds;
        bringer.pass_on(sink)?;
        if is_over {
            sink(Joined::End)?;
        } else {
            self.bringer = Some(bringer);
        }
        Ok(is_over)
    }
}

#[cfg(test)]
mod tests {
    use data::recording::{Trace, merge_at};
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn trace(channel: &str, rate: f64, first: i32, n: i32) -> Trace {
        let phase = |i: i32| (0.9 * f64::from(i) / rate).sin() + 0.1 * f64::from(i);
        Trace {
            channel: channel.into(),
            start: i64::from(first) * SECOND / 20,
            rate,
            samples: (0..n).map(phase).collect(),
        }
    }

    proptest! {
        /// Wherever pieces are cut, in whatever portions they come, the stretches equal those of the importer to the bit.
        #[test]
        fn brought_stretches_are_those_of_the_importer(
            pieces in proptest::collection::vec((0i32..400, 1i32..90, 0usize..2), 1..8),
            rates in (0usize..4, 0usize..4),
            portion in 1usize..50,
        ) {
            let rates = [rates.0, rates.1].map(|i| [4.0, 10.0, 20.0, 33.3][i]);
            let mut pieces: Vec<(usize, Trace)> = pieces
                .iter()
                .map(|(first, n, which)| (*which, trace(["A", "B"][*which], rates[*which], *first, *n)))
                .collect();
            pieces.sort_by_key(|(_, trace)| trace.start);
            let traces = pieces.iter().map(|(_, trace)| trace.clone()).collect();
            let Ok(merged) = merge_at(traces, &["A".into(), "B".into()], 10.0) else {
                return Ok(());
            };
            let expected: Vec<_> = merged.stretches.into_iter().map(|own| (own.start, own.channels)).collect();
            let mut found: Vec<(i64, Vec<Vec<f64>>)> = Vec::new();
            let mut sink = |joined: Joined<'_>| {
                match joined {
                    Joined::Begin(start, _) => found.push((start, vec![Vec::new(); 2])),
                    Joined::Samples(slices) => {
                        for (own, slice) in found.last_mut().unwrap().1.iter_mut().zip(slices) {
                            own.extend_from_slice(slice);
                        }
                    }
                    Joined::End => {}
                }
                Ok(())
            };
            let mut joiner = Joiner::new(2).at_rate(10.0);
            for (channel, trace) in &pieces {
                for (i, part) in trace.samples.chunks(portion).enumerate() {
                    joiner.push(*channel, trace.time(i * portion), trace.rate, part);
                    joiner.drain(&mut sink).unwrap();
                }
            }
            joiner.finish(&mut sink).unwrap();
            found.retain(|(_, channels)| !channels[0].is_empty());
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_fast_channel_waits_for_a_slow_one() {
        let mut joiner = Joiner::new(2).at_rate(10.0);
        let mut samples = 0;
        for at in 0..100 {
            joiner.push(0, at * SECOND, 100.0, &[1.0; 100]);
            joiner.push(1, at * SECOND, 1.0, &[1.0]);
            let mut sink = |joined: Joined<'_>| {
                if let Joined::Samples(own) = joined {
                    samples += own[0].len();
                }
                Ok(())
            };
            joiner.drain(&mut sink).unwrap();
        }
        assert!(samples > 850, "{samples}: little is held back");
        assert_eq!(
            joiner.counts().brought,
            Some((100.0, "100 and 1 Hz".into()))
        );
    }
}
