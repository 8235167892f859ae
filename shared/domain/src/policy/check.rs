//! Owns the check of a whole document: from text to a policy, or to everything that is wrong.

use super::diagnostic::{Diagnostic, Rejected, Severity};
use super::document::Table;
use super::findings::Findings;
use super::names::Names;
use super::{Policy, caps, families, hours, references, syntax};
use toml::de::DeTable;

/// A policy that was taken, with the doubts about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The policy.
    pub policy: Policy,
    /// What its author should look at again, ordered by place.
    pub warnings: Vec<Diagnostic>,
}

/// Checks a policy document.
///
/// Every mistake is reported at once, ordered by place. `file_name` is only shown. Where the text
/// is not even TOML, mistakes that may come from what can't be read are left out.
pub fn parse(file_name: &str, text: &str) -> Result<Checked, Rejected> {
    let mut findings = Findings::default();
    let (document, errors) = DeTable::parse_recoverable(text);
    syntax::report(&errors, document.get_ref(), text, &mut findings);
    let policy = read(Table::new(document.get_ref(), 0..0), &mut findings);
    let diagnostics = findings.without_consequences(text).into_diagnostics(text);
    let refused = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    match policy {
        Some(policy) if !refused => Ok(Checked {
            policy,
            warnings: diagnostics,
        }),
        _ => Err(Rejected {
            diagnostics,
            file_name: file_name.to_owned(),
            text: text.to_owned(),
        }),
    }
}

fn read(mut document: Table<'_>, findings: &mut Findings) -> Option<Policy> {
    let names = Names::read(&mut document, findings);
    let families = families::read(&mut document, &names, findings);
    let references = references::read(&mut document, &families, findings);
    let waivers = references::read_waivers(&mut document, &names, findings);
    let working_hours = hours::read(&mut document, findings);
    let caps = caps::read(&mut document, findings);
    document.finish(findings);
    Some(Policy {
        accounts: names.accounts,
        owners: names.owners,
        families: families.sound,
        references: references?,
        waivers: waivers?,
        working_hours: working_hours?,
        caps: caps?,
    })
}
