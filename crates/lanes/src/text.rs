//! Bytes of texts, many at a time: where cells end, what is no digit, and the number of sixteen digits.
//!
//! A reader of texts is a [`TextKernel`]. It is written once and compiled for every instruction set that has these operations
//! as a few instructions. Other processors have none; their readers do without.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod x86;

/// Numbers that are read at a time.
pub const EIGHT: usize = 8;

/// An instruction set that the processor supports. A value of this type proves that it may be used.
pub trait Scan: Copy {
    /// Which of 64 bytes are one of two, the first of them in the lowest bit.
    fn either(self, bytes: &[u8; 64], these: (u8, u8)) -> u64;
    /// Which of 32 bytes are no digits.
    fn others(self, bytes: &[u8; 32]) -> u32;
    /// The number of the last `count` digits at the end of a text, sixteen at most. There is a byte between them, such as a
    /// point, before the last `behind` digits; with sixteen behind it, there is none, or it is farther to the left.
    ///
    /// # Panics
    /// If one of the two is more than sixteen.
    fn number(self, bytes: &[u8; 17], behind: usize, count: usize) -> u64;
    /// The numbers in eight cells of digits with a minus before and a point between them, of which a float64 holds all: the
    /// nearest float64 to each, and which cells are such numbers, the first in the lowest bit. A cell has `lengths` bytes, which
    /// end sixteen bytes behind the byte `places`.
    ///
    /// # Panics
    /// If a cell is behind the text.
    fn eight(
        self,
        text: &[u8],
        places: &[u32; EIGHT],
        lengths: &[u8; EIGHT],
        point: u8,
    ) -> ([f64; EIGHT], u8);
    /// The digits in eight cells of up to 32 bytes, which end 32 bytes behind the byte `places`.
    ///
    /// # Panics
    /// If a cell is behind the text.
    fn eight_long(
        self,
        text: &[u8],
        places: &[u32; EIGHT],
        lengths: &[u8; EIGHT],
        point: u8,
    ) -> Long;
}

/// Digits of eight numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Long {
    /// The digits.
    pub digits: [u64; EIGHT],
    /// How many of them are behind the point.
    pub decimals: [u32; EIGHT],
    /// Which have a minus before them, the first in the lowest bit.
    pub negative: u8,
    /// Which cells have nothing but these, and are not too large.
    pub good: u8,
}

/// A reader written for any instruction set.
pub trait TextKernel {
    /// What it finds.
    type Output;
    /// Reads. This method and everything it calls must be `#[inline(always)]`, to be compiled with the instructions of `isa`.
    fn run<S: Scan>(self, isa: S) -> Self::Output;
}

/// Runs a reader with the best instructions of this processor; `None` if it has none of them.
pub fn scan<K: TextKernel>(kernel: K) -> Option<K::Output> {
    #[cfg(target_arch = "x86_64")]
    {
        x86::scan(kernel)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        drop(kernel);
        None
    }
}

#[cfg(test)]
mod tests;
