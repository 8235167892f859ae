//! Owns what the references of a template say: parameters, pseudo parameters, and what `CloudFormation`
//! would return for a resource of a type that the bus knows.

use serde_json::Value;

use super::template::{Context, Place, Template};

impl<'t> Template<'t> {
    fn reference(&'t self, name: &str) -> Result<String, String> {
        match name {
            "AWS::AccountId" => return Ok(self.context.account.to_owned()),
            "AWS::Region" => return Ok(self.context.region.to_owned()),
            "AWS::Partition" => return Ok("aws".into()),
            "AWS::StackName" => return Ok("amiary".into()),
            "AWS::URLSuffix" => return Ok("amazonaws.com".into()),
            _ => {}
        }
        if let Some(parameter) = self.root().get("Parameters").and_then(|all| all.get(name)) {
            return self.parameter(name, &parameter);
        }
        let (kind, physical) = self.physical(name)?;
        Ok(match kind.as_str() {
            "AWS::SQS::Queue" => {
                let Context {
                    account, region, ..
                } = self.context;
                format!("https://sqs.{region}.amazonaws.com/{account}/{physical}")
            }
            _ => physical,
        })
    }

    fn parameter(&self, name: &str, parameter: &Place<'_>) -> Result<String, String> {
        if let Some((_, said)) = self
            .context
            .parameters
            .iter()
            .find(|(known, _)| *known == name)
        {
            return Ok((*said).to_owned());
        }
        let default = parameter
            .get("Default")
            .ok_or(format!("parameter {name} has no default"))?;
        default.string().map_err(|error| error.to_string())
    }

    pub fn attribute(&'t self, name: &str, attribute: &str) -> Result<String, String> {
        let Context {
            account, region, ..
        } = self.context;
        let (kind, physical) = self.physical(name)?;
        match (kind.as_str(), attribute) {
            ("AWS::SQS::Queue", "Arn") => Ok(format!("arn:aws:sqs:{region}:{account}:{physical}")),
            ("AWS::SQS::Queue", "QueueName") => Ok(physical),
            ("AWS::Events::EventBus", "Arn") => Ok(format!(
                "arn:aws:events:{region}:{account}:event-bus/{physical}"
            )),
            ("AWS::Serverless::Function", "Arn") => Ok(format!(
                "arn:aws:lambda:{region}:{account}:function:{physical}"
            )),
            ("AWS::DynamoDB::Table", "Arn") => Ok(format!(
                "arn:aws:dynamodb:{region}:{account}:table/{physical}"
            )),
            ("AWS::DynamoDB::Table", "StreamArn") => Ok(format!(
                "arn:aws:dynamodb:{region}:{account}:table/{physical}/stream/2026-01-01T00:00:00.000"
            )),
            ("AWS::IAM::Role", "Arn") => Ok(format!("arn:aws:iam::{account}:role/{physical}")),
            _ => Err(format!(
                "attribute {attribute} of {kind} {name} is not known here"
            )),
        }
    }

    /// A resource's type, and the name it would have in AWS: its own, or else its logical id.
    fn physical(&'t self, name: &str) -> Result<(String, String), String> {
        let resource = self
            .root()
            .get("Resources")
            .and_then(|all| all.get(name))
            .ok_or(format!("{name} is neither a parameter nor a resource"))?;
        let kind = resource
            .get("Type")
            .and_then(|kind| kind.plain())
            .unwrap_or_default();
        let property = match kind.as_str() {
            "AWS::SQS::Queue" => "QueueName",
            "AWS::Events::EventBus" => "Name",
            "AWS::Serverless::Function" => "FunctionName",
            "AWS::DynamoDB::Table" => "TableName",
            _ => return Ok((kind, name.to_owned())),
        };
        match resource.get("Properties").and_then(|all| all.get(property)) {
            Some(named) => Ok((kind, named.string().map_err(|error| error.to_string())?)),
            None => Ok((kind, name.to_owned())),
        }
    }

    /// `${Name}`, `${Name.Attribute}` and `${!Literal}`.
    fn substitute(&'t self, text: &str) -> Result<String, String> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or("a ${ is not closed")?;
            result.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str("${");
                result.push_str(literal);
                result.push('}');
            } else if let Some((resource, attribute)) = name.split_once('.') {
                result.push_str(&self.attribute(resource, attribute)?);
            } else {
                result.push_str(&self.reference(name)?);
            }
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }

    pub fn intrinsic(&'t self, name: &str, argument: &Value) -> Result<String, String> {
        match (name, argument) {
            ("Ref", Value::String(name)) => self.reference(name),
            ("GetAtt", Value::String(path)) => {
                let (resource, attribute) = path
                    .split_once('.')
                    .ok_or("GetAtt names a resource and an attribute")?;
                self.attribute(resource, attribute)
            }
            ("GetAtt", Value::Array(path)) => match path.as_slice() {
                [Value::String(resource), Value::String(attribute)] => {
                    self.attribute(resource, attribute)
                }
                _ => Err("GetAtt names a resource and an attribute".into()),
            },
            ("Sub", Value::String(text)) => self.substitute(text),
            _ => Err(format!("the function {name} is not understood here")),
        }
    }
}
