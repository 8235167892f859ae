use super::*;
use crate::record::keys;
use amiary_domain::image::LaunchPermission;
use amiary_domain::lineage::{Ancestor, CopyRequest, Loan, ReplicaState, SourceStatus};
use amiary_domain::notice::NoticeKind;
use serde_json::Value;

const SOURCE_1: &str = include_str!("../../../fixtures/source.format-1.json");
const SOURCE_OF_MOMENT_1: &str = include_str!("../../../fixtures/source_of_moment.format-1.json");
const REPLICA_1: &str = include_str!("../../../fixtures/replica.format-1.json");
const REPLICA_OF_VERSION_1: &str =
    include_str!("../../../fixtures/replica_of_version.format-1.json");
const NOTICE_1: &str = include_str!("../../../fixtures/notice.format-1.json");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A source in which nothing is empty.
pub(in crate::record) fn source() -> Source {
    Source {
        image: "111111111111/us-east-1/ami-0123456789abcdef0"
            .parse()
            .unwrap(),
        family: "web".to_owned(),
        name: "web-1".to_owned(),
        architecture: "x86_64".to_owned(),
        created: Some(at("2025-01-01T00:00:00Z")),
        ancestors: vec![Ancestor {
            region: "us-east-1".parse().unwrap(),
            id: "ami-0123456789abcdef9".parse().unwrap(),
        }],
        parent: Some(
            "111111111111/us-east-1/ami-0123456789abcdef9"
                .parse()
                .unwrap(),
        ),
        tags: [
            ("Role".to_owned(), "web".to_owned()),
            ("Empty".to_owned(), String::new()),
        ]
        .into(),
        snapshots: ["snap-0123456789abcdef0".parse().unwrap()].into(),
        encrypted: true,
        permissions: Some(
            [
                LaunchPermission::Account("222222222222".parse().unwrap()),
                LaunchPermission::Organization(
                    "arn:aws:organizations::1:organization/o-1".to_owned(),
                ),
                LaunchPermission::Everyone,
            ]
            .into(),
        ),
        loans: [(
            "222222222222".parse().unwrap(),
            Loan {
                image: true,
                snapshots: ["snap-0123456789abcdef0".parse().unwrap()].into(),
            },
        )]
        .into(),
        permissions_at: Some(at("2025-01-01T00:00:00Z")),
        permissions_dropped: false,
        told: BTreeSet::new(),
        status: SourceStatus::Replicating,
        revision: 3,
        due: at("2025-01-01T00:15:00.25Z"),
        version: 4,
    }
}

/// A replica in which nothing is empty.
pub(in crate::record) fn replica() -> Replica {
    Replica {
        source: source().image,
        destination: "222222222222/eu-west-1".parse().unwrap(),
        version_of: Some(source().version_of()),
        state: ReplicaState::Copying,
        attempt: 2,
        tries: 2,
        request: Some(CopyRequest {
            token: "amiary-token".to_owned(),
            name: "web-1-attempt-2".to_owned(),
            description: "a copy".to_owned(),
            key: Some("arn:aws:kms:eu-west-1:222222222222:key/1".to_owned()),
            tags: [("amiary:operation".to_owned(), "o".to_owned())].into(),
        }),
        image: Some("ami-0123456789abcdef2".parse().unwrap()),
        granted: [LaunchPermission::Account("333333333333".parse().unwrap())].into(),
        granted_snapshots: ["333333333333".parse().unwrap()].into(),
        shared: Some([LaunchPermission::Account("333333333333".parse().unwrap())].into()),
        shared_at: Some(at("2025-01-01T00:00:00Z")),
        tagged: ["Role".to_owned()].into(),
        cause: Some("the first attempt failed".to_owned()),
        revision: 3,
        due: at("2025-01-01T00:10:00Z"),
        version: 0,
    }
}

/// A source that was written before it was said when its permissions were read.
fn source_of_no_moment() -> Source {
    Source {
        permissions_at: None,
        ..source()
    }
}

/// A replica that was written before its version was.
fn replica_of_no_version() -> Replica {
    Replica {
        version_of: None,
        shared: None,
        shared_at: None,
        ..replica()
    }
}

fn notice() -> Notice {
    Notice {
        id: "n-1".to_owned(),
        topic: "arn:aws:sns:us-east-1:111111111111:images".to_owned(),
        owner: "platform".to_owned(),
        kind: NoticeKind::Waiting,
        family: "web".to_owned(),
        source: source().image,
        name: "web-1".to_owned(),
        destinations: vec![(
            "222222222222/eu-west-1".parse().unwrap(),
            "no such key".to_owned(),
        )],
    }
}

fn stored_source(source: Source) -> Item {
    let record = Record::Source(Box::new(source));
    encode_record(&keys::record(&record), &record).unwrap()
}

fn stored_replica(replica: Replica) -> Item {
    let record = Record::Replica(Box::new(replica));
    encode_record(&keys::record(&record), &record).unwrap()
}

fn stored_notice() -> Item {
    encode_notice(&keys::notice("n-1"), &notice(), at("2025-01-01T00:00:00Z")).unwrap()
}

/// Format 1 is written as its fixtures are, and they are read for ever. A change that breaks this
/// needs a new format, new fixtures, and these ones read as before.
#[test]
fn format_1_is_as_it_always_was() {
    for (written, fixture) in [
        (stored_source(source_of_no_moment()), SOURCE_1),
        (stored_source(source()), SOURCE_OF_MOMENT_1),
        (stored_replica(replica_of_no_version()), REPLICA_1),
        (stored_replica(replica()), REPLICA_OF_VERSION_1),
        (stored_notice(), NOTICE_1),
    ] {
        let written = serde_json::to_value(&written).unwrap();
        let pretty = serde_json::to_string_pretty(&sorted(&written)).unwrap();
        assert_eq!(
            written,
            serde_json::from_str::<Value>(fixture).unwrap(),
            "written: {pretty}"
        );
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let keys: BTreeMap<&String, &Value> = map.iter().collect();
            keys.into_iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect()
        }
        Value::Array(list) => list.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[test]
fn what_is_stored_is_read_back_one_version_higher() {
    let read: Source = decode(stored_source(source())).unwrap();
    assert_eq!(
        read,
        Source {
            version: 5,
            ..source()
        }
    );
    let read: Replica = decode(stored_replica(replica())).unwrap();
    assert_eq!(
        read,
        Replica {
            version: 1,
            ..replica()
        }
    );
    let notice_json = serde_json::from_str(NOTICE_1).unwrap();
    assert_eq!(notice_from_json(notice_json).unwrap(), notice());
}

#[test]
fn what_is_empty_survives_too() {
    let empty = Source {
        created: None,
        ancestors: Vec::new(),
        parent: None,
        tags: BTreeMap::new(),
        snapshots: BTreeSet::new(),
        permissions: None,
        loans: BTreeMap::new(),
        ..source()
    };
    assert_eq!(
        decode::<Source>(stored_source(empty.clone())).unwrap(),
        Source {
            version: 5,
            ..empty
        }
    );
    let unread = Source {
        permissions: Some(BTreeSet::new()),
        ..source()
    };
    let read: Source = decode(stored_source(unread)).unwrap();
    assert_eq!(
        read.permissions,
        Some(BTreeSet::new()),
        "read and empty is not unread"
    );
}

#[test]
fn a_lineage_is_put_together_from_its_partition() {
    let child: ImageRef = "111111111111/us-east-1/ami-0123456789abcdef7"
        .parse()
        .unwrap();
    let key = keys::child(&source().image, &child);
    let child_item = encode(
        &key,
        &Child {
            child: child.clone(),
        },
    )
    .unwrap();
    let items = vec![
        child_item.clone(),
        stored_replica(replica()),
        stored_source(source()),
    ];
    let lineage = decode_lineage(items).unwrap().unwrap();
    assert_eq!(lineage.source.version, 5);
    assert_eq!(
        lineage.replicas.keys().collect::<Vec<_>>(),
        [&replica().destination]
    );
    assert_eq!(lineage.descendants, BTreeSet::from([child]));
    assert_eq!(
        decode_lineage(vec![child_item]).unwrap(),
        None,
        "a child alone is no lineage"
    );
}

#[test]
fn a_newer_format_is_refused_and_named() {
    let mut item = stored_source(source());
    item.insert("format".to_owned(), AttributeValue::N("2".to_owned()));
    let error = decode_lineage(vec![item]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the item LINEAGE#111111111111/us-east-1/ami-0123456789abcdef0 / IMAGE#SOURCE was written \
         by a newer Amiary (format 2; this one knows 1): deploy the newer version everywhere"
    );
    let mut unknown = stored_source(source());
    unknown.insert(
        "sk".to_owned(),
        AttributeValue::S("IMAGE#SOMETHING".to_owned()),
    );
    assert!(matches!(
        decode_lineage(vec![unknown]),
        Err(DecodeError::Newer { .. })
    ));
}

#[test]
fn what_is_no_notice_is_refused() {
    for text in [
        "null",
        "{}",
        r#"{"pk":{"S":"NOTICE#1"}}"#,
        r#"{"format":{"N":"1"}}"#,
        r#"{"pk":"x"}"#,
    ] {
        assert!(
            notice_from_json(serde_json::from_str(text).unwrap()).is_err(),
            "{text}"
        );
    }
}

#[test]
fn a_notice_is_pending_while_it_is_work() {
    let mut item = stored_notice();
    assert!(is_pending(&item));
    item.remove("work_kind");
    assert!(!is_pending(&item));
}
