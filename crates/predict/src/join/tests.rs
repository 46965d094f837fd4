use super::*;
use data::recording::{Trace, merge, merge_at};
use data::signal::Resampler;
use proptest::prelude::*;

/// Start and samples of a stretch.
type Stretch = (i64, Vec<Vec<f64>>);

/// Joins pieces of two channels.
fn joined(pieces: &[(usize, Trace)]) -> (Vec<Stretch>, JoinCounts) {
    let mut joiner = Joiner::new(2);
    let mut found: Vec<Stretch> = Vec::new();
    let mut sink = |event: JoinerEvent<'_>| {
        match event {
            JoinerEvent::Begin(start, _) => found.push((start, vec![Vec::new(); 2])),
            JoinerEvent::Samples(slices) => {
                for (channel, slice) in found.last_mut().unwrap().1.iter_mut().zip(slices) {
                    channel.extend_from_slice(slice);
                }
            }
            JoinerEvent::BeginApart(..) | JoinerEvent::End => {}
        }
        Ok(())
    };
    for (channel, trace) in pieces {
        joiner.push(*channel, trace.start, trace.rate, &trace.samples);
        joiner.drain(&mut sink).unwrap();
    }
    joiner.finish(&mut sink).unwrap();
    (found, joiner.counts)
}

/// Samples whose values are their times in tenths of a second.
fn trace(channel: &str, samples: std::ops::Range<i32>) -> Trace {
    Trace {
        channel: channel.into(),
        start: i64::from(samples.start) * 100_000_000,
        rate: 10.0,
        samples: samples.map(f64::from).collect(),
    }
}

#[test]
fn gaps_end_stretches_and_repeated_samples_are_dropped() {
    let pieces = [
        (0, trace("Z", 0..50)),
        (1, trace("E", 10..220)),
        (0, trace("Z", 40..100)),
        (0, trace("Z", 200..250)),
    ];
    let (found, counts) = joined(&pieces);
    let spans: Vec<(i64, usize)> = found
        .iter()
        .map(|(start, channels)| (start / 1_000_000_000, channels[0].len()))
        .collect();
    assert_eq!(spans, [(1, 90), (20, 20)]);
    assert_eq!((counts.gaps, counts.missing, counts.repeated), (1, 100, 10));
    for (start, channels) in &found {
        assert_eq!(channels[0], channels[1]);
        assert_eq!(channels[0][0], *start as f64 / 1e8);
    }
}

#[test]
fn samples_that_are_no_numbers_are_gaps() {
    let mut damaged = trace("Z", 0..50);
    damaged.samples[20] = f64::NAN;
    damaged.samples[30] = 1e20;
    let (found, counts) = joined(&[(0, damaged), (1, trace("E", 0..50))]);
    let spans: Vec<usize> = found
        .iter()
        .map(|(_, channels)| channels[0].len())
        .collect();
    assert_eq!(spans, [20, 9, 19]);
    assert_eq!((counts.gaps, counts.not_numbers), (2, 2));
}

/// Fill values are gaps as for the import, however the samples are cut; the limit of integers may be a measurement.
#[test]
fn fill_values_are_gaps() {
    let (lowest, highest) = (f64::from(i32::MIN), f64::from(i32::MAX));
    let mut damaged = trace("Z", 0..50);
    damaged.samples[20] = lowest;
    damaged.samples[30] = highest;
    let mut loud = trace("E", 0..50);
    loud.samples[10] = 2e9;
    loud.samples[40] = highest;
    let parts = |trace: &Trace, which: usize, chunk: usize| -> Vec<(usize, Trace)> {
        let chunks = trace.samples.chunks(chunk).enumerate();
        let part = |(i, samples): (usize, &[f64])| Trace {
            start: trace.time(i * chunk),
            samples: samples.to_vec(),
            ..trace.clone()
        };
        chunks.map(|numbered| (which, part(numbered))).collect()
    };
    for chunk in [1, 7, 50] {
        let mut pieces = parts(&damaged, 0, chunk);
        pieces.extend(parts(&loud, 1, chunk));
        pieces.sort_by_key(|(_, trace)| trace.start);
        let (found, counts) = joined(&pieces);
        let spans = found.iter().map(|(_, channels)| channels[0].len());
        assert_eq!(spans.collect::<Vec<_>>(), [20, 9, 19], "{chunk}");
        assert_eq!(counts.not_numbers, 2);
        assert_eq!(found[2].1[1][9], highest);
    }
}

#[test]
fn a_silent_channel_holds_nothing_up_once_it_is_passed() {
    let mut joiner = Joiner::new(2);
    let mut ended = 0;
    for at in 0..1000 {
        joiner.push(0, at * 1_000_000_000, 10.0, &[0.0; 10]);
        if at < 10 {
            joiner.push(1, at * 1_000_000_000, 10.0, &[0.0; 10]);
        }
        joiner.passed(1, (at - 5) * 1_000_000_000);
        joiner
            .drain(&mut |event| {
                ended += usize::from(event == JoinerEvent::End);
                Ok(())
            })
            .unwrap();
    }
    assert_eq!(ended, 1);
    assert!(joiner.lanes[0].available() <= 61, "memory is bounded");
}

#[test]
fn clocks_that_drift_apart_end_stretches() {
    let clock = |rate: f64| Trace {
        channel: "A".into(),
        start: 0,
        rate,
        samples: (0..50_000).map(|i| f64::from(i) / rate).collect(),
    };
    let (found, _) = joined(&[(0, clock(100.0)), (1, clock(99.995))]);
    assert_eq!(found.len(), 5);
    for (_, channels) in &found {
        for (a, b) in channels[0].iter().zip(&channels[1]) {
            assert!((a - b).abs() <= 0.0101);
        }
    }
    let (found, counts) = joined(&[(0, clock(100.0)), (1, clock(50.0))]);
    assert!(found.is_empty());
    assert_eq!(counts.apart, Some((500.0, "100 and 50 Hz".into())));
}

proptest! {
    /// However the pieces are cut, the stretches equal those of the importer.
    #[test]
    fn stretches_are_those_of_the_importer(pieces in proptest::collection::vec((0i32..300, 1i32..80, 0usize..2), 1..12)) {
        let mut pieces: Vec<(usize, Trace)> = pieces
            .iter()
            .map(|(first, n, which)| (*which, trace(["A", "B"][*which], *first..first + n)))
            .collect();
        pieces.sort_by_key(|(_, trace)| trace.start);
        let traces = pieces.iter().map(|(_, trace)| trace.clone()).collect();
        if let Ok(merged) = merge(traces, &["A".into(), "B".into()]) {
            let expected: Vec<_> = merged.stretches.into_iter().map(|stretch| (stretch.start, stretch.channels)).collect();
            prop_assert_eq!(joined(&pieces).0, expected);
        }
    }
}

/// A sine sampled at `rate` Hz from `start`.
fn sine(channel: &str, rate: f64, start: f64, n: usize) -> Trace {
    let value = |i: usize| (3.0 * (start + i as f64 / rate)).sin();
    Trace {
        channel: channel.into(),
        start: (start * NANOS).round() as i64,
        rate,
        samples: (0..n).map(value).collect(),
    }
}

/// Joins pieces of two channels; resamples pieces of different rates to `rate`.
fn resampled(pieces: &[(usize, Trace)], rate: f64) -> (Vec<Stretch>, JoinCounts) {
    let mut joiner = Joiner::new(2).resampled_to(rate);
    let mut resamplers: Vec<Resampler> = Vec::new();
    let mut found: Vec<Stretch> = Vec::new();
    let mut sink = |event: JoinerEvent<'_>| {
        match event {
            JoinerEvent::Begin(start, _) => {
                resamplers.clear();
                found.push((start, vec![Vec::new(); 2]));
            }
            JoinerEvent::BeginApart(start, rates) => {
                let ratios = rates
                    .iter()
                    .map(|input_rate| Ratio::of_rates(*input_rate, rate).unwrap());
                resamplers = ratios.map(Resampler::new).collect();
                found.push((start, vec![Vec::new(); 2]));
            }
            JoinerEvent::Samples(slices) => {
                let channels = &mut found.last_mut().unwrap().1;
                for (i, (channel, slice)) in channels.iter_mut().zip(slices).enumerate() {
                    match resamplers.get_mut(i) {
                        Some(resampler) => resampler.push(slice, channel),
                        None => channel.extend_from_slice(slice),
                    }
                }
            }
            JoinerEvent::End => {
                let channels = &mut found.last_mut().unwrap().1;
                for (channel, resampler) in channels.iter_mut().zip(&mut resamplers) {
                    resampler.finish(channel);
                }
                let shortest = channels.iter().map(Vec::len).min().unwrap();
                channels
                    .iter_mut()
                    .for_each(|channel| channel.truncate(shortest));
            }
        }
        Ok(())
    };
    for (channel, trace) in pieces {
        joiner.push(*channel, trace.start, trace.rate, &trace.samples);
        joiner.drain(&mut sink).unwrap();
    }
    joiner.finish(&mut sink).unwrap();
    found.retain(|(_, channels)| !channels[0].is_empty());
    (found, joiner.counts)
}

#[test]
fn channels_of_different_rates_are_one_stretch() {
    let pieces = [
        (0, sine("A", 100.0, 0.0, 1000)),
        (1, sine("B", 40.0, 0.001, 401)),
        (0, sine("A", 100.0, 12.0, 500)),
    ];
    let (found, counts) = resampled(&pieces, 50.0);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0, found[0].1[1].len()), (1_000_000, 500));
    let off = found[0].1[0].iter().zip(&found[0].1[1]);
    let off = off.skip(20).take(450).map(|(a, b)| (a - b).abs());
    assert!(off.fold(0.0, f64::max) < 0.02);
    let (seconds, rates) = counts.resampled.unwrap();
    assert_eq!((seconds.round(), &*rates), (10.0, "100 and 40 Hz"));
    assert_eq!(counts.apart, None);
}

proptest! {
    /// Channels of different rates, with gaps and any cuts, give the same bits as the importer.
    #[test]
    fn resampled_stretches_are_those_of_the_importer(
        rates in proptest::sample::select(vec![[100.0, 50.0], [50.0, 100.0], [40.0, 100.0], [99.7, 250.0], [100.0, 100.0]]),
        pieces in proptest::collection::vec((0u32..3000, 1usize..300, 0usize..2), 1..10),
        chunk in 1usize..200,
    ) {
        // Overlapping traces of one channel are cut at the end of the earlier one, on the same clock.
        let mut ends = [0.0f64; 2];
        let mut traces: Vec<(usize, Trace)> = Vec::new();
        let mut sorted = pieces;
        sorted.sort_unstable();
        for (start, n, which) in sorted {
            let start = (f64::from(start) / 100.0).max(ends[which]);
            let trace = sine(["A", "B"][which], rates[which], start, n);
            ends[which] = start + (n as f64 + 1.7) / rates[which];
            traces.push((which, trace));
        }
        traces.sort_by_key(|(_, trace)| trace.start);
        let whole: Vec<Trace> = traces.iter().map(|(_, trace)| trace.clone()).collect();
        let mut parts = Vec::new();
        for (which, trace) in &traces {
            for (i, samples) in trace.samples.chunks(chunk).enumerate() {
                parts.push((*which, Trace {
                    start: trace.time(i * chunk),
                    samples: samples.to_vec(),
                    ..trace.clone()
                }));
            }
        }
        parts.sort_by_key(|(_, trace)| trace.start);
        if let Ok(merged) = merge_at(whole, &["A".into(), "B".into()], 80.0) {
            let expected: Vec<_> = merged.stretches.into_iter().map(|stretch| (stretch.start, stretch.channels)).collect();
            prop_assert_eq!(resampled(&traces, 80.0).0, expected.clone());
            prop_assert_eq!(resampled(&parts, 80.0).0, expected);
        }
    }
}
