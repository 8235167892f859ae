//! What a run must hold, over a world in memory with faults at any call.

mod applying;
mod logging;
mod observing;
mod reconciling;
mod refusals;
mod running;
mod stopping;
mod stories;
mod surveying;
mod world;

use crate::ports::Answer;
use crate::run::{Report, look_at};
use amiary_domain::ids::ImageRef;
use amiary_domain::observation::Mandate;
use amiary_domain::plan::ActivePolicy;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use std::future::Future;
use world::{HOME, World};

const IRELAND: &str = "111111111111/eu-west-1";
const SYDNEY: &str = "111111111111/ap-southeast-2";
const ELSEWHERE: &str = "222222222222/eu-west-1";

/// The outcome of what asks the world, which answers at once.
fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("the world answers at once")
}

/// A policy with these destinations; `more` are further lines, the last of them whole tables.
fn policy(destinations: &[&str], more: &str) -> ActivePolicy {
    let table = |at: &&str| {
        let (account, region) = at.split_once('/').unwrap();
        let name = match account {
            "111111111111" => "builders",
            _ => "production",
        };
        format!(
            "[[families.web.destinations]]\naccounts = [\"{name}\"]\n\
             regions = [\"{region}\"]\nkey = \"alias/golden\"\n"
        )
    };
    let tables: Vec<String> = destinations.iter().map(table).collect();
    let tables = tables.concat();
    let text = format!(
        "[accounts.builders]\nid = \"111111111111\"\n\
         [accounts.production]\nid = \"222222222222\"\nrole = \"amiary\"\n\
         [accounts.partner]\nid = \"333333333333\"\nrole = \"amiary\"\n\
         [owners.platform]\ntopic = \"arn:aws:sns:us-east-1:111111111111:images\"\n\
         [families.web]\nowner = \"platform\"\naccounts = [\"builders\"]\n\
         regions = [\"us-east-1\"]\nname = \"golden-*\"\n{tables}{more}\n"
    );
    let checked = amiary_domain::policy::parse("policy.toml", &text);
    ActivePolicy {
        revision: 1,
        since: Timestamp::UNIX_EPOCH,
        policy: checked
            .unwrap_or_else(|rejected| panic!("{rejected}"))
            .policy,
    }
}

/// A world with what three destinations need.
fn world() -> World {
    World::new(&[IRELAND, SYDNEY, ELSEWHERE])
}

fn try_look(
    world: &World,
    active: &ActivePolicy,
    image: &ImageRef,
    mandate: Mandate,
) -> Answer<Report> {
    let (reading, writing) = (world.reading(), world.writing());
    now(look_at(reading, writing, active, image, mandate, None))
}

fn look(world: &World, active: &ActivePolicy, image: &ImageRef, mandate: Mandate) -> Report {
    try_look(world, active, image, mandate).unwrap()
}

/// A source whose every replica was copied and verified.
fn replicated(world: &World, active: &ActivePolicy, name: &str) -> ImageRef {
    let source = world.publish(HOME, name);
    look(world, active, &source, Mandate::Event);
    world.arrive();
    look(world, active, &source, Mandate::Schedule);
    world.calls("");
    source
}

/// What was left alone, and why.
fn reasons(report: &Report) -> String {
    let reasons: Vec<&str> = report
        .left
        .iter()
        .map(|left| left.reason.as_str())
        .collect();
    reasons.join("\n")
}

/// What became of each step, as one word.
fn outcomes(report: &Report) -> Vec<&'static str> {
    report
        .applied
        .iter()
        .map(|step| step.outcome.word())
        .collect()
}
