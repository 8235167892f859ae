//! Owns playing many worlds side by side, and telling of each that went wrong how to play it again.

use super::fault::Fault;
use super::scene::{Ending, Played, Scene};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The most failures that are told in full.
const MOST_TOLD: usize = 8;

/// What many worlds had in common, and what became of them.
pub struct Many {
    pub test: &'static str,
    pub scene: Scene,
    pub wanted: Ending,
    pub worlds: AtomicUsize,
    pub struck: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

impl Many {
    pub fn new(test: &'static str, scene: Scene, wanted: Ending) -> Self {
        Self {
            test,
            scene,
            wanted,
            worlds: AtomicUsize::new(0),
            struck: AtomicUsize::new(0),
            wrong: Mutex::default(),
        }
    }

    /// Plays one world with these faults, and notes what is wrong with it.
    pub fn play(&self, faults: &[Fault]) -> Played {
        let told = ToldInAPanic(self, faults);
        let played = block_on(self.scene.play(faults, Some(&self.wanted)));
        drop(told);
        self.worlds.fetch_add(1, Ordering::Relaxed);
        let struck = played
            .struck
            .iter()
            .flatten()
            .filter(|report| report.fired > 0)
            .count();
        self.struck.fetch_add(struck, Ordering::Relaxed);
        let problems = played.problems(faults, &self.wanted);
        if !problems.is_empty() {
            let text = format!("{}\n  {}", self.again(faults), problems.join("\n  "));
            self.wrong.lock().unwrap().push(text);
        }
        played
    }

    /// The line that plays a world again.
    pub fn again(&self, faults: &[Fault]) -> String {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        format!(
            "AMIARY_FAULT='{}' cargo test --workspace --test system crash_matrix::{} -- --nocapture",
            faults.join(", "),
            self.test
        )
    }

    /// Fails where any world was wrong.
    pub fn check(&self) {
        let wrong = self.wrong.lock().unwrap();
        println!(
            "{}: {} worlds, {} faults struck, {} worlds are wrong",
            self.test,
            self.worlds.load(Ordering::Relaxed),
            self.struck.load(Ordering::Relaxed),
            wrong.len()
        );
        let told: Vec<&String> = wrong.iter().take(MOST_TOLD).collect();
        for one in &told {
            println!("{one}");
        }
        for one in wrong.iter().skip(MOST_TOLD) {
            println!("{}", one.lines().next().unwrap_or_default());
        }
        assert!(
            wrong.is_empty(),
            "{} worlds ended otherwise than without faults",
            wrong.len()
        );
    }
}

/// Tells which world a panic is of.
struct ToldInAPanic<'a>(&'a Many, &'a [Fault]);

impl Drop for ToldInAPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("panicked: {}", self.0.again(self.1));
        }
    }
}

/// Does something for each of these, on as many threads as there are processors.
pub fn each<T: Sync>(items: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    work(index, item);
                }
            });
        }
    });
}

/// Runs something on a runtime of its own.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(work)
}
