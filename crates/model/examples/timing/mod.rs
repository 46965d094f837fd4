//! Timing that examples of several crates share, so that their numbers can stand side by side.

use std::time::Instant;

/// Prints the median of single calls in microseconds and samples/s over `seconds`, after a warm-up.
pub fn calls(batch: usize, seconds: f64, mut call: impl FnMut(usize)) {
    (0..(500 / batch).max(5)).for_each(&mut call);
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed().as_secs_f64() < seconds {
        let started = Instant::now();
        call(times.len());
        times.push(started.elapsed().as_secs_f64());
    }
    let rate = (batch * times.len()) as f64 / times.iter().sum::<f64>();
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2] * 1e6;
    println!("{{\"median_us\": {median:.2}, \"rate\": {rate:.0}}}");
}
