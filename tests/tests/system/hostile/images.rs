//! Hostile names, tags and descriptions of images: each with what its replica carries.

use super::answering::Between;
use super::told::{Log, is_a_sound_notice};
use amiary_domain::naming::MOST_TAGS;
use amiary_engine::ports::ReadRecord;
use amiary_simulator::NewImage;
use amiary_tests::{BUILDER, SOURCE_REGION, Stage, Wants, golden};
use jiff::SignedDuration;

/// What an image is named or tagged.
enum Is {
    /// Its name.
    Named(String),
    /// Its description.
    Described(String),
    /// One tag, which its replica carries too.
    Tagged(String, String),
    /// One tag, which its replica does not carry.
    TaggedInVain(&'static str, String),
    /// So many tags besides its own.
    Tags(usize),
}
use Is::{Described, Named, Tagged, TaggedInVain, Tags};

fn tagged(key: &str, value: &str) -> Is {
    Tagged(key.to_owned(), value.to_owned())
}

/// Every case.
#[rustfmt::skip]
fn cases() -> Vec<(&'static str, Is)> {
    let template = "${jndi:ldap://x} {{7*7}} <%= 1 %> $(reboot) `id` %s%n";
    vec![
        ("the shortest name", Named("golden-".to_owned())),
        ("the longest name", Named(format!("golden-{}", "n".repeat(121)))),
        ("a name of every sign that EC2 takes", Named("golden-(1) [x]/.'@_-".to_owned())),
        ("a name of spaces", Named("golden-   x".to_owned())),
        ("a name that looks like an option", Named("golden- --dry-run".to_owned())),
        ("a name that looks like an attempt", Named("golden-1-attempt-2".to_owned())),
        ("the longest name that looks like an attempt", Named(format!("golden-{}-attempt-2", "n".repeat(111)))),
        ("a name that looks like a template", Named("golden-${name}".replace(['$', '{', '}'], "-"))),
        ("a path for a name", Named("golden-/../../etc/passwd".to_owned())),
        ("the longest description", Described("d".repeat(255))),
        ("a description with C1 controls", Described("\u{9b}31m\u{9d}0;title".to_owned())),
        ("a description that is a template", Described(template.to_owned())),
        ("a tag without a value", tagged("empty", "")),
        ("the shortest key", tagged("k", "v")),
        ("the longest key", Tagged("k".repeat(127), "v".to_owned())),
        ("the longest key, of four bytes each", Tagged("🔑".repeat(63), "v".to_owned())),
        ("the longest value", Tagged("long".to_owned(), "v".repeat(256))),
        ("the longest value, of four bytes each", Tagged("crabs".to_owned(), "🦀".repeat(128))),
        ("an emoji of several characters", tagged("family", "👩‍👩‍👧‍👦🏳️‍🌈")),
        ("a key of emoji", tagged("🔑", "🦀")),
        ("right-to-left text", tagged("שם", "مرحبا بالعالم")),
        ("text that turns direction", tagged("turned", "a\u{202e}cba\u{2066}x\u{2069}")),
        ("combining characters", tagged("combined", "e\u{301}\u{323}\u{489}\u{489}\u{489}")),
        ("the same letters, composed otherwise", tagged("é", "e\u{301}")),
        ("characters without width", tagged("zero\u{200b}width\u{feff}", "\u{200d}\u{2060}")),
        ("letters that look like others", tagged("Rоle", "gоlden")),
        ("the plane beyond all others", tagged("private", "\u{10fffd}\u{e000}")),
        ("line ends", tagged("lines", "a\r\nb\nc\u{85}d\u{2028}e\u{2029}f")),
        ("tabs", tagged("tab", "\t\t")),
        ("C1 controls", tagged("controls", "\u{9b}31m\u{80}\u{9f}\u{7f}")),
        ("a header of a mail", tagged("mail", "x\r\nBcc: everyone@example.com\r\n\r\nhello")),
        ("quotes and backslashes", tagged("quotes\"'`\\", "\\\"'`\\\\")),
        ("a template", tagged("template", template)),
        ("markup", tagged("<script>", "</Value><Value>&amp;]]>")),
        ("a formula", tagged("=1+1", "@SUM(A1)")),
        ("JSON", tagged("{\"a\":1}", "{\"S\":\"x\"}")),
        ("a query", tagged("a&Action=DeleteTags", "x'; DROP TABLE amiary; --")),
        ("a path", tagged("../../x", "/etc/passwd")),
        ("spaces alone", tagged(" ", "  ")),
        ("a wildcard", tagged("*", "?*")),
        ("a key that only looks reserved", tagged("aws", "x")),
        ("a key that contains what is reserved", tagged("x:aws:y", "x")),
        ("Amazon's tag", TaggedInVain("aws:cloudformation:stack-name", "s".to_owned())),
        ("Amazon's tag with a template", TaggedInVain("aws:x", template.to_owned())),
        ("a tag of Amiary's own with garbage", TaggedInVain("amiary:source", "../../../etc/passwd".to_owned())),
        ("a tag of Amiary's own in capitals", TaggedInVain("AMIARY:FAMILY", "forged\u{9b}31m".to_owned())),
        ("a tag that the policy drops", TaggedInVain("build:\u{202e}x", "1".to_owned())),
        ("tags up to the limit", Tags(47)),
    ]
}

/// How many cases there are.
pub fn count() -> usize {
    cases().len()
}

fn image(number: usize, is: &Is) -> NewImage {
    let mut image = golden(&format!("golden-{number}"));
    match is {
        Named(name) => image.name.clone_from(name),
        Described(text) => image.description.clone_from(text),
        Tagged(key, value) => {
            image.tags.insert(key.clone(), value.clone());
        }
        TaggedInVain(key, value) => {
            image.tags.insert((*key).to_owned(), value.clone());
        }
        Tags(count) => {
            let more = (0..*count).map(|n| (format!("tag-{n:02} \"é\""), "\u{9b}".to_owned()));
            image.tags.extend(more);
        }
    }
    image
}

#[tokio::test]
async fn each_image_is_replicated_with_what_the_table_says_and_told_of_in_plain_text() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let log = Log::kept();
    let cases = cases();
    let mut sources = Vec::new();
    for (number, (what, is)) in cases.iter().enumerate() {
        let made = image(number, is);
        let place = format!("{}/{}", made.account, made.region);
        let id = stage
            .world()
            .try_publish_image(made)
            .unwrap_or_else(|error| panic!("{what}: {error:?}"));
        sources.push(format!("{place}/{id}").parse().unwrap());
    }
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(1)).await;
    for ((what, is), source) in cases.iter().zip(&sources) {
        assert!(
            stage.is_replicated(source, 1).await,
            "{what}: {:?}",
            stage.states(source).await
        );
        let replica = stage.replica(source, &format!("{BUILDER}/eu-west-1")).await;
        let original = stage
            .world()
            .image(BUILDER, SOURCE_REGION, source.id.as_str())
            .unwrap();
        assert_eq!(replica.name, original.name, "{what}");
        match is {
            Tagged(key, value) => assert_eq!(replica.tags.get(key), Some(value), "{what}"),
            TaggedInVain(key, value) => assert_ne!(replica.tags.get(*key), Some(value), "{what}"),
            Tags(_) => assert_eq!(replica.tags.len(), MOST_TAGS, "{what}"),
            Named(_) | Described(_) => {}
        }
        let history = stage.person.aws().history(source).await.unwrap();
        assert!(!history.is_empty(), "{what}");
    }
    let told = stage.inbox();
    assert_eq!(
        told.len(),
        cases.len(),
        "each owner is told of each image once"
    );
    for message in told {
        is_a_sound_notice(&message.subject.unwrap(), &message.message);
    }
    assert!(log.lines().len() > cases.len());
}

/// EC2 lets no such name in; a name that came in all the same must not get out.
#[tokio::test]
async fn a_name_that_ec2_would_not_take_is_told_of_in_plain_text_and_kept_out_of_the_logs() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let log = Log::kept();
    let source = stage.publish(golden("golden-NAME"));
    let between = Between::default();
    between.bend(
        "DescribeImages",
        None,
        super::answering::changed(|body| {
            body.replace("golden-NAME", "golden-&#x9b;31m&#x85;&#x202e;&#10;🦀")
        }),
    );
    let reconcile = between.worker(stage.world(), "reconcile").await;
    amiary_reconcile::handle(&reconcile, serde_json::json!({}), None)
        .await
        .unwrap();
    assert!(between.let_through() > 0);
    assert_eq!(
        stage.lineage(&source).await.unwrap().source.name,
        "golden-\u{9b}31m\u{85}\u{202e}\n🦀"
    );
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(1)).await;
    for message in stage.inbox() {
        is_a_sound_notice(&message.subject.unwrap(), &message.message);
    }
    log.lines();
}
