//! Owns reading a function's event sources: queues, streams and schedules.

use serde_json::Value;

use super::pattern::Pattern;
use super::schedule::{Grid, Schedule};
use super::stream::Stream;
use super::template::{Place, Template, TemplateError, optional};
use super::wiring::{Poll, Wiring, json_text, on_failure};

/// Reads the `Events` of one function into the wiring.
pub(super) fn read<'t>(
    template: &'t Template<'t>,
    wiring: &mut Wiring,
    function: usize,
    id: &str,
    place: &Place<'t>,
) -> Result<(), TemplateError> {
    let Some(events) = place.require("Properties")?.get("Events") else {
        return Ok(());
    };
    for (event, source) in events.entries()? {
        let properties = source.require("Properties")?;
        let id = format!("{id}{event}");
        match source.require("Type")?.string()?.as_str() {
            "SQS" => wiring.polls.push(poll(wiring, function, &properties)?),
            "DynamoDB" => wiring
                .streams
                .push(stream(template, function, id, &properties)?),
            "ScheduleV2" => wiring
                .schedules
                .push(schedule(wiring, function, id, &properties)?),
            _ => return Err(source.refuse("only SQS, DynamoDB and ScheduleV2 are understood here")),
        }
    }
    Ok(())
}

fn poll(wiring: &Wiring, function: usize, place: &Place<'_>) -> Result<Poll, TemplateError> {
    place.only(&[
        "Queue",
        "BatchSize",
        "FunctionResponseTypes",
        "ScalingConfig",
    ])?;
    let queue = place.require("Queue")?;
    let known = wiring.queue(&queue.string()?);
    let scaling = place.get("ScalingConfig");
    let concurrency = scaling.map(|config| config.require("MaximumConcurrency")?.count());
    Ok(Poll {
        function,
        queue: known.ok_or_else(|| queue.refuse("is no queue of this template"))?,
        batch_size: size(place, 10)?,
        reports_failures: reports_failures(place)?,
        concurrency: concurrency.transpose()?,
    })
}

fn stream<'t>(
    template: &'t Template<'t>,
    function: usize,
    id: String,
    place: &Place<'t>,
) -> Result<Stream, TemplateError> {
    place.only(&[
        "Stream",
        "StartingPosition",
        "BatchSize",
        "FunctionResponseTypes",
        "BisectBatchOnFunctionError",
        "MaximumRetryAttempts",
        "FilterCriteria",
        "DestinationConfig",
    ])?;
    let arn = place.require("Stream")?.string()?;
    let (table, view) = table(template, &arn)?
        .ok_or_else(|| place.refuse("its stream is of no table of this template"))?;
    Ok(Stream {
        id,
        function,
        table,
        arn,
        view,
        filters: filters(place)?,
        batch_size: size(place, 100)?,
        bisect: optional(place, "BisectBatchOnFunctionError", Place::truth)?.unwrap_or(false),
        retries: optional(place, "MaximumRetryAttempts", Place::count)?,
        reports_failures: reports_failures(place)?,
        on_failure: on_failure(place)?,
        pending: std::collections::VecDeque::new(),
        again: std::collections::VecDeque::new(),
        in_flight: false,
        sequence: 0,
    })
}

/// The table that a stream is of (its logical id and its name), and what the stream carries.
fn table<'t>(
    template: &'t Template<'t>,
    stream: &str,
) -> Result<Option<([String; 2], String)>, TemplateError> {
    let tables = template.resources("AWS::DynamoDB::Table")?;
    for (id, arn) in super::template::arns(template, &tables)? {
        if stream
            .strip_prefix(&arn)
            .is_some_and(|rest| rest.starts_with("/stream/"))
        {
            let Some((_, place)) = tables.iter().find(|(name, _)| *name == id) else {
                continue;
            };
            let specification = place
                .require("Properties")?
                .require("StreamSpecification")?;
            let view = specification.require("StreamViewType")?.string()?;
            let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
            return Ok(Some(([id, name], view)));
        }
    }
    Ok(None)
}

fn filters(place: &Place<'_>) -> Result<Vec<Pattern>, TemplateError> {
    let Some(criteria) = place.get("FilterCriteria") else {
        return Ok(Vec::new());
    };
    let mut filters = Vec::new();
    for filter in criteria.require("Filters")?.items()? {
        let pattern = filter.require("Pattern")?;
        let parsed = Pattern::parse(&json_text(&pattern)?);
        filters.push(parsed.map_err(|reason| pattern.refuse(reason))?);
    }
    Ok(filters)
}

fn schedule(
    wiring: &Wiring,
    function: usize,
    id: String,
    place: &Place<'_>,
) -> Result<Schedule, TemplateError> {
    place.only(&[
        "Name",
        "Description",
        "ScheduleExpression",
        "Input",
        "RetryPolicy",
        "DeadLetterConfig",
    ])?;
    let expression = place.require("ScheduleExpression")?;
    let grid = Grid::parse(&expression.string()?).map_err(|reason| expression.refuse(reason))?;
    let name = optional(place, "Name", Place::string)?.unwrap_or_else(|| id.clone());
    let scope = wiring
        .functions
        .get(function)
        .map(|function| function.arn.as_str());
    // arn:aws:lambda:<region>:<account>:function:<name>
    let mut scope = scope.unwrap_or_default().split(':').skip(3);
    let (region, account) = (
        scope.next().unwrap_or_default(),
        scope.next().unwrap_or_default(),
    );
    Ok(Schedule {
        arn: format!("arn:aws:scheduler:{region}:{account}:schedule/default/{name}"),
        id,
        function,
        grid,
        input: optional(place, "Input", json_text)?,
        passed: None,
    })
}

fn size(place: &Place<'_>, default: u32) -> Result<usize, TemplateError> {
    let size = optional(place, "BatchSize", Place::count)?.unwrap_or(default);
    match usize::try_from(size) {
        Ok(size) if size > 0 => Ok(size),
        _ => Err(place.refuse("its BatchSize is not a size")),
    }
}

fn reports_failures(place: &Place<'_>) -> Result<bool, TemplateError> {
    let Some(types) = place.get("FunctionResponseTypes") else {
        return Ok(false);
    };
    match types.value()? {
        Value::Array(types) if types == ["ReportBatchItemFailures"] => Ok(true),
        _ => Err(types.refuse("only [ReportBatchItemFailures] is understood here")),
    }
}
