//! Python pickles as data: the machine that builds values, without the part that runs code. A pickle may only use what
//! tensors, ordered dicts and NumPy's numbers consist of; anything else is an error that names it.
//!
//! Values are in one list and refer to each other by number. Nothing recurses, however deeply a pickle nests, and
//! memory is bounded by the number of its bytes. Opcodes: `pickletools` in the Python documentation.

mod machine;

use machine::Machine;

use crate::error::sample::PickleError;

/// Number of a value in [`Pickle::values`].
pub type Id = usize;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `bool`.
    Bool(bool),
    /// `int` of up to 64 bits, and those of NumPy.
    Int(i64),
    /// `float`, and those of NumPy.
    Float(f64),
    /// `str`.
    Text(String),
    /// `bytes`.
    Bytes(Vec<u8>),
    /// `list`, `tuple` or `set`.
    Items(Vec<Id>),
    /// `dict` or `OrderedDict`; a later key beats an earlier one.
    Dict(Vec<(Id, Id)>),
    /// A function or class by module and name.
    Global(String),
    /// A reference to what is stored outside the pickle: the storage of a tensor.
    Persistent(Id),
    /// A call of a global with arguments (items), and the state it was given.
    Call(Id, Id, Option<Id>),
}

/// The values of a pickle.
#[derive(Clone, Debug, Default)]
pub struct Pickle {
    values: Vec<Value>,
    root: Id,
    /// Bytes of the pickle.
    pub length: usize,
}

impl Pickle {
    /// Reads one pickle from the beginning of `bytes`.
    ///
    /// # Errors
    /// If the pickle is damaged, or asks for anything but plain values and tensors.
    pub fn read(bytes: &[u8]) -> Result<Self, PickleError> {
        let mut machine = Machine::new(bytes);
        match machine.run() {
            Ok(root) => Ok(Self {
                length: machine.at(),
                values: machine.values(),
                root,
            }),
            Err(problem) => Err(PickleError {
                byte: machine.at(),
                problem,
            }),
        }
    }

    /// The pickled value.
    pub fn root(&self) -> Id {
        self.root
    }

    /// A value by its number.
    pub fn get(&self, id: Id) -> &Value {
        &self.values[id]
    }

    /// The global and the arguments of a call.
    pub fn call(&self, id: Id) -> Option<(&str, &[Id], Option<Id>)> {
        let Value::Call(function, arguments, state) = self.get(id) else {
            return None;
        };
        match (self.get(*function), self.get(*arguments)) {
            (Value::Global(name), Value::Items(items)) => Some((name, items, *state)),
            _ => None,
        }
    }

    /// Items of a list or tuple.
    pub fn items(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::Items(items) => Some(items),
            _ => None,
        }
    }

    /// A whole number, not a bool.
    pub fn int(&self, id: Id) -> Option<i64> {
        match self.get(id) {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// Text.
    pub fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// References to what is stored outside the pickle.
    pub fn persistent(&self) -> impl Iterator<Item = Id> + '_ {
        let kept = |id: &Id| matches!(self.get(*id), Value::Persistent(_));
        (0..self.values.len()).filter(kept)
    }

    /// Value of a key of a dict.
    pub fn key(&self, id: Id, name: &str) -> Option<Id> {
        let Value::Dict(pairs) = self.get(id) else {
            return None;
        };
        let named = |key: Id| matches!(self.get(key), Value::Text(text) if text == name);
        pairs
            .iter()
            .rev()
            .find(|(key, _)| named(*key))
            .map(|(_, value)| *value)
    }

    /// Keys of a dict that are text.
    pub fn keys(&self, id: Id) -> Vec<&str> {
        let Value::Dict(pairs) = self.get(id) else {
            return Vec::new();
        };
        let text = |(key, _): &(Id, Id)| match self.get(*key) {
            Value::Text(text) => Some(&text[..]),
            _ => None,
        };
        pairs.iter().filter_map(text).collect()
    }
}

#[cfg(test)]
mod tests;
