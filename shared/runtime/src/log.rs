//! Owns the logs: JSON on Lambda, text on a terminal, at the level that Lambda's own settings name.

use tracing_subscriber::EnvFilter;

/// Starts logging, once for the process. Level and form follow `AWS_LAMBDA_LOG_LEVEL` and
/// `AWS_LAMBDA_LOG_FORMAT`, see
/// [Lambda's advanced logging controls](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-logs.html);
/// `AMIARY_LOG` takes a filter such as `amiary_engine=debug`.
pub fn start_logging() {
    let level = std::env::var("AMIARY_LOG")
        .or_else(|_| std::env::var("AWS_LAMBDA_LOG_LEVEL"))
        .unwrap_or_else(|_| "info".to_owned());
    let filter =
        EnvFilter::try_new(level.to_lowercase()).unwrap_or_else(|_| EnvFilter::new("info"));
    let json = std::env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|form| form == "JSON");
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false);
    // A second call, as in tests, changes nothing.
    let _ = if json {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .try_init()
    } else {
        builder.try_init()
    };
}
