//! One seed gives one trace: every call of the main job, with what it asked for and what came of
//! it, in its order. The committed trace is the same on every machine.
//!
//! Where a change of the code changes the trace on purpose, `AMIARY_RENEW=1 cargo test --workspace
//! --test system trace` writes it anew.

use amiary_simulator::Call;
use amiary_tests::{Stage, Wants, golden};
use jiff::SignedDuration;
use std::fmt::Write;
use std::path::Path;

/// The main job: an image to a Region of its own account and one of another, and a night of
/// schedules.
async fn trace(seed: u64) -> String {
    let mut stage = Stage::seeded(
        seed,
        &Wants {
            own: vec!["eu-west-1"],
            production: vec!["ap-southeast-2"],
            ..Wants::default()
        },
    )
    .await;
    stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(2)).await;
    let calls = stage.world().calls();
    assert!(calls.len() > 30, "the job was done");
    calls.iter().map(line).collect()
}

fn line(call: &Call) -> String {
    let mut line = format!(
        "{} {}/{} {} {}:{} {}",
        call.at,
        call.account,
        call.region,
        call.caller,
        call.service,
        call.operation,
        call.parameters
    );
    if let Some(error) = &call.error {
        let _ = write!(line, " refused: {error}");
    }
    line + "\n"
}

#[tokio::test]
async fn the_same_seed_gives_the_same_trace_twice_and_on_every_machine() {
    let trace_of_seven = trace(7).await;
    assert_eq!(trace_of_seven, trace(7).await, "twice in a row");
    assert_ne!(
        trace_of_seven,
        trace(8).await,
        "another seed, another trace"
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/main_job.trace");
    if std::env::var_os("AMIARY_RENEW").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &trace_of_seven).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let mut lines = committed.lines().zip(trace_of_seven.lines()).enumerate();
    if let Some((number, (was, is))) = lines.find(|(_, (was, is))| was != is) {
        panic!(
            "line {} of {} differs\n was {was}\n  is {is}",
            number + 1,
            file.display()
        );
    }
    assert_eq!(committed.lines().count(), trace_of_seven.lines().count());
}
