//! What a message means at this point of a connection: messages in, actions out, nothing else.

use serde_json::{Map, Value};

use super::{close::Close, message::ClientMessage};

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Session {
    /// The client has not begun.
    #[default]
    Connected,
    /// The client's token is being judged.
    Beginning,
    /// Operations may be sent.
    Acknowledged,
}

/// What to do.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    Nothing,
    /// Judge the token; then [`Session::acknowledge`].
    Authenticate(Option<Map<String, Value>>),
    Pong(Option<Map<String, Value>>),
    Begin {
        id: String,
        operation: Value,
    },
    /// Tell that there are too many operations already.
    TooMany {
        id: String,
    },
    Stop {
        id: String,
    },
    Close(Close),
}

/// The operations that are under way.
pub(super) trait Active {
    fn contains(&self, id: &str) -> bool;
    fn is_full(&self) -> bool;
}

impl Session {
    /// The client has begun, and may.
    pub(super) fn acknowledge(&mut self) {
        *self = Self::Acknowledged;
    }

    /// What a message means.
    pub(super) fn receive(&mut self, message: ClientMessage, active: &impl Active) -> Action {
        match message {
            ClientMessage::Init(_) if *self != Self::Connected => {
                Action::Close(Close::too_many_inits())
            }
            ClientMessage::Init(payload) => {
                *self = Self::Beginning;
                Action::Authenticate(payload)
            }
            ClientMessage::Ping(payload) => Action::Pong(payload),
            ClientMessage::Subscribe { .. } if *self != Self::Acknowledged => {
                Action::Close(Close::unauthorized())
            }
            ClientMessage::Subscribe { id, .. } if active.contains(&id) => {
                Action::Close(Close::exists(&id))
            }
            ClientMessage::Subscribe { id, .. } if active.is_full() => Action::TooMany { id },
            ClientMessage::Subscribe { id, operation } => Action::Begin { id, operation },
            // A client may complete what has just ended by itself.
            ClientMessage::Complete { id } => Action::Stop { id },
            ClientMessage::Pong => Action::Nothing,
        }
    }
}

/// The bearer token of a `connection_init`: `Authorization` as in the header, or `token` alone.
pub(super) fn token(payload: Option<&Map<String, Value>>) -> Option<&str> {
    let payload = payload?;
    for key in ["Authorization", "authorization"] {
        if let Some(Value::String(text)) = payload.get(key) {
            let (scheme, token) = text.split_once(' ').unwrap_or(("", ""));
            let fits = scheme.eq_ignore_ascii_case("bearer");
            // Whatever else it is, it is judged: and refused.
            return Some(if fits { token.trim() } else { "" });
        }
    }
    match payload.get("token") {
        Some(Value::String(text)) => Some(strip(text)),
        _ => None,
    }
}

fn strip(text: &str) -> &str {
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Under<'a>(&'a [&'a str], usize);

    impl Active for Under<'_> {
        fn contains(&self, id: &str) -> bool {
            self.0.contains(&id)
        }
        fn is_full(&self) -> bool {
            self.0.len() >= self.1
        }
    }

    const NONE: Under<'_> = Under(&[], 2);

    fn subscribe(id: &str) -> ClientMessage {
        ClientMessage::Subscribe {
            id: id.to_owned(),
            operation: json!({"query": "{a}"}),
        }
    }

    fn code(action: &Action) -> u16 {
        match action {
            Action::Close(close) => close.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_connection_begins_once() {
        let mut session = Session::default();
        let begun = session.receive(ClientMessage::Init(None), &NONE);
        assert_eq!(begun, Action::Authenticate(None));
        assert_eq!(
            code(&session.receive(ClientMessage::Init(None), &NONE)),
            4429
        );
        session.acknowledge();
        assert_eq!(
            code(&session.receive(ClientMessage::Init(None), &NONE)),
            4429
        );
    }

    #[test]
    fn nothing_is_executed_before_the_acknowledgement() {
        let mut session = Session::default();
        assert_eq!(code(&session.receive(subscribe("1"), &NONE)), 4401);
        session.receive(ClientMessage::Init(None), &NONE);
        assert_eq!(code(&session.receive(subscribe("1"), &NONE)), 4401);
        session.acknowledge();
        let begun = session.receive(subscribe("1"), &NONE);
        assert!(matches!(begun, Action::Begin { id, .. } if id == "1"));
    }

    #[test]
    fn an_id_stands_for_one_operation_at_a_time_and_operations_are_bounded() {
        let mut session = Session::Acknowledged;
        assert_eq!(
            code(&session.receive(subscribe("1"), &Under(&["1"], 1))),
            4409
        );
        let id = "2".to_owned();
        assert_eq!(
            session.receive(subscribe("2"), &Under(&["1"], 1)),
            Action::TooMany { id }
        );
        let begun = session.receive(subscribe("2"), &Under(&["1"], 2));
        assert!(matches!(begun, Action::Begin { .. }));
        let id = "9".to_owned();
        let stop = ClientMessage::Complete { id: id.clone() };
        assert_eq!(session.receive(stop, &NONE), Action::Stop { id });
    }

    #[test]
    fn pings_are_answered_at_any_time() {
        for mut session in [
            Session::Connected,
            Session::Beginning,
            Session::Acknowledged,
        ] {
            let ping = session.receive(ClientMessage::Ping(None), &NONE);
            assert_eq!(ping, Action::Pong(None));
            assert_eq!(session.receive(ClientMessage::Pong, &NONE), Action::Nothing);
        }
    }

    #[test]
    fn the_token_stands_where_clients_put_it() {
        for (payload, expected) in [
            (json!({"Authorization": "Bearer x"}), Some("x")),
            (json!({"authorization": "bearer  x "}), Some("x")),
            (json!({"token": "Bearer x"}), Some("x")),
            (json!({"token": "x"}), Some("x")),
            (json!({"Authorization": "Basic x"}), Some("")),
            (json!({"Authorization": "x"}), Some("")),
            (json!({"token": 1}), None),
            (json!({}), None),
        ] {
            assert_eq!(token(payload.as_object()), expected, "{payload}");
        }
        assert_eq!(token(None), None);
    }
}
