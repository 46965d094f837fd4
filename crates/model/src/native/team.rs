//! Threads that work through a pass together, phase by phase.
//!
//! A training step is tens of phases of some ten to a hundred microseconds each. Rayon puts threads without
//! work to sleep after about as long, and waking them took a quarter of a step (measured: `perf`, batch 32,
//! two threads). A [`Team`]'s helpers wait awake for a while before they sleep.
//!
//! Helpers are welcome, not needed: a caller does tasks itself, and all of them where another caller has the
//! helpers.
//!
//! Waiting awake costs nobody anything while there is a core a thread. Where other processes want the cores too, as the
//! trainings of a sweep do, it takes time from them, and a phase waits for threads that do not run. A thread that lets
//! others through while it waits, and comes back only much later, has found that out: the team is then [`Crowded`] for a while,
//! its helpers sleep, and callers work alone, each on a core.
#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Rounds of waiting awake between letting other threads of the machine through.
const SPINS: usize = 200;
/// Rounds of waiting after which a helper sleeps: some hundred microseconds, longer than the pause between two
/// training steps.
const AWAKE: usize = 8_000;

/// How long a thread that lets others through is away where another one wanted its core: longer than system threads
/// take, shorter than what a scheduler gives a thread that computes.
const AWAY: Duration = Duration::from_micros(1500);
/// Within which time that must happen twice: once is a system's task that passes by.
const TWICE: Duration = Duration::from_millis(10);
/// How long callers work alone when it does, and at most, where it goes on afterwards.
const ALONE: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(640)];

/// Whether other processes have the cores that helpers would run on.
struct Crowded {
    begun: Instant,
    /// Until when callers work alone, and how long they do this time, in microseconds since `begun` and at all.
    until: AtomicU64,
    length: AtomicU64,
    /// When a thread was away, in microseconds since `begun`.
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
        // Without a look at the clock where it never was.
        self.until.load(Ordering::Relaxed) > 0 && self.is_at(self.now())
    }

    fn is_at(&self, now: u64) -> bool {
        now < self.until.load(Ordering::Relaxed)
    }

    /// A thread has been away for so long, until `now`.
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
        // Soon: before as long has passed as it took last time.
        let again = now < until + length;
        let length = if again { (2 * length).min(most) } else { least };
        self.length.store(length, Ordering::Relaxed);
        self.until.store(now + length, Ordering::Relaxed);
    }
}

/// Calls the task of a phase: the closure behind the pointer, and the task's number.
type Call = unsafe fn(*mut (), usize);

/// See the module.
pub(super) struct Team {
    /// Number of the phase (upper half) and of its tasks that nobody has claimed (lower half): one word, so
    /// that no thread takes the tasks of one phase for those of another.
    unclaimed: AtomicU64,
    /// The closure that does the tasks, and how it is called. Written while no task is left to claim.
    closure: AtomicPtr<()>,
    call: AtomicPtr<()>,
    /// Tasks of the phase that were done.
    done: AtomicUsize,
    panicked: AtomicBool,
    /// Whether a caller has the helpers.
    taken: AtomicBool,
    /// Helpers that sleep or are about to.
    asleep: AtomicUsize,
    helpers: OnceLock<Vec<Thread>>,
    crowded: Crowded,
}

/// A team's helpers for some phases, or nobody beside the caller.
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
    /// A team of `threads` threads, the caller's included.
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
            // Without it the others do its work.
            let handle = thread.spawn(move || team.help()).ok()?;
            Some(handle.thread().clone())
        };
        let helpers = (1..threads).filter_map(spawn).collect();
        team.helpers.set(helpers).expect("set once");
        team
    }

    /// The team of the process, as large as Rayon's pool, whose settings users know.
    pub fn shift(alone: bool) -> Shift<'static> {
        static TEAM: OnceLock<Arc<Team>> = OnceLock::new();
        if alone || rayon::current_num_threads() == 1 {
            return Shift { team: None };
        }
        let team = TEAM.get_or_init(|| Team::new(rayon::current_num_threads()));
        team.take_shift()
    }

    /// One round of waiting.
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
        /// # Safety
        /// `closure` points to a living `F`.
        unsafe fn call<F: Fn(usize)>(closure: *mut (), task: usize) {
            // SAFETY: as promised to this function.
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
        // Pairs with the fence of a helper that goes to sleep: it sees the tasks, or is seen asleep.
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

    /// Claims and does one task; says whether there was one.
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
        // SAFETY: the exchange found phase and number unchanged, so what was read between belongs to this
        // phase: it is overwritten only after all its tasks are done, and this one was not even claimed.
        // The closure lives as long, since `phase` returns only then. `call` was made from a `Call`.
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
    /// Calls `work` with every element and its number, in any order, on all threads.
    ///
    /// # Panics
    /// Where `work` does.
    pub fn each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        let count = items.len();
        let Some(team) = self.team.filter(|_| count > 1) else {
            let items = items.iter_mut().enumerate();
            return items.for_each(|(i, item)| work(i, item));
        };
        let base = Items(items.as_mut_ptr());
        team.phase(count, &|i| {
            let base = &base;
            // SAFETY: `i` is below `count`, and every number is claimed once, so no other reference to
            // this element exists until the phase is over.
            work(i, unsafe { &mut *base.0.add(i) });
        });
    }

    /// As [`Shift::each`], handing over the elements.
    pub fn take<T: Send>(&self, items: Vec<T>, work: impl Fn(T) + Sync) {
        let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
        self.each(&mut items, |_, item| {
            work(item.take().expect("an element is visited once"));
        });
    }
}

/// A pointer that threads may share: [`Shift::each`] says why.
struct Items<T>(*mut T);

// SAFETY: threads reach distinct elements through it, and elements may be sent.
unsafe impl<T: Send> Sync for Items<T> {}

#[cfg(test)]
mod tests;
