//! The machine of pickles.

use std::collections::HashMap;

use super::{Id, Value};
use crate::error::sample::PickleProblem;

/// Globals that are allowed, besides storages and element types of tensors.
const ALLOWED: [&str; 14] = [
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_parameter",
    "torch.nn.parameter.Parameter",
    "torch.Size",
    "torch.storage.UntypedStorage",
    "collections.OrderedDict",
    "collections.defaultdict",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.dtype",
    "_codecs.encode",
    "builtins.set",
    "builtins.dict",
];

fn allowed(name: &str) -> bool {
    let storage = |name: &str| {
        let kind = name
            .strip_prefix("torch.")
            .and_then(|name| name.strip_suffix("Storage"));
        kind.is_some_and(|kind| kind.chars().all(|c| c.is_ascii_alphanumeric()))
    };
    ALLOWED.contains(&name) || storage(name)
}

/// Builds the values of a pickle, opcode by opcode.
pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl<'a> Machine<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        }
    }

    /// Number of bytes that were read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The values that were built.
    pub fn values(self) -> Vec<Value> {
        self.values
    }

    fn take(&mut self, count: usize) -> Result<&[u8], PickleProblem> {
        let end = self
            .at
            .checked_add(count)
            .filter(|end| *end <= self.bytes.len());
        let end = end.ok_or(PickleProblem::Truncated)?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// A little-endian number of `count` bytes.
    fn number(&mut self, count: usize) -> Result<u64, PickleProblem> {
        let bytes = self.take(count)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |n, &byte| n << 8 | u64::from(byte)))
    }

    /// Bytes that follow their number, an integer of `count` bytes.
    fn sized(&mut self, count: usize) -> Result<&[u8], PickleProblem> {
        let length = self.number(count)?;
        self.take(usize::try_from(length).map_err(|_| PickleProblem::Truncated)?)
    }

    fn text(&mut self, count: usize) -> Result<Value, PickleProblem> {
        let bytes = self.sized(count)?;
        let text = std::str::from_utf8(bytes).map_err(|_| PickleProblem::NotUtf8)?;
        Ok(Value::Text(text.to_owned()))
    }

    fn line(&mut self) -> Result<String, PickleProblem> {
        let rest = &self.bytes[self.at..];
        let end = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or(PickleProblem::Truncated)?;
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| PickleProblem::NotUtf8)?;
        self.at += end + 1;
        Ok(line.to_owned())
    }

    fn push(&mut self, value: Value) {
        self.values.push(value);
        self.stack.push(self.values.len() - 1);
    }

    fn pop(&mut self) -> Result<Id, PickleProblem> {
        // Never pops below a mark: those values belong to another collection.
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() > floor {
            Ok(self.stack.pop().expect("checked"))
        } else {
            Err(PickleProblem::EmptyStack)
        }
    }

    fn popped(&mut self, count: usize) -> Result<Vec<Id>, PickleProblem> {
        let mut ids = (0..count)
            .map(|_| self.pop())
            .collect::<Result<Vec<_>, _>>()?;
        ids.reverse();
        Ok(ids)
    }

    fn since_mark(&mut self) -> Result<Vec<Id>, PickleProblem> {
        let mark = self.marks.pop().ok_or(PickleProblem::NoMark)?;
        Ok(self.stack.split_off(mark))
    }

    fn top(&self) -> Result<Id, PickleProblem> {
        self.stack.last().copied().ok_or(PickleProblem::EmptyStack)
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), PickleProblem> {
        let top = self.top()?;
        match &mut self.values[top] {
            Value::Items(list) => list.extend(items),
            _ => return Err(PickleProblem::NotList),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Result<(), PickleProblem> {
        let top = self.top()?;
        match &mut self.values[top] {
            Value::Dict(dict) => dict.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1]))),
            _ => return Err(PickleProblem::NotDict),
        }
        Ok(())
    }

    fn store(&mut self, key: u64) -> Result<(), PickleProblem> {
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn load(&mut self, key: u64) -> Result<(), PickleProblem> {
        let id = self.memo.get(&key).ok_or(PickleProblem::NoMemo { key })?;
        self.stack.push(*id);
        Ok(())
    }

    fn global(&mut self, module: &str, name: &str) -> Result<(), PickleProblem> {
        let whole = format!("{module}.{name}");
        if !allowed(&whole) {
            let shown: String = whole.chars().filter(|c| !c.is_control()).take(80).collect();
            return Err(PickleProblem::Refused { name: shown });
        }
        self.push(Value::Global(whole));
        Ok(())
    }

    /// Records a call of an allowed global; the reader of the value interprets it.
    fn call(&mut self) -> Result<(), PickleProblem> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Value::Global(name) = &self.values[function] else {
            return Err(PickleProblem::NotFunction);
        };
        if !matches!(self.values[arguments], Value::Items(_)) {
            return Err(PickleProblem::NoArguments);
        }
        let made = match &name[..] {
            "collections.OrderedDict" | "collections.defaultdict" | "builtins.dict" => {
                Value::Dict(Vec::new())
            }
            "builtins.set" => Value::Items(Vec::new()),
            // Values are referenced by number, so a program with many calls needs no more memory than its own size.
            _ => Value::Call(function, arguments, None),
        };
        self.push(made);
        Ok(())
    }

    /// Runs to the end of the pickle; returns the number of its value.
    ///
    /// # Errors
    /// If the pickle is damaged, or asks for anything but plain values and tensors.
    pub fn run(&mut self) -> Result<Id, PickleProblem> {
        loop {
            let code = self.take(1)?[0];
            match code {
                b'.' => return self.pop(),
                0x80 => {
                    let version = self.take(1)?[0];
                    if version > 5 {
                        return Err(PickleProblem::Protocol(version));
                    }
                }
                0x95 => drop(self.take(8)?),
                b'(' => self.marks.push(self.stack.len()),
                b'0' => drop(self.pop()?),
                b'1' => drop(self.since_mark()?),
                b'2' => {
                    let top = self.top()?;
                    self.stack.push(top);
                }
                b'N' | 0x88 | 0x89 | b'K' | b'M' | b'J' | 0x8a | b'I' | b'L' | b'G' | b'F' => {
                    self.number_opcode(code)?;
                }
                0x8c | b'X' | 0x8d | b'U' | b'T' | b'C' | b'B' | 0x8e | b'V' => {
                    self.text_opcode(code)?;
                }
                b']' | b')' | 0x8f | b't' | b'l' | 0x91 | 0x85..=0x87 | b'a' | b'e' | 0x90 => {
                    self.list_opcode(code)?;
                }
                b'}' | b'd' | b's' | b'u' => self.dict_opcode(code)?,
                b'q' | b'r' | b'p' | 0x94 | b'h' | b'j' | b'g' => self.memo_opcode(code)?,
                b'c' | 0x93 | b'R' | 0x81 | b'b' | b'Q' => self.object_opcode(code)?,
                other => return Err(PickleProblem::Opcode(other)),
            }
        }
    }

    /// None, truth values and numbers.
    fn number_opcode(&mut self, code: u8) -> Result<(), PickleProblem> {
        let value = match code {
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'K' => Value::Int(self.number(1)? as i64),
            b'M' => Value::Int(self.number(2)? as i64),
            b'J' => Value::Int((self.number(4)? as u32 as i32).into()),
            0x8a => Value::Int(long(self.sized(1)?)?),
            b'I' | b'L' => match self.line()?.trim_end_matches('L') {
                "00" => Value::Bool(false),
                "01" => Value::Bool(true),
                digits => Value::Int(digits.parse().map_err(|_| PickleProblem::NotNumber)?),
            },
            b'G' => Value::Float(f64::from_bits(self.number(8)?.swap_bytes())),
            b'F' => Value::Float(self.line()?.parse().map_err(|_| PickleProblem::NotNumber)?),
            other => return Err(PickleProblem::Opcode(other)),
        };
        self.push(value);
        Ok(())
    }

    /// Text, that of Python 2 included, and bytes.
    fn text_opcode(&mut self, code: u8) -> Result<(), PickleProblem> {
        let value = match code {
            0x8c | b'U' => self.text(1)?,
            b'X' | b'T' => self.text(4)?,
            0x8d => self.text(8)?,
            b'C' => Value::Bytes(self.sized(1)?.to_vec()),
            b'B' => Value::Bytes(self.sized(4)?.to_vec()),
            0x8e => Value::Bytes(self.sized(8)?.to_vec()),
            b'V' => Value::Text(self.line()?),
            other => return Err(PickleProblem::Opcode(other)),
        };
        self.push(value);
        Ok(())
    }

    /// Lists, tuples and sets.
    fn list_opcode(&mut self, code: u8) -> Result<(), PickleProblem> {
        let items = match code {
            b']' | b')' | 0x8f => Vec::new(),
            b't' | b'l' | 0x91 => self.since_mark()?,
            0x85..=0x87 => self.popped(usize::from(code - 0x84))?,
            b'a' => {
                let item = self.pop()?;
                return self.append(vec![item]);
            }
            b'e' | 0x90 => {
                let items = self.since_mark()?;
                return self.append(items);
            }
            other => return Err(PickleProblem::Opcode(other)),
        };
        self.push(Value::Items(items));
        Ok(())
    }

    fn dict_opcode(&mut self, code: u8) -> Result<(), PickleProblem> {
        let pairs = match code {
            b'}' => Vec::new(),
            b'd' | b'u' => self.since_mark()?,
            b's' => self.popped(2)?,
            other => return Err(PickleProblem::Opcode(other)),
        };
        if matches!(code, b'}' | b'd') {
            self.push(Value::Dict(Vec::new()));
        }
        self.set(&pairs)
    }

    /// Values stored under a number, and loaded again.
    fn memo_opcode(&mut self, code: u8) -> Result<(), PickleProblem> {
        let key = match code {
            b'q' | b'h' => self.number(1)?,
            b'r' | b'j' => self.number(4)?,
            b'p' | b'g' => self.line()?.parse().map_err(|_| PickleProblem::NotNumber)?,
            0x94 => self.memo.len() as u64,
            other => return Err(PickleProblem::Opcode(other)),
        };
        if matches!(code, b'h' | b'j' | b'g') {
            self.load(key)
        } else {
            self.store(key)
        }
    }

    /// Globals, calls, attributes and tensors.
    fn object_opcode(&mut self, code: u8) -> Result<(), PickleProblem> {
        match code {
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(&module, &name)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Value::Text(module), Value::Text(name)) =
                    (&self.values[module], &self.values[name])
                else {
                    return Err(PickleProblem::Unnamed);
                };
                let (module, name) = (module.clone(), name.clone());
                self.global(&module, &name)
            }
            b'R' | 0x81 => self.call(),
            b'b' => {
                let state = self.pop()?;
                let top = self.top()?;
                // Attributes of a dict or list are ignored.
                if let Value::Call(_, _, attributes) = &mut self.values[top] {
                    *attributes = Some(state);
                }
                Ok(())
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Persistent(id));
                Ok(())
            }
            other => Err(PickleProblem::Opcode(other)),
        }
    }
}

/// A whole number of any number of bytes that fits 64 bits.
fn long(bytes: &[u8]) -> Result<i64, PickleProblem> {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let filling = if negative { 0xff } else { 0 };
    let mut whole = [filling; 8];
    let head = bytes.len().min(8);
    whole[..head].copy_from_slice(&bytes[..head]);
    let value = i64::from_le_bytes(whole);
    if bytes[head..].iter().all(|&byte| byte == filling) && (value < 0) == negative {
        Ok(value)
    } else {
        Err(PickleProblem::TooLarge)
    }
}
