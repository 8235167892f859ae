//! Makes the tables of `docs/simulator.md` of the scenarios, and holds the scenarios' own words
//! to some rules.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use libtest_mimic::{Failed, Trial};

use crate::scenario::{Scenario, Section, Sure};
use crate::scenarios::SECTIONS;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/simulator.md");
const RENEW: &str = "AMIARY_RENEW=1 cargo test -p amiary-simulator --test conformance table";

/// The guides that scenarios may follow, below `https://docs.aws.amazon.com/`.
const GUIDES: [&str; 28] = [
    "AWSEC2/latest/APIReference/",
    "AWSEC2/latest/UserGuide/",
    "AmazonS3/latest/API/",
    "AmazonS3/latest/userguide/",
    "IAM/latest/UserGuide/",
    "STS/latest/APIReference/",
    "autoscaling/ec2/APIReference/",
    "autoscaling/ec2/userguide/",
    "awscloudtrail/latest/userguide/",
    "cli/latest/userguide/",
    "ebs/latest/APIReference/",
    "ebs/latest/userguide/",
    "ec2/latest/devguide/",
    "eventbridge/latest/ref/",
    "eventbridge/latest/userguide/",
    "imagebuilder/latest/APIReference/",
    "imagebuilder/latest/userguide/",
    "kms/latest/APIReference/",
    "kms/latest/developerguide/",
    "organizations/latest/userguide/",
    "recyclebin/latest/APIReference/",
    "sdkref/latest/guide/",
    "service-authorization/latest/reference/",
    "sns/latest/api/",
    "sns/latest/dg/",
    "systems-manager/latest/APIReference/",
    "systems-manager/latest/userguide/",
    "vm-import/latest/userguide/",
];

pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test(
            "table::docs_simulator_md_is_made_of_the_scenarios",
            page_is_made_of_the_scenarios,
        ),
        Trial::test(
            "table::scenarios_are_named_and_told_by_the_rules",
            scenarios_keep_the_rules,
        ),
    ]
}

fn page_is_made_of_the_scenarios() -> Result<(), Failed> {
    let written = fs::read_to_string(PAGE)?;
    let made = replaced(&written, "table", &behaviours())?;
    let made = replaced(&made, "chosen", &choices())?;
    if made == written {
        return Ok(());
    }
    if std::env::var_os("AMIARY_RENEW").is_some() {
        return Ok(fs::write(PAGE, made)?);
    }
    let differing = made.lines().zip(written.lines()).find(|(a, b)| a != b);
    let (made, written) = differing.unwrap_or(("more lines", "fewer, or the other way round"));
    let said = format!(
        "docs/simulator.md is not what the scenarios say; renew it with\n  {RENEW}\n\
         scenarios: {made}\npage:      {written}"
    );
    Err(said.into())
}

/// A page with other content between the lines that mark the beginning and the end of a part.
fn replaced(page: &str, part: &str, content: &str) -> Result<String, Failed> {
    let (begin, end) = (
        format!("<!-- {part}: begin -->\n"),
        format!("<!-- {part}: end -->"),
    );
    let missing = || Failed::from(format!("docs/simulator.md lacks {begin:?} or {end:?}"));
    let (before, rest) = page.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{before}{begin}\n{content}\n{end}{after}"))
}

const LEGEND: &str = "\
Each of these is a scenario that runs in process and, over HTTP, through boto3; ✓ says that it \
runs on moto as well, where each call comes to the same. How sure it is that AWS behaves so: \
*documented* where the page says it, *inferred* where it follows from pages, error lists or \
examples, *chosen* where no page says it, or two pages disagree.";

/// A table for each section.
fn behaviours() -> String {
    let shown = SECTIONS
        .iter()
        .filter(|section| !section.scenarios.is_empty());
    let tables = shown.map(|section| {
        let mut table = format!(
            "### {}\n\n| behaviour | page | how sure | moto |\n| --- | --- | --- | --- |\n",
            section.title
        );
        for scenario in section.scenarios {
            let (behaviour, page) = (cell(scenario.behaviour), link(scenario));
            let moto = if scenario.moto { "✓" } else { "" };
            let sure = sure(scenario);
            let _ = writeln!(table, "| {behaviour} | {page} | {sure} | {moto} |");
        }
        table
    });
    let tables: Vec<String> = tables.collect();
    format!("{LEGEND}\n\n{}", tables.join("\n"))
}

/// One table of what no page decides.
fn choices() -> String {
    let mut table = "| what is chosen | the page nearest to it |\n| --- | --- |\n".to_owned();
    let scenarios = SECTIONS.iter().flat_map(|section| section.scenarios);
    for scenario in scenarios.filter(|scenario| scenario.sure == Sure::Chosen) {
        let _ = writeln!(
            table,
            "| {} | {} |",
            cell(scenario.behaviour),
            link(scenario)
        );
    }
    table
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A link to the page that a scenario follows, by the page's last part.
fn link(scenario: &Scenario) -> String {
    let page = scenario.page.trim_end_matches('/');
    let (_, last) = page.rsplit_once('/').unwrap_or(("", page));
    let name = last.replace(".html", "");
    format!("[{name}](https://docs.aws.amazon.com/{})", scenario.page)
}

fn sure(scenario: &Scenario) -> &'static str {
    match scenario.sure {
        Sure::Documented => "documented",
        Sure::Inferred => "inferred",
        Sure::Chosen => "chosen",
    }
}

fn scenarios_keep_the_rules() -> Result<(), Failed> {
    let (mut names, mut behaviours) = (BTreeSet::new(), BTreeSet::new());
    let mut broken = Vec::new();
    for section in SECTIONS {
        for scenario in section.scenarios {
            let mut unless = |kept: bool, rule: &str| {
                if !kept {
                    broken.push(told(section, scenario, rule));
                }
            };
            let name = (section.name, scenario.name);
            unless(names.insert(name), "another has its name");
            let behaviour = scenario.behaviour;
            unless(behaviours.insert(behaviour), "another has its behaviour");
            unless(
                behaviour.ends_with('.'),
                "its behaviour ends without a full stop",
            );
            let known = GUIDES.iter().any(|guide| scenario.page.starts_with(guide));
            unless(known, "its page is of no known guide");
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(broken.join("\n").into())
    }
}

fn told(section: &Section, scenario: &Scenario, rule: &str) -> String {
    format!("{}::{}: {rule}", section.name, scenario.name)
}
