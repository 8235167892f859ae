//! `DynamoDB`, passed through to one in-memory `dynoxide` database per account and Region.
//!
//! `dynoxide` writes its own Region and account into ARNs, draws event ids at random and stamps
//! tables by the real clock; all three are replaced here, so that one seed gives one trace.

use std::collections::BTreeMap;
use std::sync::Arc;

use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use dynoxide::{Database, DynoxideError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Clock;
use crate::dispatch::Handler;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const TABLES: &str = "DynamoDB_20120810";
const STREAMS: &str = "DynamoDBStreams_20120810";

/// A change of a table's item, as Lambda receives it from a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRecord {
    /// The table's account.
    pub account: String,
    /// The table's Region.
    pub region: String,
    /// The table's name.
    pub table: String,
    /// One of the event's `Records`:
    /// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>.
    pub record: Value,
}

/// A table's stream: account, Region, ARN within `dynoxide`.
type StreamKey = (String, String, String);

/// The databases, and how far each stream has been taken.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Databases {
    #[serde(skip)]
    open: BTreeMap<(String, String), Database>,
    positions: BTreeMap<StreamKey, String>,
    /// When each table was made, in seconds, by account, Region and name.
    created: BTreeMap<(String, String, String), i64>,
}

impl std::fmt::Debug for Databases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.open.keys()).finish()
    }
}

/// Whether this is an operation passed through.
pub(crate) fn knows(prefix: &str, operation: &str) -> bool {
    (prefix == TABLES || prefix == STREAMS) && run_of(operation).is_some()
}

/// The handler of an operation that is asked for by value.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    run_of(operation).is_some().then_some(perform as Handler)
}

/// Does one operation.
pub(crate) fn perform(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let place = (call.account().to_owned(), call.region.clone());
    for table in tables(&call.parameters) {
        let arn = format!("arn:aws:dynamodb:{}:{}:table/{table}", place.1, place.0);
        if let Some(index) = call.params().text("IndexName") {
            state.touch(format!("{arn}/index/{index}"));
        }
        state.touch(arn);
    }
    let Some(run) = run_of(&call.operation) else {
        return Err(ApiError::new("UnknownOperationException", ""));
    };
    let database = database(state, &place)?;
    let body = localized(call.parameters.clone(), &place, Direction::In).to_string();
    let answer = run(database, &body).map_err(|error| api_error(&error))?;
    let mut answer = localized(answer, &place, Direction::Out);
    for part in ["TableDescription", "Table"] {
        if let Some(table) = answer.get_mut(part) {
            restamp(state, &place, table, &call.operation);
        }
    }
    Ok(answer)
}

/// Puts the virtual time of its making into a table's description, and leaves out its random id.
fn restamp(state: &mut State, place: &(String, String), table: &mut Value, operation: &str) {
    let name = table["TableName"].as_str().unwrap_or_default();
    let key = (place.0.clone(), place.1.clone(), name.to_owned());
    let now = state.clock.now().as_second();
    if operation == "CreateTable" {
        state.databases.created.insert(key.clone(), now);
    }
    let created = state.databases.created.get(&key).copied().unwrap_or(now);
    if let Some(members) = table.as_object_mut() {
        members.insert("CreationDateTime".to_owned(), Value::from(created));
        members.remove("TableId");
    }
}

fn database<'a>(state: &'a mut State, place: &(String, String)) -> Result<&'a Database, ApiError> {
    if !state.databases.open.contains_key(place) {
        let clock = Arc::new(state.clock.clone());
        let database = Database::memory_with_clock(clock).map_err(|error| api_error(&error))?;
        state.databases.open.insert(place.clone(), database);
    }
    let database = state.databases.open.get(place);
    database.ok_or_else(|| ApiError::internal("the database is not open"))
}

impl Databases {
    /// Whose databases there are: accounts and Regions.
    pub(crate) fn places(&self) -> impl Iterator<Item = &(String, String)> {
        self.open.keys()
    }

    /// Asks a place's database something that changes nothing.
    pub(crate) fn ask(
        &self,
        place: &(String, String),
        operation: &str,
        parameters: &Value,
    ) -> Option<Value> {
        let run = run_of(operation)?;
        run(self.open.get(place)?, &parameters.to_string()).ok()
    }

    /// Writes a place's database into a new file.
    pub(crate) fn save(&self, place: &(String, String), file: &str) -> Result<(), DynoxideError> {
        match self.open.get(place) {
            Some(database) => database.vacuum_into(file),
            None => Ok(()),
        }
    }

    /// Reads a place's database from a file.
    pub(crate) fn load(
        &mut self,
        place: (String, String),
        file: &str,
        clock: &Clock,
    ) -> Result<(), DynoxideError> {
        let database = Database::memory_with_clock(Arc::new(clock.clone()))?;
        database.restore_from(file)?;
        self.open.insert(place, database);
        Ok(())
    }
}

fn api_error(error: &DynoxideError) -> ApiError {
    let mut details = match serde_json::from_str(&error.to_json()) {
        Ok(Value::Object(details)) => details,
        _ => serde_json::Map::new(),
    };
    for said_elsewhere in ["__type", "message", "Message"] {
        details.remove(said_elsewhere);
    }
    let mut api_error =
        ApiError::with_status(error.status_code(), error.error_type(), error.to_string());
    api_error.details = details;
    api_error
}

/// Every table a request names: its own, a batch's and a transaction's.
fn tables(parameters: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(name) = parameters["TableName"].as_str() {
        found.push(name.to_owned());
    }
    if let Some(items) = parameters["RequestItems"].as_object() {
        found.extend(items.keys().cloned());
    }
    let actions = parameters["TransactItems"].as_array().into_iter().flatten();
    for action in actions
        .filter_map(Value::as_object)
        .flat_map(|action| action.values())
    {
        found.extend(action["TableName"].as_str().map(str::to_owned));
    }
    found
}

type Run = fn(&Database, &str) -> Result<Value, DynoxideError>;

/// The operation as a call of `dynoxide`.
fn run_of(operation: &str) -> Option<Run> {
    let run: Run = match operation {
        "CreateTable" => |db, body| written(&db.create_table(parsed(body)?)?),
        "DeleteTable" => |db, body| written(&db.delete_table(parsed(body)?)?),
        "DescribeTable" => |db, body| written(&db.describe_table(parsed(body)?)?),
        "ListTables" => |db, body| written(&db.list_tables(parsed(body)?)?),
        "UpdateTable" => |db, body| written(&db.update_table(parsed(body)?)?),
        "PutItem" => |db, body| written(&db.put_item(parsed(body)?)?),
        "GetItem" => |db, body| written(&db.get_item(parsed(body)?)?),
        "DeleteItem" => |db, body| written(&db.delete_item(parsed(body)?)?),
        "UpdateItem" => |db, body| written(&db.update_item(parsed(body)?)?),
        "Query" => |db, body| written(&db.query(parsed(body)?)?),
        "Scan" => |db, body| written(&db.scan(parsed(body)?)?),
        "BatchGetItem" => |db, body| written(&db.batch_get_item(parsed(body)?)?),
        "BatchWriteItem" => |db, body| written(&db.batch_write_item(parsed(body)?)?),
        "TransactWriteItems" => |db, body| written(&db.transact_write_items(parsed(body)?)?),
        "TransactGetItems" => |db, body| written(&db.transact_get_items(parsed(body)?)?),
        "UpdateTimeToLive" => |db, body| written(&db.update_time_to_live(parsed(body)?)?),
        "DescribeTimeToLive" => |db, body| written(&db.describe_time_to_live(parsed(body)?)?),
        "ListStreams" => |db, body| written(&db.list_streams(parsed(body)?)?),
        "DescribeStream" => |db, body| written(&db.describe_stream(parsed(body)?)?),
        "GetShardIterator" => |db, body| written(&db.get_shard_iterator(parsed(body)?)?),
        "GetRecords" => |db, body| written(&db.get_records(parsed(body)?)?),
        "TagResource" => |db, body| written(&db.tag_resource(parsed(body)?)?),
        "ListTagsOfResource" => |db, body| written(&db.list_tags_of_resource(parsed(body)?)?),
        _ => return None,
    };
    Some(run)
}

/// Reads a request. `dynoxide` marks what is invalid, rather than unreadable, in the message:
/// `VALIDATION:`, or `VALIDATION_REQUEST:`.
fn parsed<T: DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| {
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or_default();
        let invalid = [
            "missing field",
            "unknown variant",
            "invalid type: null",
            "AttributeValue",
        ];
        match message.split_once(':') {
            Some((mark, message)) if mark.starts_with("VALIDATION") => {
                DynoxideError::ValidationException(message.to_owned())
            }
            Some(("SERIALIZATION", message)) => {
                DynoxideError::SerializationException(message.to_owned())
            }
            _ if invalid.iter().any(|words| message.contains(words)) => {
                DynoxideError::ValidationException(message.to_owned())
            }
            _ => DynoxideError::SerializationException(message.to_owned()),
        }
    })
}

fn written<T: Serialize>(answer: &T) -> Result<Value, DynoxideError> {
    serde_json::to_value(answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

#[derive(Clone, Copy)]
enum Direction {
    In,
    Out,
}

/// Puts the caller's Region and account into ARNs, in place of `dynoxide`'s own, or back.
fn localized(value: Value, place: &(String, String), direction: Direction) -> Value {
    let ours = format!("arn:aws:dynamodb:{}:{}:", place.1, place.0);
    let theirs = format!(
        "arn:aws:dynamodb:{}:{}:",
        dynoxide::streams::LOCAL_REGION,
        dynoxide::streams::LOCAL_ACCOUNT
    );
    let (from, to) = match direction {
        Direction::In => (ours, theirs),
        Direction::Out => (theirs, ours),
    };
    replaced(value, &from, &to)
}

fn replaced(value: Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(from) {
            Some(rest) => Value::String(format!("{to}{rest}")),
            None => Value::String(text),
        },
        Value::Array(items) => {
            let items = items.into_iter().map(|item| replaced(item, from, to));
            Value::Array(items.collect())
        }
        Value::Object(entries) => {
            let entries = entries.into_iter();
            Value::Object(
                entries
                    .map(|(name, value)| (name, replaced(value, from, to)))
                    .collect(),
            )
        }
        other => other,
    }
}

/// The records that all streams have gained since they were last taken.
pub(crate) fn take_records(databases: &mut Databases) -> Vec<StreamRecord> {
    let Databases {
        open, positions, ..
    } = databases;
    let mut taken = Vec::new();
    for (place, database) in open {
        let Ok(streams) = database.list_streams(ListStreamsRequest::default()) else {
            continue;
        };
        for stream in streams.streams {
            let key = (place.0.clone(), place.1.clone(), stream.stream_arn.clone());
            let shard = dynoxide::streams::shard_id(&stream.table_name);
            let position = positions
                .get(&key)
                .cloned()
                .or_else(|| first_position(database, &stream.stream_arn, &shard));
            let Some(mut position) = position else {
                continue;
            };
            while let Some((records, next)) = read_page(database, &position) {
                position = next;
                if records.is_empty() {
                    break;
                }
                let records = records.into_iter();
                taken.extend(records.map(|record| stream_record(place, &stream, record)));
            }
            positions.insert(key, position);
        }
    }
    taken
}

fn first_position(database: &Database, arn: &str, shard: &str) -> Option<String> {
    let request = GetShardIteratorRequest {
        stream_arn: arn.to_owned(),
        shard_id: shard.to_owned(),
        shard_iterator_type: "TRIM_HORIZON".to_owned(),
        sequence_number: None,
    };
    database.get_shard_iterator(request).ok()?.shard_iterator
}

fn read_page(database: &Database, position: &str) -> Option<(Vec<Value>, String)> {
    let request = GetRecordsRequest {
        shard_iterator: position.to_owned(),
        limit: None,
    };
    let page = database.get_records(request).ok()?;
    let records = page.records.iter();
    let records = records.filter_map(|record| serde_json::to_value(record).ok());
    Some((records.collect(), page.next_shard_iterator?))
}

fn stream_record(
    place: &(String, String),
    stream: &dynoxide::actions::list_streams::StreamSummary,
    record: Value,
) -> StreamRecord {
    let mut record = localized(record, place, Direction::Out);
    let arn = localized(
        Value::from(stream.stream_arn.clone()),
        place,
        Direction::Out,
    );
    let sequence = record["dynamodb"]["SequenceNumber"]
        .as_str()
        .unwrap_or_default();
    record["eventID"] = Value::from(format!("{}-{sequence}", stream.table_name));
    record["awsRegion"] = Value::from(place.1.clone());
    record["eventSourceARN"] = arn;
    StreamRecord {
        account: place.0.clone(),
        region: place.1.clone(),
        table: stream.table_name.clone(),
        record,
    }
}
