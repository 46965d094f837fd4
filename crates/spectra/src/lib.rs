//! The arithmetic of the front ends: Fourier transforms, logarithms and loops over samples and bins, with the same bits on
//! every processor.
//!
//! - [`frames`]: spectra of frames at regular distances, eight at a time;
//! - [`centred`]: spectra of such frames without their means, in float32, sixteen at a time;
//! - [`transform`]: the transform of all rows, for the lengths that are used most;
//! - [`fft`]: transforms of any length, one by one;
//! - [`loops`], [`columns`], [`scaling`] and [`logarithm`]: vectorised loops;
//! - [`roots`]: cosines, sines and windows.
//!
//! It is a crate by itself so that the code for transforms of any length, a large one, is compiled once. It is compiled as one
//! part: in several parts, the compiler does not see through the iterators of its loops.

pub mod centred;
pub mod columns;
pub mod fft;
pub mod frames;
pub mod logarithm;
pub mod loops;
pub mod roots;
pub mod scaling;
pub mod transform;
