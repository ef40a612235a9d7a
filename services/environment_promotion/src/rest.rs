//! `/environments` and `/promotions`.

mod environments;
mod promotions;

use std::collections::HashMap;

use axum::Router;
use sluice_rest::Operation;
use sluice_schema::ProjectId;

use crate::{Environments, PromotionError, Promotions};

/// The service's endpoints.
pub fn router(environments: Environments, promotions: Promotions) -> Router {
    environments::router(environments, promotions.clone()).merge(promotions::router(promotions))
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    let mut operations = environments::operations();
    operations.extend(promotions::operations());
    operations
}

/// The project that the query names.
fn project_of(query: &HashMap<String, String>) -> Result<ProjectId, PromotionError> {
    let text = query.get("projectId").map_or("", String::as_str);
    let project = text.parse();
    project.map_err(|error: sluice_schema::InvalidName| {
        PromotionError::invalid("projectId", error.to_string())
    })
}
