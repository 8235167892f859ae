//! Owns how much looks find: a look that suddenly finds far less than the last one is doubted.

use amiary_domain::ids::Place;
use amiary_domain::retention::{Lookout, Outcome};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How much looks found, by place and lookout.
pub type Tally = BTreeMap<(Place, Lookout), Count>;

/// How much the last plausible look from one lookout of a place found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many things.
    pub found: u64,
    /// When that was.
    pub at: Timestamp,
    /// Since when looks find so much less that they are doubted.
    pub doubted_since: Option<Timestamp>,
}

/// Finding less than half of what the last look did is doubted, from this many on. Finding nothing
/// where something was is doubted always.
const WORTH_COMPARING: u64 = 10;

/// What was doubted for so long is believed.
const DOUBTED_FOR: SignedDuration = SignedDuration::from_hours(24 * 3);

/// Holds what a whole look found against the last plausible one: what is remembered of it, and
/// whether it is believed.
pub(super) fn held_against(before: Option<Count>, found: u64, now: Timestamp) -> (Count, Outcome) {
    let believed = Count {
        found,
        at: now,
        doubted_since: None,
    };
    let Some(before) = before else {
        return (believed, Outcome::Complete);
    };
    let since = before.doubted_since.unwrap_or(now);
    if is_plausible(before.found, found) || now.duration_since(since) >= DOUBTED_FOR {
        return (believed, Outcome::Complete);
    }
    let doubted = Count {
        doubted_since: Some(since),
        ..before
    };
    let outcome = Outcome::Implausible {
        before: before.found,
        now: found,
    };
    (doubted, outcome)
}

fn is_plausible(before: u64, now: u64) -> bool {
    match now {
        0 => before == 0,
        now => before < WORTH_COMPARING || now.saturating_mul(2) >= before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(days: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * days)
    }

    fn counted(found: u64) -> Count {
        held_against(None, found, day(0)).0
    }

    fn is_doubted(before: u64, now: u64) -> bool {
        held_against(Some(counted(before)), now, day(1)).1 != Outcome::Complete
    }

    #[test]
    fn far_less_than_before_is_doubted_and_so_is_nothing_where_something_was() {
        assert!(is_doubted(100, 49) && !is_doubted(100, 50));
        assert!(is_doubted(10, 4) && !is_doubted(9, 1), "of few, any may go");
        assert!(is_doubted(1, 0) && !is_doubted(0, 0));
        assert!(!is_doubted(1, 1_000));
        assert_eq!(held_against(None, 0, day(0)).1, Outcome::Complete);
    }

    #[test]
    fn what_is_doubted_is_held_against_the_last_that_was_believed() {
        let (doubted, _) = held_against(Some(counted(100)), 3, day(1));
        assert_eq!((doubted.found, doubted.at), (100, day(0)));
        let (_, outcome) = held_against(Some(doubted), 4, day(2));
        let expected = Outcome::Implausible {
            before: 100,
            now: 4,
        };
        assert_eq!(outcome, expected);
        let (again, outcome) = held_against(Some(doubted), 90, day(2));
        assert_eq!((again.doubted_since, outcome), (None, Outcome::Complete));
    }

    #[test]
    fn what_stays_so_is_believed_three_days_after_it_was_first_seen_however_late_that_is() {
        let (doubted, outcome) = held_against(Some(counted(100)), 0, day(30));
        assert_ne!(outcome, Outcome::Complete, "nobody looked for a month");
        assert_ne!(held_against(Some(doubted), 0, day(32)).1, Outcome::Complete);
        assert_eq!(held_against(Some(doubted), 0, day(33)).1, Outcome::Complete);
    }
}
