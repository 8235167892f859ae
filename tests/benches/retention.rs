//! What it takes to judge a whole account: the calls of a survey, the CPU time of the verdicts, and
//! the memory that both need, for 1,000, 10,000 and 50,000 images.
//!
//! ```sh
//! cargo bench -p amiary-tests --bench retention
//! ```
//!
//! Each size is a process of its own. The simulated AWS lives in it, so that its answers are a part
//! of the memory; its images are not, as the peak is counted from the moment before the survey.

#![expect(clippy::unwrap_used, reason = "what is missing ends the benchmark")]

use amiary_domain::retention::{Verdict, candidates};
use amiary_engine::ports::ReadRecord;
use amiary_engine::retention::{Scope, survey};
use amiary_tests::account::{Account, Size};
use std::env;
use std::fs;
use std::process::Command;

const SIZES: [usize; 3] = [1_000, 10_000, 50_000];
/// The most CPU time, in milliseconds, and memory, in MiB, that the verdicts may take.
const MOST: (f64, f64) = (1_000.0, 128.0);

fn main() {
    let mut sizes = env::args().filter_map(|argument| argument.parse().ok());
    if let Some(images) = sizes.next_back() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        return runtime
            .enable_all()
            .build()
            .unwrap()
            .block_on(measure(images));
    }
    println!(" images may go  calls record   least judge ms judge MiB survey MiB");
    for images in SIZES {
        let mut process = Command::new(env::current_exe().unwrap());
        let status = process.arg(images.to_string()).status().unwrap();
        assert!(status.success(), "{images} images");
    }
    println!(
        "verdicts are to take at most {} ms and {} MiB",
        MOST.0, MOST.1
    );
}

/// The account of so many images: a fifth of them old and unused, one in a hundred old and used.
fn size(images: usize) -> Size {
    Size {
        families: images / 200,
        unused: images * 95 / 1_000,
        used: images / 100,
        young: images * 395 / 1_000,
    }
}

async fn measure(images: usize) {
    let account = Account::new(size(images)).await;
    let session = account.person.session().await.unwrap();
    let before = session.aws().tally().await.unwrap();
    let policy = &session.active.policy;
    let (reading, uses) = (session.reading(), session.aws());
    account.world().forget_calls();
    let began = forget_peak();
    let survey = survey(reading, uses, policy, &Scope::default(), &before)
        .await
        .unwrap();
    let surveyed = peak() - began;
    let calls = account.world().calls().into_iter();
    let calls = calls.filter(|call| call.service != "sts");
    let (record, others): (Vec<_>, Vec<_>) = calls.partition(|call| call.service == "dynamodb");
    let now = account.world().now();
    let open = candidates(policy, &survey.inventory, now).len();
    let (began, started) = (forget_peak(), cpu());
    let judged = survey.judged(policy, now);
    let (took, memory) = (cpu() - started, peak() - began);
    let may_go = |one: &&_| matches!(one, Verdict::Retire { .. });
    let going = judged.iter().map(|one| &one.verdict).filter(may_go).count();
    println!(
        "{images:>7} {going:>6} {:>6} {:>6} {:>7} {took:>8.1} {memory:>9.1} {surveyed:>10.1}",
        others.len(),
        record.len(),
        images.div_ceil(1_000) + open.div_ceil(10),
    );
    let within = took <= MOST.0 && memory <= MOST.1;
    assert!(within, "{images} images take {took} ms and {memory} MiB");
}

/// The CPU time of this thread, in milliseconds, see
/// [scheduler statistics](https://docs.kernel.org/scheduler/sched-stats.html).
fn cpu() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
    nanoseconds / 1e6
}

/// Lets the peak of the memory begin anew; answers what is in use, in MiB, see
/// [`clear_refs`](https://docs.kernel.org/filesystems/proc.html).
fn forget_peak() -> f64 {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    memory("VmRSS:")
}

fn peak() -> f64 {
    memory("VmHWM:")
}

fn memory(of: &str) -> f64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(of)).unwrap();
    let kibibytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes / 1024.0
}
