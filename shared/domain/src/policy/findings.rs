//! Owns the collecting of diagnostics while a document is read, and their order.

use super::diagnostic::{Code, Diagnostic, Related, Severity, Span};
use std::collections::BTreeSet;

/// What was found so far.
#[derive(Default)]
pub(super) struct Findings {
    found: Vec<Finding>,
    /// Parts of the text that a syntax error made unreadable.
    distrusted: Vec<Span>,
}

/// One finding, not yet counted in lines and columns.
pub(super) struct Finding {
    severity: Severity,
    code: Code,
    span: Span,
    message: String,
    help: String,
    related: Option<(Span, String)>,
}

impl Finding {
    /// Adds another place that matters.
    pub(super) fn related(&mut self, span: &Span, label: impl Into<String>) {
        self.related = Some((span.clone(), label.into()));
    }
}

impl Findings {
    /// Adds a mistake, with what is wrong and how to mend it.
    pub(super) fn error(
        &mut self,
        code: Code,
        span: &Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Finding {
        self.add(Severity::Error, code, span, message.into(), help.into())
    }

    /// Adds a doubt.
    pub(super) fn warning(
        &mut self,
        code: Code,
        span: &Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Finding {
        self.add(Severity::Warning, code, span, message.into(), help.into())
    }

    fn add(
        &mut self,
        severity: Severity,
        code: Code,
        span: &Span,
        message: String,
        help: String,
    ) -> &mut Finding {
        let at = self.found.len();
        self.found.push(Finding {
            severity,
            code,
            span: span.clone(),
            message,
            help,
            related: None,
        });
        &mut self.found[at]
    }

    /// Says that nothing can be concluded from a part of the text.
    pub(super) fn distrust(&mut self, part: Span) {
        self.distrusted.push(part);
    }

    /// Drops what a syntax error may have caused: all that touches a distrusted part, all that may
    /// follow from what it hides, all doubts, and the further syntax errors of a line.
    pub(super) fn without_consequences(mut self, text: &str) -> Self {
        if !self
            .found
            .iter()
            .any(|finding| finding.code == Code::Syntax)
        {
            return self;
        }
        let lines = Lines::of(text);
        let mut shown = BTreeSet::new();
        self.found.sort_by_key(|finding| finding.span.start);
        let distrusted = &self.distrusted;
        self.found.retain(|finding| {
            if finding.code == Code::Syntax {
                return shown.insert(lines.line(finding.span.start));
            }
            finding.severity == Severity::Error
                && !finding.code.tells_of_absence()
                && !distrusted
                    .iter()
                    .any(|part| finding.span.start <= part.end && part.start <= finding.span.end)
        });
        self
    }

    /// Everything found, ordered by place.
    pub(super) fn into_diagnostics(mut self, text: &str) -> Vec<Diagnostic> {
        self.found
            .sort_by_key(|finding| (finding.span.start, finding.span.end));
        let lines = Lines::of(text);
        self.found
            .into_iter()
            .map(|finding| finding.located(&lines))
            .collect()
    }
}

impl Finding {
    fn located(self, lines: &Lines<'_>) -> Diagnostic {
        let (line, column) = lines.locate(self.span.start);
        let related = self.related.map(|(place, label)| {
            let (line, column) = lines.locate(place.start);
            Related {
                place,
                line,
                column,
                label,
            }
        });
        Diagnostic {
            severity: self.severity,
            code: self.code,
            message: self.message,
            place: self.span,
            line,
            column,
            help: Some(self.help),
            related,
        }
    }
}

/// Where each line of a text begins.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let first = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        let others = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(first).chain(others).collect(),
        }
    }

    /// The line of a byte, from 1.
    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start <= at).max(1)
    }

    /// The line and the column of a byte, both from 1.
    fn locate(&self, at: usize) -> (usize, usize) {
        let line = self.line(at);
        let start = self.starts[line - 1];
        let column = self
            .text
            .get(start..at)
            .map_or(0, |before| before.chars().count());
        (line, column + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters_after_a_byte_order_mark() {
        let lines = Lines::of("\u{feff}a = 1\nbé = 2\r\nc");
        assert_eq!(lines.locate(0), (1, 1));
        assert_eq!(lines.locate(3), (1, 1));
        assert_eq!(lines.locate(9), (2, 1));
        assert_eq!(lines.locate(12), (2, 3));
        assert_eq!(lines.locate(18), (3, 1));
        assert_eq!(lines.locate(1000), (3, 1));
    }
}
