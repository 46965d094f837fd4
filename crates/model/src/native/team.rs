//! Threads that work through a pass together, phase by phase.
//!
//! A training step has tens of phases of some ten to a hundred microseconds each. Rayon puts idle threads to sleep
//! after about as long, and waking them took a quarter of a step (measured with `perf`, batch 32, two threads). The
//! helpers of a [`Team`] therefore spin for a while before they sleep.
//!
//! Helpers are optional: a caller does tasks itself, and all of them if another caller has the helpers.
//!
//! Spinning costs nothing as long as there is a core per thread. If other processes need the cores too, such as the
//! runs of a sweep, it takes time from them, and a phase waits for threads that are not running. A thread that yields
//! while it spins, and returns only much later, has detected this. The team is then [`Crowded`] for a while: its
//! helpers sleep, and callers work alone, each on a core.
#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Rounds of spinning between two yields.
const SPINS: usize = 200;
/// Rounds of spinning after which a helper sleeps: some hundred microseconds, longer than the pause between two
/// training steps.
const AWAKE: usize = 8_000;

/// Minimum absence of a yielding thread that shows that another thread needed its core: longer than system tasks take,
/// shorter than a scheduler's time slice for a computing thread.
const AWAY: Duration = Duration::from_micros(1500);
/// Time within which two absences make the team crowded: a single one may be a system task.
const TWICE: Duration = Duration::from_millis(10);
/// Initial and maximum duration for which callers then work alone.
const ALONE: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(640)];

/// Tracks whether other processes use the cores that helpers would run on.
struct Crowded {
    begun: Instant,
    /// Time until which callers work alone, and the current duration, in microseconds since `begun`.
    until: AtomicU64,
    length: AtomicU64,
    /// Time of the last absence, in microseconds since `begun`.
    last: AtomicU64,
}

impl Crowded {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            until: AtomicU64::new(0),
            length: AtomicU64::new(0),
            last: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        self.begun.elapsed().as_micros() as u64
    }

    fn is_now(&self) -> bool {
        // Reads the clock only if a limit was ever set.
        self.until.load(Ordering::Relaxed) > 0 && self.is_at(self.now())
    }

    fn is_at(&self, now: u64) -> bool {
        now < self.until.load(Ordering::Relaxed)
    }

    /// Records that a thread was absent for this long, until `now`.
    fn was_away(&self, time: Duration, now: u64) {
        if time < AWAY || self.is_at(now) {
            return;
        }
        let [least, most] = ALONE.map(|time| time.as_micros() as u64);
        let until = self.until.load(Ordering::Relaxed);
        let last = self.last.swap(now.max(1), Ordering::Relaxed);
        if last == 0 || now - last.min(now) > TWICE.as_micros() as u64 {
            return;
        }
        let length = self.length.load(Ordering::Relaxed);
        // Again soon: before as much time has passed as the last period lasted.
        let again = now < until + length;
        let length = if again { (2 * length).min(most) } else { least };
        self.length.store(length, Ordering::Relaxed);
        self.until.store(now + length, Ordering::Relaxed);
    }
}

/// Calls the task of a phase: the closure behind the pointer, and the task's number.
type Call = unsafe fn(*mut (), usize);

/// A team of threads, see the module.
pub(super) struct Team {
    /// Number of the phase (upper half) and number of its unclaimed tasks (lower half). Both are one word, so that no
    /// thread takes a task of one phase for one of another.
    unclaimed: AtomicU64,
    /// The closure that does the tasks, and the function that calls it. Written while no task is left to claim.
    closure: AtomicPtr<()>,
    call: AtomicPtr<()>,
    /// Number of completed tasks of the phase.
    done: AtomicUsize,
    panicked: AtomicBool,
    /// Whether a caller has the helpers.
    taken: AtomicBool,
    /// Number of helpers that sleep or are about to.
    asleep: AtomicUsize,
    helpers: OnceLock<Vec<Thread>>,
    crowded: Crowded,
}

/// A team's helpers for some phases, or none besides the caller.
pub(super) struct Shift<'a> {
    team: Option<&'a Team>,
}

impl Drop for Shift<'_> {
    fn drop(&mut self) {
        if let Some(team) = self.team {
            team.taken.store(false, Ordering::Release);
        }
    }
}

impl Team {
    /// A team of `threads` threads, including the caller.
    fn new(threads: usize) -> Arc<Self> {
        let team = Arc::new(Team {
            unclaimed: AtomicU64::new(0),
            closure: AtomicPtr::new(null_mut()),
            call: AtomicPtr::new(null_mut()),
            done: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            taken: AtomicBool::new(false),
            asleep: AtomicUsize::new(0),
            helpers: OnceLock::new(),
            crowded: Crowded::new(),
        });
        let spawn = |number| {
            let team = Arc::clone(&team);
            let thread = thread::Builder::new().name(format!("helper {number}"));
            // If the thread cannot start, the others do its work.
            let handle = thread.spawn(move || team.help()).ok()?;
            Some(handle.thread().clone())
        };
        let helpers = (1..threads).filter_map(spawn).collect();
        team.helpers.set(helpers).expect("set once");
        team
    }

    /// The team of the process. It has the size of Rayon's pool, whose settings users know.
    pub fn shift(alone: bool) -> Shift<'static> {
        static TEAM: OnceLock<Arc<Team>> = OnceLock::new();
        if alone || rayon::current_num_threads() == 1 {
            return Shift { team: None };
        }
        let team = TEAM.get_or_init(|| Team::new(rayon::current_num_threads()));
        team.take_shift()
    }

    /// One round of spinning.
    fn wait(&self, round: &mut usize) {
        *round += 1;
        if (*round).is_multiple_of(SPINS) {
            let left = Instant::now();
            thread::yield_now();
            let away = left.elapsed();
            if away >= AWAY {
                self.crowded.was_away(away, self.crowded.now());
            }
        } else {
            std::hint::spin_loop()
        }
    }

    fn take_shift(&self) -> Shift<'_> {
        if self.crowded.is_now() {
            return Shift { team: None };
        }
        let taken = self.taken.swap(true, Ordering::Acquire);
        Shift {
            team: (!taken).then_some(self),
        }
    }

    fn phase<F: Fn(usize) + Sync>(&self, tasks: usize, work: &F) {
        /// Calls the closure.
        ///
        /// # Safety
        /// `closure` must point to a live `F`.
        unsafe fn call<F: Fn(usize)>(closure: *mut (), task: usize) {
            // SAFETY: the caller upholds this function's contract.
            unsafe { (*closure.cast::<F>())(task) }
        }
        assert!(u32::try_from(tasks).is_ok(), "tasks fit their counter");
        self.done.store(0, Ordering::Relaxed);
        self.panicked.store(false, Ordering::Relaxed);
        let closure = std::ptr::from_ref(work).cast_mut().cast();
        self.closure.store(closure, Ordering::Relaxed);
        self.call
            .store(call::<F> as Call as *mut (), Ordering::Relaxed);
        let phase = (self.unclaimed.load(Ordering::Relaxed) >> 32).wrapping_add(1);
        self.unclaimed
            .store(phase << 32 | tasks as u64, Ordering::Release);
        // Pairs with the fence of a helper that goes to sleep: the helper sees the tasks, or is seen sleeping.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) > 0 {
            let helpers = self.helpers.get().expect("set when made");
            helpers.iter().for_each(Thread::unpark);
        }
        while self.claim_one() {}
        let mut round = 0;
        while self.done.load(Ordering::Acquire) < tasks {
            self.wait(&mut round);
        }
        if self.panicked.load(Ordering::Relaxed) {
            panic!("a task of a shared phase panicked");
        }
    }

    /// Claims and does one task; returns whether there was one.
    fn claim_one(&self) -> bool {
        let unclaimed = self.unclaimed.load(Ordering::Acquire);
        let left = (unclaimed & u64::from(u32::MAX)) as usize;
        if left == 0 {
            return false;
        }
        let closure = self.closure.load(Ordering::Relaxed);
        let call = self.call.load(Ordering::Relaxed);
        let won = self.unclaimed.compare_exchange(
            unclaimed,
            unclaimed - 1,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if won.is_err() {
            return true; // Another thread was faster, or this is the next phase: look again.
        }
        // SAFETY: the exchange found the phase and number unchanged, so the values read before belong to this phase:
        // they are overwritten only after all its tasks are done, and this one had not even been claimed. The closure
        // lives that long, since `phase` returns only afterwards. `call` was made from a `Call`.
        let result = catch_unwind(AssertUnwindSafe(|| unsafe {
            let call: Call = std::mem::transmute(call);
            call(closure, left - 1);
        }));
        if result.is_err() {
            self.panicked.store(true, Ordering::Relaxed);
        }
        self.done.fetch_add(1, Ordering::Release);
        true
    }

    fn help(&self) {
        let mut round = 0;
        loop {
            if self.claim_one() {
                round = 0;
                continue;
            }
            self.wait(&mut round);
            if round < AWAKE && !self.crowded.is_now() {
                continue;
            }
            self.asleep.fetch_add(1, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if self.unclaimed.load(Ordering::Relaxed) & u64::from(u32::MAX) == 0 {
                thread::park();
            }
            self.asleep.fetch_sub(1, Ordering::Relaxed);
            round = 0;
        }
    }
}

impl Shift<'_> {
    /// Calls `work` with every element and its index, in any order, on all threads.
    ///
    /// # Panics
    /// If `work` panics.
    pub fn each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        let count = items.len();
        let Some(team) = self.team.filter(|_| count > 1) else {
            let items = items.iter_mut().enumerate();
            return items.for_each(|(i, item)| work(i, item));
        };
        let base = Items(items.as_mut_ptr());
        team.phase(count, &|i| {
            let base = &base;
            // SAFETY: `i` is below `count`, and every number is claimed once, so there is no other reference to this
            // element until the phase is over.
            work(i, unsafe { &mut *base.0.add(i) });
        });
    }

    /// Like [`Shift::each`], passing ownership of the elements.
    pub fn take<T: Send>(&self, items: Vec<T>, work: impl Fn(T) + Sync) {
        let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
        self.each(&mut items, |_, item| {
            work(item.take().expect("an element is visited once"));
        });
    }
}

/// A pointer that threads may share; [`Shift::each`] says why.
struct Items<T>(*mut T);

// SAFETY: threads access distinct elements through it, and elements may be sent.
unsafe impl<T: Send> Sync for Items<T> {}

#[cfg(test)]
mod tests;
