//! Operations of a layer that are not products, over a whole value: select the rows that the bodies in
//! [`super::sweeps`] read and write.
#![allow(unsafe_code)]

use super::finish::Finish;
use super::lines::{Lines, MOST, OUTPUTS};
use super::sweeps::{Combine, Depthwise, Points, Pooled, Sum};
use super::vector::Isa;

/// Samples, and channels of each.
type Rows = (usize, usize);

/// Memory layout of an input: distance between positions and between samples, which are processed one by one.
pub(super) struct Strides {
    pub position: usize,
    pub sample: usize,
    pub samples: usize,
}

/// Evaluates all lines at the points, with `zeros` as padding; `to` has `group` values per group.
pub(super) fn evaluate<V: Isa>(
    lines: &Lines,
    from: &[f32],
    strides: &Strides,
    group: usize,
    (zeros, to): (&[f32], &mut [f32]),
) {
    let length = group / strides.samples;
    assert!(length <= zeros.len(), "zeros");
    assert!(lines.count * group <= to.len(), "room for the points");
    let last = (lines.height() * lines.width() - 1) * strides.position;
    let last = last + (strides.samples - 1) * strides.sample;
    assert!(last + length <= from.len(), "the input's positions");
    for place in &lines.places {
        let points = lines.tiles[place.tile].points;
        for sample in 0..strides.samples {
            let (mut d, mut u) = ([zeros.as_ptr(); MOST], [std::ptr::null_mut(); MOST]);
            for j in 0..points {
                if let Some(position) = place.inputs[j] {
                    let at = position * strides.position + sample * strides.sample;
                    d[j] = from[at..].as_ptr();
                }
                let at = place.products[j] * group + sample * length;
                u[j] = to[at..].as_mut_ptr();
            }
            // SAFETY: `length` values follow every pointer: the assertions cover the input and the points, and the zeros
            // are long enough. The caller chose `V` for this processor.
            unsafe {
                match points {
                    2 => V::sweep(length, &Points::<2> { from: d, to: u }),
                    3 => V::sweep(length, &Points::<3> { from: d, to: u }),
                    4 => V::sweep(length, &Points::<4> { from: d, to: u }),
                    5 => V::sweep(length, &Points::<5> { from: d, to: u }),
                    _ => V::sweep(length, &Points::<6> { from: d, to: u }),
                }
            }
        }
    }
}

/// Combines `products` to the outputs of all lines.
pub(super) fn combine<V: Isa>(
    lines: &Lines,
    products: &[f32],
    (samples, channels): Rows,
    to: &mut [f32],
    finish: &Finish,
) {
    let group = samples * channels;
    assert!(lines.count * group <= products.len(), "the products");
    assert!(
        lines.height() * lines.width() * group <= to.len(),
        "the result"
    );
    assert!(channels <= finish.bias.len(), "the bias");
    for place in &lines.places {
        let shape = &lines.tiles[place.tile];
        let mut m = [products.as_ptr(); MOST];
        for j in 0..shape.points {
            m[j] = products[place.products[j] * group..].as_ptr();
        }
        let mut y = [std::ptr::null_mut(); OUTPUTS];
        for k in 0..shape.outputs {
            y[k] = to[(place.output + k) * group..].as_mut_ptr();
        }
        macro_rules! combine {
            ($points:literal, $outputs:literal) => {{
                let body = Combine::<$points, $outputs> {
                    from: m,
                    to: y,
                    samples,
                    channels,
                    factors: &shape.combine,
                    finish,
                };
                // SAFETY: the assertions ensure that a group follows every pointer; the caller chose `V` for this
                // processor.
                unsafe { V::sweep(channels, &body) }
            }};
        }
        match (shape.points, shape.outputs) {
            (2, _) => combine!(2, 1),
            (3, 1) => combine!(3, 1),
            (3, _) => combine!(3, 2),
            (4, 2) => combine!(4, 2),
            (4, _) => combine!(4, 3),
            (5, 3) => combine!(5, 3),
            (5, _) => combine!(5, 4),
            _ => combine!(6, 4),
        }
    }
}

/// The sum of two values of one position.
pub(super) fn add<V: Isa>(
    [a, b]: [&[f32]; 2],
    (samples, channels): Rows,
    to: &mut [f32],
    finish: &Finish,
) {
    let group = samples * channels;
    assert!(a.len().min(b.len()).min(to.len()) >= group, "a position");
    let body = Sum {
        from: [a.as_ptr(), b.as_ptr()],
        to: to.as_mut_ptr(),
        samples,
        channels,
        finish: checked(finish, channels),
    };
    // SAFETY: all three slices contain a position; the caller chose `V` for this processor.
    unsafe { V::sweep(channels, &body) }
}

/// The maximum of every `columns` neighbouring columns in lines of `width`; columns left over at the end are dropped.
pub(super) fn pool_columns<V: Isa>(
    (width, columns): (usize, usize),
    from: &[f32],
    (samples, channels): Rows,
    to: &mut [f32],
    finish: &Finish,
) {
    let group = samples * channels;
    let outs = to.chunks_exact_mut(width / columns * group);
    for (line, out) in from.chunks_exact(width * group).zip(outs) {
        let windows = line.chunks_exact(columns * group);
        for (window, out) in windows.zip(out.chunks_exact_mut(group)) {
            pool::<V, false>(columns, window, (samples, channels), out, finish);
        }
    }
}

/// The mean over `positions` positions if `MEAN` is set, otherwise the maximum.
pub(super) fn pool<V: Isa, const MEAN: bool>(
    positions: usize,
    from: &[f32],
    (samples, channels): Rows,
    to: &mut [f32],
    finish: &Finish,
) {
    let group = samples * channels;
    assert!(
        from.len() >= positions * group && to.len() >= group,
        "positions"
    );
    let body = Pooled::<MEAN> {
        from: from.as_ptr(),
        positions,
        to: to.as_mut_ptr(),
        samples,
        channels,
        finish: checked(finish, channels),
    };
    // SAFETY: all positions are inside; the caller chose `V` for this processor.
    unsafe { V::sweep(channels, &body) }
}

/// A depthwise convolution: `sources` has the input position under every tap of every output position.
pub(super) fn depthwise<V: Isa>(
    (sources, kernel): (&[Option<usize>], &[f32]),
    from: &[f32],
    (samples, channels): Rows,
    to: &mut [f32],
    finish: &Finish,
) {
    let group = samples * channels;
    let taps = kernel.len() / channels;
    let mut read = Vec::with_capacity(taps);
    for (sources, out) in sources.chunks_exact(taps).zip(to.chunks_exact_mut(group)) {
        read.clear();
        let rows = sources.iter().enumerate();
        read.extend(
            rows.filter_map(|(tap, position)| Some(((*position)? * group, tap * channels))),
        );
        let inside = |(input, _): &(usize, usize)| input + group <= from.len();
        assert!(read.iter().all(inside), "the input's positions");
        let body = Depthwise {
            from: from.as_ptr(),
            kernel: kernel.as_ptr(),
            taps: &read,
            to: out.as_mut_ptr(),
            samples,
            channels,
            finish: checked(finish, channels),
        };
        // SAFETY: all positions and the rows of the kernel are inside; the caller chose `V` for this processor.
        unsafe { V::sweep(channels, &body) }
    }
}

/// With numbers for so many channels.
fn checked(finish: &Finish, channels: usize) -> &Finish {
    assert!(channels <= finish.bias.len(), "the bias");
    finish
}
