//! Owns what a process wrote to its standard error, and what must hold for every line of it.

use serde_json::Value;
use std::io::Read;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// A process's log, which grows until the process has ended.
#[derive(Debug, Clone)]
pub struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    ended: watch::Receiver<bool>,
}

impl Log {
    /// Reads a process's standard error on a thread of its own, to its end.
    pub(super) fn of(mut stderr: impl Read + Send + 'static) -> Self {
        let text: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (end, ended) = watch::channel(false);
        let kept = Arc::clone(&text);
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(length) = stderr.read(&mut some)
                && length > 0
            {
                kept.lock()
                    .expect("nobody panicked")
                    .extend(&some[..length]);
            }
            // Nobody may be left who wants to know.
            let _ = end.send(true);
        });
        Self { text, ended }
    }

    /// Waits until the process has ended, and with it this log.
    pub(super) async fn end(&self) {
        let mut ended = self.ended.clone();
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Whether the process has ended.
    pub(super) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// All that was written so far.
    pub fn text(&self) -> String {
        let text = self.text.lock().expect("nobody panicked");
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Each line, which is an event as JSON.
    ///
    /// # Panics
    /// Where a line is not, or has a character that a terminal would obey.
    pub fn events(&self) -> Vec<Value> {
        let text = self.text();
        let event = |line: &str| {
            let plain =
                !line.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER);
            let event: Option<Value> = serde_json::from_str(line).ok();
            match event.filter(|event| plain && event.is_object()) {
                Some(event) => event,
                None => panic!("not a plain line of JSON: {line:?}\n{text}"),
            }
        };
        text.lines().map(event).collect()
    }

    /// The events of a level, like `ERROR`.
    pub fn of_level(&self, level: &str) -> Vec<Value> {
        let mut events = self.events();
        events.retain(|event| event["level"] == level);
        events
    }
}
