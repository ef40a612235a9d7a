//! The streams of events.

use async_graphql::{Context, ID, Subscription};
use sluice_ledger::EventFilter;
use sluice_schema::{EventPayload, ModuleId, ProjectId, events};

use super::{
    BuildEventItem, DeliveryEventItem, PipelineRunEventItem, PromotionEventItem, ReleaseEventItem,
    open::{Items, Opener},
};
use crate::{
    fault::{InputFault, Result, optional_name},
    ledger::{text, values},
};

type Filter = std::result::Result<EventFilter, InputFault>;

// Of one project or module, where they are given.
fn within(project_id: Option<&ID>, module_id: Option<&ID>) -> Filter {
    let project: Option<ProjectId> = optional_name("projectId", project_id)?;
    let module: Option<ModuleId> = optional_name("moduleId", module_id)?;
    Ok(EventFilter {
        project_ids: project.iter().map(ToString::to_string).collect(),
        module_ids: module.iter().map(ToString::to_string).collect(),
        ..EventFilter::default()
    })
}

// About objects of these kinds.
fn about(kinds: &[&str], project_id: Option<&ID>, module_id: Option<&ID>) -> Filter {
    let mut kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    kinds.sort_unstable();
    Ok(EventFilter {
        subject_kinds: kinds,
        ..within(project_id, module_id)?
    })
}

fn delivery(
    types: Option<Vec<String>>,
    subject_id: Option<ID>,
    project_id: Option<&ID>,
    module_id: Option<&ID>,
) -> Filter {
    let subject_ids = subject_id.map(|id| text("subjectId", id)).transpose()?;
    Ok(EventFilter {
        types: values("types", types)?,
        subject_ids: subject_ids.into_iter().collect(),
        ..within(project_id, module_id)?
    })
}

/// Declares the typed streams, `name -> Item about events`: of what happens to the objects that
/// these events are about.
macro_rules! streams {
    ($($(#[$($doc:tt)*])* $name:ident -> $item:ident about $($payload:ident),+;)*) => {
        /// Streams of events: each event once, in the ledger's order.
        #[derive(Debug, Default)]
        pub struct EventStreams;

        /// Streams of events: each event once, in the ledger's order.
        #[Subscription]
        impl EventStreams {
            $($(#[$($doc)*])*
            async fn $name(
                &self,
                context: &Context<'_>,
                #[graphql(desc = "Goes on behind it: the cursor of an event, of whichever list or stream, or a place in the ledger in decimal digits, as `ledger { sequence }` tells it. What happens from now on when absent.")]
                after: Option<String>,
                #[graphql(desc = "Of this project.")] project_id: Option<ID>,
                #[graphql(desc = "Of this module.")] module_id: Option<ID>,
            ) -> Result<Items<$item>> {
                let kinds = [$(<events::$payload as EventPayload>::SUBJECT),+];
                let filter = about(&kinds, project_id.as_ref(), module_id.as_ref());
                Opener::of(context)?.follow(filter, after.as_deref()).await
            })*

            /// Everything that happens, of the projects that the caller may see.
            async fn delivery_events(
                &self,
                context: &Context<'_>,
                #[graphql(desc = "Of these types, for example `BuildCompleted`: 1 to 100; of all when absent.")]
                types: Option<Vec<String>>,
                #[graphql(desc = "About the object with this id.")] subject_id: Option<ID>,
                #[graphql(desc = "Goes on behind it: the cursor of an event, of whichever list or stream, or a place in the ledger in decimal digits, as `ledger { sequence }` tells it. What happens from now on when absent.")]
                after: Option<String>,
                #[graphql(desc = "Of this project.")] project_id: Option<ID>,
                #[graphql(desc = "Of this module.")] module_id: Option<ID>,
            ) -> Result<Items<DeliveryEventItem>> {
                let filter = delivery(types, subject_id, project_id.as_ref(), module_id.as_ref());
                Opener::of(context)?.follow(filter, after.as_deref()).await
            }
        }
    };
}

streams! {
    /// What happens to build results: `BuildCompleted`.
    build_events -> BuildEventItem about BuildCompleted;

    /// What happens to releases, from `ReleasePlanned` on, and to the decisions on them:
    /// `ReleaseReady`, `ReleaseApproved`, `ReleaseApprovalVoided`, `ReleaseRejected`,
    /// `ReleaseCancelled`.
    release_events -> ReleaseEventItem about ReleasePlanned;

    /// What happens to promotions (`PromotionRequested`, `DeploymentPromoted`,
    /// `PromotionSucceeded`, `PromotionFailed`, `EnvironmentRolledBack`) and to environments as
    /// places that releases are promoted to (`EnvironmentDefined`, `EnvironmentHeld`,
    /// `EnvironmentResumed`).
    promotion_events -> PromotionEventItem about PromotionRequested, EnvironmentDefined;

    /// What happens to pipeline runs: `PipelineRunStarted`, `PipelineRunProgressed` for each
    /// change of a stage, job or step, `PipelineRunCompleted`.
    pipeline_run_events -> PipelineRunEventItem about PipelineRunStarted;
}

#[cfg(test)]
mod tests {
    use sluice_schema::Fault;

    use super::*;

    #[test]
    fn arguments_that_break_rules_are_named() {
        let wrong = |filter: Filter| filter.unwrap_err().field().unwrap();
        let bad = ID("../x".into());
        assert_eq!(wrong(about(&["a"], Some(&bad), None)), "projectId");
        assert_eq!(wrong(about(&["a"], None, Some(&bad))), "moduleId");
        assert_eq!(wrong(delivery(Some(vec![]), None, None, None)), "types");
        let empty = Some(vec!["A".into(), String::new()]);
        assert_eq!(wrong(delivery(empty, None, None, None)), "types[1]");
        let subject = Some(ID(String::new()));
        assert_eq!(wrong(delivery(None, subject, None, None)), "subjectId");
    }

    #[test]
    fn the_same_question_is_the_same_filter() {
        let of = |types: [&str; 2]| {
            let types = Some(types.map(str::to_owned).to_vec());
            delivery(types, None, None, None).unwrap()
        };
        assert_eq!(of(["a", "b"]), of(["b", "a"]));
    }
}
