//! Owns the logs: JSON on Lambda, text on a terminal, at the level that Lambda's own settings name,
//! and never a control character in a line.

use amiary_domain::notice::printable;
use std::io::{Result, Write};
use tracing::Dispatch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object on each line.
    Json,
    /// Text for a person.
    Text,
}

/// Starts logging, once for the process. Level and form follow `AWS_LAMBDA_LOG_LEVEL` and
/// `AWS_LAMBDA_LOG_FORMAT`, see
/// [Lambda's advanced logging controls](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-logs.html);
/// `AMIARY_LOG` takes a filter such as `amiary_engine=debug`.
pub fn start_logging() {
    let level = std::env::var("AMIARY_LOG")
        .or_else(|_| std::env::var("AWS_LAMBDA_LOG_LEVEL"))
        .unwrap_or_else(|_| "info".to_owned());
    let json = std::env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|form| form == "JSON");
    let form = if json { Form::Json } else { Form::Text };
    // A second call, as in tests, changes nothing.
    let _ = logging(form, &level, std::io::stderr).try_init();
}

/// What takes log lines at a level and writes them in a form.
pub fn logging<W>(form: Form, level: &str, writer: W) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter =
        EnvFilter::try_new(level.to_lowercase()).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Printing(writer))
        .with_target(false)
        .with_ansi(false);
    match form {
        Form::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .into(),
        Form::Text => builder.into(),
    }
}

/// Lets only what is [`printable`] through. JSON escapes no more than the first 32 control
/// characters, and a text what its macro says.
struct Printing<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Printing<W> {
    type Writer = Printing<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Printing(self.0.make_writer())
    }
}

/// A line comes in one piece.
impl<W: Write> Write for Printing<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        for line in text.split_inclusive('\n') {
            let (line, end) = match line.strip_suffix('\n') {
                Some(line) => (line, "\n"),
                None => (line, ""),
            };
            self.0.write_all(printable(line).as_bytes())?;
            self.0.write_all(end.as_bytes())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

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

    #[test]
    fn a_log_line_carries_no_control_character_whatever_is_logged() {
        for form in [Form::Json, Form::Text] {
            let kept = Kept::default();
            let writer = kept.clone();
            let dispatch = logging(form, "info", move || writer.clone());
            tracing::dispatcher::with_default(&dispatch, || {
                let odd = "\u{1b}[31m\r\n\u{9b}31m\u{7f}\u{85}\u{202e}\u{2028}";
                tracing::info!(image.id = odd, image.name = %odd, error = ?odd, "{odd}");
            });
            let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines.len() == 1 || form == Form::Text, "{text:?}");
            for line in lines {
                assert_eq!(line, printable(line), "{form:?}");
            }
        }
    }
}
