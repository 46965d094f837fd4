//! Any bytes as a recording: an error or samples, never more than the bytes can hold.
#![no_main]

use data::recording::{self, Hints, merge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Parquet has its own target.
    if bytes.starts_with(b"PAR1") {
        return;
    }
    // Tables of CSS 3.0 name files of samples.
    let folder = Some("../tests/fixtures/css".into());
    let hints = Hints { sampling_rate: Some(100.0), start: None, folder, ..Default::default() };
    for ending in ["csv", "dat"] {
        if let Ok(contents) = recording::parse(bytes, ending, &hints) {
            let traces = contents.traces;
            let names: Vec<String> = traces.iter().map(|trace| trace.channel.clone()).collect();
            let _ = merge(traces, &names);
        }
    }
});
