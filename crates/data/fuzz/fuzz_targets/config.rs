//! Any text as a configuration.
#![no_main]

use std::path::Path;

use data::DatasetConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = DatasetConfig::parse(text, Path::new("/data/config.yaml"), None);
});
