//! Database errors, classified once.

use sea_orm::{DbErr, RuntimeErr};
use sluice_kernel::Fault;
use sluice_schema::ErrorCode;

/// What a store can fail with. Drivers' texts are kept as sources and never shown to callers.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique key is taken: another writer was first.
    #[error("a unique key is taken")]
    Unique(#[source] DbErr),
    /// The row changed since it was read.
    #[error("{kind} {id} changed since it was read; read it again")]
    VersionConflict {
        /// The aggregate's type.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// The idempotency key stands for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyConflict,
    /// The database asks to run the transaction again.
    #[error("the transaction met another one; run it again")]
    Serialization(#[source] DbErr),
    /// The database is locked or has no connection free.
    #[error("the database is busy")]
    Busy(#[source] DbErr),
    /// The database takes no writes.
    #[error("the database is read-only")]
    ReadOnly(#[source] DbErr),
    /// The database's disk is full.
    #[error("the disk of the database is full")]
    Full(#[source] DbErr),
    /// The database did not answer in time.
    #[error("the database did not answer in time")]
    Timeout(#[source] DbErr),
    /// The database cannot be reached.
    #[error("the database cannot be reached")]
    Connection(#[source] DbErr),
    /// A stored row does not have the shape that the code expects.
    #[error("a stored {kind} is damaged: {detail}")]
    Damaged {
        /// What was read.
        kind: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Anything else.
    #[error("the database failed")]
    Other(#[source] DbErr),
}

impl StoreError {
    /// A row that cannot be turned into its model.
    pub fn damaged(kind: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Damaged {
            kind,
            detail: detail.to_string(),
        }
    }

    /// Whether a unique key was taken.
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique(_))
    }

    /// Whether the object changed under the writer, so that it should read and decide again.
    pub fn is_race(&self) -> bool {
        matches!(
            self,
            Self::Unique(_) | Self::VersionConflict { .. } | Self::Serialization(_)
        )
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        let runtime = match &error {
            DbErr::Exec(runtime) | DbErr::Query(runtime) | DbErr::Conn(runtime) => runtime,
            DbErr::ConnectionAcquire(_) => return Self::Busy(error),
            _ => return Self::Other(error),
        };
        let RuntimeErr::SqlxError(cause) = runtime else {
            return Self::Other(error);
        };
        match cause.as_ref() {
            sqlx::Error::Database(database) => {
                classify(database.code().as_deref().unwrap_or_default())(error)
            }
            sqlx::Error::PoolTimedOut => Self::Busy(error),
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Connection(error)
            }
            _ => Self::Other(error),
        }
    }
}

// SQLSTATE codes are five characters; SQLite's extended result codes are shorter numbers.
fn classify(code: &str) -> fn(DbErr) -> StoreError {
    match code {
        "23505" | "1555" | "2067" => StoreError::Unique,
        "40001" | "40P01" | "517" => StoreError::Serialization,
        "5" | "6" | "261" | "262" | "773" | "55P03" | "53300" => StoreError::Busy,
        "8" | "264" | "520" | "776" | "1032" | "1288" | "1544" | "25006" => StoreError::ReadOnly,
        "13" | "53100" => StoreError::Full,
        "57014" => StoreError::Timeout,
        "57P01" | "57P02" | "57P03" | "08000" | "08003" | "08006" => StoreError::Connection,
        _ => StoreError::Other,
    }
}

impl Fault for StoreError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::VersionConflict { .. } | Self::Serialization(_) => ErrorCode::VersionConflict,
            Self::Unique(_) | Self::IdempotencyConflict => ErrorCode::Conflict,
            Self::Busy(_) | Self::ReadOnly(_) | Self::Full(_) | Self::Connection(_) => {
                ErrorCode::Unavailable
            }
            Self::Timeout(_) => ErrorCode::DeadlineExceeded,
            Self::Damaged { .. } | Self::Other(_) => ErrorCode::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(database: &str) -> ErrorCode {
        classify(database)(DbErr::Custom("said so".to_owned())).code()
    }

    #[test]
    fn codes_of_both_databases_are_classified_alike() {
        for (postgres, sqlite, code) in [
            ("23505", "2067", ErrorCode::Conflict),
            ("40001", "517", ErrorCode::VersionConflict),
            ("55P03", "5", ErrorCode::Unavailable),
            ("25006", "8", ErrorCode::Unavailable),
            ("53100", "13", ErrorCode::Unavailable),
            ("42P01", "1", ErrorCode::Internal),
        ] {
            assert_eq!(
                (code_of(postgres), code_of(sqlite)),
                (code, code),
                "{postgres} {sqlite}"
            );
        }
        assert_eq!(code_of("57014"), ErrorCode::DeadlineExceeded);
    }

    #[test]
    fn what_the_database_said_is_not_shown() {
        let error = classify("42P01")(DbErr::Custom("relation secret_table".to_owned()));
        assert!(!error.to_string().contains("secret_table"));
    }
}
