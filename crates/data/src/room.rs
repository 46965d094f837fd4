//! Memory for whole recordings.

/// Bytes from which large pages are asked for.
const LARGE: usize = 4 << 20;

/// An empty vector with room for `n` values. Large ones are asked for in large pages, as NumPy does: the first use of a
/// small page costs more than filling it.
pub(crate) fn room<T>(n: usize) -> Vec<T> {
    let values = Vec::with_capacity(n);
    if n.saturating_mul(size_of::<T>()) >= LARGE {
        advise(&values);
    }
    values
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn advise<T>(values: &Vec<T>) {
    const PAGE: usize = 4096;
    let start = (values.as_ptr() as usize).next_multiple_of(PAGE);
    let end = values.as_ptr() as usize + values.capacity() * size_of::<T>();
    // SAFETY: the range lies within memory that `values` owns, and this advice changes the size of its pages and nothing else.
    // Where it is not followed, all goes on as before.
    unsafe {
        libc::madvise(
            start as *mut libc::c_void,
            end.saturating_sub(start),
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
