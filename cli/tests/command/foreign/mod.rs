//! Clients that Amiary does not know: the AWS CLI and Cloud Custodian, as their users start them,
//! against `amiary local`.
//!
//! They are installed from `PyPI` into the target folder the first time. Where that is not
//! possible the tests say so loudly and show nothing; with `AMIARY_FOREIGN=required` they fail.

use crate::process::Folder;
use crate::served::{BUILDER, HOME, PRODUCTION, Served, until};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The folder of the installed programs.
static PROGRAMS: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("foreign-clients");
    let stamp = venv.join("requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == REQUIREMENTS) {
        return Some(venv.join("bin"));
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command/foreign/requirements.txt");
    let made = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv)
        .status();
    let installed = made.is_ok_and(|made| made.success())
        && Command::new(venv.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(here)
            .status()
            .is_ok_and(|installed| installed.success());
    if installed {
        std::fs::write(stamp, REQUIREMENTS).expect("a stamp");
        return Some(venv.join("bin"));
    }
    let required = std::env::var("AMIARY_FOREIGN").is_ok_and(|value| value == "required");
    assert!(!required, "the foreign clients could not be installed");
    eprintln!(
        "warning: FOREIGN CLIENTS WERE NOT TRIED: python3 and PyPI are needed to install them"
    );
    None
});

/// A foreign client's program, on an environment in which AWS is what is served.
fn program(served: &Served, folder: &Folder, name: &str) -> Option<Command> {
    let mut command = Command::new(PROGRAMS.as_ref()?.join(name));
    command
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("AWS_ENDPOINT_URL", format!("http://{}", served.address))
        .env("AWS_ACCESS_KEY_ID", BUILDER)
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_DEFAULT_REGION", HOME)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_PAGER", "");
    Some(command)
}

/// A command of the AWS CLI, in words; its output as text.
struct Cli<'a>(&'a Served, &'a Folder);

impl Cli<'_> {
    fn run(&self, line: &str) -> Option<Output> {
        let mut command = program(self.0, self.1, "aws")?;
        Some(
            command
                .args(line.split_whitespace())
                .output()
                .expect("it runs"),
        )
    }

    #[track_caller]
    fn text(&self, line: &str) -> String {
        let output = self.run(line).expect("it is installed");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "aws {line}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Waits until a query answers so. The CLI's own waiters ask every 15 seconds.
    fn wait(&self, query: &str, state: &str) {
        let query = format!("ec2 {query} --output text");
        until(state, || self.text(&query) == state);
    }

    fn snapshot(&self) -> String {
        let volume = self.text("ec2 create-volume --availability-zone us-east-1a --size 8 --query VolumeId --output text");
        let made =
            format!("ec2 create-snapshot --volume-id {volume} --query SnapshotId --output text");
        let snapshot = self.text(&made);
        self.wait(
            &format!("describe-snapshots --snapshot-ids {snapshot} --query Snapshots[0].State"),
            "completed",
        );
        snapshot
    }

    fn register(&self, name: &str, snapshot: &str) -> String {
        self.text(&format!(
            "ec2 register-image --name {name} --architecture x86_64 --virtualization-type hvm \
             --root-device-name /dev/xvda \
             --block-device-mappings DeviceName=/dev/xvda,Ebs={{SnapshotId={snapshot}}} \
             --tag-specifications ResourceType=image,Tags=[{{Key=Role,Value=golden}}] \
             --query ImageId --output text"
        ))
    }
}

#[test]
fn an_image_registered_by_the_aws_cli_ends_in_copies_that_it_sees_in_each_destination() {
    let served = Served::start(&["--speed", "60", "--copy-seconds", "30"]);
    let folder = Folder::new();
    let cli = Cli(&served, &folder);
    if cli.run("--version").is_none() {
        return;
    }
    let source = cli.register("golden-web-1", &cli.snapshot());
    for region in ["eu-west-1", "ap-southeast-2"] {
        let listed = || {
            cli.text(&format!("ec2 describe-images --region {region} --owners self --query Images[].[State,SourceImageId] --output text"))
        };
        until("the copy is available", || {
            listed() == format!("available\t{source}")
        });
    }
    let assumed = cli.text(&format!(
        "sts assume-role --role-arn arn:aws:iam::{PRODUCTION}:role/anyone --role-session-name test \
         --query Credentials.[AccessKeyId,SecretAccessKey,SessionToken] --output text"
    ));
    let keys: Vec<&str> = assumed.split_whitespace().collect();
    let mut production = program(&served, &folder, "aws").expect("it is installed");
    let listed = production
        .args([
            "ec2",
            "describe-images",
            "--region",
            "eu-west-1",
            "--owners",
            "self",
        ])
        .args(["--query", "length(Images)", "--output", "text"])
        .env("AWS_ACCESS_KEY_ID", keys[0])
        .env("AWS_SECRET_ACCESS_KEY", keys[1])
        .env("AWS_SESSION_TOKEN", keys[2]);
    until("the other account's copy is there", || {
        listed.output().expect("it runs").stdout == b"1\n"
    });
    assert_eq!(served.stop("-TERM").0, Some(0));
}

#[test]
fn an_images_life_by_the_aws_cli() {
    let served = Served::start(&["--no-functions", "--speed", "60"]);
    let folder = Folder::new();
    let cli = Cli(&served, &folder);
    if cli.run("--version").is_none() {
        return;
    }
    let image = cli.register("golden-web-1", &cli.snapshot());
    let instance = cli.text(&format!(
        "ec2 run-instances --image-id {image} --instance-type t3.micro --query Instances[0].InstanceId --output text"
    ));
    cli.wait(
        &format!("describe-instances --instance-ids {instance} --query Reservations[0].Instances[0].State.Name"),
        "running",
    );
    let made = cli.text(&format!(
        "ec2 create-image --instance-id {instance} --name golden-web-2 --no-reboot --query ImageId --output text"
    ));
    cli.wait(
        &format!("describe-images --image-ids {made} --query Images[0].State"),
        "available",
    );
    let state = |id: &str| {
        cli.text(&format!(
            "ec2 describe-images --image-ids {id} --include-disabled --query Images[0].State --output text"
        ))
    };
    cli.text(&format!(
        "ec2 modify-image-attribute --image-id {made} --launch-permission Add=[{{UserId={PRODUCTION}}}]"
    ));
    cli.text(&format!("ec2 disable-image --image-id {made}"));
    assert_eq!(state(&made), "disabled");
    cli.text(&format!("ec2 enable-image --image-id {made}"));
    assert_eq!(state(&made), "available");
    cli.text(&format!(
        "ec2 deregister-image --image-id {made} --delete-associated-snapshots"
    ));
    let refused = cli
        .run(&format!("ec2 describe-images --image-ids {made}"))
        .expect("it is installed");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("(InvalidAMIID.NotFound) when calling the DescribeImages operation"),
        "{said}"
    );
    let snapshots =
        cli.text("ec2 describe-snapshots --owner-ids self --query length(Snapshots) --output text");
    assert_eq!(
        snapshots, "1",
        "its own snapshot is left, the other image's is gone"
    );
}

#[test]
fn a_cloud_custodian_policy_reads_and_changes_images() {
    let served = Served::start(&["--no-functions", "--speed", "60"]);
    let folder = Folder::new();
    let cli = Cli(&served, &folder);
    if cli.run("--version").is_none() {
        return;
    }
    let snapshot = cli.snapshot();
    let used = cli.register("golden-web-1", &snapshot);
    for name in ["golden-web-2", "scratch"] {
        cli.register(name, &snapshot);
    }
    cli.text(&format!(
        "ec2 run-instances --image-id {used} --instance-type t3.micro"
    ));
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command/foreign/custodian.yml");
    let ended = program(&served, &folder, "custodian")
        .expect("it is installed")
        .args(["run", "-s", "out", "--region", HOME])
        .arg(policy)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    let found = |name: &str| -> Vec<String> {
        let file = Path::new(&folder.path())
            .join("out")
            .join(name)
            .join("resources.json");
        let text = std::fs::read_to_string(file).expect("its result");
        let found: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        let mut names: Vec<String> = found
            .iter()
            .filter_map(|image| image["Name"].as_str().map(str::to_owned))
            .collect();
        names.sort();
        names
    };
    assert_eq!(found("golden"), ["golden-web-1", "golden-web-2"]);
    assert_eq!(found("unused"), ["golden-web-2", "scratch"], "{used} runs");
    assert_eq!(found("mark").len(), 3);
    let left = cli.text("ec2 describe-images --owners self --filters Name=tag:Checked,Values=yes --query sort(Images[].Name) --output text");
    assert_eq!(
        left, "golden-web-1\tgolden-web-2",
        "the scratch image is deregistered"
    );
}
