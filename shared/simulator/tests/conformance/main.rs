//! What the simulated AWS must hold, as scenarios that are written once and run by several
//! clients. Each names the page it follows; the table in `docs/simulator.md` is made of them.

mod aws;
mod in_process;
mod scenario;
mod scenarios;

use libtest_mimic::{Arguments, Trial};

use crate::aws::Aws;
use crate::in_process::InProcess;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for section in scenarios::SECTIONS {
        for scenario in section.scenarios {
            let name = format!("in_process::{}::{}", section.name, scenario.name);
            trials.push(Trial::test(name, move || {
                let client = InProcess::new();
                (scenario.run)(&Aws::new(&client));
                Ok(())
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
