//! What a policy says of retiring: read as written, and each mistake in it with its place.

use super::super::{Code, Delays, Retention, Rule, Severity, parse};
use super::{SOUND, without_carets};
use crate::ids::ImageId;
use jiff::SignedDuration;

/// What retires and what does not, without a mistake.
const RETIRING: &str = r#"[families.web.retention]
sources = { keep-last = 5, keep-for = "180d", unless-launched-within = "30d" }
replicas = { keep-last = 3, keep-for = "90d" }
hold-tags = { Keep = "*" }
hold-images = ["ami-0123456789abcdef0"]
delays = { deprecated = "3d", disabled = "4d", deregistered = "5d" }
[references]
images = ["ami-00000001"]
parameters = ["/golden/*"]
families = ["web"]
[waivers.staging]
until = 2027-01-01T00:00:00Z
reason = "the account is being closed"
[working-hours]
days = ["mon", "fri"]
from = "09:00"
to = "17:00"
time-zone = "Europe/Berlin"
"#;

const CAPS: &str = r"revocations-per-run = 20
retirements-per-run = 0
retirements-per-day = 7
retirement-percent-per-run = 5
retirement-percent-per-day = 100
";

fn whole(retiring: &str, caps: &str) -> String {
    let sound = SOUND.replace("revocations-per-run = 20\n", caps);
    format!("{sound}{retiring}")
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

#[test]
fn what_is_said_of_retiring_is_read_as_written() {
    let policy = parse("p", &whole(RETIRING, CAPS)).unwrap().policy;
    let retention = &policy.families["web"].retention;
    let sources = Rule {
        keep_last: 5,
        keep_for: days(180),
        unless_launched_within: Some(days(30)),
    };
    assert_eq!(retention.sources, Some(sources));
    let replicas = Rule {
        keep_last: 3,
        keep_for: days(90),
        unless_launched_within: None,
    };
    assert_eq!(retention.replicas, Some(replicas));
    assert!(retention.hold_tags["Keep"].matches("anything"));
    let held: Vec<&str> = retention.hold_images.iter().map(ImageId::as_str).collect();
    assert_eq!(held, ["ami-0123456789abcdef0"]);
    let delays = Delays {
        deprecated: days(3),
        disabled: days(4),
        deregistered: days(5),
    };
    assert_eq!(retention.delays, delays);
    let references = &policy.references;
    assert_eq!(references.images.len(), 1);
    assert!(references.parameters[0].matches("/golden/web"));
    assert!(references.families.contains("web"));
    let waiver = &policy.waivers[&"333333333333".parse().unwrap()];
    assert_eq!(waiver.reason, "the account is being closed");
    assert_eq!(waiver.until, "2027-01-01T00:00:00Z".parse().unwrap());
    let hours = &policy.working_hours;
    assert!(hours.cover("2026-01-05T08:00:00Z".parse().unwrap()));
    let caps = policy.caps;
    assert_eq!((caps.retirements_per_run, caps.retirements_per_day), (0, 7));
    let percents = (
        caps.retirement_percent_per_run,
        caps.retirement_percent_per_day,
    );
    assert_eq!(percents, (5, 100));
}

#[test]
fn where_nothing_is_said_of_retiring_nothing_retires() {
    let policy = parse("p", SOUND).unwrap().policy;
    assert_eq!(policy.families["web"].retention, Retention::default());
    assert!(policy.waivers.is_empty());
    assert!(
        policy
            .working_hours
            .cover("2026-01-04T03:00:00Z".parse().unwrap())
    );
    let one = "[families.web.retention]\nreplicas = { keep-last = 1, keep-for = \"1d\" }\n";
    let policy = parse("p", &whole(one, "")).unwrap().policy;
    let retention = policy.families["web"].retention.clone();
    assert_eq!(
        (retention.sources, retention.delays),
        (None, Delays::default())
    );
    assert_eq!(policy.caps.retirements_per_run, 50);
}

#[test]
fn each_mistake_about_retiring_is_one_error_where_it_stands() {
    for (from, to, code) in [
        ("keep-last = 5", "keep-last = ‸0", Code::OutOfRange),
        ("keep-last = 5", "keep-last = ‸-1", Code::OutOfRange),
        ("keep-last = 5", "keep-last = ‸10001", Code::OutOfRange),
        ("keep-last = 5", "keep-last = ‸\"5\"", Code::WrongType),
        ("keep-last = 5, ", "", Code::MissingKey),
        (
            "{ keep-last = 3, keep-for = \"90d\" }",
            "‸{ keep-last = 3 }",
            Code::MissingKey,
        ),
        ("\"180d\"", "‸\"180\"", Code::MalformedDuration),
        ("\"30d\"", "‸\"0d\"", Code::MalformedDuration),
        ("\"90d\"", "‸90", Code::WrongType),
        (
            "keep-for = \"90d\"",
            "keep-four = \"90d\"",
            Code::UnknownKey,
        ),
        ("{ Keep = \"*\" }", "‸{}", Code::EmptySelector),
        ("{ Keep = \"*\" }", "{ Keep = ‸\"\" }", Code::EmptySelector),
        (
            "[\"ami-0123456789abcdef0\"]",
            "[‸\"ami-web\"]",
            Code::MalformedImageId,
        ),
        ("[\"ami-0123456789abcdef0\"]", "‸[]", Code::EmptySelector),
        (
            "deprecated = \"3d\"",
            "deprecated = ‸\"soon\"",
            Code::MalformedDuration,
        ),
        ("[\"ami-00000001\"]", "[‸\"\"]", Code::MalformedImageId),
        ("[\"/golden/*\"]", "‸[]", Code::EmptySelector),
        ("[\"/golden/*\"]", "[‸\"a\\u0007\"]", Code::MalformedPattern),
        (
            "families = [\"web\"]",
            "families = [‸\"wbe\"]",
            Code::UnknownFamily,
        ),
        (
            "[waivers.staging]",
            "[waivers.‸stagign]",
            Code::UnknownAccount,
        ),
        (
            "[waivers.staging]",
            "[waivers.‸workloads]",
            Code::UnknownAccount,
        ),
        (
            "2027-01-01T00:00:00Z",
            "‸2027-01-01T00:00:00",
            Code::DatetimeWithoutOffset,
        ),
        (
            "reason = \"the account is being closed\"\n",
            "",
            Code::MissingKey,
        ),
        (
            "\"the account is being closed\"",
            "‸\"\"",
            Code::EmptySelector,
        ),
        (
            "[\"mon\", \"fri\"]",
            "[\"mon\", ‸\"friday\"]",
            Code::MalformedHours,
        ),
        ("[\"mon\", \"fri\"]", "‸[]", Code::EmptySelector),
        ("\"09:00\"", "‸\"9\"", Code::MalformedHours),
        ("\"17:00\"", "‸\"25:00\"", Code::MalformedHours),
        ("\"17:00\"", "‸\"09:00\"", Code::OutOfRange),
        (
            "\"Europe/Berlin\"",
            "‸\"Europe/Berlinn\"",
            Code::MalformedHours,
        ),
        ("time-zone = \"Europe/Berlin\"\n", "", Code::MissingKey),
    ] {
        assert!(RETIRING.contains(from), "{from}");
        refused(&whole(&RETIRING.replacen(from, to, 1), CAPS), to, code);
    }
    for (from, to, code) in [
        ("per-run = 0", "per-run = ‸-1", Code::OutOfRange),
        (
            "percent-per-run = 5",
            "percent-per-run = ‸101",
            Code::OutOfRange,
        ),
        (
            "percent-per-run = 5",
            "percent-per-run = ‸\"5%\"",
            Code::WrongType,
        ),
    ] {
        assert!(CAPS.contains(from), "{from}");
        refused(&whole(RETIRING, &CAPS.replacen(from, to, 1)), to, code);
    }
}

fn refused(marked: &str, to: &str, code: Code) {
    let (text, carets) = without_carets(marked);
    let rejected = parse("policy.toml", &text).expect_err(to);
    let errors = || {
        let all = rejected.diagnostics.iter();
        all.filter(|found| found.severity == Severity::Error)
    };
    let with_mend = errors().any(|e| e.help.as_ref().is_some_and(|help| !help.is_empty()));
    let codes: Vec<Code> = errors().map(|found| found.code).collect();
    assert_eq!(codes, [code], "{to}\n{rejected}");
    assert!(with_mend, "{to}\n{rejected}");
    if let Some(caret) = carets.first() {
        let found = errors().find(|found| found.code == code).unwrap();
        assert_eq!((found.line, found.column), *caret, "{to}\n{rejected}");
    }
}
