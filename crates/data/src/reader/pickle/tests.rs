use super::*;
use crate::error::sample::PickleProblem;
use proptest::prelude::*;

#[test]
fn plain_values() {
    // pickle.dumps({"a": [1, -2, 300, 2**40, 0.5], "b": (None, True, b"x")}, 2), with protocol 3's bytes
    let bytes = b"\x80\x03}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01J\xfe\xff\xff\xffM,\x01\x8a\x06\
        \x00\x00\x00\x00\x00\x01G?\xe0\x00\x00\x00\x00\x00\x00eX\x01\x00\x00\x00bq\x03N\x88C\x01xq\x04\
        \x87q\x05u.";
    let pickle = Pickle::read(bytes).unwrap();
    assert_eq!(pickle.length, bytes.len());
    assert_eq!(pickle.keys(pickle.root()), ["a", "b"]);
    let Value::Items(items) = pickle.get(pickle.key(pickle.root(), "a").unwrap()) else {
        panic!("a list")
    };
    let items: Vec<_> = items.iter().map(|id| pickle.get(*id).clone()).collect();
    let expected = [
        Value::Int(1),
        Value::Int(-2),
        Value::Int(300),
        Value::Int(1 << 40),
    ];
    assert_eq!(items[..4], expected);
    assert_eq!(items[4], Value::Float(0.5));
}

#[test]
fn code_is_refused_by_name() {
    for (bytes, name) in [
        (
            &b"\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02Rq\x03."[..],
            "posix.system",
        ),
        (b"cbuiltins\neval\n.", "builtins.eval"),
        (b"\x80\x04\x8c\x02os\x8c\x05popen\x93.", "os.popen"),
        (b"ctorch.x\nFloatStorage\n.", "torch.x.FloatStorage"),
    ] {
        let error = Pickle::read(bytes).unwrap_err().to_string();
        assert!(
            error.contains(&format!("asks for `{name}`: refused")),
            "{error}"
        );
    }
}

#[test]
fn depth_and_length_are_no_danger() {
    let mut deep = b"]".repeat(300_000);
    deep.extend(b"a".repeat(299_999));
    deep.push(b'.');
    drop(Pickle::read(&deep).unwrap());
    let error = Pickle::read(b"X\xff\xff\xff\xffabc").unwrap_err();
    assert_eq!((error.byte, &error.problem), (5, &PickleProblem::Truncated));
    assert_eq!(error.to_string(), "pickle, byte 5: truncated");
    assert!(Pickle::read(b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.").is_err());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Pickle::read(&bytes);
    }

    /// Random sequences of valid opcodes, so that the machine runs long.
    #[test]
    fn no_program_panics(codes in proptest::collection::vec(
        proptest::sample::select(b"(012N.]}atleduRbQs\x85\x86\x87\x88\x94\x8f\x90\x91\x93\x81".to_vec()), 0..60)
    ) {
        let _ = Pickle::read(&codes);
    }
}
