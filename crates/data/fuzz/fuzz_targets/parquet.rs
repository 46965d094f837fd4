//! Any bytes as a Parquet table, of samples or of runs: an error or what is in it.
#![no_main]

use std::path::PathBuf;

use data::recording::{self, Hints};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let hints = Hints { sampling_rate: Some(100.0), start: None, ..Default::default() };
    if bytes.starts_with(b"PAR1") {
        let _ = recording::parse(bytes, "parquet", &hints);
    }
    let path = PathBuf::from(format!("/dev/shm/data-fuzz-{}.parquet", std::process::id()));
    std::fs::write(&path, bytes).expect("memory can be written");
    let _ = recording::runs(&path);
});
