use super::*;
use crate::{InProcess, StaticCredentials};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::atomic::{AtomicUsize, Ordering};

const ASSUMED: &str = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>ASIAOTHER</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"#;

/// A service that lets every role be assumed and has no images; and its log of requests.
pub(crate) fn world() -> (Transport, Arc<Mutex<Vec<String>>>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let written = log.clone();
    let call = move |request: http::Request<Bytes>| {
        let host = request.uri().host().unwrap().to_owned();
        let signed = request.headers()["authorization"].to_str().unwrap();
        let key = signed.split(['=', '/']).nth(1).unwrap();
        written.lock().unwrap().push(format!("{key} {host}"));
        http::Response::new(Bytes::from(if host.starts_with("sts") {
            ASSUMED
        } else {
            r#"<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId><imagesSet/></DescribeImagesResponse>"#
        }))
    };
    let service = InProcess {
        call: Arc::new(call),
        credentials: StaticCredentials {
            access_key_id: "AKIDOWN".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: Some("token".to_owned()),
        },
        region: "us-east-1".to_owned(),
        now: Arc::new(|| "2025-01-01T00:00:00Z".parse::<Timestamp>().unwrap()),
        yields: Arc::new(|| 2),
    };
    (Transport::InProcess(service), log)
}

fn region(text: &str) -> Region {
    text.parse().unwrap()
}

#[tokio::test]
async fn own_credentials_are_used_where_no_role_is_named() {
    let (transport, log) = world();
    let clients = Clients::new(&transport, None).await;
    let client = clients.ec2(Identity::Own, Some(&region("eu-west-1"))).await;
    client.describe_images().send().await.unwrap();
    assert_eq!(
        *log.lock().unwrap(),
        ["AKIDOWN ec2.eu-west-1.amazonaws.com"]
    );
}

#[tokio::test]
async fn a_role_is_assumed_once_for_all_regions_and_only_when_needed() {
    let (transport, log) = world();
    let clients = Clients::new(&transport, None).await;
    let arn = clients.role_arn(&"222222222222".parse().unwrap(), "amiary-spoke");
    assert_eq!(arn, "arn:aws:iam::222222222222:role/amiary-spoke");
    let ireland = clients
        .ec2(Identity::Role(arn.clone()), Some(&region("eu-west-1")))
        .await;
    let sydney = clients
        .ec2(Identity::Role(arn), Some(&region("ap-southeast-2")))
        .await;
    assert!(
        log.lock().unwrap().is_empty(),
        "nobody is asked before a call"
    );
    for client in [&ireland, &ireland, &sydney] {
        client.describe_images().send().await.unwrap();
    }
    assert_eq!(
        *log.lock().unwrap(),
        [
            "AKIDOWN sts.us-east-1.amazonaws.com",
            "ASIAOTHER ec2.eu-west-1.amazonaws.com",
            "ASIAOTHER ec2.eu-west-1.amazonaws.com",
            "ASIAOTHER ec2.ap-southeast-2.amazonaws.com",
        ]
    );
}

#[tokio::test]
async fn a_lost_reply_is_asked_for_again_and_takes_no_time() {
    let calls = Arc::new(AtomicUsize::new(0));
    let (Transport::InProcess(mut service), _) = world() else {
        unreachable!()
    };
    let (answer, count) = (service.call.clone(), calls.clone());
    service.call = Arc::new(move |request| {
        let lost = count.fetch_add(1, Ordering::Relaxed) < 2;
        let mut response = answer(request);
        if lost {
            response.headers_mut().insert(
                crate::CONNECTION_HEADER,
                http::HeaderValue::from_static("aborted"),
            );
        }
        response
    });
    let clients = Clients::new(&Transport::InProcess(service), None).await;
    let client = clients.ec2(Identity::Own, Some(&region("eu-west-1"))).await;
    let begun = std::time::Instant::now();
    client.describe_images().send().await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert!(begun.elapsed() < Duration::from_millis(200));
}

#[tokio::test]
async fn a_role_may_be_given_by_its_arn_and_partitions_are_known() {
    let (transport, _) = world();
    let clients = Clients::new(&transport, None).await;
    let account = "222222222222".parse().unwrap();
    let arn = "arn:aws:iam::222222222222:role/path/r";
    assert_eq!(clients.role_arn(&account, arn), arn);
    assert_eq!(partition_of("cn-north-1"), "aws-cn");
    assert_eq!(partition_of("us-gov-west-1"), "aws-us-gov");
    assert_eq!(partition_of("eu-west-1"), "aws");
}

#[tokio::test]
async fn a_role_is_told_its_external_id() {
    let (Transport::InProcess(mut service), _) = world() else {
        unreachable!()
    };
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let (answer, seen) = (service.call.clone(), bodies.clone());
    service.call = Arc::new(move |request| {
        seen.lock()
            .unwrap()
            .push(String::from_utf8_lossy(request.body()).into_owned());
        answer(request)
    });
    let clients = Clients::new(&Transport::InProcess(service), Some("e-1".to_owned())).await;
    let role = Identity::Role("arn:aws:iam::222222222222:role/r".to_owned());
    let client = clients.ec2(role, Some(&region("eu-west-1"))).await;
    client.describe_images().send().await.unwrap();
    let assumed = &bodies.lock().unwrap()[0];
    assert!(assumed.contains("RoleSessionName=amiary"), "{assumed}");
    assert!(assumed.contains("ExternalId=e-1"), "{assumed}");
}
