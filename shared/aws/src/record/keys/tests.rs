use super::*;
use crate::record::items::tests::{replica, source};

fn shown(key: &Key) -> String {
    format!("{} | {}", key.pk, key.sk)
}

#[test]
fn the_keys_are_these_for_ever() {
    let image = source().image;
    let (source, replica) = (
        Record::Source(Box::new(source())),
        Record::Replica(Box::new(replica())),
    );
    let at: Timestamp = "2025-01-02T03:04:05.6Z".parse().unwrap();
    let keys = [
        (
            record(&source),
            "LINEAGE#111111111111/us-east-1/ami-0123456789abcdef0 | IMAGE#SOURCE",
        ),
        (
            record(&replica),
            "LINEAGE#111111111111/us-east-1/ami-0123456789abcdef0 | IMAGE#REPLICA#222222222222#eu-west-1",
        ),
        (
            child(&image, &image),
            "LINEAGE#111111111111/us-east-1/ami-0123456789abcdef0 | IMAGE#CHILD#111111111111/us-east-1/ami-0123456789abcdef0",
        ),
        (
            history(&source, 1, at),
            "LINEAGE#111111111111/us-east-1/ami-0123456789abcdef0 | HISTORY#2025-01-02T03:04:05.600000Z#111111111111/us-east-1#source#000001",
        ),
        (
            history(&replica, 12, at),
            "LINEAGE#111111111111/us-east-1/ami-0123456789abcdef0 | HISTORY#2025-01-02T03:04:05.600000Z#222222222222/eu-west-1#replica#000012",
        ),
        (
            super::image(&image),
            "IMAGE#111111111111/us-east-1/ami-0123456789abcdef0 | IMAGE",
        ),
        (revision(7), "POLICY | REVISION#000000000007"),
        (active(), "POLICY | ACTIVE"),
        (notice("n-1"), "NOTICE#n-1 | NOTICE"),
    ];
    for (key, expected) in keys {
        assert_eq!(shown(&key), expected);
    }
}

#[test]
fn times_sort_as_texts() {
    let texts = [
        "2025-01-01T00:00:00Z",
        "2025-01-01T00:00:00.000001Z",
        "2025-01-01T00:00:00.1Z",
        "2025-01-01T00:00:01Z",
    ]
    .map(|text| sortable(text.parse().unwrap()));
    assert!(texts.is_sorted(), "{texts:?}");
    assert!(texts.iter().all(|text| text.len() == texts[0].len()));
}

#[test]
fn only_a_replicating_source_is_unfinished_work() {
    let of = |status| work(&Source { status, ..source() }).0;
    assert_eq!(of(SourceStatus::Replicating), UNFINISHED);
    for status in [
        SourceStatus::Replicated,
        SourceStatus::Incomplete,
        SourceStatus::Unavailable,
    ] {
        assert_eq!(of(status), CHECK);
    }
}

#[test]
fn a_family_is_ordered_by_architecture_place_and_age() {
    let of = |source: Source| {
        let ImageRef { place, id } = &source.image;
        family_order(&source.version_of(), place, id)
    };
    let aged = of(source());
    assert_eq!(
        aged,
        "x86_64#111111111111#us-east-1#2025-01-01T00:00:00.000000Z#ami-0123456789abcdef0"
    );
    let ageless = of(Source {
        created: None,
        ..source()
    });
    assert!(
        ageless < aged,
        "an image of unknown age counts as the oldest"
    );
}
