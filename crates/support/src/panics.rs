//! Panics of libraries, caught without being printed. All other panics are printed as usual.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

thread_local! {
    /// Whether panics of this thread are caught.
    static CAUGHT_HERE: Cell<bool> = const { Cell::new(false) };
}
/// Number of calls of [`catch_everywhere`] in progress.
static EVERYWHERE: AtomicUsize = AtomicUsize::new(0);
/// The first panic of any thread since the outermost of these calls began.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Silences panics that are caught.
fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if CAUGHT_HERE.get() {
                return;
            }
            if EVERYWHERE.load(Ordering::SeqCst) == 0 {
                return print(panic);
            }
            let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| message(panic.payload()));
        }));
    });
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic with an unknown message").to_owned()
}

/// Runs `work` on this thread.
///
/// # Errors
/// The message of its panic. Panics of other threads are printed.
///
/// ```
/// assert_eq!(support::panics::catch(|| 5), Ok(5));
/// assert_eq!(support::panics::catch(|| -> i32 { panic!("damaged") }), Err("damaged".to_owned()));
/// ```
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install();
    let before = CAUGHT_HERE.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CAUGHT_HERE.set(before);
    result.map_err(|payload| message(&*payload))
}

/// Runs `work`, which other threads may serve, as those of a GPU do: they panic before this thread does, with the better
/// message.
///
/// # Errors
/// The message of the first panic of any thread, if this thread panics too.
pub fn catch_everywhere<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install();
    if EVERYWHERE.fetch_add(1, Ordering::SeqCst) == 0 {
        *FIRST.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
    let result = catch_unwind(AssertUnwindSafe(work));
    EVERYWHERE.fetch_sub(1, Ordering::SeqCst);
    result.map_err(|payload| {
        let first = FIRST.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.unwrap_or_else(|| message(&*payload))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test: the counts belong to the process.
    #[test]
    fn panics_become_messages() {
        assert_eq!(catch(|| 5), Ok(5));
        assert_eq!(catch(|| -> i32 { panic!("this") }), Err("this".into()));
        assert!(!CAUGHT_HERE.get());
        // The thread that serves the work panics first.
        let served = || -> i32 {
            let other = std::thread::spawn(|| -> i32 { panic!("the device is lost") });
            other.join().expect("a result")
        };
        assert_eq!(
            catch_everywhere(served),
            Err("the device is lost".to_owned())
        );
        assert_eq!(catch_everywhere(|| 5), Ok(5));
        assert_eq!(EVERYWHERE.load(Ordering::SeqCst), 0);
        // An inner call keeps its panic to itself.
        let inner = || catch(|| panic!("inner")).is_err();
        assert_eq!(catch_everywhere(inner), Ok(true));
        assert_eq!(
            catch_everywhere(|| -> i32 { panic!("outer") }),
            Err("outer".into())
        );
    }
}
