//! Records the compiler and the Burn version of this build, for `metadata.json`.

use std::path::Path;
use std::process::Command;

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    println!(
        "cargo:rustc-env=RUSTC_VERSION={}",
        version.unwrap_or_default()
    );

    // Not `env!`: the script may be compiled in another checkout with the same target folder.
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let lock = Path::new(&folder).join("../../Cargo.lock");
    println!("cargo:rerun-if-changed={}", lock.display());
    println!("cargo:rerun-if-changed=build.rs");
    let lock = std::fs::read_to_string(lock).unwrap_or_default();
    let burn = lock.split("name = \"burn\"\nversion = \"").nth(1);
    let burn = burn
        .and_then(|rest| rest.split('"').next())
        .unwrap_or("unknown");
    println!("cargo:rustc-env=BURN_VERSION={burn}");
}
