//! Any text as a policy.

use super::fuzz;
use crate::hostile::policies::{SOUND, unsound};
use crate::hostile::told::shows_as_it_is;
use amiary_domain::policy::parse;
use amiary_tests::Wants;

const EXAMPLE: &str = include_str!("../../../../infra/policy.example.toml");

/// Words of the schema, and values that it takes and does not take.
#[rustfmt::skip]
const WORDS: [&str; 36] = [
    "accounts", "groups", "owners", "families", "destinations", "sharing", "tags", "caps", "id", "role",
    "topic", "owner", "regions", "name", "match-tags", "ready", "settled", "not-before", "key", "keys",
    "encrypt", "organizations", "as-source = true", "public = true", "snapshots", "drop", "add", "[caps]\n",
    "[[families.web.destinations]]\n", "\"*\"", "\"alias/aws/ebs\"", "\"30m\"", "2026-01-01T00:00:00Z",
    "\"us-east-1\"", "\"builders\"", "\"111111111111\"",
];

/// A policy that is taken means the same when it is written anew; one that is not has a place in
/// the text for each of its mistakes.
fn once(text: &str) -> Result<&'static str, String> {
    match parse("policy.toml", text) {
        Ok(checked) => {
            let table: toml::Table = text
                .trim_start_matches('\u{feff}')
                .parse()
                .map_err(|error| format!("{error}\n{text}"))?;
            let written = toml::to_string(&table).map_err(|error| error.to_string())?;
            let again = parse("policy.toml", &written)
                .map_err(|no| format!("written anew it is refused:\n{written}\n{no}"))?;
            if again.policy != checked.policy {
                return Err(format!("written anew it is another:\n{text}\n{written}"));
            }
            Ok("taken")
        }
        Err(rejected) => {
            rejected.to_string().split('\n').for_each(shows_as_it_is);
            unsound(text, &rejected).map_or(Ok("refused"), |wrong| Err(format!("{wrong}:\n{text}")))
        }
    }
}

#[test]
fn policy() {
    let standard = Wants::default().policy();
    let corpus = [SOUND, EXAMPLE, standard.as_str()];
    fuzz("policy", |draw| {
        let bytes = draw.bent(&corpus, &WORDS);
        once(&String::from_utf8_lossy(&bytes))
    });
}
