//! Owns working hours: when somebody is there to hear of what is retired.

use super::diagnostic::Code;
use super::document::{Key, Node, Table, Text};
use super::findings::Findings;
use super::suggest::{meant, quoted};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use std::collections::BTreeSet;

const HOURS: Key = Key::new(
    "working-hours",
    r#"{ days = ["mon", "fri"], from = "09:00", to = "17:00", time-zone = "Europe/Berlin" }"#,
);
const DAYS: Key = Key::new("days", r#"["mon", "tue", "wed", "thu", "fri"]"#);
const FROM: Key = Key::new("from", r#""09:00""#);
const TO: Key = Key::new("to", r#""17:00""#);
const ZONE: Key = Key::new("time-zone", r#""Europe/Berlin""#);

/// The days of a week as a policy writes them.
const NAMES: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// When images may be taken to their next stage: at any time where a policy says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingHours(Option<Hours>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Hours {
    days: BTreeSet<i8>,
    from: Time,
    to: Time,
    zone: TimeZone,
}

/// How many days ahead an opening is looked for: a week has each day once, and the hours of one day
/// may fall into those that summer time skips.
const DAYS_AHEAD: i64 = 21;

impl WorkingHours {
    /// Whether a moment lies in them. The first moment does, the last does not.
    pub fn cover(&self, moment: Timestamp) -> bool {
        self.0.as_ref().is_none_or(|hours| hours.cover(moment))
    }

    /// The first moment from this one on that lies in them: this one where it does.
    pub fn next(&self, moment: Timestamp) -> Timestamp {
        match &self.0 {
            Some(hours) if !hours.cover(moment) => hours.opening(moment),
            _ => moment,
        }
    }
}

impl Hours {
    /// Hours that end the next day belong to the day they begin on.
    fn cover(&self, moment: Timestamp) -> bool {
        let there = moment.to_zoned_datetime(self.zone.clone());
        let (day, time) = (there.weekday().to_monday_zero_offset(), there.time());
        let begins = self.days.contains(&day);
        if self.from < self.to {
            return begins && (self.from..self.to).contains(&time);
        }
        let began = self.days.contains(&((day + 6) % 7));
        (begins && self.from <= time) || (began && time < self.to)
    }

    /// They begin where clocks show so, and where clocks are put forward or back into them.
    fn opening(&self, moment: Timestamp) -> Timestamp {
        let today = moment.to_zoned_datetime(self.zone.clone()).date();
        let shown = (-1..=DAYS_AHEAD).filter_map(|days| today.checked_add(days.days()).ok());
        let shown = shown.flat_map(|day| self.beginnings(day));
        let put = self.zone.following(moment).next();
        let put = put.map(|transition| transition.timestamp());
        let openings = shown.chain(put);
        openings
            .filter(|opening| *opening > moment && self.cover(*opening))
            .min()
            .unwrap_or(Timestamp::MAX)
    }

    /// When clocks show the first moment on a day: twice where they are put back over it.
    fn beginnings(&self, day: Date) -> impl Iterator<Item = Timestamp> + use<> {
        let begins = || self.zone.to_ambiguous_timestamp(day.to_datetime(self.from));
        let both = [begins().earlier(), begins().later()];
        both.into_iter().filter_map(Result::ok)
    }
}

/// Reads the working hours; without any, every hour is one.
pub(super) fn read(document: &mut Table<'_>, findings: &mut Findings) -> Option<WorkingHours> {
    let Some(node) = document.optional(HOURS) else {
        return Some(WorkingHours::default());
    };
    let mut table = node.table(findings)?;
    let days = table
        .required(DAYS)
        .and_then(|node| read_days(node, findings));
    let from = table
        .required(FROM)
        .and_then(|node| read_time(node, findings));
    let to = table
        .required(TO)
        .and_then(|node| read_time(node, findings));
    let zone = table
        .required(ZONE)
        .and_then(|node| read_zone(node, findings));
    table.finish(findings);
    let (from, to) = (from?, to?);
    if from.0 == to.0 {
        let message = "working hours that end when they begin";
        let help = "write another time, such as \"09:00\" and \"17:00\"; what ends before it begins \
                    ends the next day";
        findings.error(Code::OutOfRange, &to.1.span, message, help);
        return None;
    }
    Some(WorkingHours(Some(Hours {
        days: days?,
        from: from.0,
        to: to.0,
        zone: zone?,
    })))
}

fn read_days(node: Node<'_>, findings: &mut Findings) -> Option<BTreeSet<i8>> {
    let list = node.filled_texts(findings)?;
    let mut days = list.complete.then(BTreeSet::new);
    for text in &list.items {
        let day = NAMES.iter().find(|(name, _)| *name == text.text);
        match (day, &mut days) {
            (Some((_, day)), Some(days)) => {
                days.insert(day.to_monday_zero_offset());
            }
            (Some(_), None) => {}
            (None, _) => {
                let known = NAMES.iter().map(|(name, _)| *name);
                let help = meant(
                    text.text,
                    known,
                    "the days are mon, tue, wed, thu, fri, sat, sun",
                );
                let message = format!("{} is no day of the week", quoted(text.text));
                findings.error(Code::MalformedHours, &text.span, message, help);
                days = None;
            }
        }
    }
    days
}

fn read_time<'d>(node: Node<'d>, findings: &mut Findings) -> Option<(Time, Text<'d>)> {
    let text = node.text(findings)?;
    let time = match text.text.as_bytes() {
        [_, _, b':', _, _] => text.text.parse().ok(),
        _ => None,
    };
    if time.is_none() {
        let message = format!("{} is not a time of day", quoted(text.text));
        let help = "write hours and minutes: \"09:00\"";
        findings.error(Code::MalformedHours, &text.span, message, help);
    }
    Some((time?, text))
}

fn read_zone(node: Node<'_>, findings: &mut Findings) -> Option<TimeZone> {
    let text = node.text(findings)?;
    let zone = TimeZone::get(text.text);
    if zone.is_err() {
        let message = format!("{} is not a time zone", quoted(text.text));
        let help = "write a zone's name of the IANA database, such as \"Europe/Berlin\" or \"UTC\"";
        findings.error(Code::MalformedHours, &text.span, message, help);
    }
    zone.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(zone: &str) -> WorkingHours {
        WorkingHours(Some(Hours {
            days: [0, 1, 2, 3, 4].into(),
            from: "09:00".parse().unwrap(),
            to: "17:00".parse().unwrap(),
            zone: TimeZone::get(zone).unwrap(),
        }))
    }

    #[test]
    fn a_working_hour_is_one_of_the_zones_own_days_and_hours() {
        let berlin = hours("Europe/Berlin");
        for (moment, is_one) in [
            ("2026-01-05T07:59:59Z", false),
            ("2026-01-05T08:00:00Z", true),
            ("2026-01-05T15:59:59Z", true),
            ("2026-01-05T16:00:00Z", false),
            ("2026-01-04T12:00:00Z", false),
        ] {
            assert_eq!(berlin.cover(moment.parse().unwrap()), is_one, "{moment}");
        }
    }

    #[test]
    fn working_hours_move_with_the_zones_summer_time() {
        let berlin = hours("Europe/Berlin");
        assert!(!berlin.cover("2026-01-05T07:30:00Z".parse().unwrap()));
        assert!(berlin.cover("2026-07-06T07:30:00Z".parse().unwrap()));
    }

    fn between(days: &[i8], from: &str, to: &str, zone: &str) -> WorkingHours {
        WorkingHours(Some(Hours {
            days: days.iter().copied().collect(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            zone: TimeZone::get(zone).unwrap(),
        }))
    }

    #[test]
    fn hours_that_span_midnight_belong_to_the_day_they_begin_on() {
        let friday_night = between(&[4], "22:00", "06:00", "UTC");
        for (moment, is_one) in [
            ("2026-01-09T21:59:59Z", false),
            ("2026-01-09T22:00:00Z", true),
            ("2026-01-10T05:59:59Z", true),
            ("2026-01-10T06:00:00Z", false),
            ("2026-01-10T23:00:00Z", false),
            ("2026-01-09T05:00:00Z", false),
        ] {
            let moment: Timestamp = moment.parse().unwrap();
            assert_eq!(friday_night.cover(moment), is_one, "{moment}");
        }
    }

    #[test]
    fn the_next_working_hour_is_now_or_when_they_begin_again() {
        let berlin = hours("Europe/Berlin");
        for (moment, next) in [
            ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z"),
            ("2026-01-05T16:00:00Z", "2026-01-06T08:00:00Z"),
            ("2026-01-09T16:00:00Z", "2026-01-12T08:00:00Z"),
            // Clocks are put forward on Sunday the 29th of March, and back on the 25th of October.
            ("2026-03-27T17:00:00Z", "2026-03-30T07:00:00Z"),
            ("2026-10-23T17:00:00Z", "2026-10-26T08:00:00Z"),
        ] {
            let next: Timestamp = next.parse().unwrap();
            assert_eq!(berlin.next(moment.parse().unwrap()), next, "{moment}");
        }
        let always = WorkingHours::default();
        let moment = "2026-01-04T03:00:00Z".parse().unwrap();
        assert_eq!(always.next(moment), moment);
    }

    #[test]
    fn hours_that_summer_time_skips_or_repeats_begin_when_clocks_first_show_one_of_them() {
        let sundays = |from, to| between(&[6], from, to, "Europe/Berlin");
        let skipped = sundays("02:15", "02:45");
        let moment = "2026-03-28T12:00:00Z".parse().unwrap();
        let week_after: Timestamp = "2026-04-05T00:15:00Z".parse().unwrap();
        assert_eq!(skipped.next(moment), week_after);
        let partly = sundays("02:30", "05:00");
        let put_forward: Timestamp = "2026-03-29T01:00:00Z".parse().unwrap();
        assert_eq!(partly.next(moment), put_forward);
        let repeated = sundays("01:30", "02:30");
        let put_back: Timestamp = "2026-10-25T01:00:00Z".parse().unwrap();
        assert_eq!(
            repeated.next("2026-10-25T00:40:00Z".parse().unwrap()),
            put_back
        );
    }

    /// Around each change of clocks, against asking each quarter of an hour.
    #[test]
    fn no_moment_before_the_next_working_hour_is_one() {
        let step = jiff::SignedDuration::from_mins(15);
        for (zone, day) in [
            ("Europe/Berlin", "2026-03-29T00:00:00Z"),
            ("Europe/Berlin", "2026-10-25T00:00:00Z"),
            ("America/New_York", "2026-03-08T06:00:00Z"),
            ("America/New_York", "2026-11-01T05:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T15:00:00Z"),
            ("America/Havana", "2026-03-08T05:00:00Z"),
        ] {
            for (from, to) in [
                ("00:00", "01:00"),
                ("02:15", "02:45"),
                ("01:30", "02:30"),
                ("02:30", "09:00"),
                ("22:00", "02:30"),
                ("02:30", "00:15"),
            ] {
                for days in [&[6][..], &[0, 1, 2, 3, 4, 5, 6]] {
                    let hours = between(days, from, to, zone);
                    let begin: Timestamp = day.parse::<Timestamp>().unwrap() - step * (4 * 12);
                    let moments: Vec<Timestamp> =
                        (0..4 * 24 * 4).map(|n| begin + step * n).collect();
                    let mut expected = None;
                    for moment in moments.into_iter().rev() {
                        expected = if hours.cover(moment) {
                            Some(moment)
                        } else {
                            expected
                        };
                        if let Some(expected) = expected.filter(|_| !hours.cover(moment)) {
                            let said = format!("{zone} {from}-{to} {days:?} {moment}");
                            assert_eq!(hours.next(moment), expected, "{said}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_day_is_the_day_where_the_people_are() {
        let auckland = hours("Pacific/Auckland");
        assert!(
            auckland.cover("2026-07-05T22:00:00Z".parse().unwrap()),
            "Monday there"
        );
        assert!(
            !auckland.cover("2026-07-10T22:00:00Z".parse().unwrap()),
            "Saturday there"
        );
    }
}
