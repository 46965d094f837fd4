//! All integration tests as one program: every program would be linked, and generic code optimised, once more.

mod amplitudes;
mod bands;
mod cli;
mod dataset;
mod formats;
mod import;
mod import_times;
mod miniseed;
mod pt;
mod recordings;
mod sac;
mod seisbench;
mod signal;
mod tables;
mod tensorflow;
mod untrusted;
mod wav;

/// A file that is not listed above would never run.
#[test]
fn every_file_is_part_of_this_program() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let listed = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(module) = name.strip_suffix(".rs").filter(|name| *name != "main") {
            let line = format!("mod {module};");
            assert!(listed.lines().any(|own| own == line), "add `{line}`");
        }
    }
}
