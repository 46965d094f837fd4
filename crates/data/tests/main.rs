//! All integration tests in one program: each further program would have to be linked, and its generic code optimised
//! again.

mod ah_suds;
mod amplitudes;
mod bands;
mod cli;
mod conformance;
mod css;
mod dataset;
mod evt;
mod formats;
mod gse_gcf;
mod handler;
mod import;
mod import_times;
mod miniseed;
mod pdas;
mod pt;
mod recordings;
mod reftek;
mod rg16;
mod sac;
mod seg2;
mod segy;
mod seisan;
mod seisbench;
mod signal;
mod strong_motion;
mod tables;
mod tensorflow;
mod to_hdf;
mod untrusted;
mod wav;
mod win;
mod y;

/// A test file must be listed above, or in the file that its folder is named after; otherwise it would never run.
#[test]
fn every_file_is_part_of_this_program() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for parent in ["main", "dataset", "import", "untrusted"] {
        let listed = std::fs::read_to_string(root.join(format!("{parent}.rs"))).unwrap();
        let folder = if parent == "main" {
            root.clone()
        } else {
            root.join(parent)
        };
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if let Some(module) = name.strip_suffix(".rs").filter(|name| *name != "main") {
                let line = format!("mod {module};");
                assert!(
                    listed.lines().any(|declared| declared == line),
                    "add `{line}` to {parent}.rs"
                );
            }
        }
    }
}
