use super::*;
use proptest::prelude::*;
use tfrecord::protobuf::{BytesList, Features, FloatList, Int64List};

fn bytes(value: Vec<u8>) -> Kind {
    let value = vec![value];
    Kind::BytesList(BytesList { value })
}

fn integers(value: &[i64]) -> Kind {
    Kind::Int64List(Int64List {
        value: value.to_vec(),
    })
}

fn read(features: &[(&str, Kind)]) -> Result<Record, ExampleError> {
    read_with(features, None)
}

fn read_with(features: &[(&str, Kind)], given_label: Option<&str>) -> Result<Record, ExampleError> {
    let feature = features.iter().map(|(name, kind)| {
        let kind = Some(kind.clone());
        ((*name).to_owned(), Feature { kind })
    });
    let feature = feature.collect();
    decode(
        0,
        Example {
            features: Some(Features { feature }),
        },
        &SourceSelection {
            given_label: given_label.map(str::to_owned),
            class_names: vec!["noise".into(), "steps".into()],
            ..Default::default()
        },
    )
}

/// Names of classes are their numbers; other texts are refused.
#[test]
fn labels_may_be_names_of_classes() {
    let x = Kind::FloatList(FloatList {
        value: vec![0.0; 8],
    });
    let of = |label: &str| read(&[("x", x.clone()), ("label", bytes(label.into()))]);
    assert_eq!(of("steps").unwrap().label, 1);
    let error = of("car").unwrap_err().to_string();
    assert!(error.contains("`label` is the text `car`"), "{error}");
    let value = vec![b"steps".to_vec(), b"noise".to_vec()];
    let two = Kind::BytesList(BytesList { value });
    let error = read(&[("x", x), ("label", two)]).unwrap_err().to_string();
    assert!(error.contains("`label` has 2 texts: expected"), "{error}");
}

/// Labels as `tf.io.serialize_tensor` writes them: numbers, names of classes and a value for each class.
#[test]
fn labels_may_be_serialised_tensors() {
    let x = Kind::FloatList(FloatList {
        value: vec![0.0; 8],
    });
    let of = |label: &[u8]| read(&[("x", x.clone()), ("label", bytes(label.to_vec()))]);
    let number = [&[8, 3, 18, 0, 34, 4][..], &3i32.to_le_bytes()].concat();
    assert_eq!(of(&number).unwrap().label, 3);
    let class = |name: &[u8]| [&[8, 7, 18, 0, 66, name.len() as u8][..], name].concat();
    assert_eq!(of(&class(b"steps")).unwrap().label, 1);
    let error = of(&class(b"car")).unwrap_err().to_string();
    assert!(error.contains("`label` is the text `car`"), "{error}");
    let bits = [&[8, 4, 18, 4, 18, 2, 8, 2, 34, 2][..], &[0, 1]].concat();
    assert_eq!(of(&bits).unwrap().label, 1);
    let half = [&[8, 1, 18, 0, 34, 4][..], &0.5f32.to_le_bytes()].concat();
    assert!(of(&half).unwrap_err().to_string().contains("0.5"));
    let error = of(&[8, 8, 18, 0]).unwrap_err().to_string();
    assert!(
        error.contains("`label` is a serialised tensor of TensorFlow's type 8"),
        "{error}"
    );
}

/// A 1 among zeros is read; everything else that a list could mean is refused, with what to do.
#[test]
fn labels_may_have_a_value_for_each_class() {
    let floats = |value: &[f32]| {
        Kind::FloatList(FloatList {
            value: value.to_vec(),
        })
    };
    let of = |label: Kind| read(&[("x", floats(&[0.0; 8])), ("label", label)]);
    for (values, label) in [([1, 0], 0), ([0, 1], 1)] {
        assert_eq!(of(integers(&values)).unwrap().label, label);
        let values = values.map(|v| v as f32);
        assert_eq!(of(floats(&values)).unwrap().label, label);
    }
    for (label, problem) in [
        (
            floats(&[0.0, 1.0, 0.0]),
            "`label` has 3 values, 0, 1, 0: one is 1 and all others 0, but there are 2 classes",
        ),
        (
            integers(&[1, 1]),
            "several are 1, but a window has one class",
        ),
        (floats(&[0.0, 0.0]), "all are 0, so the window has no class"),
        (
            floats(&[0.25, 0.75]),
            "0.25, 0.75: these look like probabilities",
        ),
        (floats(&[1.0, 0.5]), "these look like probabilities"),
        (integers(&[0, 2]), "0, 2: expected one integer"),
        (floats(&[f32::NAN, 1.0]), "NaN, 1: expected one integer"),
        (integers(&[]), "it is empty; expected one integer"),
        (floats(&[0.5]), "`label` has the floats [0.5]"),
    ] {
        let error = of(label).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

/// A text beside a label that is a number is the name of the same class.
#[test]
fn names_of_other_classes_are_refused() {
    let x = Kind::FloatList(FloatList {
        value: vec![0.0; 8],
    });
    let of = |name: &str, text: &str, given: Option<&str>| {
        let features = [
            ("x", x.clone()),
            ("label", integers(&[1])),
            (name, bytes(text.into())),
        ];
        read_with(&features, given)
    };
    assert_eq!(of("class_text", "steps", None).unwrap().label, 1);
    assert_eq!(of("file", "noise", None).unwrap().label, 1);
    assert_eq!(of("class_text", "noise", Some("label")).unwrap().label, 1);
    let error = of("class_text", "noise", None).unwrap_err().to_string();
    let expected = "the label is 1, which is `steps` by `class_names` of the configuration, but `class_text` is `noise`";
    assert!(error.contains(expected), "{error}");
}

/// Of several features with labels, the one that the configuration names.
#[test]
fn a_given_feature_has_the_label() {
    let x = Kind::FloatList(FloatList {
        value: vec![0.0; 8],
    });
    let features = [
        ("x", x),
        ("label", integers(&[0])),
        ("speed", integers(&[1])),
    ];
    for (given, label) in [(None, 0), (Some("speed"), 1), (Some("weather"), 0)] {
        assert_eq!(read_with(&features, given).unwrap().label, label);
    }
    let alone = [features[0].clone(), features[2].clone()];
    assert_eq!(read_with(&alone, Some("speed")).unwrap().label, 1);
}

#[test]
fn bytes_are_decoded_by_their_stated_type() {
    let values: Vec<f32> = (0..16).map(|i| i as f32 * 100.0 - 700.0).collect();
    let f8: Vec<u8> = values
        .iter()
        .flat_map(|v| f64::from(*v).to_le_bytes())
        .collect();
    let f4: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let i2: Vec<u8> = values
        .iter()
        .flat_map(|v| (*v as i16).to_be_bytes())
        .collect();
    let i4: Vec<u8> = values
        .iter()
        .flat_map(|v| (*v as i32).to_le_bytes())
        .collect();
    let i8: Vec<u8> = values
        .iter()
        .flat_map(|v| (*v as i64).to_le_bytes())
        .collect();
    let label = ("label", integers(&[1]));
    let shape = ("shape", integers(&[2, 8]));
    let dtype = |name: &str| ("dtype", bytes(name.into()));
    for features in [
        vec![("x", bytes(f8.clone())), shape.clone()],
        vec![("x", bytes(f4.clone())), shape.clone()],
        vec![("x", bytes(f8.clone())), dtype("float64")],
        vec![("x", bytes(i2.clone())), shape.clone(), dtype(">i2")],
        vec![("x", bytes(i4.clone())), shape.clone(), dtype("tf.int32")],
    ] {
        let record = read(&[&features[..], std::slice::from_ref(&label)].concat()).unwrap();
        assert_eq!((&record.values, &record.shape[..]), (&values, &[2, 8][..]));
    }
    for (x, with_shape, problem) in [
        (f8, false, "128 bytes without `shape` or `dtype`"),
        (f4, false, "64 bytes without `shape` or `dtype`"),
        (i2.clone(), false, "32 bytes without `shape` or `dtype`"),
        (i2, true, "neither float32 nor float64 fits"),
        (i4, true, "they look like integers"),
        (i8, true, "they look like integers"),
    ] {
        let mut features = vec![("x", bytes(x)), label.clone()];
        features.extend(with_shape.then(|| shape.clone()));
        let error = read(&features).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
        assert!(error.contains("add the feature `dtype`"), "{error}");
    }
}

#[test]
fn other_names_and_labels() {
    let floats = |n: usize| {
        Kind::FloatList(FloatList {
            value: vec![0.5; n],
        })
    };
    let record = read(&[("waveform", floats(8)), ("y", integers(&[3]))]).unwrap();
    assert_eq!((record.shape, record.label), (vec![2, 4], 3));
    let whole = Kind::FloatList(FloatList { value: vec![2.0] });
    assert_eq!(
        read(&[("x", floats(8)), ("label", whole)]).unwrap().label,
        2
    );
    let record = read(&[("x", integers(&[1, -2])), ("label", integers(&[0]))]).unwrap();
    assert_eq!(record.values, [1.0, -2.0]);
    for (features, problem) in [
        (
            vec![("trace", floats(8)), ("label", integers(&[0]))],
            "feature `x` is missing: there is label (1 integers), trace (8 floats); expected",
        ),
        (
            vec![("data", floats(8)), ("waveform", floats(8))],
            "`data`, `waveform` could all be `x`",
        ),
        (
            vec![("x", floats(8)), ("label", integers(&[0, 1, 0]))],
            "3 values, 0, 1, 0: one is 1 and all others 0",
        ),
        (
            vec![("x", floats(8)), ("label", bytes(b"footsteps".to_vec()))],
            "`label` is the text `footsteps`",
        ),
        (
            vec![("x", floats(7)), ("label", integers(&[0]))],
            "7 values, which are not two channels of one length",
        ),
    ] {
        let error = read(&features).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn groups_may_be_numbers() {
    let group = |kind: Kind| {
        let x = Kind::FloatList(FloatList {
            value: vec![0.0; 8],
        });
        let features = [("x", x), ("label", integers(&[0])), ("group", kind)];
        read(&features).unwrap().group
    };
    let of = |value: f32| group(Kind::FloatList(FloatList { value: vec![value] }));
    assert_eq!(group(integers(&[7])).as_deref(), Some("7"));
    assert_eq!(of(7.0).as_deref(), Some("7"));
    assert_eq!(of(0.5).as_deref(), Some("0.5"));
    assert_eq!(of(f32::NAN), None);
}

proptest! {
    /// The generated code reads back what was written.
    #[test]
    fn round_trip(values in proptest::collection::vec(-1e9f32..1e9, 0..40), label: i64, group in proptest::option::of(".{0,300}")) {
        let shape = vec![1, values.len()];
        let group = group.as_deref().and_then(names::group);
        let record = Record { record: 0, values, shape, label, group };
        let bytes = encode(&record);
        prop_assert_eq!(&bytes, &encode(&record));
        let example = <Example as tfrecord::Record>::from_bytes(bytes).unwrap();
        prop_assert_eq!(example.features.as_ref().unwrap().feature.len(), 3 + usize::from(record.group.is_some()));
        prop_assert_eq!(decode(0, example, &SourceSelection::default()).unwrap(), record);
    }
}
