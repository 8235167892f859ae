//! Owns schedules: when each fires, and what its function is told.
//!
//! Instants lie on a grid that begins at the Unix epoch, so that they depend on the clock and not on
//! when anybody looked. A schedule fires at the first instant not before the bus was first asked
//! what is due; one whose instants were jumped over fires once, for the last of them.
//!
//! Source: `EventBridge` Scheduler User Guide, "Schedule types"; the payload as seen in AWS, where
//! `detail` is a string.

use jiff::Timestamp;
use serde_json::{Value, json};

/// A schedule of a function.
#[derive(Debug)]
pub(super) struct Schedule {
    /// The logical id: the function's and the event's.
    pub id: String,
    pub function: usize,
    pub arn: String,
    pub grid: Grid,
    /// What the function is told instead of the default.
    pub input: Option<Value>,
    /// Instants up to here, in seconds, were fired or passed over.
    pub passed: Option<i64>,
}

/// Regular instants, in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grid {
    every: i64,
    offset: i64,
}

impl Grid {
    /// Reads `rate(N minutes)`, `rate(N hours)`, `rate(N days)`, and a `cron` of one time each day.
    pub fn parse(expression: &str) -> Result<Self, String> {
        let refused = || {
            format!("the schedule {expression} is neither rate(...) nor cron(minute hour * * ? *)")
        };
        let inner = |kind: &str| expression.strip_prefix(kind)?.strip_suffix(')');
        if let Some(rate) = inner("rate(") {
            let (number, unit) = rate.split_once(' ').ok_or_else(refused)?;
            let number = number
                .parse::<i32>()
                .ok()
                .filter(|n| *n > 0)
                .ok_or_else(refused)?;
            let unit = match unit {
                "minute" | "minutes" => 60,
                "hour" | "hours" => 3_600,
                "day" | "days" => 86_400,
                _ => return Err(refused()),
            };
            return Ok(Self {
                every: i64::from(number) * unit,
                offset: 0,
            });
        }
        let fields: Vec<&str> = inner("cron(")
            .ok_or_else(refused)?
            .split_whitespace()
            .collect();
        let [minute, hour, "*" | "?", "*", "?" | "*", "*"] = fields.as_slice() else {
            return Err(refused());
        };
        let below = |text: &str, end: i64| text.parse().ok().filter(|n| (0..end).contains(n));
        let hour: i64 = below(hour, 24).ok_or_else(refused)?;
        let minute: i64 = below(minute, 60).ok_or_else(refused)?;
        Ok(Self {
            every: 86_400,
            offset: hour * 3_600 + minute * 60,
        })
    }

    /// The last instant not after a moment.
    fn last(self, second: i64) -> i64 {
        (second - self.offset).div_euclid(self.every) * self.every + self.offset
    }
}

impl Schedule {
    /// The next instant that will fire; in the past if it was jumped over.
    pub fn next(&self, now: Timestamp) -> Timestamp {
        let before = self.passed.unwrap_or_else(|| ceiling(now) - 1);
        let next = self.grid.last(before) + self.grid.every;
        Timestamp::from_second(next).unwrap_or(Timestamp::MAX)
    }

    /// Fires, if an instant has come.
    pub fn fire(&mut self, now: Timestamp) -> Option<Timestamp> {
        let due = self.next(now) <= now;
        let last = self.grid.last(now.as_second());
        self.passed = Some(if due {
            last
        } else {
            self.passed.unwrap_or_else(|| ceiling(now) - 1)
        });
        if due {
            Timestamp::from_second(last).ok()
        } else {
            None
        }
    }

    /// What the function is told.
    pub fn payload(&self, at: Timestamp, id: &str, account: &str, region: &str) -> Value {
        self.input.clone().unwrap_or_else(|| {
            json!({
                "version": "0",
                "id": id,
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": account,
                "time": at.to_string(),
                "region": region,
                "resources": [self.arn],
                "detail": "{}",
            })
        })
    }
}

/// The first whole second not before a moment.
fn ceiling(now: Timestamp) -> i64 {
    now.as_second() + i64::from(now.subsec_nanosecond() > 0)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Grid, Schedule};

    fn schedule(expression: &str) -> Schedule {
        Schedule {
            id: "S".into(),
            function: 0,
            arn: "arn".into(),
            grid: Grid::parse(expression).expect("a schedule"),
            input: None,
            passed: None,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_rate_fires_on_its_grid_and_once_each_time() {
        let mut quarter = schedule("rate(15 minutes)");
        assert_eq!(
            quarter.next(at("2026-01-01T00:07:00Z")),
            at("2026-01-01T00:15:00Z")
        );
        assert_eq!(quarter.fire(at("2026-01-01T00:07:00.5Z")), None);
        assert_eq!(
            quarter.fire(at("2026-01-01T00:15:00Z")),
            Some(at("2026-01-01T00:15:00Z"))
        );
        assert_eq!(quarter.fire(at("2026-01-01T00:15:00Z")), None);
        assert_eq!(
            quarter.next(at("2026-01-01T00:15:00Z")),
            at("2026-01-01T00:30:00Z")
        );
    }

    #[test]
    fn an_instant_that_the_clock_passed_over_still_fires() {
        let mut quarter = schedule("rate(15 minutes)");
        quarter.fire(at("2026-01-01T00:14:59Z"));
        assert_eq!(
            quarter.fire(at("2026-01-01T00:15:07Z")),
            Some(at("2026-01-01T00:15:00Z"))
        );
    }

    #[test]
    fn instants_jumped_over_fire_once() {
        let mut quarter = schedule("rate(15 minutes)");
        quarter.fire(at("2026-01-01T00:01:00Z"));
        assert_eq!(
            quarter.fire(at("2026-01-08T10:16:00Z")),
            Some(at("2026-01-08T10:15:00Z"))
        );
        assert_eq!(quarter.fire(at("2026-01-08T10:16:00Z")), None);
    }

    #[test]
    fn looking_does_not_change_when_it_fires() {
        let mut quarter = schedule("rate(15 minutes)");
        let next = quarter.next(at("2026-01-01T00:07:00.5Z"));
        assert_eq!(quarter.fire(next), Some(next));
    }

    #[test]
    fn a_cron_of_one_time_a_day_is_understood_and_others_are_refused() {
        let nightly = schedule("cron(30 2 * * ? *)");
        assert_eq!(
            nightly.next(at("2026-01-01T03:00:00Z")),
            at("2026-01-02T02:30:00Z")
        );
        for refused in [
            "cron(0 2 ? * MON *)",
            "rate(0 minutes)",
            "rate(5 weeks)",
            "at(2026-01-01)",
            "cron(0 24 * * ? *)",
        ] {
            assert!(Grid::parse(refused).is_err(), "{refused}");
        }
    }
}
