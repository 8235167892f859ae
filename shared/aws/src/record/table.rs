//! Owns the table's definition. A deployment creates the table from its template; this one creates
//! it in local worlds.

use crate::Aws;
use amiary_engine::ports::Answer;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
    TimeToLiveSpecification,
};

/// A table's definition in AWS's own words, to be compared with the template's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// The attributes that keys name; all of them are texts.
    pub attributes: &'static [&'static str],
    /// The partition key and the sort key.
    pub key: (&'static str, &'static str),
    /// The global secondary indexes. They have all attributes.
    pub indexes: &'static [Index],
    /// What the stream shows of a change.
    pub stream: &'static str,
    /// The attribute by which items expire.
    pub expires: &'static str,
}

/// A global secondary index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// Its partition key and its sort key.
    pub key: (&'static str, &'static str),
}

/// The definition of the table that holds the record.
pub const DEFINITION: Definition = Definition {
    attributes: &[
        "pk",
        "sk",
        "work_kind",
        "work_due",
        "family",
        "family_order",
    ],
    key: ("pk", "sk"),
    indexes: &[
        Index {
            name: "work",
            key: ("work_kind", "work_due"),
        },
        Index {
            name: "family",
            key: ("family", "family_order"),
        },
    ],
    stream: "NEW_IMAGE",
    expires: "expires",
};

impl Aws {
    /// Creates the table, unless there is one of this name. For local worlds, where a table can be
    /// used at once: see
    /// [`CreateTable`](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html).
    pub async fn create_table(&self) -> Answer<()> {
        let call = self.on_table("CreateTable");
        let client = self.dynamodb().await;
        let request = defined(client.create_table()).map_err(|error| call.not_sent(error))?;
        match request.table_name(&*self.table).send().await {
            Ok(_) => {}
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(CreateTableError::is_resource_in_use_exception) =>
            {
                return Ok(());
            }
            Err(error) => return Err(call.failed(error)),
        }
        let call = self.on_table("UpdateTimeToLive");
        let expiry = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(DEFINITION.expires)
            .build();
        client
            .update_time_to_live()
            .table_name(&*self.table)
            .time_to_live_specification(expiry.map_err(|error| call.not_sent(error))?)
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        Ok(())
    }
}

fn defined(mut request: CreateTableFluentBuilder) -> Result<CreateTableFluentBuilder, BuildError> {
    for name in DEFINITION.attributes {
        let attribute = AttributeDefinition::builder().attribute_name(*name);
        let attribute = attribute.attribute_type(ScalarAttributeType::S).build()?;
        request = request.attribute_definitions(attribute);
    }
    for index in DEFINITION.indexes {
        let projection = Projection::builder()
            .projection_type(ProjectionType::All)
            .build();
        let index = GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .set_key_schema(Some(schema(index.key)?))
            .projection(projection)
            .build()?;
        request = request.global_secondary_indexes(index);
    }
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::from(DEFINITION.stream))
        .build()?;
    Ok(request
        .set_key_schema(Some(schema(DEFINITION.key)?))
        .billing_mode(BillingMode::PayPerRequest)
        .stream_specification(stream))
}

fn schema((partition, sort): (&str, &str)) -> Result<Vec<KeySchemaElement>, BuildError> {
    let element = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
    };
    Ok(vec![
        element(partition, KeyType::Hash)?,
        element(sort, KeyType::Range)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_of_a_key_is_declared_and_no_other() {
        let Definition {
            attributes,
            key,
            indexes,
            ..
        } = DEFINITION;
        let mut named = vec![key.0, key.1];
        named.extend(indexes.iter().flat_map(|index| [index.key.0, index.key.1]));
        assert_eq!(named, attributes);
    }
}
