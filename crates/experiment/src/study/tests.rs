use serde_json::json;

use super::*;
use crate::id::IdTemplate;
use crate::metadata::{Metadata, Results};
use crate::test_store::id_parts;

/// A store with a study of two learning rates, three folds and two seeds, and one failed run.
pub(crate) fn study_store() -> (tempfile::TempDir, ExperimentStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = ExperimentStore::new(&folder.path().join("experiments"));
    let mut line = 0;
    for (trial, rate) in [0.001, 0.01].into_iter().enumerate() {
        for fold in 0..3u64 {
            for seed in [1, 2] {
                let right = 5 + 2 * trial as u64 + fold;
                let matrix = [[right, 10 - right], [1 + seed, 9 - seed]];
                let run = Run {
                    line,
                    trial,
                    fold,
                    seed,
                    rate,
                    matrix: Some(matrix),
                };
                run.write(&store);
                line += 1;
            }
        }
    }
    let failed = Run {
        line,
        trial: 2,
        fold: 0,
        seed: 1,
        rate: 0.1,
        matrix: None,
    };
    failed.write(&store);
    let plan = folder.path().join("studies/rates");
    std::fs::create_dir_all(&plan).unwrap();
    std::fs::write(plan.join("plan.jsonl"), "{}\n".repeat(14)).unwrap();
    (folder, store)
}

/// A run of the study.
struct Run {
    line: u32,
    trial: usize,
    fold: u64,
    seed: u64,
    rate: f64,
    /// Its confusion matrix; `None` if it failed.
    matrix: Option<[[u64; 2]; 2]>,
}

impl Run {
    fn write(self, store: &ExperimentStore) {
        let Self {
            line,
            trial,
            fold,
            seed,
            rate,
            matrix,
        } = self;
        let parts = id_parts(line, 2);
        let other = json!({
            "study": "rates", "study_line": line, "trial": trial, "fold_name": format!("pass {fold}"),
            "varied": {"learning_rate": rate},
        });
        let mut metadata = Metadata {
            seed: Some(seed),
            class_names: vec!["background".into(), "vehicle".into()],
            other: other.as_object().cloned().unwrap(),
            ..Default::default()
        };
        metadata.model_info.kind = "simple_cnn".into();
        metadata.training_config.learning_rate = rate;
        metadata.dataset_info.train_size = 80;
        metadata.dataset_info.test_size = 20;
        let mut experiment = store
            .claim(&IdTemplate::default(), parts, metadata, &[])
            .unwrap();
        let recipe = json!({"version": 1, "model": "simple_cnn", "learning_rate": rate, "seed": seed, "epochs": 2,
            "plateau": {"patience": 3, "factor": 0.5}, "task": "vehicles", "dataset_config": "/data/config.yaml",
            "fold": {"k": 3, "index": fold, "seed": 0}, "data": {"class_names": []}});
        experiment
            .save("recipe.json", recipe.to_string().as_bytes())
            .unwrap();
        let status = match matrix {
            Some(_) => Status::Completed,
            None => Status::Failed,
        };
        let finished = experiment.finish(status, |metadata| {
            let Some(matrix) = matrix else { return };
            let rows = matrix.map(|row| row.to_vec()).to_vec();
            let scores = json!({
                "f1_macro": pooled::macro_f1(&rows), "accuracy": pooled::accuracy(&rows), "loss": 0.5,
                "confusion_matrix": matrix,
            });
            let scores = scores.as_object().cloned().unwrap();
            metadata.results = Some(Results {
                validation: scores.clone(),
                test: scores,
                ..Default::default()
            });
        });
        finished.unwrap();
    }
}

#[test]
fn trials_pool_their_folds() {
    let (_folder, store) = study_store();
    let study = Study::read(&store, "rates").unwrap();
    assert_eq!((study.runs.len(), study.planned), (12, Some(14)));
    assert_eq!(study.others, BTreeMap::from([("failed".to_owned(), 1)]));
    assert_eq!(study.parameters(), ["learning_rate"]);
    let trials = study.trials();
    assert_eq!(trials[0].varied["learning_rate"], json!(0.01));
    let pooled = trials[0].pooled.as_ref().unwrap();
    // Class 0: (7 + 8 + 9) of 30 in each seed. Class 1: (8 + 7) * 3 of 60 over both seeds.
    assert_eq!(pooled.matrix, [[48, 12], [15, 45]]);
    // scikit-learn: f1_score(average="macro") of [[24, 6], [6, 24]] and [[24, 6], [9, 21]].
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    close(pooled.f1[0], 0.8);
    close(pooled.f1[1], 0.749_373_433_583_959_9);
    close(pooled.accuracy[1], 0.75);
    // Two seeds give two values, whatever the number of folds.
    assert_eq!(trials[0].sample("test_f1").unwrap().count, 2);
    let folds = trials[0].by_fold();
    assert_eq!(folds.len(), 3);
    assert_eq!(
        (folds[0].fold.as_str(), folds[0].windows, folds[0].runs),
        ("pass 0", 20, 2)
    );
    close(folds[0].accuracy.unwrap().mean, (15.0 + 14.0) / 40.0);
}

#[test]
fn folds_that_are_missing_are_not_pooled() {
    let (_folder, store) = study_store();
    let mut study = Study::read(&store, "rates").unwrap();
    study.runs.remove(0);
    assert!(study.trials().iter().any(|trial| trial.pooled.is_none()));
    let problem = Study::read(&store, "rate").unwrap_err().to_string();
    assert!(
        problem.contains("no experiment of a study `rate`"),
        "{problem}"
    );
    assert!(problem.contains("there are rates"), "{problem}");
}
