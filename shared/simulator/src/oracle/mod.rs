//! The safety oracle: watches the calls of Amiary's that take something away, and records which of
//! them break a rule.
//!
//! It judges by the world as it is at the moment before the call takes effect, and by what
//! [`Safeguards`] say; it knows nothing of what Amiary believes, and shares no code with it. No
//! call is refused or changed for it. What it has to have seen itself (when a stage was reached,
//! which images are gone) it remembers from when it was switched on.

mod act;
mod caps;
mod family;
mod memory;
mod record;
mod rules;
mod safeguards;
mod snapshots;
#[cfg(test)]
mod tests;
mod text;
mod uses;
mod violation;

pub use safeguards::{Cap, Delays, Family, Keep, Safeguards};
pub use violation::{Resource, Rule, Violation};

use crate::World;
use crate::ec2::image::Image;
use crate::request::Request;
use crate::state::State;

use family::Guard;
use memory::{Memory, Taken};

/// The word of a user agent that tells Amiary's calls.
const AMIARY: &str = "app/amiary";

/// What guards a world, what it remembers, and what it found.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    guard: Option<Guard>,
    memory: Memory,
    violations: Vec<Violation>,
}

/// What was seen before a call, to be remembered if it succeeds.
#[derive(Debug)]
pub(crate) struct Sight {
    /// The image that is about to be deregistered.
    leaving: Option<Image>,
    taken: Vec<Taken>,
}

impl World {
    /// Holds Amiary's destructive calls to safeguards from now on. Called again, it exchanges
    /// them; what was seen so far is not forgotten.
    pub fn guard(&self, safeguards: Safeguards) {
        let oracle = &mut self.state().oracle;
        oracle.memory.read_again();
        oracle.guard = Some(Guard::new(safeguards));
    }

    /// Which of Amiary's calls broke a rule, in their order.
    pub fn violations(&self) -> Vec<Violation> {
        self.state().oracle.violations.clone()
    }
}

/// Looks at a call that is about to be done; in a world that isn't guarded at nothing.
pub(crate) fn look(state: &mut State, call: &Request) -> Option<Sight> {
    state.oracle.guard.as_ref()?;
    let mut oracle = std::mem::take(&mut state.oracle);
    let sight = oracle.consider(state, call);
    state.oracle = oracle;
    sight
}

/// Remembers a call that succeeded.
pub(crate) fn remember(state: &mut State, call: &Request, sight: Sight) {
    let now = state.clock.now();
    state.oracle.memory.note(call, sight, now);
}

impl Oracle {
    fn consider(&mut self, state: &State, call: &Request) -> Option<Sight> {
        let guard = self.guard.as_ref()?;
        self.memory.hear(&state.sns, guard);
        if call.params().flag("DryRun") == Some(true) {
            return None;
        }
        let mut taken = Vec::new();
        if call.user_agent.split(' ').any(|word| word == AMIARY) {
            for act in act::acts(state, &self.memory, call) {
                self.memory.find_items(state, guard, &act);
                let check = rules::Check::new((state, guard, &self.memory), call, &act);
                self.violations.extend(check.violations());
                taken.push(Taken::of(&act, call, state.clock.now()));
            }
        }
        let leaving = act::leaving(state, call);
        Some(Sight { leaving, taken })
    }
}
