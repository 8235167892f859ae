//! Owns what a test keeps of what Amiary logs, and the check that nothing in a text acts on whoever
//! reads it.

use amiary_runtime::{Form, logging};
use std::io::{Result, Write};
use std::sync::{Arc, Mutex};
use tracing::subscriber::DefaultGuard;

/// The log of this thread while it lives, in the form that it has on Lambda.
pub struct Log {
    kept: Kept,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Log {
    /// Keeps what is logged from now on.
    pub fn kept() -> Self {
        let kept = Kept::default();
        let writer = kept.clone();
        let dispatch = logging(Form::Json, "info", move || writer.clone());
        Self {
            kept,
            _guard: tracing::dispatcher::set_default(&dispatch),
        }
    }

    /// Its lines. Each must be one JSON object that shows as it is.
    pub fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for line in &lines {
            shows_as_it_is(line);
            let read: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(read.is_object(), "{line}");
        }
        lines
    }
}

/// Fails where a line has a character that acts: controls, escapes, line ends, turned directions.
pub fn shows_as_it_is(line: &str) {
    let acts = |c: char| matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!line.contains(acts), "{line:?}");
}

/// Fails where a notice's subject is not one that SNS takes, or its text has what acts.
pub fn is_a_sound_notice(subject: &str, message: &str) {
    assert!(
        subject.len() <= 99 && subject.bytes().all(|b| (0x20..0x7f).contains(&b)),
        "{subject:?}"
    );
    message.split('\n').for_each(shows_as_it_is);
    let (_, data) = message.split_once("\n---\n").expect("data below the text");
    let read: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(read["format"], 1);
}
