use super::*;
use crate::architecture::{InputShape, ModelKind, Op};

/// Parameters, trainable parameters and MACs per sample of the five networks.
#[test]
fn counts_are_those_of_the_published_table() {
    let table = [
        (ModelKind::UltraLightweight, 15_679, 15_679, 216_480),
        (ModelKind::Simple, 154_723, 154_275, 1_074_688),
        (ModelKind::DeepEfficient, 54_259, 53_523, 731_328),
        (ModelKind::ResnetStyle, 723_947, 715_755, 2_652_432),
        (ModelKind::DeepLarge, 10_468_099, 10_457_347, 96_699_136),
    ];
    for (kind, total, trainable, macs) in table {
        let plan = Plan::new(&Architecture::new(kind, InputShape::default(), 3)).unwrap();
        let counts = (
            plan.total_parameters(),
            plan.trainable_parameters(),
            plan.macs(),
        );
        assert_eq!(counts, (total, trainable, macs), "{kind}");
    }
}

/// What every reader of a plan relies on.
#[test]
fn steps_are_in_execution_order_and_name_everything_once() {
    for kind in ModelKind::ALL {
        let plan = Plan::new(&Architecture::new(kind, InputShape::default(), 3)).unwrap();
        let mut known = vec![plan.input];
        let mut layers = std::collections::HashSet::new();
        let mut tensors = Vec::new();
        for step in &plan.steps {
            assert!(
                step.inputs().all(|input| known.contains(&input)),
                "{kind}: {step:?}"
            );
            assert!(!known.contains(&step.output), "{kind}: {step:?}");
            assert!(layers.insert(&step.layer), "{kind}: {step:?}");
            known.push(step.output);
            tensors.extend(step.kind.tensors().iter().map(|id| id.index()));
        }
        assert_eq!(known.len(), plan.values.len(), "{kind}");
        assert!(tensors.iter().copied().eq(0..plan.tensors.len()), "{kind}");
        assert_eq!(plan.num_classes(), 3);
        assert!(plan.uses().iter().all(|&uses| uses > 0), "{kind}");
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let plan = |kind, input: [usize; 3], classes| {
        Plan::new(&Architecture::new(kind, input.into(), classes)).map(|_| ())
    };
    let error = plan(ModelKind::Simple, [2, 3, 33], 3).unwrap_err();
    assert_eq!(
        error.to_string(),
        "simple_cnn: the input 2x3x33 is too narrow for `max_pool_2`: it needs at least 2 \
         segments there, and has 1"
    );
    assert!(matches!(
        plan(ModelKind::UltraLightweight, [2, 0, 256], 3),
        Err(PlanError::EmptyInput { .. })
    ));
    assert!(matches!(
        plan(ModelKind::UltraLightweight, [2, 7, 256], 1),
        Err(PlanError::TooFewClasses { .. })
    ));
    for kind in ModelKind::ALL {
        assert_eq!(plan(kind, [2, 7, 33], 10), Ok(()), "{kind} over Welch bins");
        assert_eq!(
            plan(kind, [1, 4, 5], 2),
            Ok(()),
            "{kind} over a small input"
        );
    }
}

/// An architecture built by hand in which an operation does not accept the output of the one before.
#[test]
fn operations_that_do_not_follow_each_other_are_refused() {
    let with = |ops: Vec<Op>| {
        let mut architecture = Architecture::new(ModelKind::Simple, InputShape::default(), 3);
        architecture.ops = ops;
        Plan::new(&architecture).unwrap_err().to_string()
    };
    let dense = |units| Op::Dense {
        name: "head".into(),
        units,
    };
    assert_eq!(
        with(vec![dense(3)]),
        "simple_cnn: `head` needs flat values, as after pooling, and gets shape [2, 7, 256]"
    );
    assert!(
        with(vec![Op::GlobalAveragePool, Op::MaxPool { columns: 2 }])
            .contains("`max_pool_1` needs an image")
    );
    assert!(with(vec![Op::Relu]).contains("needs one logit a class"));
    assert!(with(vec![Op::GlobalAveragePool, dense(4)]).contains("needs one logit a class"));
    let residual = Op::Residual {
        name: "block".into(),
        body: vec![Op::MaxPool { columns: 2 }],
        shortcut: Vec::new(),
    };
    assert!(with(vec![residual]).contains("`block.add` needs two values of one shape"));
}

/// By hand: simple_cnn holds its input (3584) and the output of the first convolution (448).
#[test]
fn peak_activations_are_two_neighbouring_layers() {
    let arch = Architecture::new(ModelKind::Simple, InputShape::default(), 3);
    assert_eq!(Plan::new(&arch).unwrap().peak_activations(), 3584 + 448);
}

/// By hand: a block's input stays alive until its shortcut has read it.
#[test]
fn a_block_keeps_its_input_alive() {
    let mut architecture = Architecture::new(ModelKind::Simple, [1, 4, 8].into(), 2);
    let conv = |name: &str, out| Op::Conv {
        name: name.into(),
        kernel: (1, 1),
        stride: 1,
        out,
    };
    architecture.ops = vec![
        Op::Residual {
            name: "block".into(),
            body: vec![conv("wide", 16), Op::Relu, conv("narrow", 8)],
            shortcut: Vec::new(),
        },
        Op::GlobalAveragePool,
        Op::Dense {
            name: "head".into(),
            units: 2,
        },
    ];
    let plan = Plan::new(&architecture).unwrap();
    // The input (32), the input of `narrow` (64) and its output (32).
    assert_eq!(plan.peak_activations(), 32 + 64 + 32);
}

/// Only the network's input and values that depend on nothing else need no gradient.
#[test]
fn gradients_are_needed_from_the_first_kernel_on() {
    let mut architecture = Architecture::new(ModelKind::Simple, InputShape::default(), 2);
    architecture.ops = vec![
        Op::MaxPool { columns: 2 },
        Op::GlobalAveragePool,
        Op::Dense {
            name: "head".into(),
            units: 2,
        },
    ];
    let plan = Plan::new(&architecture).unwrap();
    assert_eq!(plan.depends_on_parameters(), [false, false, false, true]);
}
