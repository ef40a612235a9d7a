//! The same as the condition of a query, for an event at hand.

use sluice_kernel::{Ctx, micros};
use sluice_schema::Envelope;

use super::EventFilter;

impl EventFilter {
    /// Whether the caller may see the event and it matches: what lists of the ledger show.
    pub fn matches(&self, ctx: &Ctx, event: &Envelope) -> bool {
        let at = micros(event.occurred_at);
        event.tenant_id == *ctx.tenant()
            && ctx.sees(&event.project_id)
            && within(&self.types, &event.event_type)
            && within(&self.subject_ids, &event.subject.id)
            && within(&self.subject_kinds, &event.subject.kind)
            && within(&self.actors, &event.actor.id)
            && within(&self.correlation_ids, &event.correlation_id)
            && within(&self.project_ids, event.project_id.as_str())
            && match &event.module_id {
                Some(module) => within(&self.module_ids, module.as_str()),
                None => self.module_ids.is_empty(),
            }
            && self.since.is_none_or(|since| at >= micros(since))
            && self.until.is_none_or(|until| at < micros(until))
    }

    /// Every text in it, with the name of its field.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("types", &self.types),
            ("subjectIds", &self.subject_ids),
            ("subjectKinds", &self.subject_kinds),
            ("actors", &self.actors),
            ("correlationIds", &self.correlation_ids),
            ("projectIds", &self.project_ids),
            ("moduleIds", &self.module_ids),
        ];
        fields
            .into_iter()
            .flat_map(|(field, texts)| texts.iter().map(move |text| (field, text.as_str())))
    }
}

fn within(wanted: &[String], value: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|one| one == value)
}
