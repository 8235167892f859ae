//! Owns what the templates say: the functions and what each is called by.
//!
//! What is not understood is refused with its place, so that a rule, queue or event source can't be
//! in the template and do nothing here.

use jiff::SignedDuration;
use serde_json::Value;

use super::pattern::Pattern;
use super::queue::Queue;
use super::schedule::Schedule;
use super::sources;
use super::stream::Stream;
use super::template::{Context, Place, Template, TemplateError, arns, optional};

/// A Lambda function of the template.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// The logical id, such as `ReplicateFunction`.
    pub id: String,
    /// The binary that it is built from, such as `replicate`.
    pub binary: Option<String>,
    /// How long a call may take.
    pub timeout: SignedDuration,
    /// How many calls may run at once, if that is reserved.
    pub concurrency: Option<u32>,
    /// What becomes of asynchronous calls that fail.
    pub(super) asynchronous: Asynchronous,
    pub(super) arn: String,
}

/// What becomes of asynchronous calls that fail.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asynchronous {
    pub retries: u32,
    pub age: SignedDuration,
    pub on_failure: Option<String>,
}

/// A rule on an event bus.
#[derive(Debug)]
pub(super) struct Rule {
    /// The bus's name; none is the default bus.
    pub bus: Option<String>,
    pub pattern: Pattern,
    /// ARNs of queues, or of the hub's bus.
    pub targets: Vec<String>,
}

/// A mapping from a queue to a function.
#[derive(Debug)]
pub(super) struct Poll {
    pub function: usize,
    pub queue: usize,
    pub batch_size: usize,
    pub reports_failures: bool,
    pub concurrency: Option<u32>,
}

/// All that a template wires together.
#[derive(Debug, Default)]
pub(super) struct Wiring {
    pub functions: Vec<Function>,
    /// Each own event bus: its name and ARN.
    pub buses: Vec<(String, String)>,
    pub rules: Vec<Rule>,
    pub queues: Vec<Queue>,
    pub polls: Vec<Poll>,
    pub schedules: Vec<Schedule>,
    pub streams: Vec<Stream>,
}

impl Wiring {
    /// Reads the hub's template.
    pub fn of_hub(text: &str, account: &str, region: &str) -> Result<Self, TemplateError> {
        let context = Context {
            account,
            region,
            parameters: &[],
        };
        let template = Template::parse(text, context)?;
        let mut wiring = Self {
            queues: queues(&template)?,
            ..Self::default()
        };
        let buses = template.resources("AWS::Events::EventBus")?;
        for (id, arn) in arns(&template, &buses)? {
            let name = arn.rsplit('/').next().unwrap_or(&id).to_owned();
            wiring.buses.push((name, arn));
        }
        let functions = template.resources("AWS::Serverless::Function")?;
        let mut names = arns(&template, &functions)?;
        for (id, place) in &functions {
            let arn = names.remove(id).unwrap_or_default();
            wiring.functions.push(function(&template, id, place, arn)?);
        }
        for (index, (id, place)) in functions.iter().enumerate() {
            sources::read(&template, &mut wiring, index, id, place)?;
        }
        wiring.rules = rules(&template)?;
        wiring.check(&template)?;
        Ok(wiring)
    }

    /// Reads the rules of a spoke's template, which may target only the hub's bus.
    pub fn rules_of_spokes(&self, text: &str) -> Result<Vec<Rule>, TemplateError> {
        let hub = self
            .buses
            .first()
            .map(|(_, arn)| arn.clone())
            .unwrap_or_default();
        let parameters = [("HubBusArn", hub.as_str())];
        let context = Context {
            account: "spoke",
            region: "spoke",
            parameters: &parameters,
        };
        let template = Template::parse(text, context)?;
        let rules = rules(&template)?;
        for ((_, place), rule) in template.resources("AWS::Events::Rule")?.iter().zip(&rules) {
            if rule.bus.is_some() {
                return Err(place.refuse("a spoke's rule is on the default bus"));
            }
            if rule
                .targets
                .iter()
                .any(|target| hub.is_empty() || *target != hub)
            {
                return Err(place.refuse("a spoke's rule targets the hub's bus"));
            }
        }
        Ok(rules)
    }

    /// The queue of an ARN.
    pub fn queue(&self, arn: &str) -> Option<usize> {
        self.queues.iter().position(|queue| queue.arn == arn)
    }

    /// What is referred to must be there.
    fn check<'t>(&self, template: &'t Template<'t>) -> Result<(), TemplateError> {
        for ((_, place), rule) in template
            .resources("AWS::Events::Rule")?
            .iter()
            .zip(&self.rules)
        {
            if let Some(target) = rule.targets.iter().find(|arn| self.queue(arn).is_none()) {
                return Err(
                    place.refuse(format!("its target {target} is no queue of this template"))
                );
            }
            let known = |bus: &String| self.buses.iter().any(|(name, _)| name == bus);
            if !rule.bus.as_ref().is_none_or(known) {
                return Err(place.refuse("its bus is not in this template"));
            }
        }
        for ((_, place), queue) in template
            .resources("AWS::SQS::Queue")?
            .iter()
            .zip(&self.queues)
        {
            if queue
                .redrive
                .as_ref()
                .is_some_and(|(arn, _)| self.queue(arn).is_none())
            {
                return Err(place.refuse("its dead-letter queue is not in this template"));
            }
        }
        let unknown =
            |arn: &Option<String>| arn.as_ref().is_some_and(|arn| self.queue(arn).is_none());
        let functions = template.resources("AWS::Serverless::Function")?;
        for (index, (_, place)) in functions.iter().enumerate() {
            let own = &self.functions[index].asynchronous.on_failure;
            let streams = self.streams.iter().filter(|s| s.function == index);
            if unknown(own) || streams.map(|s| &s.on_failure).any(unknown) {
                return Err(place.refuse("its failure destination is no queue of this template"));
            }
        }
        Ok(())
    }
}

fn queues<'t>(template: &'t Template<'t>) -> Result<Vec<Queue>, TemplateError> {
    let resources = template.resources("AWS::SQS::Queue")?;
    let mut names = arns(template, &resources)?;
    let mut queues = Vec::new();
    for (id, place) in resources {
        let properties = place.get("Properties");
        let of = |key| {
            properties
                .as_ref()
                .and_then(|properties| properties.get(key))
        };
        let visibility = of("VisibilityTimeout").map_or(Ok(30), |seconds| seconds.count())?;
        let redrive = match of("RedrivePolicy") {
            None => None,
            Some(policy) => {
                policy.only(&["deadLetterTargetArn", "maxReceiveCount"])?;
                let dead = policy.require("deadLetterTargetArn")?.string()?;
                Some((dead, policy.require("maxReceiveCount")?.count()?))
            }
        };
        let arn = names.remove(&id).unwrap_or_default();
        queues.push(Queue::new(id, arn, seconds(visibility), redrive));
    }
    Ok(queues)
}

fn rules<'t>(template: &'t Template<'t>) -> Result<Vec<Rule>, TemplateError> {
    let known = [
        "Name",
        "Description",
        "State",
        "EventBusName",
        "EventPattern",
        "Targets",
        "Tags",
    ];
    let mut rules = Vec::new();
    for (_, place) in template.resources("AWS::Events::Rule")? {
        let properties = place.require("Properties")?;
        properties.only(&known)?;
        if let Some(state) = properties
            .get("State")
            .filter(|s| s.string().ok() != Some("ENABLED".into()))
        {
            return Err(state.refuse("only enabled rules are understood here"));
        }
        let pattern = properties.require("EventPattern")?;
        let parsed = Pattern::parse(&pattern.value()?).map_err(|reason| pattern.refuse(reason))?;
        let bus = optional(&properties, "EventBusName", Place::string)?;
        let mut targets = Vec::new();
        for target in properties.require("Targets")?.items()? {
            target.only(&["Id", "Arn", "RoleArn", "DeadLetterConfig"])?;
            optional(&target, "DeadLetterConfig", |config| {
                config.require("Arn")?.string()
            })?;
            targets.push(target.require("Arn")?.string()?);
        }
        rules.push(Rule {
            bus: bus.filter(|bus| bus != "default"),
            pattern: parsed,
            targets,
        });
    }
    Ok(rules)
}

fn function<'t>(
    template: &'t Template<'t>,
    id: &str,
    place: &Place<'t>,
    arn: String,
) -> Result<Function, TemplateError> {
    let properties = place.require("Properties")?;
    let global = template
        .root()
        .get("Globals")
        .and_then(|globals| globals.get("Function"));
    let own_or_global = |key| properties.get(key).or_else(|| global.as_ref()?.get(key));
    let binary = place
        .get("Metadata")
        .and_then(|metadata| metadata.get("BuildProperties"))
        .and_then(|build| build.get("Binary"));
    Ok(Function {
        id: id.to_owned(),
        binary: binary.map(|binary| binary.string()).transpose()?,
        timeout: seconds(own_or_global("Timeout").map_or(Ok(3), |timeout| timeout.count())?),
        concurrency: optional(&properties, "ReservedConcurrentExecutions", Place::count)?,
        asynchronous: asynchronous(properties.get("EventInvokeConfig"))?,
        arn,
    })
}

/// Lambda's defaults are two retries and six hours.
fn asynchronous(config: Option<Place<'_>>) -> Result<Asynchronous, TemplateError> {
    let Some(config) = config else {
        return Ok(Asynchronous {
            retries: 2,
            age: seconds(21_600),
            on_failure: None,
        });
    };
    config.only(&[
        "MaximumRetryAttempts",
        "MaximumEventAgeInSeconds",
        "DestinationConfig",
    ])?;
    Ok(Asynchronous {
        retries: optional(&config, "MaximumRetryAttempts", Place::count)?.unwrap_or(2),
        age: seconds(
            optional(&config, "MaximumEventAgeInSeconds", Place::count)?.unwrap_or(21_600),
        ),
        on_failure: on_failure(&config)?,
    })
}

/// The ARN of the queue under `DestinationConfig.OnFailure`.
pub(super) fn on_failure(place: &Place<'_>) -> Result<Option<String>, TemplateError> {
    let Some(config) = place.get("DestinationConfig") else {
        return Ok(None);
    };
    config.only(&["OnFailure"])?;
    let target = config.require("OnFailure")?;
    target.only(&["Type", "Destination"])?;
    target.require("Destination")?.string().map(Some)
}

pub(super) fn seconds(count: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(count))
}

/// A JSON text in a template, such as a filter's pattern or a schedule's input.
pub(super) fn json_text(place: &Place<'_>) -> Result<Value, TemplateError> {
    let text = place.string()?;
    serde_json::from_str(&text).map_err(|error| place.refuse(format!("is not JSON: {error}")))
}
