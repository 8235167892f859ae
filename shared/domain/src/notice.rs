//! Owns what owners are told: a subject for a mailbox, text for people, and data for machines.

use crate::ids::{ImageRef, Place};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// SNS's limit of a subject's characters, see
/// [Publish](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
pub const LONGEST_SUBJECT: usize = 99;

/// Something an owner is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Follows from the change that caused it, so that the same notice is never stored twice.
    pub id: String,
    /// The ARN of the topic it is published to.
    pub topic: String,
    /// The owner's name in the policy.
    pub owner: String,
    /// What it is about.
    pub kind: NoticeKind,
    /// The image's family.
    pub family: String,
    /// The source it is about.
    pub source: ImageRef,
    /// The source's name.
    pub name: String,
    /// The destinations it is about, each with what is to be said of it.
    pub destinations: Vec<(Place, String)>,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// Every destination has a verified replica.
    Replicated,
    /// A destination waits for something that a person must mend.
    Waiting,
    /// A destination's copies failed for good.
    Failed,
    /// A replica was deregistered or disabled by someone else.
    Lost,
}

impl NoticeKind {
    /// The kind as it is written in message attributes and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replicated => "replicated",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }
}

impl Notice {
    /// The subject: printable ASCII, at most [`LONGEST_SUBJECT`] characters, no line breaks.
    pub fn subject(&self) -> String {
        let said = match self.kind {
            NoticeKind::Replicated => "is replicated",
            NoticeKind::Waiting => "waits for a mend",
            NoticeKind::Failed => "could not be replicated",
            NoticeKind::Lost => "lost a replica",
        };
        let tail = format!(" {said} [{}]", ascii(&self.family));
        let tail: String = tail.chars().take(LONGEST_SUBJECT - 20).collect();
        let room = LONGEST_SUBJECT - "Image ".len() - tail.len();
        let name: String = ascii(&self.name).chars().take(room).collect();
        format!("Image {name}{tail}")
    }

    /// The text for people, ending in what to do next.
    pub fn text(&self) -> String {
        let mut lines = vec![
            format!("{} ({})", printable(&self.name), self.source),
            format!(
                "family {}, owner {}",
                printable(&self.family),
                printable(&self.owner)
            ),
            String::new(),
        ];
        lines.extend(
            self.destinations
                .iter()
                .map(|(place, said)| format!("  {place}: {}", printable(said))),
        );
        lines.push(String::new());
        lines.push(match self.kind {
            NoticeKind::Replicated => {
                "Every replica was read back and is as the policy wants it.".to_owned()
            }
            NoticeKind::Waiting => {
                "It is tried again by itself every few minutes; nothing else waits for it."
                    .to_owned()
            }
            NoticeKind::Failed => format!(
                "It is not tried again by itself. Mend the cause, then: amiary replicate {}",
                self.source
            ),
            NoticeKind::Lost => format!(
                "It is not made again by itself. To have it again: amiary replicate {}",
                self.source
            ),
        });
        lines.join("\n")
    }

    /// [`data`](Self::data) as one line of JSON. Characters that act instead of showing are escaped:
    /// a machine reads the same, a mailbox shows them.
    pub fn data_line(&self) -> String {
        plain_json(&self.data().to_string())
    }

    /// The message for machines, one JSON object with a `format` number.
    pub fn data(&self) -> serde_json::Value {
        serde_json::json!({
            "format": 1,
            "kind": self.kind.as_str(),
            "id": self.id,
            "family": self.family,
            "owner": self.owner,
            "source": self.source.to_string(),
            "name": self.name,
            "destinations": self.destinations.iter().map(|(place, said)| serde_json::json!({
                "account": place.account, "region": place.region, "outcome": said,
            })).collect::<Vec<_>>(),
        })
    }

    /// The message attributes that subscriptions filter by.
    pub fn attributes(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("kind", self.kind.as_str().to_owned()),
            ("family", printable(&self.family)),
            ("owner", printable(&self.owner)),
            ("source-account", self.source.place.account.to_string()),
            ("source-region", self.source.place.region.to_string()),
        ])
    }
}

/// A text without characters that act instead of showing: safe in a terminal, a log line or a mail.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if acts(c) { '\u{fffd}' } else { c })
        .collect()
}

/// A document of JSON with characters that act escaped. It says the same, and is safe to show.
pub fn plain_json(document: &str) -> String {
    let mut plain = String::new();
    for c in document.chars() {
        if c != '\n' && acts(c) {
            // All of these are of the basic plane, and stand within strings only.
            let _ = write!(plain, "\\u{:04x}", u32::from(c));
        } else {
            plain.push(c);
        }
    }
    plain
}

/// Whether a character is a control character, ends a line, or turns the direction of the text
/// after it, see [Unicode's bidirectional algorithm](https://www.unicode.org/reports/tr9/).
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii() && !c.is_ascii_control() {
                c
            } else {
                '?'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn notice(kind: NoticeKind, name: &str, family: &str) -> Notice {
        Notice {
            id: "n".to_owned(),
            topic: "arn:aws:sns:us-east-1:111111111111:t".to_owned(),
            owner: "platform".to_owned(),
            kind,
            family: family.to_owned(),
            source: "111111111111/us-east-1/ami-0123456789abcdef0"
                .parse()
                .unwrap(),
            name: name.to_owned(),
            destinations: vec![(
                "111111111111/eu-west-1".parse().unwrap(),
                "line\nbreak".to_owned(),
            )],
        }
    }

    proptest! {
        #[test]
        fn a_subject_is_always_one_that_sns_takes(name in ".{0,200}", family in ".{0,200}") {
            let subject = notice(NoticeKind::Failed, &name, &family).subject();
            prop_assert!(subject.len() <= LONGEST_SUBJECT);
            prop_assert!(subject.bytes().all(|b| (0x20..0x7f).contains(&b)), "{:?}", subject);
            prop_assert!(subject.starts_with("Image "));
        }
    }

    #[test]
    fn what_turns_the_direction_of_text_or_ends_a_line_is_not_printable() {
        assert_eq!(
            printable("a\u{202e}b\u{2066}c\u{2028}d\u{9b}e\u{7f}"),
            "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}"
        );
        let letters = "שלום — 語 🦀\u{200d}é";
        assert_eq!(printable(letters), letters);
    }

    #[test]
    fn the_data_is_one_line_of_printable_json_that_reads_back_the_same() {
        let said = notice(NoticeKind::Lost, "w\u{9b}\u{85}\u{202e}\u{2028}\n🦀", "f");
        let line = said.data_line();
        assert_eq!(line, printable(&line));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read, said.data());
    }

    #[test]
    fn a_subject_says_what_became_of_which_image() {
        for (kind, expected) in [
            (NoticeKind::Replicated, "Image golden-1 is replicated [web]"),
            (NoticeKind::Waiting, "Image golden-1 waits for a mend [web]"),
            (
                NoticeKind::Failed,
                "Image golden-1 could not be replicated [web]",
            ),
            (NoticeKind::Lost, "Image golden-1 lost a replica [web]"),
        ] {
            assert_eq!(notice(kind, "golden-1", "web").subject(), expected);
        }
        let foreign = notice(NoticeKind::Lost, "g\u{e9}\n1", "web").subject();
        assert_eq!(foreign, "Image g??1 lost a replica [web]");
    }

    #[test]
    fn a_long_name_is_cut_to_fill_the_subject_and_leaves_room_for_what_is_said() {
        let long = "n".repeat(128);
        let subject = notice(NoticeKind::Lost, &long, "web").subject();
        assert_eq!(subject.len(), LONGEST_SUBJECT);
        assert!(subject.ends_with("n lost a replica [web]"));
        let subject = notice(NoticeKind::Lost, &long, &"f".repeat(128)).subject();
        assert_eq!(subject.len(), LONGEST_SUBJECT);
        assert!(
            subject.starts_with("Image nnnnnnnnnnnnnn lost a replica [fff"),
            "{subject}"
        );
    }

    #[test]
    fn a_machine_is_told_each_fact_by_its_name() {
        let notice = notice(NoticeKind::Waiting, "golden-1", "web");
        let expected = serde_json::json!({
            "format": 1,
            "kind": "waiting",
            "id": "n",
            "family": "web",
            "owner": "platform",
            "source": "111111111111/us-east-1/ami-0123456789abcdef0",
            "name": "golden-1",
            "destinations": [{
                "account": "111111111111", "region": "eu-west-1", "outcome": "line\nbreak",
            }],
        });
        assert_eq!(notice.data(), expected);
    }

    #[test]
    fn a_subscription_can_filter_by_kind_family_owner_and_the_sources_place() {
        for (kind, word) in [
            (NoticeKind::Replicated, "replicated"),
            (NoticeKind::Waiting, "waiting"),
            (NoticeKind::Failed, "failed"),
            (NoticeKind::Lost, "lost"),
        ] {
            let expected = [
                ("kind", word),
                ("family", "web"),
                ("owner", "platform"),
                ("source-account", "111111111111"),
                ("source-region", "us-east-1"),
            ];
            let expected = expected.map(|(key, value)| (key, value.to_owned())).into();
            assert_eq!(notice(kind, "golden-1", "web").attributes(), expected);
            assert_eq!(serde_json::to_value(kind).unwrap(), word, "as it is stored");
        }
    }

    #[test]
    fn a_text_names_the_image_its_people_and_each_destination() {
        let text = notice(NoticeKind::Replicated, "golden-1", "web").text();
        let expected = "golden-1 (111111111111/us-east-1/ami-0123456789abcdef0)\n\
             family web, owner platform\n\n  111111111111/eu-west-1: line\u{fffd}break\n\n\
             Every replica was read back and is as the policy wants it.";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_text_says_what_to_do_next_and_keeps_no_control_characters() {
        let text = notice(NoticeKind::Failed, "web\u{1b}[31m", "web").text();
        assert!(text.contains("amiary replicate 111111111111/us-east-1/ami-0123456789abcdef0"));
        assert!(!text.contains('\u{1b}') && !text.contains("line\nbreak"));
    }
}
