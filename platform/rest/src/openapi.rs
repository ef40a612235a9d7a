//! The OpenAPI 3.1 document, put together from the services' operations.

use http::Method;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{CommandRoute, Problem};

/// One endpoint.
pub struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    request: Option<fn(&mut SchemaGenerator) -> Value>,
    response: fn(&mut SchemaGenerator) -> Value,
    is_command: bool,
    query: Vec<(&'static str, &'static str)>,
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

impl Operation {
    /// `POST path`: a command with body `I` that answers 201 with `O`, or 200 when replayed.
    pub fn post<I: JsonSchema, O: JsonSchema>(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        let (request, response) = (Some(schema::<I> as _), schema::<O> as _);
        Self {
            method: "post",
            path,
            id,
            summary,
            request,
            response,
            is_command: true,
            query: Vec::new(),
        }
    }

    /// `PUT path`: a command with body `I` that answers 200 with `O`, replayed or not.
    pub fn put<I: JsonSchema, O: JsonSchema>(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method: "put",
            ..Self::post::<I, O>(path, id, summary)
        }
    }

    /// `GET path`: answers 200 with `O`.
    pub fn get<O: JsonSchema>(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        let response = schema::<O> as _;
        Self {
            method: "get",
            path,
            id,
            summary,
            request: None,
            response,
            is_command: false,
            query: Vec::new(),
        }
    }

    /// The same with a parameter that the query must have.
    #[must_use]
    pub fn with_query(mut self, name: &'static str, description: &'static str) -> Self {
        self.query.push((name, description));
        self
    }

    /// Where the command is and what it is called, when it is one.
    pub fn command(&self) -> Option<CommandRoute> {
        let method = match self.method {
            "put" => Method::PUT,
            _ => Method::POST,
        };
        self.is_command.then_some(CommandRoute {
            method,
            path: self.path,
            command: self.id,
        })
    }

    fn describe(&self, generator: &mut SchemaGenerator) -> Value {
        let body = json!({ "application/json": { "schema": (self.response)(generator) } });
        let problem =
            json!({ "application/problem+json": { "schema": schema::<Problem>(generator) } });
        let mut responses = json!({
            "200": { "description": "the object, as it stands", "content": body },
            "default": { "description": "refused or failed", "content": problem },
        });
        let mut parameters = path_parameters(self.path);
        let query = self.query.iter().map(|(name, description)| {
            json!({ "name": name, "in": "query", "required": true,
                    "description": description, "schema": { "type": "string" } })
        });
        parameters.extend(query);
        if self.method == "post" {
            responses["201"] = json!({ "description": "the object, made now", "content": body });
        }
        if self.is_command {
            parameters.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "the same key with the same request replays; with another it is a conflict",
                "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            }));
        }
        let mut operation = json!({
            "operationId": self.id, "summary": self.summary,
            "parameters": parameters, "responses": responses,
        });
        if let Some(request) = self.request {
            let content = json!({ "application/json": { "schema": request(generator) } });
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        operation
    }
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect()
}

/// The document for `operations`.
pub fn document(operations: &[Operation], version: &str) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for operation in operations {
        let described = operation.describe(&mut generator);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described;
    }
    let mut schemas = generator.take_definitions(true);
    for operation in operations.iter().filter(|operation| operation.is_command) {
        allow_tenant(&paths[operation.path][operation.method], &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Sluice", "version": version,
                  "description": "Commands of the delivery chain, beside the GraphQL API." },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
            "schemas": schemas,
        },
    })
}

// Every command's body may name the caller's tenant; `Command` checks it.
fn allow_tenant(operation: &Value, schemas: &mut Map<String, Value>) {
    let reference =
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
    let name = reference.and_then(|reference| reference.rsplit('/').next());
    if let Some(body) = name.and_then(|name| schemas.get_mut(name)) {
        body["properties"]["tenantId"] = json!({
            "type": "string", "description": "must be the tenant of the token when given",
        });
    }
}
