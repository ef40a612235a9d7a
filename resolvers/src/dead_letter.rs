//! Deliveries that failed for good: listed and redriven by administrators.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sluice_kernel::{Direction, PageArgs, PageRequest};
use sluice_schema::{BoxFault, EventId, Scope};

use crate::{
    fault::{InputFault, Result, UserError},
    loaders::Call,
    paging::PageInfo,
};

const MAX_LETTERS: usize = 1_000;
const MAX_CURSOR: usize = 512;

/// A delivery that failed for good.
#[derive(Debug, Clone)]
pub struct DeadLetter(sluice_bus::DeadLetter);

/// A delivery that failed for good.
#[Object]
impl DeadLetter {
    /// The event's id; with the consumer, what `redriveDeadLetters` takes.
    async fn event_id(&self) -> String {
        self.0.envelope.event_id.to_string()
    }
    /// The consumer that could not handle it.
    async fn consumer(&self) -> &str {
        &self.0.consumer
    }
    /// The event's type, for example `BuildCompleted`.
    async fn event_type(&self) -> &str {
        &self.0.envelope.event_type
    }
    /// The aggregate type that the event is about.
    async fn subject_kind(&self) -> &str {
        &self.0.envelope.subject.kind
    }
    /// The id of what the event is about.
    async fn subject_id(&self) -> &str {
        &self.0.envelope.subject.id
    }
    /// When the event happened.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.envelope.occurred_at
    }
    /// Attempts made.
    async fn attempts(&self) -> u32 {
        self.0.attempts
    }
    /// What the last attempt failed with.
    async fn error(&self) -> &str {
        &self.0.error
    }
    /// When it was given up.
    async fn died_at(&self) -> DateTime<Utc> {
        self.0.died_at
    }
    /// Trace of the request that led to the event.
    async fn trace_id(&self) -> &str {
        &self.0.envelope.trace_id
    }
    /// The whole event, as its JSON Schema says, as JSON text.
    async fn envelope(&self) -> async_graphql::Result<String> {
        Ok(serde_json::to_string(&self.0.envelope)?)
    }
}

/// One page of dead letters, the oldest event first.
#[derive(SimpleObject, Debug, Clone)]
pub struct DeadLetterConnection {
    /// The page's dead letters with their cursors.
    pub edges: Vec<DeadLetterEdge>,
    /// The page's dead letters.
    pub nodes: Vec<DeadLetter>,
    /// Where the page stands in the list.
    pub page_info: PageInfo,
}

/// A dead letter and where it stands in its list.
#[derive(SimpleObject, Debug, Clone)]
pub struct DeadLetterEdge {
    /// Opaque; hand it back as `after`.
    pub cursor: String,
    /// The dead letter.
    pub node: DeadLetter,
}

/// Names a dead letter.
#[derive(InputObject, Debug, Clone)]
pub struct DeadLetterKey {
    /// The event's id.
    pub event_id: String,
    /// The consumer that could not handle it.
    pub consumer: String,
}

/// Delivers dead letters again.
#[derive(InputObject, Debug, Clone)]
pub struct RedriveDeadLettersInput {
    /// Which, at most 1,000; unknown ones are passed over.
    pub letters: Vec<DeadLetterKey>,
}

/// What `RedriveDeadLettersInput` led to.
#[derive(SimpleObject, Debug, Clone)]
pub struct RedriveDeadLettersPayload {
    /// How many are delivered again.
    pub redriven: u64,
    /// Why the command was refused; empty when it took effect.
    pub user_errors: Vec<UserError>,
}

fn cursor_of(letter: &sluice_bus::DeadLetter) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}/{}", letter.envelope.event_id, letter.consumer))
}

fn parse_cursor(text: &str) -> Option<(EventId, String)> {
    if text.len() > MAX_CURSOR {
        return None;
    }
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (event, consumer) = text.split_once('/')?;
    Some((event.parse().ok()?, consumer.to_owned()))
}

fn keys_of(
    input: &RedriveDeadLettersInput,
) -> std::result::Result<Vec<(EventId, String)>, InputFault> {
    if input.letters.len() > MAX_LETTERS {
        let rule = format!("takes at most {MAX_LETTERS} entries");
        return Err(InputFault::new("letters", rule));
    }
    let keys = input.letters.iter().enumerate().map(|(index, letter)| {
        let event = letter.event_id.parse().map_err(|_| {
            let field = format!("letters[{index}].eventId");
            InputFault::new(field, "is not an event id of the form evt-<uuid>")
        })?;
        Ok((event, letter.consumer.clone()))
    });
    keys.collect()
}

async fn page(
    call: &Call,
    first: Option<i32>,
    after: Option<String>,
) -> std::result::Result<DeadLetterConnection, BoxFault> {
    call.ctx.require(Scope::Admin)?;
    let args = PageArgs {
        first,
        ..PageArgs::default()
    };
    let mut request = PageRequest::new(&args, "EVENT", Direction::Ascending)?;
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let after = match after {
        Some(text) => match parse_cursor(&text) {
            Some(position) => Some(position),
            None => return Err(InputFault::new("after", "is not a cursor of this list").into()),
        },
        None => None,
    };
    let has_previous_page = after.is_some();
    // One more than asked for tells whether there is a next page.
    request.limit += 1;
    let bus = &call.services.bus;
    let mut letters = bus.dead_letters(call.ctx.tenant(), &request, after).await?;
    let has_next_page = letters.len() > limit;
    letters.truncate(limit);
    let edges: Vec<DeadLetterEdge> = letters
        .into_iter()
        .map(|letter| DeadLetterEdge {
            cursor: cursor_of(&letter),
            node: DeadLetter(letter),
        })
        .collect();
    Ok(DeadLetterConnection {
        nodes: edges.iter().map(|edge| edge.node.clone()).collect(),
        page_info: PageInfo {
            has_next_page,
            has_previous_page,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        },
        edges,
    })
}

/// Dead letters.
#[derive(Debug, Default)]
pub struct DeadLetterQuery;

/// Dead letters.
#[Object]
impl DeadLetterQuery {
    /// Deliveries of the tenant's events that failed for good, the oldest event first. Needs the
    /// scope `devops.admin`.
    #[graphql(complexity = "crate::paging::cost(first, None, child_complexity)")]
    async fn dead_letters(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many, 1 to 200; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what stands after this cursor.")] after: Option<String>,
    ) -> Result<DeadLetterConnection> {
        let call = Call::of(context)?;
        let page = page(call, first, after).await;
        page.map_err(|fault| call.failure(fault))
    }
}

/// Commands on dead letters.
#[derive(Debug, Default)]
pub struct DeadLetterMutation;

/// Commands on dead letters.
#[Object]
impl DeadLetterMutation {
    /// Delivers dead letters again. Needs the scope `devops.admin`.
    async fn redrive_dead_letters(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RedriveDeadLettersInput,
    ) -> Result<RedriveDeadLettersPayload> {
        let call = Call::of(context)?;
        let outcome: std::result::Result<u64, BoxFault> = async {
            call.ctx.require(Scope::Admin)?;
            let keys = keys_of(&input)?;
            Ok(call.services.bus.redrive(call.ctx.tenant(), &keys).await?)
        }
        .await;
        let outcome = outcome.map(sluice_kernel::Outcome::done);
        let settled = crate::mutation::conclude(context, call, outcome).await?;
        Ok(RedriveDeadLettersPayload {
            redriven: settled.value.unwrap_or(0),
            user_errors: settled.user_errors,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let event = EventId::generate();
        let text = URL_SAFE_NO_PAD.encode(format!("{event}/branch"));
        assert_eq!(parse_cursor(&text), Some((event, "branch".to_owned())));
        assert_eq!(parse_cursor("eyJvIjoiTkFNRSJ9"), None);
        assert_eq!(parse_cursor(&"a".repeat(MAX_CURSOR + 1)), None);
    }

    #[test]
    fn a_malformed_event_id_is_named_by_its_place() {
        let letter = |id: &str| DeadLetterKey {
            event_id: id.into(),
            consumer: "branch".into(),
        };
        let letters = vec![letter(&EventId::generate().to_string()), letter("evt-1")];
        let refused = keys_of(&RedriveDeadLettersInput { letters }).unwrap_err();
        assert!(refused.to_string().starts_with("letters[1].eventId"));
    }
}
