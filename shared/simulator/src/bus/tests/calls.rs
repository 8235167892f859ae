//! Proves when schedules and streams call their functions, and what becomes of calls that fail.

use super::*;

#[test]
fn both_schedules_fire_every_quarter_of_an_hour() {
    let mut bus = bus();
    assert_eq!(bus.due(start()), None);
    let quarter = bus.next_due(start()).expect("a schedule");
    assert_eq!(quarter.to_string(), "2026-03-01T10:15:00Z");
    let called = [
        bus.due(quarter).expect("due"),
        bus.due(quarter).expect("due"),
    ];
    assert_eq!(called[0].function, "ReconcileFunction");
    assert_eq!(called[1].function, "NotifyFunction");
    let payload = &called[0].payload;
    assert_eq!(payload["detail-type"], "Scheduled Event");
    assert_eq!(payload["detail"], "{}", "a string, as in AWS");
    assert_eq!(payload["time"], "2026-03-01T10:15:00Z");
    let arn = "arn:aws:scheduler:eu-west-1:111111111111:schedule/default/amiary-reconcile";
    assert_eq!(payload["resources"], json!([arn]));
    for delivery in called {
        bus.done(quarter, delivery.id, Ok(Value::Null));
    }
    assert_eq!((bus.due(quarter), bus.next_work()), (None, None));
    assert_eq!(
        bus.next_due(quarter).map(|t| t.to_string()),
        Some("2026-03-01T10:30:00Z".into())
    );
}

#[test]
fn a_scheduled_call_that_fails_is_tried_three_times_and_then_dead() {
    let mut bus = bus();
    let mut now: Timestamp = "2026-03-01T10:15:00Z".parse().expect("a time");
    let mut waits = Vec::new();
    for _ in 0..3 {
        while let Some(delivery) = bus.due(now) {
            let reconciles = delivery.function == "ReconcileFunction";
            bus.done(
                now,
                delivery.id,
                if reconciles {
                    broken()
                } else {
                    Ok(Value::Null)
                },
            );
        }
        waits.extend(
            bus.next_work()
                .map(|next| next.duration_since(now).as_secs()),
        );
        now = bus.next_work().unwrap_or(now);
    }
    assert_eq!(waits, [60, 120]);
    let letters = bus.dead_letters("ReconcileDeadLetters");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(letters[0]["requestPayload"]["source"], "aws.scheduler");
    assert_eq!(letters[0]["responsePayload"]["errorMessage"], "broken");
}

#[test]
fn a_second_run_over_everything_waits_for_the_first() {
    let mut bus = bus();
    let reconciles = |bus: &mut Bus, now| {
        let due = std::iter::from_fn(|| bus.due(now)).collect::<Vec<_>>();
        due.into_iter()
            .find(|delivery| delivery.function == "ReconcileFunction")
    };
    let first: Timestamp = "2026-03-01T10:15:00Z".parse().expect("a time");
    let running = reconciles(&mut bus, first).expect("the schedule fires");
    let mut later = first;
    bus.wiring.schedules[0].passed = Some(first.as_second() - 900);
    assert!(reconciles(&mut bus, later).is_none(), "one is under way");
    later += SignedDuration::from_secs(1);
    bus.done(later, running.id, Ok(Value::Null));
    assert!(reconciles(&mut bus, later).is_some());
}

#[test]
fn only_new_notices_reach_notify_and_without_what_the_stream_does_not_carry() {
    let mut bus = bus();
    let mut image = notice("INSERT", 1);
    image["dynamodb"]["Keys"]["pk"]["S"] = json!("IMAGE#1");
    for record in [
        image,
        notice("MODIFY", 2),
        notice("REMOVE", 3),
        notice("INSERT", 4),
    ] {
        bus.put_stream_record(start(), "Table", record);
    }
    let delivery = bus.due(start()).expect("due");
    assert_eq!(delivery.function, "NotifyFunction");
    assert_eq!(keys(&delivery), ["NOTICE#4"]);
    let record = &delivery.payload["Records"][0];
    assert_eq!(record["eventSource"], "aws:dynamodb");
    assert!(record["dynamodb"]["NewImage"].is_object());
    assert!(
        record["dynamodb"].get("OldImage").is_none(),
        "the view is NEW_IMAGE"
    );
}

#[test]
fn a_batch_that_fails_is_split_until_the_bad_notice_is_alone_and_then_given_up() {
    let mut bus = bus();
    for number in 0..4 {
        bus.put_stream_record(start(), "Table", notice("INSERT", number));
    }
    let (mut handled, mut alone, mut now) = (Vec::new(), 0, start());
    while let Some(at) = bus.next_work() {
        now = now.max(at);
        let Some(delivery) = bus.due(now) else {
            continue;
        };
        let keys: Vec<String> = keys(&delivery).into_iter().map(str::to_owned).collect();
        let bad = keys.iter().any(|key| key == "NOTICE#1");
        alone += usize::from(keys == ["NOTICE#1"]);
        bus.done(
            now,
            delivery.id,
            if bad { broken() } else { Ok(Value::Null) },
        );
        handled.extend(if bad { Vec::new() } else { keys });
        if now > after(800) {
            break;
        }
    }
    assert_eq!(handled, ["NOTICE#0", "NOTICE#2", "NOTICE#3"]);
    assert_eq!(alone, 6, "once, and five retries");
    let letters = bus.dead_letters("NoticesDeadLetters");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["DDBStreamBatchInfo"]["batchSize"], 1);
    assert_eq!(
        letters[0]["requestContext"]["condition"],
        "RetryAttemptsExhausted"
    );
}

#[test]
fn a_reported_failure_has_that_notice_and_those_after_it_come_again() {
    let mut bus = bus();
    for number in 0..3 {
        bus.put_stream_record(start(), "Table", notice("INSERT", number));
    }
    let first = bus.due(start()).expect("due");
    bus.put_stream_record(start(), "Table", notice("INSERT", 3));
    assert_eq!(
        bus.due(start()),
        None,
        "a shard is handled one batch after the other"
    );
    let second = &first.payload["Records"][1]["dynamodb"]["SequenceNumber"];
    bus.done(start(), first.id, failed(&[second]));
    let again = bus
        .due(bus.next_work().expect("it is retried"))
        .expect("due");
    assert_eq!(
        keys(&again),
        ["NOTICE#1", "NOTICE#2"],
        "in order, before what came later"
    );
}

#[test]
fn a_doubled_stream_brings_a_handled_batch_once_more() {
    let mut bus = bus();
    bus.set_delivery(Delivering::Doubled);
    bus.put_stream_record(start(), "Table", notice("INSERT", 1));
    for _ in 0..2 {
        let delivery = bus.due(start()).expect("twice");
        bus.done(start(), delivery.id, Ok(Value::Null));
    }
    assert_eq!(bus.next_work(), None);
}

#[test]
fn the_same_calls_give_the_same_deliveries() {
    let run = || {
        let mut bus = bus();
        bus.put_event(start(), ACCOUNT, REGION, &state("ami-1", "available"));
        bus.put_stream_record(start(), "Table", notice("INSERT", 1));
        let mut all = Vec::new();
        for step in 0..40 {
            while let Some(delivery) = bus.due(after(step * 60)) {
                bus.done(after(step * 60), delivery.id, broken());
                all.push(delivery);
            }
        }
        (all, bus.dead_letters("ReconcileDeadLetters"))
    };
    assert_eq!(run(), run());
}
