//! When an image was launched, as far as the API tells of it: a day late.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-last-launched-time.html>.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::state::later;

/// How late a launch is told.
const DELAY: SignedDuration = SignedDuration::from_hours(24);

/// The launches that are told or will be, oldest first: the newest that is old enough, and the
/// newest of each minute since.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Launches(Vec<Timestamp>);

impl Launches {
    /// Notes a launch, and forgets those that are never told again.
    pub(crate) fn add(&mut self, now: Timestamp) {
        let told = self.0.iter().filter(|at| is_told(**at, now)).count();
        self.0.drain(..told.saturating_sub(1));
        let minute = |at: &Timestamp| at.as_second().div_euclid(60);
        if self
            .0
            .last()
            .is_some_and(|last| minute(last) == minute(&now))
        {
            self.0.pop();
        }
        self.0.push(now);
    }

    /// The last launch that is told.
    pub(crate) fn last(&self, now: Timestamp) -> Option<Timestamp> {
        let newest_first = self.0.iter().rev();
        newest_first.copied().find(|at| is_told(*at, now))
    }
}

fn is_told(at: Timestamp, now: Timestamp) -> bool {
    later(at, DELAY) <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).expect("a time")
    }

    #[test]
    fn the_last_launch_before_a_day_ago_is_told_however_many_follow() {
        const DAY: i64 = 24 * 60;
        let second = SignedDuration::from_secs(1);
        let mut launches = Launches::default();
        for minute in 0..5 * DAY {
            launches.add(at(minute));
            launches.add(later(at(minute), second));
            let yesterday = (minute >= DAY).then(|| later(at(minute - DAY), second));
            assert_eq!(launches.last(later(at(minute), second)), yesterday);
            assert!(launches.0.len() <= 24 * 60 + 2);
        }
    }
}
