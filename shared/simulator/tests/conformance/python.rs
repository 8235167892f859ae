//! Owns the Python that foreign clients run in: one virtual environment in the target folder,
//! made once and kept while `requirements.txt` is the same.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use libtest_mimic::{Completion, Failed};

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Where the tests' own files are.
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance");

/// The virtual environment's folder.
pub type Environment = Path;

/// Runs what needs the environment. Where that can't be made, the trial is skipped, which is said
/// once and loudly; with `AMIARY_FOREIGN=required` it fails.
pub fn with_environment(
    run: impl FnOnce(&Environment) -> Result<(), Failed>,
) -> Result<Completion, Failed> {
    static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let required = std::env::var("AMIARY_FOREIGN").is_ok_and(|value| value == "required");
    let made = MADE.get_or_init(|| {
        let made = environment();
        if let Err(why) = &made
            && !required
        {
            eprintln!("\nwarning: BOTO3 SCENARIOS WERE SKIPPED: {why}");
        }
        made
    });
    match made {
        Ok(folder) => run(folder).map(|()| Completion::Completed),
        Err(why) if required => Err(format!("the foreign clients can't run: {why}").into()),
        Err(_) => Ok(Completion::ignored_with("its Python is missing")),
    }
}

/// A program of the environment, without anything of AWS from outside.
pub fn program(environment: &Environment, name: &str) -> Command {
    let mut command = Command::new(environment.join("bin").join(name));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("AWS_") || text.starts_with("MOTO_") {
            command.env_remove(&name);
        }
    }
    command
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    command
}

/// One of the Python files beside these tests.
pub fn script(environment: &Environment, name: &str) -> Command {
    let mut command = program(environment, "python3");
    command.arg(Path::new(HERE).join(name));
    command
}

fn environment() -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let said = |error: std::io::Error| format!("{}: {error}", target.display());
    fs::create_dir_all(target).map_err(said)?;
    // Several runs at once make it once.
    let lock = File::create(target.join("foreign.lock")).map_err(said)?;
    lock.lock().map_err(said)?;
    let folder = target.join("foreign");
    let stamp = folder.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == REQUIREMENTS) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(said)?;
    }
    done(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut pip = program(&folder, "python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-input"]);
    pip.args(["--disable-pip-version-check", "--retries", "2"]);
    done(pip.arg("-r").arg(Path::new(HERE).join("requirements.txt")))?;
    fs::write(&stamp, REQUIREMENTS).map_err(said)?;
    Ok(folder)
}

/// Runs a command to its end; an error is its last line.
fn done(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    Err(format!("{command:?}: {}", last.unwrap_or("it failed")))
}
