//! Bulk writes of aggregates that were made elsewhere.

use std::pin::Pin;

use sea_orm::{IntoActiveModel, ModelTrait, Value};
use sluice_kernel::{Ctx, Denied};
use sluice_schema::{ErrorCode, Fault, ProjectId, Scope};

use crate::{AggregateEntity, Store, StoreError, Tx};

/// Why an import was refused or failed; nothing of it took effect then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed; with [`StoreError::Unique`] a part of it is there already.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object belongs to another tenant than the caller's.
    #[error("the {kind} {id} is not of the caller's tenant")]
    OtherTenant {
        /// The aggregate's type.
        kind: &'static str,
        /// Its id.
        id: String,
    },
}

impl Fault for ImportError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Store(error) => error.code(),
            Self::OtherTenant { .. } => ErrorCode::Forbidden,
        }
    }
}

/// Rows on their way.
pub type Taking<'a> = Pin<Box<dyn Future<Output = Result<(), ImportError>> + Send + 'a>>;

/// An import that is under way, all of it in one transaction; dropped, it takes no effect.
pub struct Import(Tx);

impl Store {
    /// Begins an import of the caller's tenant, which demands the administrative scope.
    ///
    /// # Errors
    /// [`ImportError::Denied`] without the scope; [`ImportError::Store`].
    pub async fn import(&self, ctx: &Ctx) -> Result<Import, ImportError> {
        ctx.require(Scope::Admin)?;
        Ok(Import(self.begin(ctx).await?))
    }
}

impl Import {
    /// Writes rows as they are. They are looked at before the future is made, so that it holds
    /// nothing of what they come from.
    ///
    /// # Errors
    /// [`ImportError::OtherTenant`], [`ImportError::Denied`] for a project that the caller does
    /// not see, and the first error of `rows`.
    pub fn take<E: AggregateEntity>(
        &self,
        rows: impl IntoIterator<Item = Result<E::Model, StoreError>>,
    ) -> Taking<'_>
    where
        E::Model: IntoActiveModel<E::ActiveModel> + ModelTrait<Entity = E>,
        E::ActiveModel: Send,
    {
        let rows: Result<Vec<E::Model>, ImportError> =
            rows.into_iter().map(|row| self.own::<E>(row?)).collect();
        Box::pin(async move { Ok(self.0.insert_many::<E>(rows?).await?) })
    }

    fn own<E: AggregateEntity>(&self, row: E::Model) -> Result<E::Model, ImportError>
    where
        E::Model: ModelTrait<Entity = E>,
    {
        let ctx = self.0.ctx();
        if text(row.get(E::COLUMNS.tenant)).as_deref() != Some(ctx.tenant().as_str()) {
            let id = E::id_of(&row).to_owned();
            return Err(ImportError::OtherTenant { kind: E::KIND, id });
        }
        let project = text(row.get(E::COLUMNS.project)).unwrap_or_default();
        let project: ProjectId = project
            .parse()
            .map_err(|error| StoreError::damaged(E::KIND, error))?;
        ctx.require_project(&project)?;
        Ok(row)
    }

    /// Commits what was taken, without an event.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn commit(self) -> Result<(), ImportError> {
        self.0.commit([]).await?;
        Ok(())
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => text,
        _ => None,
    }
}
