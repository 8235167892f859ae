//! Owns `amiary local`: a simulated AWS for any AWS client on one port, with Amiary's functions
//! behind it, in step with the machine's clock.

use crate::args::Local as Options;
use crate::exit::{Exit, Problem};
use crate::local::{HOME_REGION, Happened, Local, provision};
use crate::show::Screen;
use crate::show::narrator::{self, Narrator};
use amiary_aws::USER_AGENT_WORD;
use amiary_domain::policy::parse;
use amiary_engine::chain::chain;
use amiary_engine::ports::Clock;
use amiary_runtime::SystemClock;
use amiary_simulator::serve::Server;
use amiary_simulator::{Call, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const DEMO_POLICY: &str = include_str!("../story/policy.toml");
/// How often the world's clock is brought in step.
const TICK: Duration = Duration::from_millis(20);
/// How long one round may work on what is due, so that saving and stopping are not put off.
const ROUND: Duration = Duration::from_secs(1);
/// How often a world that changed is saved while it runs.
const SAVED_EVERY: Duration = Duration::from_secs(30);

/// Serves until the process is told to stop.
pub(crate) async fn run(screen: &Screen, options: Options) -> Result<Exit, Problem> {
    let policy = policy(&options)?;
    let stop = stop_signal()?;
    let mut kept = options.state.as_deref().map(Kept::open).transpose()?;
    let world = world(&options)?;
    let functions = match &policy {
        Some(policy) => Some(functions(screen, &world, policy).await?),
        None => None,
    };
    let server = Server::start(world.clone(), options.port).map_err(|error| {
        let port = options.port;
        Problem::Argument(format!("the port {port} can't be listened on: {error}"))
    })?;
    tell_ready(screen, &server, functions.is_some());
    let mut stack = Stack {
        narrator: Narrator::new(world.now()),
        pace: Pace::new(&world, options.speed),
        world,
        functions,
    };
    while !stop.load(Ordering::Relaxed) {
        let changed = stack.catch_up(screen, &stop).await;
        if let Some(kept) = &mut kept {
            kept.note(screen, &stack.world, changed);
        }
        tokio::time::sleep(TICK).await;
    }
    drop(server);
    if let Some(kept) = kept {
        kept.save(&stack.world)?;
    }
    screen.progress("stopped");
    Ok(Exit::Done)
}

/// The policy's file name and text, checked; none for the bare simulator.
fn policy(options: &Options) -> Result<Option<(String, String)>, Problem> {
    if options.no_functions {
        return Ok(None);
    }
    let Some(file) = &options.policy else {
        return Ok(Some((
            "the demo's policy".to_owned(),
            DEMO_POLICY.to_owned(),
        )));
    };
    let path = file.display().to_string();
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some((path, text))),
        Err(source) => Err(Problem::File { path, source }),
    }
}

/// The world that was kept, or a new one that begins now.
fn world(options: &Options) -> Result<World, Problem> {
    let now = SystemClock.now();
    let kept = match &options.state {
        Some(folder) => World::load(folder)?,
        None => None,
    };
    let world = kept.unwrap_or_else(|| World::beginning_at(options.seed, now));
    let behind = now.duration_since(world.now());
    if behind.is_positive() {
        world.advance(behind);
    }
    let copies = SignedDuration::from_secs(i64::from(options.copy_seconds));
    world.set_copy_duration(copies);
    world.set_call_duration(SignedDuration::ZERO);
    world.set_throttling(options.throttle);
    world.let_any_role_be_assumed();
    Ok(world)
}

/// Amiary over a world, with everything that its policy names.
async fn functions(
    screen: &Screen,
    world: &World,
    (path, text): &(String, String),
) -> Result<Local, Problem> {
    let checked = parse(path, text).map_err(|rejected| {
        anstream::eprintln!("{}", rejected.render(true).trim_end());
        let count = rejected.diagnostics.len();
        Problem::Argument(format!("{path} is refused: mistakes in it: {count}"))
    })?;
    for made in provision(world, &checked.policy) {
        screen.progress(&format!("made: {made}"));
    }
    Local::start(world.clone(), text).await
}

fn stop_signal() -> Result<Arc<AtomicBool>, Problem> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    Ok(stop)
}

/// One line on standard output, which a script can wait for; what a person types next is progress.
fn tell_ready(screen: &Screen, server: &Server, functions: bool) {
    let url = server.url();
    if screen.json {
        screen.print(&json!({ "ready": url }).to_string());
    } else {
        screen.print(&format!("amiary local is ready at {url}"));
    }
    screen.progress(&format!(
        "point any AWS client at it:\n  export AWS_ENDPOINT_URL={url} AWS_REGION={HOME_REGION} \
         AWS_ACCESS_KEY_ID=111111111111 AWS_SECRET_ACCESS_KEY=local"
    ));
    if functions {
        screen.progress("  export AMIARY_TABLE=amiary");
    }
}

/// What is served, and what lives on it.
struct Stack {
    world: World,
    functions: Option<Local>,
    pace: Pace,
    narrator: Narrator,
}

impl Stack {
    /// Brings the world's clock in step, with all that happens on the way, or as far as one round
    /// gets; tells whether anything changed.
    async fn catch_up(&mut self, screen: &Screen, stop: &AtomicBool) -> bool {
        let until = self.pace.now();
        let asked = self.world.take_calls();
        let mut changed = asked.iter().any(|call| call.mutating);
        changed |= self.world.next_change().is_some_and(|due| due <= until);
        let Some(functions) = &mut self.functions else {
            let ahead = until.duration_since(self.world.now());
            self.world.advance(ahead.max(SignedDuration::ZERO));
            self.world.take_events();
            return changed;
        };
        let begun = Instant::now();
        while let Some(happened) = functions.next_until(until).await {
            changed = true;
            let calls = self.world.take_calls();
            let calls: Vec<Call> = calls.into_iter().filter(by_amiary).collect();
            tell(screen, &self.narrator, self.world.now(), &calls, &happened);
            if stop.load(Ordering::Relaxed) {
                break;
            }
            if begun.elapsed() > ROUND {
                self.pace.fall_back(screen, &self.world);
                break;
            }
        }
        changed
    }
}

/// Whether a call is Amiary's own, as its functions tell it.
fn by_amiary(call: &Call) -> bool {
    call.user_agent.contains(USER_AGENT_WORD)
}

fn tell(screen: &Screen, narrator: &Narrator, now: Timestamp, calls: &[Call], happened: &Happened) {
    let Happened::Invoked {
        function,
        payload,
        result,
    } = happened
    else {
        return;
    };
    if !screen.json {
        for line in narrator.tell(now, calls, happened) {
            screen.say(&line);
        }
        return;
    }
    let changes = narrator::changes(calls).map(|call| {
        json!({
            "service": call.service,
            "operation": call.operation,
            "account": call.account,
            "region": call.region,
            "error": call.error,
        })
    });
    let changes: Vec<_> = changes.collect();
    screen.print(
        &json!({
            "at": now,
            "function": narrator::name(function),
            "woken": narrator::waking(payload, true),
            "changes": changes,
            "failure": result.as_ref().err(),
        })
        .to_string(),
    );
}

/// The world's time beside the machine's.
struct Pace {
    world: Timestamp,
    machine: Instant,
    speed: u32,
    told: bool,
}

impl Pace {
    fn new(world: &World, speed: u32) -> Self {
        Self {
            world: world.now(),
            machine: Instant::now(),
            speed,
            told: false,
        }
    }

    /// Goes on from what time it is in the world, as the functions can't keep up.
    fn fall_back(&mut self, screen: &Screen, world: &World) {
        self.world = world.now();
        self.machine = Instant::now();
        if !self.told {
            screen.progress("the functions can't keep this speed: the world's clock runs slower");
            self.told = true;
        }
    }

    /// What time it is to be in the world.
    fn now(&self) -> Timestamp {
        let passed = self.machine.elapsed().saturating_mul(self.speed);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        self.world.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

/// The folder that a world is kept in, held by this process alone.
struct Kept {
    folder: PathBuf,
    saved: Instant,
    changed: bool,
    _lock: File,
}

impl Kept {
    fn open(folder: &Path) -> Result<Self, Problem> {
        let lock = folder.join("lock");
        let file = fs::create_dir_all(folder).and_then(|()| File::create(&lock));
        let file = file.map_err(|source| Problem::File {
            path: lock.display().to_string(),
            source,
        })?;
        file.try_lock().map_err(|_| {
            let folder = folder.display();
            Problem::Argument(format!("another amiary local keeps its world in {folder}"))
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            saved: Instant::now(),
            changed: false,
            _lock: file,
        })
    }

    /// Saves the world if it changed and was not saved for a while. Where that fails it is told and
    /// tried again; only the last save, when it stops, must work.
    fn note(&mut self, screen: &Screen, world: &World, changed: bool) {
        self.changed |= changed;
        if !self.changed || self.saved.elapsed() < SAVED_EVERY {
            return;
        }
        self.saved = Instant::now();
        match self.save(world) {
            Ok(()) => self.changed = false,
            Err(problem) => screen.warn(&format!(
                "the world was not saved, and will be tried again: {}",
                chain(&problem).join(": ")
            )),
        }
    }

    fn save(&self, world: &World) -> Result<(), Problem> {
        Ok(world.save(&self.folder)?)
    }
}
