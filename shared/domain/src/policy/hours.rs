//! Owns working hours: when somebody is there to hear of what is retired.

use super::diagnostic::Code;
use super::document::{Key, Node, Table, Text};
use super::findings::Findings;
use super::suggest::{meant, quoted};
use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
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

impl WorkingHours {
    /// Whether a moment lies in them. The first moment does, the last does not.
    pub fn cover(&self, moment: Timestamp) -> bool {
        self.0.as_ref().is_none_or(|hours| {
            let there = moment.to_zoned_datetime(hours.zone.clone());
            let day = there.weekday().to_monday_zero_offset();
            hours.days.contains(&day) && (hours.from..hours.to).contains(&there.time())
        })
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
    if from.0 >= to.0 {
        let message = "working hours that end before they begin";
        let help = "write from and to of one day, such as \"09:00\" and \"17:00\"";
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
