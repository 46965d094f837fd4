//! Seeded random numbers. Every purpose has its own stream, so results do not depend on threads or order.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Purpose of a random stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Trees = 1,
    Kernels = 2,
    Subset = 3,
    Bootstrap = 4,
}

/// Generator number `number` for a purpose.
pub(crate) fn generator(seed: u64, purpose: Purpose, number: usize) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(((purpose as u64) << 48) | number as u64);
    generator
}
