//! What an operation costs, told before it begins.

use std::sync::Arc;

use async_graphql::{
    ServerError, ValidationResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
};

/// What an operation may cost, known once its document is valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Fields times the rows that they may be answered for.
    pub complexity: usize,
    /// How deep its fields nest.
    pub depth: usize,
}

/// Is told what an operation may cost before it begins. A request carries it in its data, as
/// `Arc<dyn Meter>`; one without is not metered.
pub trait Meter: Send + Sync {
    /// Takes the cost into account.
    ///
    /// # Errors
    /// Why the operation shall not begin: the whole answer.
    fn begin(&self, cost: Cost) -> Result<(), ServerError>;
}

/// Tells the request's meter; an extension of the schema.
pub struct Metered;

impl ExtensionFactory for Metered {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Metered {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let valid = next.run(ctx).await?;
        if let Some(meter) = ctx.data_opt::<Arc<dyn Meter>>() {
            let (complexity, depth) = (valid.complexity, valid.depth);
            meter.begin(Cost { complexity, depth })?;
        }
        Ok(valid)
    }
}
