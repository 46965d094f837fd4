//! Batches: from memory, streamed, augmented.

use data::{Storage, batch};

use super::*;

#[test]
fn streamed_batches_are_those_in_memory_to_the_bit() {
    let project = Project::new();
    let config = DatasetConfig::load(&project.path("config.yaml"), None).unwrap();
    for normalisation in [
        Normalisation::Sample,
        Normalisation::Dataset,
        Normalisation::Batch,
        Normalisation::None,
    ] {
        let open = |storage| Dataset::open(&config, normalisation, storage).unwrap();
        let (memory, streamed) = (open(Storage::Memory), open(Storage::Streamed));
        assert_eq!(memory.preprocessing, streamed.preprocessing);
        assert_eq!(memory.train.fingerprint, streamed.train.fingerprint);
        assert_eq!(memory.train.y, streamed.train.y);
        assert!(memory.train.inputs().is_some() && streamed.train.inputs().is_none());
        let order = batch::shuffled(memory.train.len(), 5, 0);
        let collect = |dataset: &Dataset| {
            let mut batches = Vec::new();
            let lists = order.chunks(3);
            batch::for_each(&dataset.train, &dataset.preprocessing, lists, |batch| {
                batches.push(batch);
                true
            })
            .unwrap();
            batches
        };
        assert_eq!(collect(&memory), collect(&streamed), "{normalisation}");
        let windows = open(Storage::Windows);
        assert_eq!(
            windows.preprocessing, memory.preprocessing,
            "{normalisation}"
        );
        assert!(windows.train.inputs().is_none());
        assert_eq!(collect(&memory), collect(&windows), "{normalisation}");
        assert_eq!(windows.val, memory.val, "only training windows are kept");
        // Subsets work with every kind of storage.
        let part = [3, 1, 4];
        for dataset in [&memory, &streamed, &windows] {
            let subset = dataset.train.subset(&part);
            assert_eq!(subset.y, part.map(|i| dataset.train.y[i]));
            let fetch = |split, indices: &[usize]| {
                batch::Fetcher::new(split, &dataset.preprocessing)
                    .fetch(indices)
                    .unwrap()
            };
            assert_eq!(fetch(&subset, &[0, 2]), fetch(&dataset.train, &[3, 4]));
        }
    }
}

/// How a window is augmented depends only on the seed, the epoch and its position in the epoch, not on storage, batches
/// or the starting position.
#[test]
fn augmented_batches_depend_on_seed_and_place_alone() {
    let project = Project::new();
    let config = DatasetConfig::load(&project.path("config.yaml"), None).unwrap();
    let open = |storage| Dataset::open(&config, Normalisation::Dataset, storage).unwrap();
    let (windows, streamed, plain) = (
        open(Storage::Windows),
        open(Storage::Streamed),
        open(Storage::Memory),
    );
    let background = data::Background {
        class: "x".into(),
        probability: 0.5,
        snr_db: [0.0, 10.0],
    };
    let mut augmentation = data::Augmentation::preset("field").unwrap();
    augmentation.background = Some(background);
    let order = batch::shuffled(windows.train.len(), 5, 0);
    let collect = |dataset: &Dataset, size: usize, first: usize, epoch: u64| {
        let augmenting = batch::Augmenting {
            augmentation: &augmentation,
            background: Some(0),
            seed: 1,
            epoch,
            first,
        };
        let mut x = Vec::new();
        let lists = order[first..].chunks(size);
        batch::for_each_augmented(
            &dataset.train,
            &dataset.preprocessing,
            Some(augmenting),
            lists,
            |batch| {
                x.extend(batch.x);
                true
            },
        )
        .unwrap();
        x
    };
    let all = collect(&windows, 3, 0, 0);
    assert_eq!(all, collect(&streamed, 5, 0, 0));
    let length = windows.train.sample_length();
    assert_eq!(all[4 * length..], collect(&windows, 2, 4, 0)[..]);
    assert_ne!(all, collect(&windows, 3, 0, 1));
    let unchanged = batch::Fetcher::new(&plain.train, &plain.preprocessing)
        .fetch(&order)
        .unwrap();
    assert_ne!(all, unchanged.x);
    let error = batch::check_augmentable(&plain.train, &plain.preprocessing);
    assert!(error.is_ok(), "inputs in memory are not asked for windows");
}

/// Windows and the segments cut from them give the same inputs after augmentation and preprocessing.
#[test]
fn segments_of_windows_are_augmented_like_windows() {
    let cut = |record: &Record| {
        let channels = record.values.chunks_exact(64);
        let values = channels.flat_map(|c| (0..7).flat_map(move |i| &c[i * 8..i * 8 + 16]));
        Record {
            values: values.copied().collect(),
            shape: vec![2, 7, 16],
            ..record.clone()
        }
    };
    let inputs = |segments: bool| {
        let project = Project::new();
        for split in ["train", "val"] {
            let of = |i| record(i, (i % 3) as i64, &[2, 64], &split[..1]);
            let records = (0..6).map(of);
            project.source(
                split,
                records
                    .map(|r| if segments { cut(&r) } else { r })
                    .collect(),
            );
        }
        let text = std::fs::read_to_string(project.path("config.yaml")).unwrap();
        project.file("config.yaml", &(text + "preprocessing: [detrend]\n"));
        let config = DatasetConfig::load(&project.path("config.yaml"), None).unwrap();
        let dataset = Dataset::open(&config, Normalisation::None, Storage::Windows).unwrap();
        batch::check_augmentable(&dataset.train, &dataset.preprocessing).unwrap();
        let augmentation = data::Augmentation::preset("field").unwrap();
        let augmenting = batch::Augmenting {
            augmentation: &augmentation,
            background: None,
            seed: 3,
            epoch: 1,
            first: 0,
        };
        let fetcher = batch::Fetcher::new(&dataset.train, &dataset.preprocessing);
        fetcher
            .augmented(Some(augmenting))
            .fetch(&[5, 1, 3])
            .unwrap()
    };
    assert_eq!(inputs(true), inputs(false));
}

#[test]
fn a_source_that_changes_under_a_streamed_training_is_named() {
    let project = Project::new();
    let config = DatasetConfig::load(&project.path("config.yaml"), None).unwrap();
    let dataset = Dataset::open(&config, Normalisation::None, Storage::Streamed).unwrap();
    let path = project.path("train.tfrecord");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let mut fetcher = batch::Fetcher::new(&dataset.train, &dataset.preprocessing);
    assert!(fetcher.fetch(&[0]).is_ok());
    let error = fetcher.fetch(&[dataset.train.len() - 1]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("train.tfrecord, record 5: damaged"),
        "{error}"
    );
}
