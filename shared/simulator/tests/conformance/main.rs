//! What the simulated AWS must hold, as scenarios that are written once and run by several
//! clients. Each names the page it follows; the table in `docs/simulator.md` is made of them.

mod aws;
mod cli;
mod foreign;
mod in_process;
mod moto;
mod python;
mod scenario;
mod scenarios;
mod table;

use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::aws::Aws;
use crate::foreign::Foreign;
use crate::in_process::InProcess;
use crate::moto::Moto;
use crate::python::Environment;
use crate::scenario::{Scenario, Section};

/// What is started by the first trial that needs it, and used by one trial at a time.
type Shared<T> = Arc<Mutex<Option<T>>>;

fn main() {
    let arguments = Arguments::from_args();
    let (foreign, moto) = (Shared::default(), Shared::default());
    let mut trials = table::trials();
    trials.extend(cli::trials());
    for section in scenarios::SECTIONS {
        for scenario in section.scenarios {
            trials.push(through_boto3(section, scenario, &foreign));
            if scenario.moto {
                trials.push(on_moto(section, scenario, &moto));
            }
            trials.push(in_process(section, scenario));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    // What was started is stopped before this process ends.
    drop((foreign, moto));
    conclusion.exit();
}

fn name(client: &str, section: &Section, scenario: &Scenario) -> String {
    format!("{client}::{}::{}", section.name, scenario.name)
}

fn in_process(section: &Section, scenario: &'static Scenario) -> Trial {
    Trial::test(name("in_process", section, scenario), || {
        (scenario.run)(&Aws::new(&InProcess::new()));
        Ok(())
    })
}

fn through_boto3(
    section: &Section,
    scenario: &'static Scenario,
    foreign: &Shared<Foreign>,
) -> Trial {
    let foreign = Arc::clone(foreign);
    Trial::ignorable_test(name("boto3", section, scenario), move || {
        with_shared(&foreign, Foreign::start, |foreign| {
            foreign.run(scenario.run);
            Ok(())
        })
    })
}

fn on_moto(section: &Section, scenario: &'static Scenario, moto: &Shared<Moto>) -> Trial {
    let moto = Arc::clone(moto);
    Trial::ignorable_test(name("moto", section, scenario), move || {
        with_shared(&moto, Moto::start, |moto| moto.run(scenario.run))
    })
}

fn with_shared<T>(
    shared: &Shared<T>,
    start: impl FnOnce(&Environment) -> T,
    run: impl FnOnce(&mut T) -> Result<(), Failed>,
) -> Result<Completion, Failed> {
    python::with_environment(|environment| {
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        run(shared.get_or_insert_with(|| start(environment)))
    })
}
