//! `amiary local`, as a process: what any AWS client can do with it, and that it keeps its world.

use crate::process::{Folder, Shell};
use amiary_simulator::ApiError;
use amiary_simulator::client::{self, Caller};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BUILDER: &str = "111111111111";
const PRODUCTION: &str = "222222222222";
const HOME: &str = "us-east-1";

/// The served process; it is killed where a test forgets it.
struct Served {
    process: Child,
    address: String,
    output: BufReader<std::process::ChildStdout>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amiary"));
    command
        .args(["local", "--port", "0"])
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let mut process = command(arguments).spawn().expect("the command runs");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut ready = String::new();
        output.read_line(&mut ready).expect("a line");
        let url = ready.trim().rsplit(' ').next().expect("an address");
        let address = url.strip_prefix("http://").unwrap_or_default().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{ready:?}");
        Self {
            process,
            address,
            output,
        }
    }

    /// A call over HTTP, as an account.
    fn ask(
        &self,
        account: &str,
        region: &str,
        operation: &str,
        parameters: &Value,
    ) -> Result<Value, ApiError> {
        let caller = Caller {
            access_key_id: account.to_owned(),
            region: region.to_owned(),
        };
        let target = ("ec2", operation);
        let request = client::request(&caller, target, parameters)?;
        let address = self.address.parse().expect("an address");
        client::result(
            target,
            &client::exchange(address, &request).expect("an answer"),
        )
    }

    #[track_caller]
    fn ec2(&self, account: &str, region: &str, operation: &str, parameters: &Value) -> Value {
        let answer = self.ask(account, region, operation, parameters);
        answer.unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// Registers an image over a snapshot of its own; gives its id.
    fn register(&self, name: &str) -> String {
        let volume = self.ec2(
            BUILDER,
            HOME,
            "CreateVolume",
            &json!({ "AvailabilityZone": "us-east-1a", "Size": 8 }),
        );
        let snapshot = self.ec2(
            BUILDER,
            HOME,
            "CreateSnapshot",
            &json!({ "VolumeId": volume["VolumeId"] }),
        );
        let snapshot = snapshot["SnapshotId"].clone();
        let listed = json!({ "SnapshotIds": [snapshot] });
        until("the snapshot completes", || {
            let described = self.ec2(BUILDER, HOME, "DescribeSnapshots", &listed);
            described["Snapshots"][0]["State"] == "completed"
        });
        let image = self.ec2(
            BUILDER,
            HOME,
            "RegisterImage",
            &json!({
                "Name": name,
                "RootDeviceName": "/dev/xvda",
                "BlockDeviceMappings": [{ "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": snapshot } }],
                "TagSpecifications": [{ "ResourceType": "image", "Tags": [{ "Key": "Role", "Value": "golden" }] }],
            }),
        );
        image["ImageId"].as_str().expect("an id").to_owned()
    }

    /// The states of an account's images in a Region.
    fn states(&self, account: &str, region: &str) -> Vec<Value> {
        let listed = self.ec2(
            account,
            region,
            "DescribeImages",
            &json!({ "Owners": ["self"] }),
        );
        let images = listed["Images"].as_array().cloned().unwrap_or_default();
        images.iter().map(|image| image["State"].clone()).collect()
    }

    /// Tells it to stop; gives its exit code and what it said after it was ready.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let number = self.process.id().to_string();
        let told = Command::new("kill").args([signal, &number]).status();
        assert!(told.expect("kill runs").success());
        let code = self.process.wait().expect("it ends").code();
        let mut said = String::new();
        self.output.read_to_string(&mut said).expect("its output");
        (code, said)
    }
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{what}: it took too long"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

const FAST: [&str; 4] = ["--speed", "60", "--copy-seconds", "30"];

#[test]
fn a_registered_image_ends_in_verified_copies_and_the_world_outlives_a_restart() {
    let folder = Folder::new();
    let state = folder.path();
    let with_state = |more: &[&'static str]| -> Vec<String> {
        let all = FAST.iter().chain(more).map(ToString::to_string);
        all.chain(["--state".to_owned(), state.clone()]).collect()
    };
    let arguments = with_state(&[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let served = Served::start(&arguments);
    let source = served.register("golden-web-1");
    for (account, region) in [
        (BUILDER, "eu-west-1"),
        (BUILDER, "ap-southeast-2"),
        (PRODUCTION, "eu-west-1"),
    ] {
        until("a copy is available", || {
            served.states(account, region) == ["available"]
        });
    }
    let mut shell = Shell::at(&format!("http://{}", served.address));
    shell.set("HOME", &folder.path());
    let shown = |shell: &Shell| {
        let ended = shell
            .amiary(&["lineage", &source, "--json"])
            .expect(0)
            .json();
        let replicas = ended["replicas"].to_string();
        replicas.matches("verified").count()
    };
    until("every replica is verified", || shown(&shell) >= 3);
    let second = command(&arguments).output().expect("it ends");
    assert_eq!(second.status.code(), Some(2), "two can't keep one world");
    let (code, said) = served.stop("-TERM");
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains(&format!("replicate ← {source} is available in us-east-1")),
        "{said}"
    );
    assert!(
        said.contains("copies it to ap-southeast-2 of 111111111111"),
        "{said}"
    );

    let served = Served::start(&arguments);
    assert_eq!(served.states(PRODUCTION, "eu-west-1"), ["available"]);
    let shell = Shell::at(&format!("http://{}", served.address));
    assert!(shown(&shell) >= 3, "the record is kept too");
    let (code, said) = served.stop("-INT");
    assert_eq!(code, Some(0));
    assert!(
        !said.contains("copies it to"),
        "nothing is copied again: {said}"
    );
}

#[test]
fn the_bare_simulator_has_no_functions_and_keeps_time_by_itself() {
    let served = Served::start(&["--no-functions", "--speed", "60", "--copy-seconds", "30"]);
    let source = served.register("golden-web-1");
    let copy = json!({ "Name": "copy", "SourceImageId": source, "SourceRegion": HOME });
    served.ec2(BUILDER, "us-west-2", "CopyImage", &copy);
    assert_eq!(served.states(BUILDER, "us-west-2"), ["pending"]);
    until("the copy is available", || {
        served.states(BUILDER, "us-west-2") == ["available"]
    });
    assert!(
        served.states(BUILDER, "eu-west-1").is_empty(),
        "nobody replicates"
    );
    let refused = served.ask(
        BUILDER,
        HOME,
        "DescribeImages",
        &json!({ "ImageIds": ["ami-00000000"] }),
    );
    assert_eq!(
        refused.expect_err("it is refused").code,
        "InvalidAMIID.NotFound"
    );
    assert_eq!(served.stop("-TERM").0, Some(0));
}

#[test]
fn what_it_can_t_begin_with_is_told_with_its_place() {
    let shell = Shell::empty();
    let policy = shell
        .folder
        .file("policy.toml", "[families.web]\nnmae = \"x\"\n");
    let ended = shell
        .amiary(&["local", "--port", "0", "--policy", &policy])
        .expect(2);
    assert!(ended.err.contains("nmae"), "{ended:#?}");
    let ended = shell
        .amiary(&["local", "--port", "0", "--policy", "absent.toml"])
        .expect(2);
    assert!(
        ended.err.contains("absent.toml can't be read"),
        "{ended:#?}"
    );
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let ended = shell.amiary(&["local", "--port", &port]).expect(2);
    assert!(ended.err.contains(&port), "{ended:#?}");
    let state = shell.folder.file("state/world/world.msgpack", "nonsense");
    let state = Path::new(&state).ancestors().nth(2).expect("a folder");
    let state = state.to_str().expect("UTF-8");
    let ended = shell
        .amiary(&["local", "--port", "0", "--state", state])
        .expect(2);
    assert!(ended.err.contains("holds no world"), "{ended:#?}");
}
