//! Owns the reading of what `notify` is invoked with: a batch of the table's stream, see
//! [Using Lambda with DynamoDB](https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html), or a
//! schedule.

use amiary_aws::record::notice_from_json;
use amiary_domain::notice::Notice;
use serde_json::Value;

/// Who invoked the function.
pub enum Source {
    /// The stream, with these records.
    Stream(Vec<Record>),
    /// A schedule.
    Schedule,
}

/// One record of the stream.
pub struct Record {
    /// Its sequence number, by which a failure is reported.
    pub sequence: String,
    /// The notice in it, or why there is none.
    pub notice: Result<Notice, String>,
}

/// Who invoked the function with this. Whatever has no list of records is taken for a schedule.
pub fn source(event: &Value) -> Source {
    match event.get("Records").and_then(Value::as_array) {
        Some(records) => Source::Stream(records.iter().map(record).collect()),
        None => Source::Schedule,
    }
}

fn record(record: &Value) -> Record {
    let change = &record["dynamodb"];
    Record {
        sequence: change["SequenceNumber"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        notice: notice_from_json(change["NewImage"].clone()).map_err(|error| error.to_string()),
    }
}
