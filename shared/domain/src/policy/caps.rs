//! Owns the reading of the limits on what one run may do.

use super::Caps;
use super::diagnostic::Code;
use super::document::{Key, Table};
use super::findings::Findings;
use toml::de::DeValue;

const CAPS: Key = Key::new("caps", "{ copies-per-run = 100, revocations-per-run = 20 }");
const COPIES: Key = Key::new("copies-per-run", "100");
const REVOCATIONS: Key = Key::new("revocations-per-run", "20");

/// The limits where the policy says nothing.
const DEFAULT: Caps = Caps {
    copies_per_run: 100,
    revocations_per_run: 20,
};

/// The highest limit: more would be none.
const HIGHEST: u32 = 10_000;

/// Reads the limits.
pub(super) fn read(document: &mut Table<'_>, findings: &mut Findings) -> Option<Caps> {
    let Some(node) = document.optional(CAPS) else {
        return Some(DEFAULT);
    };
    let mut table = node.table(findings)?;
    let copies = read_cap(&mut table, COPIES, DEFAULT.copies_per_run, findings);
    let revocations = read_cap(
        &mut table,
        REVOCATIONS,
        DEFAULT.revocations_per_run,
        findings,
    );
    table.finish(findings);
    Some(Caps {
        copies_per_run: copies?,
        revocations_per_run: revocations?,
    })
}

fn read_cap(table: &mut Table<'_>, key: Key, default: u32, findings: &mut Findings) -> Option<u32> {
    let Some(node) = table.optional(key) else {
        return Some(default);
    };
    let DeValue::Integer(number) = node.value() else {
        return node.wrong_type("a whole number", findings);
    };
    let cap = u32::from_str_radix(number.as_str(), number.radix())
        .ok()
        .filter(|cap| *cap <= HIGHEST);
    if cap.is_none() {
        let (message, help) = if number.as_str().starts_with('-') {
            (
                "a limit can't be negative".to_owned(),
                "write 0 to allow none at all".to_owned(),
            )
        } else {
            (
                format!("a limit can't be higher than {HIGHEST}"),
                format!("write a number from 0 to {HIGHEST}"),
            )
        };
        findings.error(Code::OutOfRange, &node.span(), message, help);
    }
    cap
}
