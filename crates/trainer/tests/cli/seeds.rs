//! A seed always gives the same result, whatever else runs and however it is computed.

use super::*;

#[test]
fn two_processes_in_one_second_make_two_whole_experiments() {
    let place = Place::new();
    let spawn = || {
        let mut command = place.command(&QUICK);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children = [spawn(), spawn()];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("test split: accuracy"));
        let progress = text(&output.stderr);
        assert!(progress.contains("epoch   2/2  loss "), "{progress}");
        assert!(progress.contains("simulation"), "the demo says what it is");
    }
    let found = place.found();
    assert_eq!(found.len(), 2);
    found
        .iter()
        .for_each(|experiment| assert_complete(experiment, "completed"));
    let [a, b] = [0, 1].map(|i| metadata(&found[i]));
    assert_eq!(a["results"], b["results"], "one seed, one result");
    assert_eq!(a["training_config"], b["training_config"]);
}

#[test]
fn the_same_seed_gives_the_same_bits_with_one_and_two_threads_in_memory_and_streamed() {
    let cases = [
        ("ultra_lightweight_cnn", "native"),
        ("simple_cnn", "native"),
        ("deep_efficient_cnn", "native"),
        ("resnet_style_cnn", "native"),
        ("simple_cnn", "flex"),
        ("deep_efficient_cnn", "flex"),
    ];
    for (model, backend) in cases {
        let place = Place::new();
        // Large batches use products that are shared among threads.
        let common = [
            "--model",
            model,
            "--backend",
            backend,
            "--epochs",
            "2",
            "--batch-size",
            "100",
        ];
        for how in [
            &["--threads", "1"][..],
            &["--threads", "2"],
            &["--threads", "2", "--stream"],
        ] {
            let arguments = [&common[..], how].concat();
            let output = place.run(&arguments);
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        let found = place.found();
        let first = history(&found[0]);
        let weights = |i: usize| std::fs::read(found[i].join("model/model.safetensors")).unwrap();
        assert_eq!(first.len(), 2);
        for other in 1..3 {
            assert_eq!(first, history(&found[other]), "{model} {backend}: history");
            assert!(weights(0) == weights(other), "{model} {backend}: weights");
        }
        let output = place.run(&[&common[..], &["--seed", "7"]].concat());
        assert!(output.status.success());
        let other = place
            .found()
            .into_iter()
            .find(|e| metadata(e)["seed"] == 7)
            .unwrap();
        assert_ne!(first, history(&other), "{model}: another seed");
    }
}
