//! Whether an environment runs what was promoted into it.

use serde::Serialize;

use super::{
    Environment, Release, Stop, SyncState, Way,
    api::{self, SyncStates},
    deliver::Delivery,
};
use crate::cli::ship::session::{Grace, Session};

/// Time, in looks, after which a target that does not follow is told as it is.
const PATIENT_LOOKS: u32 = 150;
const MODULES: u32 = 100;

/// Waits until the environment is synchronised with Git and healthy for every module of the
/// release, as far as nothing newer was promoted since.
pub(super) async fn settled(
    session: &mut Session<'_>,
    delivery: &Delivery<'_>,
    release: &Release,
    environment: &Environment,
) -> Way<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Filter<'a> {
        environment_id: &'a str,
    }
    #[derive(Serialize)]
    struct Of<'a> {
        filter: Filter<'a>,
        first: u32,
    }
    let deadline = session.deadline("the synchronisation of the environment");
    let name = &environment.name;
    let grace = Grace::new(delivery.poll);
    loop {
        let filter = Filter {
            environment_id: &environment.id,
        };
        let of = Of {
            filter,
            first: MODULES,
        };
        let found: SyncStates = session.ask(api::SYNC_STATES, of).await?;
        let mut states = found.git_ops_syncs.nodes;
        states.retain(|it| release.items.iter().any(|item| item.module.id == it.module));
        for state in &states {
            session.tell_change(
                "sync",
                format!("{name}/{}: {} ({})", state.module, state.state(), state.id),
            );
        }
        let is_ours = |it: &SyncState| it.release.as_ref().is_none_or(|of| of.id == release.id);
        let bad = states.iter().find(|it| !it.is_good() && is_ours(it));
        let missing = states.len() < release.items.len();
        if bad.is_none() && !missing {
            return Ok(());
        }
        if grace.is_over(PATIENT_LOOKS) {
            let state = bad.map(|it| format!("{} is {}", it.module, it.state()));
            let state = state.unwrap_or_else(|| "nothing is known of it".to_owned());
            return Err(Stop::unsynced(name, &state).into());
        }
        session.pause(&deadline, delivery.poll).await?;
    }
}
