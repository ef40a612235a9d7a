//! What the items of the streams are: events with the objects that they are about, and holes.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Union};
use chrono::{DateTime, Utc};
use sluice_ledger as service;

use super::{StreamGap, place::cursor};
use crate::{
    build_result::{BuildById, BuildResult},
    environment::{Environment, EnvironmentById},
    fault::Result,
    ledger::{LedgerEvent, Sequence},
    loaders::Call,
    node::{Node, find},
    pipeline_run::{PipelineRun, RunById},
    promotion::{EnvironmentPromotion, PromotionById},
    release::{ReleaseById, ReleasePlan},
    server::Actor,
};

/// Declares a stream's event with its edges, and the union of it with a hole.
///
/// An edge is `name: Object by |event| Option<Lookup>`, looked up with whatever else the answer of
/// this event asks for, as it is when the answer is made.
macro_rules! streamed {
    ($(
        $(#[$($doc:tt)*])*
        $event:ident in $item:ident {
            one { $($(#[$($edge_doc:tt)*])* $edge:ident: $to:ident by $key:expr;)* }
            fields { $($fields:tt)* }
        }
    )*) => {$(
        $(#[$($doc)*])*
        #[derive(Debug, Clone)]
        pub struct $event(Arc<service::LedgerEvent>);

        $(#[$($doc)*])*
        #[Object]
        impl $event {
            /// Opaque; a stream `after` it goes on behind this event. The same as in every list
            /// of events.
            async fn cursor(&self) -> String {
                cursor(self.0.sequence, self.0.envelope.event_id.to_string())
            }
            /// The event's place in the ledger.
            async fn sequence(&self) -> Sequence {
                Sequence(self.0.sequence)
            }
            /// What happened, for example `BuildCompleted`.
            async fn event_type(&self) -> &str {
                &self.0.envelope.event_type
            }
            /// When it happened.
            async fn occurred_at(&self) -> DateTime<Utc> {
                self.0.envelope.occurred_at
            }
            /// Who acted.
            async fn actor(&self) -> Actor {
                let actor = &self.0.envelope.actor;
                Actor { kind: actor.kind.into(), id: actor.id.clone() }
            }
            /// One workflow: the same for everything that follows from one command.
            async fn correlation_id(&self) -> &str {
                &self.0.envelope.correlation_id
            }
            /// The project that owns the subject.
            async fn project_id(&self) -> ID {
                self.0.envelope.project_id.as_str().into()
            }
            /// The module that the subject belongs to, when known.
            async fn module_id(&self) -> Option<ID> {
                let module = self.0.envelope.module_id.as_ref();
                module.map(|id| id.as_str().into())
            }
            /// The event as it stands in the ledger, with its payload.
            async fn event(&self) -> LedgerEvent {
                LedgerEvent(self.0.clone())
            }

            $($(#[$($edge_doc)*])*
            async fn $edge(&self, context: &Context<'_>) -> Result<Option<$to>> {
                let key: fn(&service::LedgerEvent) -> Option<_> = $key;
                let found = Call::of(context)?.one(key(&self.0)).await?;
                Ok(found.map($to))
            })*

            $($fields)*
        }

        impl From<service::FeedItem> for $item {
            fn from(item: service::FeedItem) -> Self {
                match item {
                    service::FeedItem::Event(event) => Self::Event($event(event)),
                    service::FeedItem::Gap(gap) => Self::Gap(gap.into()),
                }
            }
        }
    )*};
}

streamed! {
    /// Something happened to a build result.
    BuildEvent in BuildEventItem {
        one {
            /// The build result as it is now; null when the caller may not see it.
            build: BuildResult by |it| subject(it).map(BuildById);
        }
        fields {}
    }

    /// Something happened to a release, or to what people decided on it.
    ReleaseEvent in ReleaseEventItem {
        one {
            /// The release as it is now; null when the caller may not see it.
            release: ReleasePlan by |it| subject(it).map(ReleaseById);
        }
        fields {}
    }

    /// Something happened to a promotion, or to an environment that releases are promoted to.
    PromotionEvent in PromotionEventItem {
        one {
            /// The promotion as it is now; null for what happened to the environment itself, and when
            /// the caller may not see it.
            promotion: EnvironmentPromotion by |it| subject(it).map(PromotionById);
            /// The environment as it is now; null when the caller may not see it.
            environment: Environment by |it| told(it, "environmentId").map(EnvironmentById);
        }
        fields {}
    }

    /// Something happened to a pipeline run, or to a stage, job or step of it.
    PipelineRunEvent in PipelineRunEventItem {
        one {
            /// The run as it is now; null when the caller may not see it.
            run: PipelineRun by |it| subject(it).map(RunById);
        }
        fields {}
    }

    /// Something happened.
    DeliveryEvent in DeliveryEventItem {
        one {}
        fields {
            /// The object that it is about as it is now; null when it is gone, is no object with a
            /// global id, or is none that the caller may see.
            async fn node(&self, context: &Context<'_>) -> Result<Option<Node>> {
                find(Call::of(context)?, &self.0.envelope.subject.id).await
            }
        }
    }
}

// A union's macro takes no repetition around it.
/// An item of `buildEvents`.
#[derive(Union, Debug, Clone)]
pub enum BuildEventItem {
    /// What happened.
    Event(BuildEvent),
    /// A hole.
    Gap(StreamGap),
}

/// An item of `releaseEvents`.
#[derive(Union, Debug, Clone)]
pub enum ReleaseEventItem {
    /// What happened.
    Event(ReleaseEvent),
    /// A hole.
    Gap(StreamGap),
}

/// An item of `promotionEvents`.
#[derive(Union, Debug, Clone)]
pub enum PromotionEventItem {
    /// What happened.
    Event(PromotionEvent),
    /// A hole.
    Gap(StreamGap),
}

/// An item of `pipelineRunEvents`.
#[derive(Union, Debug, Clone)]
pub enum PipelineRunEventItem {
    /// What happened.
    Event(PipelineRunEvent),
    /// A hole.
    Gap(StreamGap),
}

/// An item of `deliveryEvents`.
#[derive(Union, Debug, Clone)]
pub enum DeliveryEventItem {
    /// What happened.
    Event(DeliveryEvent),
    /// A hole.
    Gap(StreamGap),
}

// The id of what the event is about, when it is of the kind that is looked for.
fn subject<T: std::str::FromStr>(event: &service::LedgerEvent) -> Option<T> {
    event.envelope.subject.id.parse().ok()
}

// An id that the payload tells.
fn told<T: std::str::FromStr>(event: &service::LedgerEvent, name: &str) -> Option<T> {
    event.envelope.payload.get(name)?.as_str()?.parse().ok()
}
