//! For benchmarks: `reading write N SHARDS FOLDER` repeats the demo's windows into TFRecord shards with a configuration,
//! `reading read FILE...` reads sources as fast as it can and prints windows/s as JSON.

use std::path::Path;
use std::time::Instant;

use data::reader::{self, Record, TfrecordWriter};
use data::{DataError, demo};

fn main() -> Result<(), DataError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", windows, shards, folder] => {
            let number = |text: &str| text.parse().expect("a number");
            write(number(windows), number(shards), Path::new(folder))
        }
        ["read", ref files @ ..] if !files.is_empty() => {
            let started = Instant::now();
            let mut windows = 0;
            for file in files {
                reader::read(Path::new(file), &Default::default(), &mut |_| {
                    windows += 1;
                    Ok(())
                })?;
            }
            let rate = f64::from(windows) / started.elapsed().as_secs_f64();
            println!("{{\"windows\": {windows}, \"windows_per_s\": {rate:.0}}}");
            Ok(())
        }
        _ => {
            eprintln!("usage: reading write N SHARDS FOLDER | reading read FILE...");
            std::process::exit(2);
        }
    }
}

fn write(windows: usize, shards: usize, folder: &Path) -> Result<(), DataError> {
    let config = demo::ensure(folder)?;
    let demo_folder = config.parent().expect("a file in the demo's folder");
    let mut records: Vec<Record> = Vec::new();
    reader::read(
        &demo_folder.join("train.tfrecord"),
        &Default::default(),
        &mut |record| {
            records.push(record);
            Ok(())
        },
    )?;
    let mut index = String::new();
    for shard in 0..shards {
        let name = format!("train-{shard:03}.tfrecord");
        let mut writer = TfrecordWriter::create(&demo_folder.join(&name))?;
        for i in windows * shard / shards..windows * (shard + 1) / shards {
            writer.write(&records[i % records.len()])?;
        }
        writer.finish()?;
        index.push_str(&name);
        index.push('\n');
    }
    let path = demo_folder.join("train_index.txt");
    std::fs::write(&path, index).map_err(|source| DataError::Write { path, source })
}
