//! Errors of pickles.

/// A pickle is damaged, or asks for more than data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pickle, byte {byte}: {problem}")]
pub struct PickleError {
    /// Position in the pickle.
    pub byte: usize,
    /// What is wrong there.
    pub problem: PickleProblem,
}

/// What is wrong with an opcode of a pickle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PickleProblem {
    /// The pickle ends early.
    #[error("truncated")]
    Truncated,
    /// Text has another encoding.
    #[error("text that is not UTF-8")]
    NotUtf8,
    /// The stack has too few values.
    #[error("takes a value from an empty stack")]
    EmptyStack,
    /// There is no mark on the stack.
    #[error("takes a mark that does not exist")]
    NoMark,
    /// The value is of another type.
    #[error("adds items to a value that is not a list")]
    NotList,
    /// The value is of another type.
    #[error("sets keys of a value that is not a dict")]
    NotDict,
    /// Nothing was stored under this number.
    #[error("reads memo {key}, which was never stored")]
    NoMemo {
        /// Key of the memo.
        key: u64,
    },
    /// A function or class that is not allowed.
    #[error(
        "asks for `{name}`: refused, since only tensors and plain values are read, and no code is run"
    )]
    Refused {
        /// Module and name.
        name: String,
    },
    /// The name of a function or class is not text.
    #[error("asks for something without a name")]
    Unnamed,
    /// The value is of another type.
    #[error("calls a value that is not a function")]
    NotFunction,
    /// The arguments are not a tuple.
    #[error("calls without arguments")]
    NoArguments,
    /// A newer protocol.
    #[error("unknown protocol {0}: save it with protocol 5 or lower")]
    Protocol(u8),
    /// A line is not a number.
    #[error("expected a number")]
    NotNumber,
    /// An integer is too large.
    #[error("an integer that does not fit into 64 bits")]
    TooLarge,
    /// An opcode that is not supported.
    #[error("opcode {0:#04x} is not supported")]
    Opcode(u8),
}
