//! Owns a model of the outbox: a stored notice is published, then marked, by the stream and by
//! schedules side by side, any of which may die between its calls.

use stateright::{Model, Property};

/// A notice that is marked was published.
pub const PUBLISHED: &str = "a marked notice was published";

/// The outbox.
#[derive(Debug, Clone, Copy)]
pub struct Outbox {
    /// How many invocations may be under way at once.
    pub publishers: usize,
    /// How many may begin.
    pub runs: u8,
    /// How many may die.
    pub crashes: u8,
    /// Whether a notice is published before it is marked.
    pub publish_first: bool,
}

/// Where an invocation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum At {
    /// It has not begun, or has ended.
    Idle,
    /// It found the notice pending.
    Found,
    /// It made the first of its two calls.
    Half,
}

/// One notice and who is at it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notice {
    /// Whether it is marked.
    pub marked: bool,
    /// How often it was published.
    pub published: u8,
    /// The invocations.
    pub publishers: Vec<At>,
    /// How many may still begin.
    pub runs: u8,
    /// How many may still die.
    pub crashes: u8,
}

/// What an invocation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It begins, and reads whether the notice is pending.
    Begin(usize),
    /// It makes its next call.
    Go(usize),
    /// It dies.
    Crash(usize),
}

impl Model for Outbox {
    type State = Notice;
    type Action = Action;

    fn init_states(&self) -> Vec<Notice> {
        vec![Notice {
            marked: false,
            published: 0,
            publishers: vec![At::Idle; self.publishers],
            runs: self.runs,
            crashes: self.crashes,
        }]
    }

    fn actions(&self, notice: &Notice, actions: &mut Vec<Action>) {
        for (publisher, at) in notice.publishers.iter().enumerate() {
            match at {
                At::Idle if notice.runs > 0 => actions.push(Action::Begin(publisher)),
                At::Idle => {}
                At::Found | At::Half => {
                    actions.push(Action::Go(publisher));
                    if notice.crashes > 0 {
                        actions.push(Action::Crash(publisher));
                    }
                }
            }
        }
    }

    fn next_state(&self, notice: &Notice, action: Action) -> Option<Notice> {
        let mut next = notice.clone();
        match action {
            Action::Begin(publisher) => {
                next.runs -= 1;
                next.publishers[publisher] = if notice.marked { At::Idle } else { At::Found };
            }
            Action::Go(publisher) => {
                let first = notice.publishers[publisher] == At::Found;
                if first == self.publish_first {
                    next.published += 1;
                } else {
                    next.marked = true;
                }
                next.publishers[publisher] = if first { At::Half } else { At::Idle };
            }
            Action::Crash(publisher) => {
                next.crashes -= 1;
                next.publishers[publisher] = At::Idle;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // What is not marked is found by the next schedule, for ever; so this is all there is.
        vec![Property::always(PUBLISHED, |_, notice: &Notice| {
            let idle = notice.publishers.iter().all(|at| *at == At::Idle);
            !(idle && notice.marked) || notice.published > 0
        })]
    }
}
