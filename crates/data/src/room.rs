//! Memory for whole recordings.

use std::sync::Once;

/// Bytes from which large pages are asked for.
const LARGE: usize = 4 << 20;

/// Bytes from which freed memory is kept: samples take several times the bytes of their file.
const KEPT: usize = 1 << 20;

/// An empty vector with room for `n` values. Large ones are asked for in large pages, as NumPy does: the first use of a
/// small page costs more than filling it.
pub(crate) fn room<T>(n: usize) -> Vec<T> {
    let bytes = n.saturating_mul(size_of::<T>());
    if bytes >= KEPT {
        KEEP.call_once(keep_freed_memory);
    }
    let values = Vec::with_capacity(n);
    if bytes >= LARGE {
        advise(&values);
    }
    values
}

static KEEP: Once = Once::new();

/// Tells glibc to keep up to 64 MiB of freed memory for the next recording, and to take blocks of up to 32 MiB from it:
/// the system clears memory anew whenever it hands it out, which takes longer than reading a file. glibc itself goes
/// that far once a block of 32 MiB has been freed; the channels of a recording are rarely that large.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
fn keep_freed_memory() {
    // SAFETY: both calls only set parameters of the allocator, which may be done at any time.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 << 20);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn keep_freed_memory() {}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn advise<T>(values: &Vec<T>) {
    const PAGE: usize = 4096;
    let start = values.as_ptr() as usize;
    let end = start + values.capacity() * size_of::<T>();
    // Whole pages, so that a large page can span two adjacent vectors.
    let start = start / PAGE * PAGE;
    // SAFETY: `values` owns a part of every page in the range, and this advice changes only the size of pages. Ignoring
    // it has no effect on the result.
    unsafe {
        libc::madvise(
            start as *mut libc::c_void,
            end.next_multiple_of(PAGE) - start,
            libc::MADV_HUGEPAGE,
        );
    }
}

#[cfg(not(target_os = "linux"))]
fn advise<T>(_: &Vec<T>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room() {
        for n in [0, 10, 3 << 20] {
            let mut values = room::<f64>(n);
            assert!(values.is_empty() && values.capacity() >= n);
            values.extend((0..n).map(|i| i as f64));
            assert!(values.iter().enumerate().all(|(i, v)| *v == i as f64));
        }
    }
}
