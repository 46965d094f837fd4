use super::*;

#[test]
fn every_element_is_visited_once_a_phase() {
    for threads in [1, 2, 5] {
        let team = Team::new(threads);
        let shift = team.take_shift();
        let mut counts = vec![0usize; 37];
        for phase in 0..20_000 {
            let count = phase * 7 % counts.len() + 1;
            shift.each(&mut counts[..count], |_, c| *c += phase);
        }
        for (i, count) in counts.iter().enumerate() {
            let phases = (0..20_000).filter(|phase| phase * 7 % 37 >= i);
            assert_eq!(*count, phases.sum::<usize>());
        }
    }
}

#[test]
fn elements_are_handed_over_also_to_helpers_that_slept() {
    let team = Team::new(3);
    for _ in 0..20 {
        let items: Vec<Box<usize>> = (0..100).map(Box::new).collect();
        let sum = AtomicUsize::new(0);
        let add = |item: Box<usize>| {
            sum.fetch_add(*item, Ordering::Relaxed);
        };
        team.take_shift().take(items, add);
        assert_eq!(sum.into_inner(), 4950);
        thread::sleep(std::time::Duration::from_millis(3));
    }
}

#[test]
fn one_caller_has_the_helpers_the_other_works_alone() {
    let team = Team::new(2);
    let calm = || while team.crowded.is_now() {};
    calm();
    let first = team.take_shift();
    let second = team.take_shift();
    assert!(first.team.is_some() && second.team.is_none());
    let mut items = [0; 10];
    second.each(&mut items, |i, item| *item = i);
    assert_eq!(items, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    drop((first, second));
    calm();
    assert!(team.take_shift().team.is_some());
}

#[test]
fn callers_work_alone_while_others_want_the_cores() {
    let crowded = Crowded::new();
    let [least, most] = ALONE.map(|time| time.as_micros() as u64);
    let twice = TWICE.as_micros() as u64;
    crowded.was_away(AWAY / 2, 1);
    crowded.was_away(AWAY / 2, 2);
    assert!(!crowded.is_at(3), "that was nobody");
    crowded.was_away(AWAY * 2, 10);
    crowded.was_away(AWAY * 2, 11 + twice);
    assert!(!crowded.is_at(11 + twice), "once is a task that passes by");
    let mut now = 20 + twice;
    crowded.was_away(AWAY * 2, now);
    assert!(crowded.is_at(now) && crowded.is_at(now + least - 1));
    assert!(!crowded.is_at(now + least));
    now += least + 1;
    // If it recurs right after a period, the next period is twice as long.
    for times in 1..10 {
        let length = (least << times).min(most);
        crowded.was_away(AWAY * 2, now);
        crowded.was_away(AWAY * 2, now + 1);
        now += 1 + length;
        assert!(crowded.is_at(now - 1) && !crowded.is_at(now), "{times}");
    }
    // The other processes were gone for a while and came back.
    now += 2 * most;
    crowded.was_away(AWAY * 2, now);
    crowded.was_away(AWAY * 2, now + 1);
    assert!(crowded.is_at(now + least) && !crowded.is_at(now + 1 + least));
}

#[test]
fn panics_reach_the_caller_and_the_team_lives_on() {
    let team = Team::new(2);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let shift = team.take_shift();
        shift.each(&mut [1, 2, 3], |i, _| assert!(i != 1));
    }));
    assert!(result.is_err());
    let mut items = [1, 2, 3];
    team.take_shift().each(&mut items, |_, item| *item += 1);
    assert_eq!(items, [2, 3, 4]);
}
