//! What KMS, STS, SNS and `DynamoDB` must hold.

use serde_json::{Value, json};

use super::*;

fn json_call(world: &World, account: &str, target: &str, body: &Value) -> (u16, Value) {
    let service = if target.starts_with("Trent") {
        "kms"
    } else {
        "dynamodb"
    };
    let mut request = signed(account, HERE, service, body.to_string().into_bytes());
    request
        .headers_mut()
        .insert("x-amz-target", target.parse().expect("a header"));
    let answer = answer(world.call(request));
    (
        answer.status,
        serde_json::from_str(&answer.body).expect("JSON"),
    )
}

#[test]
fn keys_are_found_by_every_name_they_have() {
    let world = World::new(1);
    let arn = world.create_key(OWNER, HERE, "alias/golden");
    let id = arn.rsplit('/').next().expect("an id").to_owned();
    let alias = format!("arn:aws:kms:{HERE}:{OWNER}:alias/golden");
    for name in [arn.as_str(), &id, "alias/golden", &alias] {
        let (status, found) = json_call(
            &world,
            OWNER,
            "TrentService.DescribeKey",
            &json!({ "KeyId": name }),
        );
        assert_eq!(
            (status, found["KeyMetadata"]["Arn"].as_str()),
            (200, Some(arn.as_str()))
        );
        assert!(found["KeyMetadata"]["CreationDate"].is_number());
    }
    let (status, absent) = json_call(
        &world,
        OWNER,
        "TrentService.DescribeKey",
        &json!({ "KeyId": "alias/no" }),
    );
    assert_eq!(
        (status, absent["__type"].as_str()),
        (400, Some("NotFoundException"))
    );
    let (_, managed) = json_call(
        &world,
        OWNER,
        "TrentService.DescribeKey",
        &json!({ "KeyId": "alias/aws/ebs" }),
    );
    assert_eq!(managed["KeyMetadata"]["KeyManager"], "AWS");
}

#[test]
fn json_requests_are_checked_by_shape() {
    let world = World::new(1);
    let code = |target: &str, body: Value| {
        let (status, error) = json_call(&world, OWNER, target, &body);
        assert_eq!(status, 400);
        error["__type"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(
        code("TrentService.DescribeKey", json!({})),
        "ValidationException"
    );
    assert_eq!(
        code("TrentService.DescribeKey", json!({ "KeyId": 4 })),
        "ValidationException"
    );
    let unknown = json!({ "KeyId": "x", "Colour": 1 });
    assert_eq!(
        code("TrentService.DescribeKey", unknown),
        "ValidationException"
    );
    assert_eq!(
        code("TrentService.Forget", json!({})),
        "UnknownOperationException"
    );
}

#[test]
fn keys_change_state() {
    let world = World::new(1);
    let arn = world.create_key(OWNER, HERE, "alias/golden");
    let key = json!({ "KeyId": arn });
    let state = || {
        let (_, found) = json_call(&world, OWNER, "TrentService.DescribeKey", &key);
        found["KeyMetadata"]["KeyState"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    json_call(&world, OWNER, "TrentService.DisableKey", &key);
    assert_eq!(state(), "Disabled");
    json_call(&world, OWNER, "TrentService.EnableKey", &key);
    assert_eq!(state(), "Enabled");
    json_call(&world, OWNER, "TrentService.ScheduleKeyDeletion", &key);
    assert_eq!(state(), "PendingDeletion");
    let (_, aliases) = json_call(&world, OWNER, "TrentService.ListAliases", &json!({}));
    assert_eq!(aliases["Aliases"].as_array().map(Vec::len), Some(2));
}

#[test]
fn roles_are_assumed_only_where_they_exist() {
    let world = World::new(1);
    world.create_role(OTHER, "spoke");
    let assume = |role: &str| {
        let arn = format!("arn:aws:iam::{OTHER}:role/{role}");
        let parameters = [("RoleArn", arn.as_str()), ("RoleSessionName", "run-1")];
        send(&world, (OWNER, HERE, "sts"), "AssumeRole", &parameters)
    };
    let denied = assume("nobody");
    assert_eq!(
        (denied.status, denied.code().as_str()),
        (403, "AccessDenied")
    );
    let key = assume("spoke").text("AccessKeyId");
    let me = send(&world, (&key, HERE, "sts"), "GetCallerIdentity", &[]);
    assert_eq!(me.text("Account"), OTHER);
    assert_eq!(
        me.text("Arn"),
        "arn:aws:sts::222222222222:assumed-role/spoke/run-1"
    );
}

#[test]
fn any_role_is_assumed_where_the_world_lets_it() {
    let world = World::new(1);
    world.let_any_role_be_assumed();
    let assume = |arn: &str| {
        let parameters = [("RoleArn", arn), ("RoleSessionName", "run-1")];
        send(&world, (OWNER, HERE, "sts"), "AssumeRole", &parameters)
    };
    let key = assume("arn:aws:iam::333333333333:role/team/spoke").text("AccessKeyId");
    let me = send(&world, (&key, HERE, "sts"), "GetCallerIdentity", &[]);
    assert_eq!(me.text("Account"), "333333333333");
    let malformed = assume("arn:aws:iam::333333333333:user/spoke");
    assert_eq!(malformed.code(), "ValidationError");
}

#[test]
fn a_session_knows_its_role_and_lasts_an_hour_where_a_session_began_it() {
    let world = World::new(1);
    world.create_role(OTHER, "spoke");
    let arn = format!("arn:aws:iam::{OTHER}:role/spoke");
    let assume = |key: &str, name: &str, seconds: &str| {
        let parameters = [
            ("RoleArn", arn.as_str()),
            ("RoleSessionName", name),
            ("DurationSeconds", seconds),
        ];
        send(&world, (key, HERE, "sts"), "AssumeRole", &parameters)
    };
    let session = assume(OWNER, "run-1", "43200");
    let key = session.text("AccessKeyId");
    let me = send(&world, (&key, HERE, "sts"), "GetCallerIdentity", &[]);
    assert_eq!(me.text("UserId"), session.text("AssumedRoleId"));
    assert!(me.text("UserId").starts_with("AROA"));
    assert!(me.text("UserId").ends_with(":run-1"));
    assert_eq!(assume(&key, "run-2", "3601").code(), "ValidationError");
    assert_eq!(assume(&key, "run-2", "3600").status, 200);
}

#[test]
fn publishing_reaches_the_inbox() {
    let world = World::new(1);
    let topic = world.create_topic(OWNER, HERE, "notices");
    let publish = |topic: &str, subject: &str| {
        let parameters = [
            ("TopicArn", topic),
            ("Subject", subject),
            ("Message", "body"),
            ("MessageAttributes.entry.1.Name", "kind"),
            ("MessageAttributes.entry.1.Value.DataType", "String"),
            ("MessageAttributes.entry.1.Value.StringValue", "failed"),
        ];
        send(&world, (OWNER, HERE, "sns"), "Publish", &parameters)
    };
    assert!(!publish(&topic, "Subject").text("MessageId").is_empty());
    let inbox = world.inbox(&topic);
    assert_eq!(inbox[0].subject.as_deref(), Some("Subject"));
    assert_eq!(inbox[0].attributes["kind"], "failed");
    let long = "s".repeat(100);
    for subject in ["two\nlines", "caf\u{e9}", long.as_str(), ""] {
        assert_eq!(
            publish(&topic, subject).code(),
            "InvalidParameter",
            "{subject}"
        );
    }
    let absent = publish("arn:aws:sns:us-east-1:111111111111:no", "Subject");
    assert_eq!((absent.status, absent.code().as_str()), (404, "NotFound"));
    assert_eq!(world.inbox(&topic).len(), 1);
    let topics = send(&world, (OWNER, HERE, "sns"), "ListTopics", &[]);
    assert_eq!(topics.texts("TopicArn"), [topic]);
}

const PUT: &str = "DynamoDB_20120810.PutItem";

fn table(world: &World) {
    let definition = json!({
        "TableName": "record",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
    });
    let (status, made) = json_call(world, OWNER, "DynamoDB_20120810.CreateTable", &definition);
    assert_eq!(status, 200, "{made}");
    let arn = format!("arn:aws:dynamodb:{HERE}:{OWNER}:table/record");
    assert_eq!(made["TableDescription"]["TableArn"], arn);
    assert_eq!(made["TableDescription"]["CreationDateTime"], 1_767_225_600);
}

#[test]
fn tables_are_of_one_account_and_refuse_in_aws_form() {
    let world = World::new(1);
    table(&world);
    let item = json!({
        "TableName": "record",
        "Item": { "pk": { "S": "one" } },
        "ConditionExpression": "attribute_not_exists(pk)",
    });
    assert_eq!(json_call(&world, OWNER, PUT, &item).0, 200);
    let (status, refused) = json_call(&world, OWNER, PUT, &item);
    let kind = refused["__type"].as_str().unwrap_or_default();
    assert_eq!(status, 400);
    assert!(kind.ends_with("#ConditionalCheckFailedException"), "{kind}");
    let (status, elsewhere) = json_call(&world, OTHER, PUT, &item);
    assert_eq!(status, 400);
    assert!(
        elsewhere["__type"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("ResourceNotFoundException"))
    );
    let calls = world.calls();
    assert_eq!(
        calls[1].resources,
        [format!("arn:aws:dynamodb:{HERE}:{OWNER}:table/record")]
    );
    assert_eq!(
        calls[2].error.as_deref(),
        Some("ConditionalCheckFailedException")
    );
}

#[test]
fn a_cancelled_transaction_gives_its_reasons() {
    let world = World::new(1);
    table(&world);
    let put = json!({ "Put": {
        "TableName": "record",
        "Item": { "pk": { "S": "one" } },
        "ConditionExpression": "attribute_exists(pk)",
    }});
    let (status, refused) = json_call(
        &world,
        OWNER,
        "DynamoDB_20120810.TransactWriteItems",
        &json!({ "TransactItems": [put] }),
    );
    assert_eq!(status, 400);
    assert_eq!(
        refused["CancellationReasons"][0]["Code"], "ConditionalCheckFailed",
        "{refused}"
    );
}

#[test]
fn stream_records_are_taken_once_and_the_same_for_the_same_seed() {
    let run = || {
        let world = World::new(1);
        table(&world);
        let item = json!({ "TableName": "record", "Item": { "pk": { "S": "one" } } });
        json_call(&world, OWNER, PUT, &item);
        let records = world.take_stream_records();
        assert!(world.take_stream_records().is_empty());
        records
    };
    let records = run();
    assert_eq!(records, run());
    assert_eq!(records[0].table, "record");
    let record = &records[0].record;
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["awsRegion"], HERE);
    assert_eq!(record["dynamodb"]["NewImage"]["pk"]["S"], "one");
    let prefix = format!("arn:aws:dynamodb:{HERE}:{OWNER}:table/record/stream/");
    assert!(
        record["eventSourceARN"]
            .as_str()
            .is_some_and(|arn| arn.starts_with(&prefix))
    );
}
