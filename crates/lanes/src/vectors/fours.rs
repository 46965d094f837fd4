//! Rows whose numbers lie four by four in different places of a slice.

use std::marker::PhantomData;

/// The groups of four numbers in a row of float32; a row of float64 has the first two.
const GROUPS: usize = 4;

/// Where the groups of a row begin. Missing ones repeat the last, so that every row is complete.
fn groups(firsts: &[usize]) -> [usize; GROUPS] {
    let last = firsts.len().checked_sub(1).expect("a row has a group");
    std::array::from_fn(|i| firsts[i.min(last)])
}

/// The last position at which all groups have four numbers in a slice of this length.
fn last(length: usize, groups: &[usize; GROUPS]) -> usize {
    let furthest = groups.iter().fold(0, |a, b| a.max(*b));
    let last = length.checked_sub(furthest).and_then(|l| l.checked_sub(4));
    last.expect("there is room for four numbers")
}

/// Whether the groups of rows of `lanes` numbers follow one another.
#[inline(always)]
fn are_adjacent(groups: &[usize; GROUPS], lanes: usize) -> bool {
    let mut all = true;
    for i in 1..lanes / 4 {
        all &= groups[i] == groups[0] + 4 * i;
    }
    all
}

/// Where groups begin if rows begin with the lane `first`; there are no more groups than before.
#[inline(always)]
fn shifted(groups: &[usize; GROUPS], first: usize) -> [usize; GROUPS] {
    std::array::from_fn(|i| groups[(first / 4 + i).min(GROUPS - 1)] + first % 4)
}

/// Sources of rows: groups of four numbers, each from its own position of a slice.
#[derive(Clone, Copy)]
pub struct Fours<'a, T> {
    all: &'a [T],
    groups: [usize; GROUPS],
    last: usize,
}

impl<'a, T> Fours<'a, T> {
    /// Rows whose groups begin at `firsts`; if there are fewer than a row has, the last one is repeated.
    ///
    /// # Panics
    /// If there is no group, or a group has no four numbers.
    #[inline]
    pub fn new(all: &'a [T], firsts: &[usize]) -> Self {
        let groups = groups(firsts);
        Self {
            last: last(all.len(), &groups),
            all,
            groups,
        }
    }

    /// Whether the groups of rows of `lanes` numbers follow one another.
    #[inline(always)]
    pub fn are_adjacent(&self, lanes: usize) -> bool {
        are_adjacent(&self.groups, lanes)
    }

    /// The part of all rows from the lane `first` on, where a part begins.
    #[inline(always)]
    pub(super) fn starting_at<const ADJACENT: bool>(&self, first: usize) -> Part<'a, T, ADJACENT> {
        Part {
            groups: shifted(&self.groups, first).map(|at| {
                // SAFETY: there are four numbers at this position.
                unsafe { self.all.as_ptr().add(at) }
            }),
            last: self.last,
            all: PhantomData,
        }
    }
}

/// A part of rows: groups of four numbers, of which a vector reads as many as it has room for; all in one place if they are
/// `ADJACENT`.
#[derive(Clone, Copy)]
pub struct Part<'a, T, const ADJACENT: bool> {
    groups: [*const T; GROUPS],
    last: usize,
    all: PhantomData<&'a [T]>,
}

impl<T, const ADJACENT: bool> Part<'_, T, ADJACENT> {
    /// The numbers of a group at a position, up to the end of the group, or of the row if its groups are adjacent.
    #[inline(always)]
    pub(super) fn at(&self, place: usize, group: usize) -> *const T {
        assert!(place <= self.last);
        // SAFETY: the group has four numbers at this position.
        unsafe { self.groups[group].add(place) }
    }
}

/// Destinations of rows: groups of four numbers, each at its own position of a slice.
pub struct FoursMut<'a, T> {
    all: &'a mut [T],
    groups: [usize; GROUPS],
    /// How many of the groups are not repetitions.
    distinct: usize,
    last: usize,
}

impl<'a, T> FoursMut<'a, T> {
    /// Rows whose groups begin at `firsts`; if there are fewer than a row has, the last one is repeated.
    ///
    /// # Panics
    /// If there is no group, or no room for four numbers.
    #[inline]
    pub fn new(all: &'a mut [T], firsts: &[usize]) -> Self {
        let groups = groups(firsts);
        Self {
            last: last(all.len(), &groups),
            distinct: firsts.len().min(GROUPS),
            all,
            groups,
        }
    }

    /// How many lanes are not repetitions.
    #[inline(always)]
    pub(super) fn lanes(&self) -> usize {
        4 * self.distinct
    }

    /// Whether the groups of rows of `lanes` numbers follow one another.
    #[inline(always)]
    pub fn are_adjacent(&self, lanes: usize) -> bool {
        self.lanes() == lanes && are_adjacent(&self.groups, lanes)
    }

    /// The part of all rows from the lane `first` on, where a part begins.
    #[inline(always)]
    pub(super) fn starting_at<const ADJACENT: bool>(
        &mut self,
        first: usize,
    ) -> PartMut<'_, T, ADJACENT> {
        PartMut {
            groups: shifted(&self.groups, first).map(|at| {
                // SAFETY: there is room for four numbers at this position.
                unsafe { self.all.as_mut_ptr().add(at) }
            }),
            last: self.last,
            all: PhantomData,
        }
    }
}

/// As [`Part`], to write to.
pub struct PartMut<'a, T, const ADJACENT: bool> {
    groups: [*mut T; GROUPS],
    last: usize,
    all: PhantomData<&'a mut [T]>,
}

impl<T, const ADJACENT: bool> PartMut<'_, T, ADJACENT> {
    /// Room for the numbers of a group at a position, up to the end of the group, or of the row if its groups are adjacent.
    #[inline(always)]
    pub(super) fn at(&mut self, place: usize, group: usize) -> *mut T {
        assert!(place <= self.last);
        // SAFETY: the group has room for four numbers at this position.
        unsafe { self.groups[group].add(place) }
    }
}
