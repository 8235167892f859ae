//! Owns running `amiary local` and calling what it serves.

use amiary_simulator::ApiError;
use amiary_simulator::client::{self, Caller};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

pub const BUILDER: &str = "111111111111";
pub const PRODUCTION: &str = "222222222222";
pub const HOME: &str = "us-east-1";

/// The served process; it is killed where a test forgets it.
pub struct Served {
    process: Child,
    pub address: String,
    output: BufReader<ChildStdout>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amiary"));
    command
        .args(["local", "--port", "0"])
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

impl Served {
    pub fn start(arguments: &[&str]) -> Self {
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
    pub fn ask(
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
    pub fn ec2(&self, account: &str, region: &str, operation: &str, parameters: &Value) -> Value {
        let answer = self.ask(account, region, operation, parameters);
        answer.unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// Registers an image over a snapshot of its own; gives its id.
    pub fn register(&self, name: &str) -> String {
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
    pub fn states(&self, account: &str, region: &str) -> Vec<Value> {
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
    pub fn stop(mut self, signal: &str) -> (Option<i32>, String) {
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
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "{what}: it took too long"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
