//! Owns telling a history in words, one line for each thing that happens.

use crate::life::{Life, Luck};
use crate::protocol::Action;
use crate::record::Cause;
use crate::run::{At, Run, Step};

/// What happens next, in words.
pub fn line(life: &Life, action: Action) -> String {
    match action {
        Action::Begin(worker, image, mandate) => {
            format!(
                "{}: begins on image {image}, {mandate:?}, and reads the record",
                name(worker)
            )
        }
        Action::Go(worker, group, luck) => {
            let run = life.workers[worker].as_ref();
            let what = run.map_or_else(String::new, |run| call(life, run, group));
            let how = match luck {
                Luck::Usual => "",
                Luck::Other => " (not seen, or forgotten)",
                Luck::Lost => " (done, the answer is lost)",
                Luck::Refused => " (refused)",
            };
            format!("{}: {what}{how}", name(worker))
        }
        Action::Crash(worker) => format!("{}: dies", name(worker)),
        Action::Arrive(id) => format!("EC2: copy {} of slot {} is there", id.nth, id.slot),
        Action::Fail(id) => format!("EC2: copy {} of slot {} failed", id.nth, id.slot),
        Action::TenMinutes(slot) => format!("ten minutes pass for slot {slot}"),
    }
}

fn name(worker: usize) -> char {
    ['A', 'B', 'C', 'D'][worker]
}

fn call(life: &Life, run: &Run, group: usize) -> String {
    let image = run.image;
    match run.at {
        At::Waiting | At::Again => "reads the record".to_owned(),
        At::Source | At::SourceAgain => {
            let lent = life.ec2.lent[image];
            format!("reads who may read the source: lent = {lent}")
        }
        At::Replica(slot) => format!("looks at slot {slot}"),
        At::Apply => step(life, run, run.groups[group].steps[0]),
    }
}

fn step(life: &Life, run: &Run, step: Step) -> String {
    match step {
        Step::WriteSource(source, notice) => {
            let stored = life.record.sources[run.image].version;
            format!(
                "writes the source over version {} (is {stored}): loan = {}, {:?}{}",
                source.version,
                source.loan,
                source.status,
                told(notice.is_some())
            )
        }
        Step::WriteReplica(slot, replica, notice) => {
            let stored = life.record.replicas[slot].version;
            let cause = match replica.cause {
                Cause::None => String::new(),
                cause @ Cause::Missed => format!(", {cause:?}"),
            };
            let image = replica
                .image
                .map_or_else(|| "none".to_owned(), |id| id.nth.to_string());
            format!(
                "writes slot {slot} over version {} (is {stored}): {:?}, attempt {}, image {image}{cause}{}",
                replica.version,
                replica.stage,
                replica.attempt,
                told(notice.is_some())
            )
        }
        Step::Store(notice) => format!("stores the notice {notice:?}"),
        Step::Copy(slot, copying) => {
            format!(
                "calls CopyImage for slot {slot}, attempt {}",
                copying.attempt
            )
        }
        Step::Tag(id) => format!("tags copy {} of slot {}", id.nth, id.slot),
        Step::LookUp(slot, _) => format!("looks up who has the name for slot {slot}"),
        Step::Lend => "lends the source".to_owned(),
        Step::GiveBack => "takes the loan back".to_owned(),
    }
}

fn told(notice: bool) -> &'static str {
    if notice { ", with a notice" } else { "" }
}
