//! Owns the reading of the limits on what one run may do.

use super::Caps;
use super::diagnostic::Code;
use super::document::{Key, Table};
use super::findings::Findings;
use toml::de::DeValue;

const CAPS: Key = Key::new("caps", "{ copies-per-run = 100, revocations-per-run = 20 }");
const COPIES: Key = Key::new("copies-per-run", "100");
const REVOCATIONS: Key = Key::new("revocations-per-run", "20");
const RETIREMENTS: Key = Key::new("retirements-per-run", "50");
const RETIREMENTS_A_DAY: Key = Key::new("retirements-per-day", "100");
const PERCENT: Key = Key::new("retirement-percent-per-run", "10");
const PERCENT_A_DAY: Key = Key::new("retirement-percent-per-day", "20");

impl Default for Caps {
    /// The limits where the policy says nothing.
    fn default() -> Self {
        Self {
            copies_per_run: 100,
            revocations_per_run: 20,
            retirements_per_run: 50,
            retirements_per_day: 100,
            retirement_percent_per_run: 10,
            retirement_percent_per_day: 20,
        }
    }
}

/// The highest limit: more would be none.
const HIGHEST: u32 = 10_000;

/// Reads the limits.
pub(super) fn read(document: &mut Table<'_>, findings: &mut Findings) -> Option<Caps> {
    let default = Caps::default();
    let Some(node) = document.optional(CAPS) else {
        return Some(default);
    };
    let mut table = node.table(findings)?;
    let mut cap = |key, default, highest| read_cap(&mut table, key, default, highest, findings);
    let copies = cap(COPIES, default.copies_per_run, HIGHEST);
    let revocations = cap(REVOCATIONS, default.revocations_per_run, HIGHEST);
    let retirements = cap(RETIREMENTS, default.retirements_per_run, HIGHEST);
    let retirements_a_day = cap(RETIREMENTS_A_DAY, default.retirements_per_day, HIGHEST);
    let percent = cap(PERCENT, default.retirement_percent_per_run, 100);
    let percent_a_day = cap(PERCENT_A_DAY, default.retirement_percent_per_day, 100);
    table.finish(findings);
    Some(Caps {
        copies_per_run: copies?,
        revocations_per_run: revocations?,
        retirements_per_run: retirements?,
        retirements_per_day: retirements_a_day?,
        retirement_percent_per_run: percent?,
        retirement_percent_per_day: percent_a_day?,
    })
}

fn read_cap(
    table: &mut Table<'_>,
    key: Key,
    default: u32,
    highest: u32,
    findings: &mut Findings,
) -> Option<u32> {
    let Some(node) = table.optional(key) else {
        return Some(default);
    };
    let DeValue::Integer(number) = node.value() else {
        return node.wrong_type("a whole number", findings);
    };
    let cap = u32::from_str_radix(number.as_str(), number.radix())
        .ok()
        .filter(|cap| *cap <= highest);
    if cap.is_none() {
        let (message, help) = if number.as_str().starts_with('-') {
            (
                "a limit can't be negative".to_owned(),
                "write 0 to allow none at all".to_owned(),
            )
        } else {
            (
                format!("a limit can't be higher than {highest}"),
                format!("write a number from 0 to {highest}"),
            )
        };
        findings.error(Code::OutOfRange, &node.span(), message, help);
    }
    cap
}
