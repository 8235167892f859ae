//! What a run writes into its log: each step once, where it is known what became of it.

use super::world::HOME;
use super::{IRELAND, SYDNEY, look, policy, world};
use crate::ports::Class;
use amiary_domain::observation::Mandate;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// One line of a log.
struct Line {
    level: Level,
    fields: BTreeMap<String, String>,
}

/// Keeps what one thread logs. It is every thread's subscriber, as one of a single thread can be
/// missed by callsites that others meet at the same moment.
#[derive(Clone)]
struct Log {
    thread: ThreadId,
    lines: Arc<Mutex<Vec<Line>>>,
}

struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        if std::thread::current().id() != self.thread {
            return;
        }
        let mut fields = Fields(BTreeMap::new());
        event.record(&mut fields);
        self.lines.lock().unwrap().push(Line {
            level: *event.metadata().level(),
            fields: fields.0,
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn each_step_is_logged_once_with_its_lineage_place_and_outcome() {
    let world = world();
    let active = policy(&[IRELAND, SYDNEY], "");
    let source = world.publish(HOME, "golden-1");
    world.fail("CopyImage 111111111111/ap-southeast-2", Class::Retry, 1);
    let log = Log {
        thread: std::thread::current().id(),
        lines: Arc::default(),
    };
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    tracing::callsite::rebuild_interest_cache();
    let report = look(&world, &active, &source, Mandate::Event);
    let lines = log.lines.lock().unwrap();
    assert_eq!(lines.len(), report.applied.len());
    for (line, step) in lines.iter().zip(&report.applied) {
        assert_eq!(line.fields["message"], "step");
        assert_eq!(line.fields["step"], step.step);
        assert_eq!(line.fields["outcome"], step.outcome.word());
        assert_eq!(line.fields["source.id"], source.to_string());
        assert_eq!(line.fields["family"], "web");
        let place = step.place.as_ref().unwrap_or(&source.place);
        assert_eq!(line.fields["image.region"], place.region.as_str());
        assert_eq!(line.fields["image.account"], place.account.as_str());
        let failed = step.outcome.word() == "failed";
        assert_eq!(line.level == Level::WARN, failed);
        let why = if failed { "error" } else { "why" };
        assert!(!line.fields[why].is_empty());
    }
    let failed = lines.iter().find(|line| line.level == Level::WARN).unwrap();
    assert!(failed.fields["error"].contains("a fault of the test's"));
}
