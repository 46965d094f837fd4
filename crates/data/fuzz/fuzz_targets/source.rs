//! Any bytes as a sample source, by each ending: an error or records.
#![no_main]

use std::path::PathBuf;

use data::reader::{self, Wanted};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let wanted = Wanted { label: "vehicle_type".into(), ..Default::default() };
    // Archives are of PyTorch or NumPy, and nothing says which but their names.
    let endings: &[&str] = if bytes.starts_with(b"PK") { &["pt", "npz"] } else { &["pt", "tfrecord"] };
    for ending in endings {
        let path = PathBuf::from(format!("/dev/shm/data-fuzz-{}.{ending}", std::process::id()));
        std::fs::write(&path, bytes).expect("memory can be written");
        let _ = reader::read(&path, &wanted, &mut |record| {
            assert_eq!(record.values.len(), record.shape.iter().product::<usize>());
            Ok(())
        });
    }
});
