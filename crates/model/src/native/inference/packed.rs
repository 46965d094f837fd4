//! Kernels in the order in which products read them: panels of columns, each with contiguous rows.

use super::instructions::Instructions;

/// A cache line of values.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Values that begin at a cache line.
#[derive(Clone, Debug, Default)]
pub(super) struct Aligned {
    lines: Vec<Line>,
    length: usize,
}

impl Aligned {
    pub fn zeros(length: usize) -> Self {
        Self {
            lines: vec![Line([0.0; 16]); length.div_ceil(16)],
            length,
        }
    }
}

impl std::ops::Deref for Aligned {
    type Target = [f32];

    #[allow(unsafe_code)]
    fn deref(&self) -> &[f32] {
        // SAFETY: a line is sixteen values without gaps, and there are `length` of them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl std::ops::DerefMut for Aligned {
    #[allow(unsafe_code)]
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

/// Some columns of all kernels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    /// The first column.
    pub column: usize,
    /// Number of real columns, and of columns computed; the rest is zero.
    pub columns: usize,
    pub width: usize,
    /// Number of whole vectors per row, and whether a narrower one follows.
    pub vectors: usize,
    pub tail: bool,
    /// Offset of its values: `[kernel, row, width]`.
    pub start: usize,
}

/// Packed matrices of the same shape.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    pub panels: Vec<Panel>,
    pub values: Aligned,
    /// Number of matrices.
    pub kernels: usize,
    /// Rows per matrix.
    pub rows: usize,
    /// Computed columns of all panels together.
    pub width: usize,
}

impl Packed {
    /// Packs matrices `[rows, columns]`.
    pub fn new(matrices: &[Vec<f32>], rows: usize, columns: usize, isa: Instructions) -> Self {
        let (lanes, tail_lanes) = isa.lanes();
        let rest = columns % lanes;
        let tail = rest > 0 && rest <= tail_lanes && tail_lanes < lanes;
        // In its panel, the tail counts as a vector.
        let vectors = columns.div_ceil(lanes);
        let count = vectors.div_ceil(3);
        let (mut panels, mut start, mut column) = (Vec::new(), 0, 0);
        for i in 0..count {
            let all = vectors * (i + 1) / count - vectors * i / count;
            let tail = tail && i + 1 == count;
            let whole = all - usize::from(tail);
            let width = whole * lanes + if tail { tail_lanes } else { 0 };
            panels.push(Panel {
                column,
                columns: width.min(columns - column),
                width,
                vectors: whole,
                tail,
                start,
            });
            start += matrices.len() * rows * width;
            column += width;
        }
        let mut values = Aligned::zeros(start);
        for panel in &panels {
            let panel_values = &mut values[panel.start..][..matrices.len() * rows * panel.width];
            let panel_rows = panel_values.chunks_exact_mut(panel.width);
            let all = matrices.iter().flat_map(|m| m.chunks_exact(columns));
            for (row, from) in panel_rows.zip(all) {
                row[..panel.columns].copy_from_slice(&from[panel.column..][..panel.columns]);
            }
        }
        Self {
            panels,
            values,
            kernels: matrices.len(),
            rows,
            width: column,
        }
    }
}
