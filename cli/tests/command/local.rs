//! `amiary local`, as a process: what any AWS client can do with it, and that it keeps its world.

use crate::process::{Folder, Shell};
use crate::served::{BUILDER, HOME, PRODUCTION, Served, command, until};
use serde_json::json;
use std::net::TcpListener;
use std::path::Path;

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
