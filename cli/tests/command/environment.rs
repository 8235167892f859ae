//! Where the command finds AWS, and what it says where it does not.

use crate::process::{Ended, Shell};
use amiary_simulator::{Fault, FaultKind, World};
use amiary_tests::{Stage, Wants, golden};
use jiff::SignedDuration;
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Every cause that an ending names, in order.
fn causes(ended: &Ended) -> Vec<&str> {
    let lines = ended.err.lines();
    lines.filter(|line| line.contains("because: ")).collect()
}

#[tokio::test]
async fn a_profile_in_the_shared_files_says_where_aws_is_and_who_one_is() {
    let stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1")).to_string();
    let mut shell = Shell::over(stage.world());
    let config = format!(
        "[profile golden]\nregion = us-east-1\nendpoint_url = {}\n",
        shell.url()
    );
    let credentials = stage.world().credentials("111111111111", "engineer");
    let secrets = format!(
        "[golden]\naws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n",
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    );
    let (config, secrets) = (
        shell.folder.file("config", &config),
        shell.folder.file("credentials", &secrets),
    );
    shell.variables.clear();
    shell.set("AWS_CONFIG_FILE", &config);
    shell.set("AWS_SHARED_CREDENTIALS_FILE", &secrets);
    shell.set("AWS_PROFILE", "golden");
    shell.set("AMIARY_TABLE", "amiary");
    shell.amiary(&["replicate", &source]).expect(1);
    stage.world().advance(SignedDuration::from_mins(10));
    shell.amiary(&["replicate", &source]).expect(0);
    let calls = stage.world().calls();
    let copies: Vec<&str> = calls
        .iter()
        .filter(|call| call.operation == "CopyImage")
        .map(|call| call.caller.as_str())
        .collect();
    let engineer = "arn:aws:sts::111111111111:assumed-role/engineer/session";
    assert_eq!(copies, [engineer, engineer]);
}

#[tokio::test]
async fn a_profile_by_its_default_place_in_the_home_folder_is_found() {
    let stage = Stage::new(&Wants::default()).await;
    let mut shell = Shell::over(stage.world());
    let config = format!(
        "[default]\nregion = us-east-1\nendpoint_url = {}\naws_access_key_id = 111111111111\n\
         aws_secret_access_key = x\n",
        shell.url()
    );
    shell.folder.file(".aws/config", &config);
    shell.variables.clear();
    let shown = shell
        .amiary(&["policy", "show", "--table", "amiary"])
        .expect(0);
    assert!(shown.out.starts_with("# revision 1"), "{}", shown.out);
}

#[tokio::test]
async fn a_service_of_its_own_endpoint_is_reached_there() {
    let stage = Stage::new(&Wants::default()).await;
    let mut shell = Shell::over(stage.world());
    shell.set("AWS_ENDPOINT_URL_DYNAMODB", &shell.url());
    shell.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    shell.amiary(&["policy", "show"]).expect(0);
}

#[test]
fn a_table_that_is_not_named_is_asked_for() {
    let mut unset = Shell::at("http://127.0.0.1:9");
    unset.unset("AMIARY_TABLE");
    let mut empty = Shell::at("http://127.0.0.1:9");
    empty.set("AMIARY_TABLE", "");
    for shell in [unset, empty] {
        let ended = shell.amiary(&["policy", "show"]).expect(4);
        for part in [
            "error: the setting AMIARY_TABLE is missing",
            "try: give --table NAME, or set AMIARY_TABLE",
        ] {
            assert!(ended.err.contains(part), "{}", ended.err);
        }
    }
}

#[test]
fn a_table_that_is_not_there_is_named_with_what_to_check() {
    let shell = Shell::over(&World::new(7));
    let ended = shell.amiary(&["policy", "show"]).expect(4);
    for part in ["ResourceNotFoundException", "try: check the table's name"] {
        assert!(ended.err.contains(part), "{}", ended.err);
    }
}

#[tokio::test]
async fn no_policy_is_mended_by_storing_one() {
    let world = World::new(7);
    let admin = amiary_cli::local::clients(&world, "111111111111", "administrator").await;
    admin.create_table().await.unwrap();
    let shell = Shell::over(&world);
    let ended = shell
        .amiary(&["replicate", "111111111111/us-east-1/ami-0123456789abcdef0"])
        .expect(4);
    let mend = "no policy is active: amiary policy apply FILE";
    assert!(ended.err.contains(mend), "{}", ended.err);
}

#[test]
fn nobody_there_is_told_with_every_cause_and_soon() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let shell = Shell::at(&format!("http://127.0.0.1:{port}"));
    let began = Instant::now();
    let ended = shell.amiary(&["policy", "show"]).expect(4);
    assert!(began.elapsed() < Duration::from_mins(1));
    assert!(
        ended.err.starts_with("error: a call failed\n"),
        "{}",
        ended.err
    );
    let causes = causes(&ended);
    let told = causes.join("\n");
    for part in [
        "dispatch failure",
        "tcp connect error",
        "Connection refused",
    ] {
        assert_eq!(told.matches(part).count(), 1, "{part}, once: {}", ended.err);
    }
}

#[tokio::test]
async fn a_reply_that_is_lost_on_the_wire_is_asked_for_again_and_nothing_is_copied_twice() {
    let stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1"));
    stage.world().fail_next(Fault {
        operation: "CopyImage".to_owned(),
        caller: None,
        region: None,
        nth: 1,
        kind: FaultKind::ReplyLost,
    });
    let shell = Shell::over(stage.world());
    shell.amiary(&["replicate", &source.to_string()]).expect(1);
    assert_eq!(stage.world().faults_pending(), 0);
    for region in ["eu-west-1", "ap-southeast-2"] {
        assert_eq!(stage.images("111111111111", region).len(), 1, "{region}");
    }
    stage.world().advance(SignedDuration::from_mins(10));
    shell.amiary(&["replicate", &source.to_string()]).expect(0);
}

#[test]
fn missing_credentials_and_a_missing_region_are_named() {
    let mut shell = Shell::at("http://127.0.0.1:9");
    shell.unset("AWS_ACCESS_KEY_ID");
    shell.unset("AWS_SECRET_ACCESS_KEY");
    let ended = shell.amiary(&["policy", "show"]).expect(4);
    assert!(ended.err.contains("credentials"), "{}", ended.err);
    let mut shell = Shell::at("http://127.0.0.1:9");
    shell.unset("AWS_REGION");
    let ended = shell.amiary(&["policy", "show"]).expect(4);
    assert!(ended.err.to_lowercase().contains("region"), "{}", ended.err);
}
