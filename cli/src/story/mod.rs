//! Owns the demo: one told story on the local stack, from a published image to a destination that
//! failed, was mended and was retried alone.

use crate::commands::replicate::once;
use crate::exit::{Exit, Problem};
use crate::local::{HOME_ACCOUNT, Happened, Local, clients};
use crate::show::narrator::{Narrator, short_key};
use crate::show::{Screen, facts, lineage, report};
use amiary_domain::ids::ImageRef;
use amiary_domain::lineage::Lineage;
use amiary_domain::observation::Mandate;
use amiary_engine::ports::ReadRecord;
use amiary_runtime::Worker;
use amiary_simulator::{LaunchPermission, NewImage, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const POLICY: &str = include_str!("policy.toml");
const REGION: &str = "us-east-1";
const PRODUCTION: &str = "222222222222";
const PARTNER: &str = "333333333333";
const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5";

/// The accounts, keys and roles that the story needs before it begins.
struct Stage {
    local: Local,
    person: Worker,
    topic: String,
    sydney_key: String,
    build_key: String,
}

/// Tells the story. Exits with [`Exit::Done`] only if it ended as told: every replica verified.
pub(crate) async fn tell(screen: &Screen, seed: u64) -> Result<Exit, Problem> {
    let mut stage = set(seed).await?;
    screen.heading("A company's golden images");
    screen.say(
        "Account 111111111111 builds images in us-east-1. Its policy wants a copy of each in eu-west-1 and\n\
         ap-southeast-2, and one in the production account 222222222222, every one under that place's own\n\
         key, with the source's launch permissions and tags. All of AWS here is simulated; the code that\n\
         works on it is the code that is deployed.",
    );
    let first = publish(&mut stage, screen, "golden-web-1", None).await?;
    let second = publish(&mut stage, screen, "golden-web-2", Some("alias/build")).await?;
    let third = mend(&mut stage, screen).await?;
    tell_inbox(&stage, screen);
    let lineages = [first, second, third];
    if screen.json {
        let lineages: Vec<Value> = lineages.iter().map(|l| lineage::json(l, &[])).collect();
        let inbox: Vec<Value> = stage
            .local
            .world()
            .inbox(&stage.topic)
            .into_iter()
            .map(|m| json!({"at": m.at.to_string(), "subject": m.subject, "message": m.message}))
            .collect();
        screen.print(&format!(
            "{:#}",
            json!({"lineages": lineages, "inbox": inbox})
        ));
    }
    screen.heading("That was Amiary");
    screen.say(
        "The same against a real installation:  amiary replicate <image> · amiary lineage <image>\n\
         What it should do is one file:         amiary policy check infra/policy.example.toml",
    );
    let all = lineages
        .iter()
        .flat_map(|lineage| lineage.replicas.values());
    let verified = amiary_domain::lineage::ReplicaState::Verified;
    let ended_well = all.into_iter().all(|replica| replica.state == verified);
    Ok(if ended_well {
        Exit::Done
    } else {
        Exit::Unfinished
    })
}

async fn set(seed: u64) -> Result<Stage, Problem> {
    let world = World::new(seed);
    world.create_role(PRODUCTION, "amiary");
    let topic = world.create_topic(HOME_ACCOUNT, REGION, "platform-images");
    let build_key = world.create_key(HOME_ACCOUNT, REGION, "alias/build");
    world.share_key(&build_key, PRODUCTION);
    world.create_key(HOME_ACCOUNT, "eu-west-1", "alias/golden");
    let sydney_key = world.create_key(HOME_ACCOUNT, "ap-southeast-2", "alias/golden");
    world.create_key(PRODUCTION, "eu-west-1", "alias/golden");
    let local = Local::start(world.clone(), POLICY).await?;
    let aws = clients(&world, HOME_ACCOUNT, "engineer").await;
    let person = Worker::new(aws, local.clock(), "amiary");
    person.session().await?;
    Ok(Stage {
        local,
        person,
        topic,
        sydney_key,
        build_key,
    })
}

fn image(name: &str, key: Option<&str>) -> NewImage {
    let mut image = NewImage::new(HOME_ACCOUNT, REGION, name);
    let tags = [("Role", "golden"), ("Team", "web"), ("build:id", "4711")];
    image.tags = tags
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    image.encrypted_with = key.map(ToOwned::to_owned);
    image.launch_permissions = vec![
        LaunchPermission::Account(PARTNER.to_owned()),
        LaunchPermission::Organization(ORGANIZATION.to_owned()),
    ];
    image
}

/// A builder publishes an image; everything that follows is shown as it happens.
async fn publish(
    stage: &mut Stage,
    screen: &Screen,
    name: &str,
    key: Option<&str>,
) -> Result<Lineage, Problem> {
    let how = match key {
        Some(_) => format!("encrypted under {}", short_key(&stage.build_key)),
        None => "unencrypted".to_owned(),
    };
    screen.heading(&format!("{name} is published, {how}"));
    let id = stage.local.world().publish_image(image(name, key));
    let source = format!("{HOME_ACCOUNT}/{REGION}/{id}");
    play(stage, screen, &source).await?;
    let lineage = recorded(stage, &source).await?;
    if !screen.json {
        screen.say("\nThe replicas beside their source, read back from AWS:");
        screen.print(&facts::compare(stage.person.session().await?.aws(), &lineage).await?);
        screen.say("\nThe lineage, from the record:");
        screen.print(&lineage::tree(&lineage));
    }
    Ok(lineage)
}

/// Lets everything happen that follows of an image, and tells it.
async fn play(stage: &mut Stage, screen: &Screen, source: &str) -> Result<(), Problem> {
    let world = stage.local.world().clone();
    let narrator = Narrator::new(world.now());
    let mut heard = world.calls().len();
    let mut told = String::new();
    while let Some(happened) = stage.local.step().await {
        let calls = world.calls();
        let new = calls.get(heard..).unwrap_or_default();
        heard = calls.len();
        for line in narrator.tell(world.now(), new, &happened) {
            screen.say(&line);
        }
        let progress = report::progress(&recorded(stage, source).await?);
        if matches!(happened, Happened::Invoked { .. }) && progress != told {
            screen.say(&format!("          {progress}"));
            told = progress;
        }
    }
    Ok(())
}

async fn recorded(stage: &Stage, source: &str) -> Result<Lineage, Problem> {
    let source: ImageRef = source
        .parse()
        .map_err(|error| Problem::Local(format!("{error}")))?;
    let found = stage.person.aws().lineage(&source).await?;
    found.ok_or_else(|| Problem::Local(format!("{source} was not recorded")))
}

/// A destination's key is disabled: the others go on, its owner hears why, and once it is mended
/// only that destination is retried.
async fn mend(stage: &mut Stage, screen: &Screen) -> Result<Lineage, Problem> {
    let world = stage.local.world().clone();
    screen.heading("golden-web-3 is published, while the key of ap-southeast-2 is disabled");
    world.set_key_enabled(&stage.sydney_key, false);
    let id = world.publish_image(image("golden-web-3", None));
    let source = format!("{HOME_ACCOUNT}/{REGION}/{id}");
    play(stage, screen, &source).await?;
    let lineage = recorded(stage, &source).await?;
    screen.say("");
    screen.say(&lineage::tree(&lineage));

    screen.heading("The key is enabled again, and someone asks: amiary replicate");
    world.set_key_enabled(&stage.sydney_key, true);
    world.forget_calls();
    once(
        screen,
        &stage.person,
        &lineage.source.image,
        Mandate::Person,
    )
    .await?;
    play(stage, screen, &source).await?;
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for call in world
        .calls()
        .iter()
        .filter(|call| call.operation == "CopyImage")
    {
        *copies.entry(call.region.clone()).or_default() += 1;
    }
    let copies: Vec<String> = copies
        .iter()
        .map(|(region, count)| format!("{count} to {region}"))
        .collect();
    screen.say(&format!(
        "\nCopies that this started: {}",
        copies.join(", ")
    ));
    let lineage = recorded(stage, &source).await?;
    screen.say(&lineage::tree(&lineage));
    Ok(lineage)
}

fn tell_inbox(stage: &Stage, screen: &Screen) {
    screen.heading("What the owner found in the inbox");
    for message in stage.local.world().inbox(&stage.topic) {
        let subject = message.subject.unwrap_or_default();
        screen.say(&format!("{}  {subject}", message.at.strftime("%H:%M")));
        let people = message.message.split("\n---\n").next().unwrap_or_default();
        for line in people.lines().filter(|line| line.starts_with("  ")) {
            screen.say(&format!("      {}", line.trim()));
        }
    }
}
