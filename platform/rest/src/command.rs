//! A command as it comes over REST.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
};
use http::{HeaderMap, header::CONTENT_TYPE, request::Parts};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, error::Category};
use sluice_kernel::{ContentDigest, Ctx, IdempotencyKey};
use sluice_schema::{ErrorCode, bounded_message};

use crate::{Problem, refusals::Told};

/// The authenticated caller; the edge puts its [`Ctx`] into the request's extensions.
pub struct Caller(pub Ctx);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let ctx = parts.extensions.get::<Ctx>().cloned();
        ctx.map(Caller)
            .ok_or_else(|| Problem::new(ErrorCode::Unauthenticated, "a bearer token is required"))
    }
}

/// A JSON body with the caller's context, which carries the `Idempotency-Key` if there is one.
pub struct Command<T> {
    /// The caller.
    pub ctx: Ctx,
    /// The body.
    pub input: T,
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    kind.split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Command<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let Caller(ctx) = Caller::from_request_parts(&mut parts, state).await?;
        if !is_json(&parts.headers) {
            let mut problem = Problem::new(
                ErrorCode::BadRequest,
                "the content type must be application/json",
            );
            problem.status = 415;
            return Err(problem);
        }
        let whole = Request::from_parts(parts.clone(), body);
        let body = Bytes::from_request(whole, state)
            .await
            .map_err(|e| Problem::new(ErrorCode::LimitExceeded, e.body_text()))?;
        let told = parts.extensions.get::<Told>();
        let input = read(&ctx, &body, told).map_err(|problem| *problem)?;
        let ctx = match parts.headers.get("idempotency-key") {
            None => ctx,
            Some(key) => {
                let key = idempotency(key.as_bytes(), &parts, &body).map_err(refused_key)?;
                ctx.with_idempotency(key)
            }
        };
        Ok(Self { ctx, input })
    }
}

/// Reads a body: an object whose `tenantId`, when it is there, is the caller's, and whose other
/// fields are the command's.
fn read<T: DeserializeOwned>(
    ctx: &Ctx,
    body: &[u8],
    told: Option<&Told>,
) -> Result<T, Box<Problem>> {
    let refused = |error: serde_json::Error| {
        // What is no JSON at all is a malformed request, not a value that breaks a rule.
        let code = match error.classify() {
            Category::Data => ErrorCode::InvalidInput,
            Category::Io | Category::Syntax | Category::Eof => ErrorCode::BadRequest,
        };
        Problem::new(
            code,
            bounded_message(format!("the body is refused: {error}")),
        )
    };
    let mut fields: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| Box::new(refused(error)))?;
    if fields
        .remove("tenantId")
        .is_some_and(|tenant| tenant != ctx.tenant().as_str())
    {
        let rule = "tenantId must be the tenant of the token";
        return Err(Box::new(Problem {
            field: Some("tenantId".to_owned()),
            ..Problem::new(ErrorCode::InvalidInput, rule)
        }));
    }
    if let Some(told) = told {
        told.body(&fields);
    }
    T::deserialize(Value::Object(fields)).map_err(|error| Box::new(refused(error)))
}

fn idempotency(key: &[u8], parts: &Parts, body: &[u8]) -> Result<IdempotencyKey, &'static str> {
    let path = parts.uri.path().as_bytes();
    let fingerprint = ContentDigest::of_parts([parts.method.as_str().as_bytes(), path, body]);
    IdempotencyKey::new(std::str::from_utf8(key).unwrap_or_default(), fingerprint)
}

fn refused_key(rule: &str) -> Problem {
    let mut problem = Problem::new(ErrorCode::InvalidInput, rule);
    problem.field = Some("Idempotency-Key".to_owned());
    problem
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use sluice_kernel::{Principal, ProjectAccess};
    use sluice_schema::{Actor, ActorKind};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(rename = "name")]
        _name: String,
    }

    fn code(body: &str) -> Option<ErrorCode> {
        let principal = Principal {
            tenant: "acme".parse().unwrap(),
            projects: ProjectAccess::All,
            actor: Actor {
                kind: ActorKind::User,
                id: "ada".to_owned(),
            },
            scopes: [].into(),
        };
        let ctx = Ctx::for_request(principal, None);
        let read = read::<Body>(&ctx, body.as_bytes(), None);
        read.err().map(|problem| problem.code)
    }

    #[test]
    fn what_is_no_json_is_a_bad_request_and_what_breaks_a_rule_is_invalid_input() {
        for body in [
            "",
            "hello",
            "{",
            "{\"name\":\"a\"} x",
            &format!("{{\"name\":{}", "[".repeat(1_000)),
        ] {
            assert_eq!(code(body), Some(ErrorCode::BadRequest), "{body:.20}");
        }
        for body in [
            "[]",
            "{}",
            r#"{"name":1}"#,
            r#"{"name":"a","x":1}"#,
            r#"{"name":"a","tenantId":"evil"}"#,
        ] {
            assert_eq!(code(body), Some(ErrorCode::InvalidInput), "{body}");
        }
        assert_eq!(code(r#"{"name":"a","tenantId":"acme"}"#), None);
    }
}
