//! Names of classes beside the labels.

use super::*;

/// Numbers of classes mean what the names in the file say.
#[test]
fn names_of_classes_in_another_order() {
    let text = |name: &str| {
        name.bytes()
            .chain(std::iter::repeat(0))
            .take(2)
            .collect::<Vec<u8>>()
    };
    let names = |all: [&str; 2]| npy("|S2", "(2,)", &all.map(text).concat());
    let x = ("x", npy("<f4", "(2, 2, 4)", &floats(16)));
    let numbers = npy("<i8", "(2,)", &[0i64, 1].map(i64::to_le_bytes).concat());
    let wanted = SourceSelection {
        class_names: ["bg", "ev"].map(str::to_owned).to_vec(),
        ..SourceSelection::default()
    };
    let read = |labels: Vec<u8>, array: &str, all: [&str; 2]| {
        let arrays = [x.clone(), ("y", labels), (array, names(all))];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        std::fs::write(&path, archive(&arrays, zip::CompressionMethod::Stored)).unwrap();
        let mut labels = Vec::new();
        let result = Npz.read(&path, &wanted, &mut |record| {
            labels.push(record.label);
            Ok(())
        });
        result.map(|()| labels).map_err(|e| e.to_string())
    };
    for array in ["class_names", "target_names", "classes"] {
        assert_eq!(read(numbers.clone(), array, ["bg", "ev"]).unwrap(), [0, 1]);
        let error = read(numbers.clone(), array, ["ev", "bg"]).unwrap_err();
        let expected = format!("`{array}` has the classes in the order ev, bg, but");
        assert!(error.contains(&expected), "{error}");
    }
    // A name for each window.
    assert_eq!(
        read(numbers.clone(), "label_text", ["BG", "ev"]).unwrap(),
        [0, 1]
    );
    let error = read(numbers.clone(), "label_text", ["ev", "ev"]).unwrap_err();
    let expected = "the label is 0, which is `bg` by `class_names` of the configuration, but `label_text` is `ev`";
    assert!(error.contains(expected), "{error}");
    // Others describe the classes, and labels that are texts have no numbers.
    assert_eq!(
        read(numbers.clone(), "classes", ["no", "ev"]).unwrap(),
        [0, 1]
    );
    assert_eq!(
        read(names(["ev", "bg"]), "class_names", ["ev", "bg"]).unwrap(),
        [1, 0]
    );
}
