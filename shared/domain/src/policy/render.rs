//! Owns how diagnostics look on a terminal and in a log.

use super::diagnostic::{Diagnostic, Severity, Span};
use crate::notice::printable;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// The diagnostics as a person reads them, each with the file's name, line and caret.
///
/// `text` is the text they were found in. Control characters in it are shown as symbols.
pub fn render(file_name: &str, text: &str, diagnostics: &[Diagnostic], colour: bool) -> String {
    let (file_name, text) = (&printable(file_name), &shown(text));
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let shown: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| one(file_name, text, diagnostic, &renderer))
        .collect();
    shown.join("\n\n")
}

fn one(file_name: &str, text: &str, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut snippet = Snippet::source(text)
        .path(file_name)
        .annotation(AnnotationKind::Primary.span(inside(text, &diagnostic.place)));
    if let Some(related) = &diagnostic.related {
        let place = inside(text, &related.place);
        snippet = snippet.annotation(AnnotationKind::Context.span(place).label(&related.label));
    }
    let mut group = level
        .primary_title(&diagnostic.message)
        .id(diagnostic.code.as_str())
        .element(snippet);
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}

/// The text with a sign of as many bytes in place of each character that the renderer would pass
/// on and that acts instead of showing. Places stay what they are.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{80}'..='\u{9f}' => '¿',
            '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            other => other,
        })
        .collect()
}

/// The span, cut to the text and its characters, so that a foreign text can't stop the rendering.
fn inside(text: &str, span: &Span) -> Span {
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end);
    start..end.max(start)
}
