//! Buffers shared by lifetime: values that are never alive at the same time may occupy the same memory.

use super::Shape;

/// Memory accesses of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// Values it reads.
    pub inputs: Vec<usize>,
    /// The value it produces.
    pub output: usize,
    /// Whether it may overwrite an input that nothing reads afterwards.
    pub in_place: bool,
}

/// Positions of all values in one array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arena {
    /// First element of every value.
    pub offsets: Vec<usize>,
    /// Elements of the array.
    pub length: usize,
}

impl Arena {
    /// Places values of the given `shapes`, which `layers` read and write in order. The first value exists before all
    /// layers, `output` after them. Every value takes the lowest position that is free during its lifetime.
    pub fn new(shapes: &[Shape], layers: &[Access], output: usize) -> Self {
        let last_read = |value: usize| {
            let reading = layers
                .iter()
                .rposition(|layer| layer.inputs.contains(&value));
            if value == output {
                layers.len()
            } else {
                reading.unwrap_or(0)
            }
        };
        let mut offsets = vec![0; shapes.len()];
        let mut alive: Vec<(usize, usize)> = vec![(0, last_read(0))];
        let mut length = shapes[0].elements();
        for (at, layer) in layers.iter().enumerate() {
            let size = shapes[layer.output].elements();
            let over = layer.inputs.iter().find(|input| {
                layer.in_place && last_read(**input) == at && shapes[**input].elements() >= size
            });
            let offset = match over {
                Some(input) => offsets[*input],
                None => lowest_free(shapes, &offsets, &alive, size),
            };
            offsets[layer.output] = offset;
            length = length.max(offset + size);
            alive.retain(|(_, last)| *last > at);
            alive.push((layer.output, last_read(layer.output)));
        }
        Self { offsets, length }
    }
}

fn lowest_free(
    shapes: &[Shape],
    offsets: &[usize],
    alive: &[(usize, usize)],
    size: usize,
) -> usize {
    let mut taken: Vec<(usize, usize)> = alive
        .iter()
        .map(|(value, _)| (offsets[*value], offsets[*value] + shapes[*value].elements()))
        .collect();
    taken.sort_unstable();
    let mut offset = 0;
    for (start, end) in taken {
        if offset + size <= start {
            break;
        }
        offset = offset.max(end);
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(sizes: &[usize]) -> Vec<Shape> {
        let of = |channels: &usize| Shape {
            height: 1,
            width: 1,
            channels: *channels,
        };
        sizes.iter().map(of).collect()
    }

    fn access(inputs: &[usize], output: usize, in_place: bool) -> Access {
        Access {
            inputs: inputs.to_vec(),
            output,
            in_place,
        }
    }

    #[test]
    fn places_are_used_again() {
        let chain = [
            access(&[0], 1, false),
            access(&[1], 2, false),
            access(&[2], 3, false),
        ];
        let arena = Arena::new(&shapes(&[100, 10, 20, 5]), &chain, 3);
        assert_eq!(arena.offsets, [0, 100, 0, 20]);
        assert_eq!(arena.length, 110);
    }

    #[test]
    fn what_is_read_later_stays() {
        // Value 1 is read again by the sum.
        let layers = [
            access(&[0], 1, false),
            access(&[1], 2, false),
            access(&[2, 1], 3, true),
        ];
        let arena = Arena::new(&shapes(&[8, 8, 8, 8]), &layers, 3);
        assert_eq!(arena.offsets, [0, 8, 0, 0]);
        assert_eq!(arena.length, 16);
    }
}
