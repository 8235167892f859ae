//! Flows that a person types: the `aws` command itself, over HTTP.

use std::process::Output;
use std::time::Duration;

use amiary_simulator::serve::Server;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, OWNER, THERE, text};
use crate::in_process::InProcess;
use crate::python::{self, Environment};

type Flow = fn(&Terminal<'_>);

const FLOWS: [(&str, Flow); 8] = [
    ("an_image_is_registered_and_found_by_its_name", registered),
    ("an_image_is_shared_with_an_account", shared),
    ("an_image_is_tagged", tagged),
    (
        "an_image_of_an_instance_is_copied_to_another_region",
        copied,
    ),
    ("an_image_is_disabled_enabled_and_deregistered", disabled),
    ("aliases_of_keys_are_listed", aliases),
    ("one_says_who_one_is_and_becomes_a_role", identities),
    (
        "a_refusal_is_told_on_stderr_with_its_own_exit_code",
        refused,
    ),
];

pub fn trials() -> Vec<Trial> {
    let trials = FLOWS.into_iter().map(|(name, flow)| {
        Trial::ignorable_test(format!("cli::{name}"), move || {
            python::with_environment(|environment| {
                flow(&Terminal::new(environment));
                Ok(())
            })
        })
    });
    trials.collect()
}

/// A world of its own, and a shell from which it is reached.
struct Terminal<'a> {
    here: InProcess,
    server: Server,
    environment: &'a Environment,
}

impl<'a> Terminal<'a> {
    fn new(environment: &'a Environment) -> Self {
        let here = InProcess::new();
        let server = Server::start(here.world.clone(), 0).expect("a free port");
        Self {
            here,
            server,
            environment,
        }
    }

    /// What is there before anything is typed comes to be in process, which is quick.
    fn prepared(&self) -> Aws<'_> {
        Aws::new(&self.here)
    }

    /// Types `aws <line>` in a Region; words are told apart by spaces.
    fn output(&self, region: &str, line: &str) -> Output {
        let mut command = python::program(self.environment, "aws");
        command
            .env("AWS_ACCESS_KEY_ID", OWNER)
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_DEFAULT_REGION", region)
            .env("AWS_DEFAULT_OUTPUT", "json")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("AWS_PAGER", "")
            .args(["--endpoint-url", &self.server.url()])
            .args(line.split_whitespace());
        command.output().expect("the command runs")
    }

    /// What a line prints, which must succeed.
    #[track_caller]
    fn prints(&self, region: &str, line: &str) -> String {
        let output = self.output(region, line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "aws {line}\n{said}");
        let printed = String::from_utf8(output.stdout).expect("text");
        printed.trim_end().to_owned()
    }

    /// The JSON that a line prints, which must succeed.
    #[track_caller]
    fn answers(&self, region: &str, line: &str) -> Value {
        let printed = self.prints(region, line);
        serde_json::from_str(&printed).expect("JSON")
    }
}

fn registered(terminal: &Terminal<'_>) {
    let aws = terminal.prepared();
    let (snapshot, other) = (aws.snapshot(), aws.image("silver-1"));
    let registered = terminal.answers(
        HERE,
        &format!(
            "ec2 register-image --name golden-1 --architecture x86_64 --virtualization-type hvm \
             --root-device-name /dev/xvda --ena-support --block-device-mappings \
             DeviceName=/dev/xvda,Ebs={{SnapshotId={snapshot}}}"
        ),
    );
    let found = terminal.prints(
        HERE,
        "ec2 describe-images --owners self --filters Name=name,Values=golden-* \
         Name=state,Values=available --output text \
         --query sort_by(Images,&CreationDate)[].[ImageId,Name,EnaSupport]",
    );
    let id = text(&registered["ImageId"]);
    assert_eq!(found, format!("{id}\tgolden-1\tTrue"));
    assert!(!found.contains(&other));
}

fn shared(terminal: &Terminal<'_>) {
    let image = terminal.prepared().image("golden");
    terminal.prints(
        HERE,
        &format!(
            "ec2 modify-image-attribute --image-id {image} \
             --launch-permission Add=[{{UserId={OTHER}}}]"
        ),
    );
    let asked = format!("--image-id {image} --attribute launchPermission");
    let told = terminal.answers(HERE, &format!("ec2 describe-image-attribute {asked}"));
    let shared = json!({ "ImageId": image, "LaunchPermissions": [{ "UserId": OTHER }] });
    assert_eq!(told, shared);
    let seen = terminal.prepared().by(OTHER).described(&image);
    assert_eq!(seen["OwnerId"], OWNER);
}

fn tagged(terminal: &Terminal<'_>) {
    let image = terminal.prepared().image("golden");
    terminal.prints(
        HERE,
        &format!(
            "ec2 create-tags --resources {image} --tags Key=stage,Value=prod Key=empty,Value="
        ),
    );
    let tags = terminal.answers(
        HERE,
        &format!("ec2 describe-tags --filters Name=resource-id,Values={image} --query Tags[].Key"),
    );
    assert_eq!(tags, json!(["empty", "stage"]));
}

fn copied(terminal: &Terminal<'_>) {
    let aws = terminal.prepared();
    let image = aws.image("base");
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    let instance = text(&aws.ec2("RunInstances", run)["Instances"][0]["InstanceId"]);
    aws.pass(Duration::from_hours(1));
    let made = terminal.prints(
        HERE,
        &format!(
            "ec2 create-image --instance-id {instance} --name golden --query ImageId --output text"
        ),
    );
    aws.pass(Duration::from_hours(1));
    let copy = terminal.prints(
        THERE,
        &format!(
            "ec2 copy-image --source-region {HERE} --source-image-id {made} --name golden \
             --query ImageId --output text"
        ),
    );
    let line = format!("ec2 describe-images --image-ids {copy} --query Images[0]");
    assert_eq!(terminal.answers(THERE, &line)["State"], "pending");
    aws.pass(Duration::from_hours(1));
    let described = terminal.answers(THERE, &line);
    assert_eq!(described["State"], "available");
    assert_eq!(described["SourceImageId"], made);
    assert_eq!(described["SourceImageRegion"], HERE);
}

fn disabled(terminal: &Terminal<'_>) {
    let aws = terminal.prepared();
    let image = aws.image("golden");
    let state = || text(&aws.described(&image)["State"]);
    terminal.prints(HERE, &format!("ec2 disable-image --image-id {image}"));
    assert_eq!(state(), "disabled");
    terminal.prints(HERE, &format!("ec2 enable-image --image-id {image}"));
    assert_eq!(state(), "available");
    terminal.prints(HERE, &format!("ec2 deregister-image --image-id {image}"));
    let gone = aws.ec2("DescribeImages", json!({ "Owners": ["self"] }));
    assert!(gone["Images"].as_array().is_none_or(Vec::is_empty));
}

fn aliases(terminal: &Terminal<'_>) {
    let key = terminal.here.world.create_key(OWNER, HERE, "alias/golden");
    let (_, id) = key.rsplit_once('/').expect("a key's ARN");
    let found = terminal.prints(
        HERE,
        "kms list-aliases --output text \
         --query Aliases[?AliasName=='alias/golden'].TargetKeyId",
    );
    assert_eq!(found, id);
}

fn identities(terminal: &Terminal<'_>) {
    let me = terminal.answers(HERE, "sts get-caller-identity");
    assert_eq!(me["Account"], OWNER);
    terminal.here.world.create_role(OTHER, "spoke");
    let assumed = terminal.answers(
        HERE,
        &format!(
            "sts assume-role --role-arn arn:aws:iam::{OTHER}:role/spoke --role-session-name run"
        ),
    );
    let arn = format!("arn:aws:sts::{OTHER}:assumed-role/spoke/run");
    assert_eq!(assumed["AssumedRoleUser"]["Arn"], arn);
    assert!(text(&assumed["Credentials"]["AccessKeyId"]).starts_with("ASIA"));
}

/// <https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-returncodes.html>.
fn refused(terminal: &Terminal<'_>) {
    let output = terminal.output(
        HERE,
        "ec2 describe-images --image-ids ami-0123456789abcdef0",
    );
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = "An error occurred (InvalidAMIID.NotFound) when calling the DescribeImages \
                    operation: The image id '[ami-0123456789abcdef0]' does not exist";
    assert!(said.contains(expected), "{said}");
    assert_eq!(output.status.code(), Some(255));
    assert!(output.stdout.is_empty());
}
