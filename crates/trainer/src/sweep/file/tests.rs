use super::*;

fn read(text: impl AsRef<[u8]>) -> Result<SweepFile, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernels.yaml");
    std::fs::write(&path, text).unwrap();
    SweepFile::load(&path).map_err(|error| {
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    })
}

#[test]
fn a_grid_over_seeds() {
    let file = read(
        "base: {epochs: 2, dataset_config: data/config.yaml}\n\
         vary:\n  model: [ultra_lightweight_cnn, simple_cnn]\n  \
         learning_rate: {log_uniform: [1e-4, 1e-2], steps: 3}\n  \
         plateau.factor: {choice: [0.3, 0.5], when: {model: simple_cnn}}\n\
         seeds: 2\nslurm: {partition: cpu, time: '01:00:00', array_limit: 8}\n",
    )
    .unwrap();
    assert_eq!(file.name, "kernels");
    assert_eq!(file.seeds, [42, 43]);
    assert_eq!(file.trials.len(), 3 + 6);
    assert_eq!(file.recipes[1].learning_rate, 1e-3);
    assert_eq!(file.recipes[8].plateau.factor, 0.5);
    assert!(file.recipes.iter().all(|recipe| recipe.epochs == 2));
    let config = file.recipes[0].dataset_config.clone().unwrap();
    assert!(config.ends_with("data/config.yaml") && config.is_absolute());
    assert_eq!(file.slurm.array_limit, Some(8));
    assert_eq!(
        shown(&file.trials[0]),
        "model=ultra_lightweight_cnn, learning_rate=0.0001"
    );
}

#[test]
fn random_draws_whole_numbers_where_the_recipe_has_them() {
    let file = read(
        "method: random\ntrials: 20\nvary:\n  batch_size: {uniform: [8, 64]}\n  weight_decay: {uniform: [0, 1]}\n",
    )
    .unwrap();
    assert_eq!(file.recipes.len(), 20);
    assert!(
        file.recipes
            .iter()
            .all(|r| (8..=64).contains(&r.batch_size))
    );
    assert!(file.recipes.iter().any(|r| r.decay().fract() != 0.0));
}

/// As editors and shells of Windows write it.
#[test]
fn texts_of_other_systems() {
    let text = "seeds: 2\r\nbase: {epochs: 3}\r\n";
    let marked = format!("\u{feff}{text}");
    let wide: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), marked.as_bytes(), &wide] {
        let file = read(bytes).unwrap();
        assert_eq!((file.seeds.len(), file.recipes[0].epochs), (2, 3));
    }
    let error = read(&wide[2..]).unwrap_err();
    assert!(
        error.contains("looks like UTF-16 without a byte-order mark"),
        "{error}"
    );
    assert_eq!(
        read("x-common: &c {epochs: 3}\nseeds: 2\nbase: *c")
            .unwrap()
            .recipes[0]
            .epochs,
        3
    );
}

#[test]
fn what_is_wrong_is_named() {
    for (text, expected) in [
        (
            "vary: {learning_rat: [0.1]}",
            "there is no parameter `learning_rat`",
        ),
        (
            "base: {epoch: 3}\nseeds: 2",
            "`base`: there is no parameter `epoch`",
        ),
        (
            "vary: {learning_rate: []}",
            "`learning_rate`: the list is empty",
        ),
        ("vary: {learning_rate: 0.1}", "0.1 is one value"),
        ("vary: {learning_rate: [0.1, 0.1]}", "is listed twice"),
        (
            "vary: {learning_rate: {uniform: [0.1, 1]}}",
            "is a range: add `steps: N`",
        ),
        (
            "vary: {learning_rate: {log_uniform: [0, 1]}}",
            "must start above 0",
        ),
        ("vary: {learning_rate: {uniform: [1, 0]}}", "is not a range"),
        (
            "vary: {learning_rate: {unifrom: [0, 1]}}",
            "unknown field `unifrom`",
        ),
        (
            "vary: {learning_rate: [0.1, -1]}",
            "learning_rate=-1: `learning_rate` is -1: it must be greater than 0",
        ),
        (
            "vary: {warmup: {choice: [0.1], when: {schedul: cosine}}}",
            "its condition names `schedul`",
        ),
        (
            "method: random\nvary: {warmup: {uniform: [0, 1]}}",
            "needs `trials: N`",
        ),
        (
            "method: random\ntrials: 3\nvary: {warmup: [0, 1]}",
            "only about 2",
        ),
        (
            "trials: 3\nvary: {warmup: [0, 1]}",
            "is for `method: random`",
        ),
        ("seeds: []", "`seeds` is empty"),
        ("seeds: [1, 1]", "contains a seed twice"),
        ("seeds: 2\nvary: {seed: [1, 2]}", "remove one of them"),
        ("base: {epochs: 2}", "nothing varies"),
        ("", "nothing varies"),
        ("name: a/b\nseeds: 2", "is not a valid study name"),
        ("sedes: 2", "unknown field `sedes`"),
    ] {
        let problem = read(text).unwrap_err();
        assert!(problem.contains(expected), "{text}: {problem}");
        assert!(problem.contains("kernels.yaml: "), "{problem}");
    }
}

#[test]
fn values_are_there_once_and_are_numbers() {
    for (text, expected) in [
        (
            "seeds: 2\nvary:\n  warmup: [0, 1]\n  epochs: [1]\n  warmup: [0]",
            "`vary.warmup` is there more than once, in lines 3 and 5",
        ),
        (
            "seeds: 2\nbase: {learning_rate: .nan}",
            "base.learning_rate: NaN is no finite number at line 2 column 23",
        ),
        (
            "vary: {learning_rate: [0.1, -.inf]}",
            "vary.learning_rate[1]: -inf is no finite number at line 1",
        ),
        (
            "seeds: 2\nfolds: .nan",
            "folds: NaN is no finite number at line 2",
        ),
        (
            "vary: {learning_rate: ['1e-3', 0.1]}",
            "`learning_rate`: expected a number, and found the text \"1e-3\": write 1e-3 without quotation marks",
        ),
        (
            "seeds: 2\nbase: {epochs: 1_000}",
            "expected a whole number, 0 or more, and found the text \"1_000\": write 1000 without quotation marks",
        ),
    ] {
        let problem = read(text).unwrap_err();
        assert!(problem.contains(expected), "{text}: {problem}");
        assert!(problem.contains("kernels.yaml: "), "{problem}");
    }
}
