//! Owns what a person sees: colour and tables on a terminal, plain text elsewhere.

pub(crate) mod facts;
pub(crate) mod lineage;
pub(crate) mod narrator;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod table;
pub(crate) mod verdicts;

use amiary_domain::notice::plain_json;
use anstyle::{AnsiColor, Style};

pub(crate) const HEADING: Style = AnsiColor::Cyan.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const WAITING: Style = AnsiColor::Yellow.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();

/// A text in a style.
pub(crate) fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Where output goes. Colour is dropped by itself where there is no terminal.
pub(crate) struct Screen {
    /// Whether the output is JSON.
    pub json: bool,
    quiet: bool,
}

impl Screen {
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// The command's result, on standard output.
    #[expect(
        clippy::unused_self,
        reason = "output is the screen's, whatever its form"
    )]
    pub(crate) fn print(&self, text: &str) {
        anstream::println!("{text}");
    }

    /// The command's result as JSON.
    pub(crate) fn print_json(&self, document: &str) {
        self.print(&plain_json(document));
    }

    /// A sentence beside the result; none where the output is JSON.
    pub(crate) fn say(&self, text: &str) {
        if !self.json {
            anstream::println!("{text}");
        }
    }

    pub(crate) fn good(&self, text: &str) {
        self.say(&painted(GOOD, text));
    }

    pub(crate) fn bad(&self, text: &str) {
        self.say(&painted(BAD, text));
    }

    pub(crate) fn heading(&self, text: &str) {
        self.say(&format!("\n{}", painted(HEADING, text)));
    }

    /// A warning, on standard error, whatever else is quiet.
    #[expect(
        clippy::unused_self,
        reason = "output is the screen's, whatever its form"
    )]
    pub(crate) fn warn(&self, text: &str) {
        anstream::eprintln!("{} {text}", painted(WAITING, "warning:"));
    }

    /// Progress, on standard error.
    pub(crate) fn progress(&self, text: &str) {
        if !self.quiet {
            anstream::eprintln!("{}", painted(FAINT, text));
        }
    }
}
