//! FlatBuffers, written front to back: a table is followed by the objects it refers to.
//! <https://flatbuffers.dev/internals>; little endian.

/// A value of a table's field.
pub(super) enum Field {
    Byte(u8),
    Int(i32),
    Child(Node),
}

/// Object behind an offset.
pub(super) enum Node {
    Table(Table),
    Tables(Vec<Table>),
    /// Aligned to 16 bytes, as TFLite requires for its buffers.
    Bytes(Vec<u8>),
    Ints(Vec<i32>),
    Longs(Vec<i64>),
    Floats(Vec<f32>),
    Text(String),
}

/// Fields by their number in the schema.
#[derive(Default)]
pub(super) struct Table(Vec<(usize, Field)>);

impl Table {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn byte(mut self, number: usize, value: u8) -> Self {
        self.0.push((number, Field::Byte(value)));
        self
    }

    pub fn int(mut self, number: usize, value: i32) -> Self {
        self.0.push((number, Field::Int(value)));
        self
    }

    pub fn child(mut self, number: usize, node: Node) -> Self {
        self.0.push((number, Field::Child(node)));
        self
    }
}

/// The file of a root table.
pub(super) fn file(root: Table, identifier: &[u8; 4]) -> Vec<u8> {
    let mut writer = Writer(vec![0; 8]);
    writer.0[4..8].copy_from_slice(identifier);
    let root = writer.table(root);
    writer.patch(0, root);
    writer.0
}

struct Writer(Vec<u8>);

impl Writer {
    /// Appends zeros so that `extra` further bytes end at a multiple of `alignment`.
    fn align(&mut self, alignment: usize, extra: usize) {
        while !(self.0.len() + extra).is_multiple_of(alignment) {
            self.0.push(0);
        }
    }

    fn int(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes the distance to `target` at `slot`.
    fn patch(&mut self, slot: usize, target: usize) {
        let distance = (target - slot) as u32;
        self.0[slot..slot + 4].copy_from_slice(&distance.to_le_bytes());
    }

    /// Writes a table; returns its position.
    fn table(&mut self, table: Table) -> usize {
        let slots = table
            .0
            .iter()
            .map(|(number, _)| number + 1)
            .max()
            .unwrap_or(0);
        let mut offsets = vec![0u16; slots];
        // Wide fields first, so that they are aligned.
        let mut size = 4;
        let is_byte = |field: &Field| matches!(field, Field::Byte(_));
        for bytes in [false, true] {
            for (number, field) in &table.0 {
                if is_byte(field) == bytes {
                    offsets[*number] = size;
                    size += if bytes { 1 } else { 4 };
                }
            }
        }
        self.align(4, 0);
        let vtable = self.0.len();
        for value in [4 + 2 * slots as u16, size].iter().chain(&offsets) {
            self.0.extend_from_slice(&value.to_le_bytes());
        }
        self.align(4, 0);
        let start = self.0.len();
        self.int((start - vtable) as u32);
        self.0.resize(start + usize::from(size), 0);
        for (number, field) in table.0 {
            let slot = start + usize::from(offsets[number]);
            match field {
                Field::Byte(value) => self.0[slot] = value,
                Field::Int(value) => self.0[slot..slot + 4].copy_from_slice(&value.to_le_bytes()),
                Field::Child(node) => {
                    let target = self.node(node);
                    self.patch(slot, target);
                }
            }
        }
        start
    }

    fn node(&mut self, node: Node) -> usize {
        match node {
            Node::Table(table) => self.table(table),
            Node::Tables(tables) => {
                self.align(4, 0);
                let start = self.0.len();
                self.int(tables.len() as u32);
                self.0.resize(start + 4 + 4 * tables.len(), 0);
                for (i, table) in tables.into_iter().enumerate() {
                    let target = self.table(table);
                    self.patch(start + 4 + 4 * i, target);
                }
                start
            }
            Node::Bytes(bytes) => self.vector(16, bytes.len(), bytes),
            Node::Ints(v) => self.vector(4, v.len(), v.iter().flat_map(|v| v.to_le_bytes())),
            Node::Longs(v) => self.vector(8, v.len(), v.iter().flat_map(|v| v.to_le_bytes())),
            Node::Floats(v) => self.vector(4, v.len(), v.iter().flat_map(|v| v.to_le_bytes())),
            Node::Text(text) => {
                let start = self.vector(4, text.len(), text.into_bytes());
                self.0.push(0);
                start
            }
        }
    }

    fn vector(
        &mut self,
        alignment: usize,
        length: usize,
        bytes: impl IntoIterator<Item = u8>,
    ) -> usize {
        self.align(alignment, 4);
        let start = self.0.len();
        self.int(length as u32);
        self.0.extend(bytes);
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(bytes: &[u8], at: usize) -> usize {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    }

    /// Position of field `number` of the table at `table`.
    fn field(bytes: &[u8], table: usize, number: usize) -> Option<usize> {
        let vtable = table - int(bytes, table);
        let short = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let slot = 4 + 2 * number;
        let offset = if slot < short(vtable) {
            short(vtable + slot)
        } else {
            0
        };
        (offset > 0).then_some(table + offset)
    }

    #[test]
    fn what_is_written_is_found() {
        let inner = Table::new().byte(0, 7).child(2, Node::Text("abc".into()));
        let root = Table::new()
            .byte(3, 9)
            .int(0, -5)
            .child(1, Node::Tables(vec![inner, Table::new()]))
            .child(2, Node::Bytes(vec![1, 2, 3]))
            .child(5, Node::Longs(vec![4]));
        let bytes = file(root, b"TEST");
        assert_eq!(&bytes[4..8], b"TEST");
        let root = int(&bytes, 0);
        let at = |number| field(&bytes, root, number).unwrap();
        let follow = |slot: usize| slot + int(&bytes, slot);
        assert_eq!(bytes[at(3)], 9);
        assert_eq!(int(&bytes, at(0)) as u32 as i32, -5);
        assert_eq!(field(&bytes, root, 4), None);
        let data = follow(at(2));
        assert_eq!((int(&bytes, data), (data + 4) % 16), (3, 0));
        assert_eq!(bytes[data + 4..data + 7], [1, 2, 3]);
        let longs = follow(at(5));
        assert_eq!((int(&bytes, longs), (longs + 4) % 8), (1, 0));
        let tables = follow(at(1));
        assert_eq!(int(&bytes, tables), 2);
        let inner = follow(tables + 4);
        let text = follow(field(&bytes, inner, 2).unwrap());
        assert_eq!(&bytes[text + 4..text + 8], b"abc\0");
        assert_eq!(field(&bytes, follow(tables + 8), 0), None);
    }
}
