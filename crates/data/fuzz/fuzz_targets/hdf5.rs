//! Any bytes as the waveforms of a SeisBench dataset: an error or traces.
#![no_main]

use std::path::PathBuf;
use std::sync::Once;

use data::recording::SeisBench;
use libfuzzer_sys::fuzz_target;

const METADATA: &[u8] = include_bytes!("../../tests/fixtures/recordings/seisbench/metadata.csv");

static METADATA_WRITTEN: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    let folder = PathBuf::from(format!("/dev/shm/data-fuzz-{}", std::process::id()));
    METADATA_WRITTEN.call_once(|| {
        std::fs::create_dir_all(&folder).expect("memory can be written");
        std::fs::write(folder.join("metadata.csv"), METADATA).expect("memory can be written");
    });
    std::fs::write(folder.join("waveforms.hdf5"), bytes).expect("memory can be written");
    if let Ok(mut seisbench) = SeisBench::open(&folder, "") {
        for row in 0..seisbench.len().min(4) {
            let _ = seisbench.traces(row);
        }
    }
});
