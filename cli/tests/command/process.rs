//! Owns running the command: its environment, where it finds AWS, and what it said.

use amiary_simulator::World;
use amiary_simulator::serve::Server;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of this test's own, which is removed with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("command-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// Its path.
    pub fn path(&self) -> String {
        self.0.to_str().expect("a path in UTF-8").to_owned()
    }

    /// Writes a file; gives its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path in UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// The output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Asserts an exit code; shows everything where it is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

/// A terminal without a terminal: an environment in which commands are run.
pub struct Shell {
    pub folder: Folder,
    pub variables: Vec<(&'static str, String)>,
    server: Option<Server>,
}

impl Shell {
    /// An environment with nothing in it.
    pub fn empty() -> Self {
        Self {
            folder: Folder::new(),
            variables: Vec::new(),
            server: None,
        }
    }

    /// An environment in which AWS is this world.
    pub fn over(world: &World) -> Self {
        let server = Server::start(world.clone(), 0).expect("a free port");
        let mut shell = Self::at(&server.url());
        shell.server = Some(server);
        shell
    }

    /// An environment in which AWS is at an address.
    pub fn at(url: &str) -> Self {
        let mut shell = Self::empty();
        shell.set("AWS_ENDPOINT_URL", url);
        shell.set("AWS_ACCESS_KEY_ID", "111111111111");
        shell.set("AWS_SECRET_ACCESS_KEY", "x");
        shell.set("AWS_REGION", "us-east-1");
        shell.set("AMIARY_TABLE", "amiary");
        shell
    }

    /// Where the served world is.
    pub fn url(&self) -> String {
        self.server.as_ref().expect("a served world").url()
    }

    pub fn set(&mut self, name: &'static str, value: &str) {
        self.unset(name);
        self.variables.push((name, value.to_owned()));
    }

    pub fn unset(&mut self, name: &str) {
        self.variables.retain(|(known, _)| *known != name);
    }

    /// Runs `amiary` at the repository's root. Whatever it does, it must not colour what no
    /// terminal shows.
    #[track_caller]
    pub fn amiary(&self, arguments: &[&str]) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_amiary"))
            .args(arguments)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .env_clear()
            .env("HOME", &self.folder.0)
            .env("TERM", "xterm-256color")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .expect("the command runs");
        let ended = Ended {
            code: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        };
        assert!(!ended.out.contains('\u{1b}'), "{ended:#?}");
        assert!(!ended.err.contains('\u{1b}'), "{ended:#?}");
        ended
    }
}
