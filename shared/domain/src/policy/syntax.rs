//! Owns the errors of a text that is not TOML, and which parts of it can't be trusted for them.

use super::diagnostic::{Code, Span};
use super::findings::Findings;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// Reports syntax errors. A bracket that is never closed swallows all that follows it, and is one
/// error instead of one for each line.
pub(super) fn report(
    errors: &[Error],
    document: &DeTable<'_>,
    text: &str,
    findings: &mut Findings,
) {
    let mut spans: Vec<(Span, &str)> = errors
        .iter()
        .map(|error| (error.span().unwrap_or_default(), error.message()))
        .collect();
    let ends: Vec<usize> = spans
        .iter()
        .filter(|(_, message)| never_closed(message))
        .map(|(span, _)| span.start)
        .collect();
    if let Some(open) = children(document).find_map(|value| runaway(value, text, &ends)) {
        let first_line = line_end(text, open.start);
        spans.retain(|(span, _)| span.start <= first_line);
        if !spans.iter().any(|(span, _)| span.start > open.start) {
            let (what, bracket) = if text[open.start..].starts_with('[') {
                ("list", ']')
            } else {
                ("table", '}')
            };
            let bracket_span = open.start..open.start + 1;
            let message = format!("this {what} is never closed");
            findings.error(
                Code::Syntax,
                &bracket_span,
                message,
                format!("close it with {bracket}"),
            );
        }
        findings.distrust(open.start..text.len());
    }
    for (span, message) in spans {
        let help =
            "in TOML strings are in quotes, a list in [ ], and each key stands once in its table";
        findings.error(Code::Syntax, &span, message, help);
        findings.distrust(broken_by(text, &span));
    }
}

fn never_closed(message: &str) -> bool {
    message.starts_with("unclosed")
        && !message.starts_with("unclosed table")
        && !message.contains("array table")
}

fn children<'d>(table: &'d DeTable<'d>) -> impl Iterator<Item = &'d Spanned<DeValue<'d>>> {
    table.iter().map(|(_, value)| value)
}

/// The list or table, here or below, whose bracket the parser awaited until the end of the text. It
/// takes a list to reach as far, a table to end at the first bracket that can't be in it.
fn runaway(value: &Spanned<DeValue<'_>>, text: &str, ends: &[usize]) -> Option<Span> {
    let span = value.span();
    let written = text.get(span.clone()).unwrap_or_default();
    let reaches_end = ends.contains(&span.end);
    let stops_short = ends.iter().any(|end| *end > span.end) && !written.ends_with('}');
    if (written.starts_with(['[', '{']) && reaches_end) || (written.starts_with('{') && stops_short)
    {
        return Some(span);
    }
    match value.get_ref() {
        DeValue::Table(table) => children(table).find_map(|value| runaway(value, text, ends)),
        DeValue::Array(array) => array.iter().find_map(|value| runaway(value, text, ends)),
        _ => None,
    }
}

/// The lines that a syntax error spoils: its own, and after a table's header those of the table.
fn broken_by(text: &str, error: &Span) -> Span {
    let start = text
        .get(..error.start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |newline| newline + 1);
    let mut end = line_end(text, error.end);
    if text[start..].trim_start().starts_with('[') {
        end = text
            .get(end..)
            .and_then(|rest| rest.find("\n["))
            .map_or(text.len(), |next| end + next);
    }
    start..end
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |newline| at + newline)
}
