//! Holding the ledger against its hashes.

use sea_orm::{QueryResult, Value};
use sluice_kernel::{Ctx, text_enum};
use sluice_schema::{Scope, TenantId};
use sluice_store::RawRead;

use crate::{
    Head, Ledger, LedgerError,
    patch::{Field, Kind},
    record::{COLUMNS, EVENT, hash_of},
    rows,
};

const CHUNK: i64 = 2_000;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// First sequence that was looked at.
    pub from: u64,
    /// Last sequence that was looked at, or would have been, were nothing wrong; below `from` when
    /// there is none.
    pub to: u64,
    /// Events that were looked at and are well.
    pub checked: u64,
    /// Hash of the last of them, for comparison with a copy kept elsewhere.
    pub hash: String,
    /// The first thing that is wrong; nothing when all is well.
    pub violation: Option<Violation>,
}

/// Where the ledger is not what was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The sequence.
    pub sequence: u64,
    /// What is wrong.
    pub kind: ViolationKind,
}

text_enum! {
    /// What is wrong at a place in the ledger.
    ViolationKind {
        /// A hole: there is no event, but there are later ones.
        Missing = "MISSING",
        /// The hash does not fit the event, or the one before it, which looked well, was made
        /// anew together with its hash.
        Altered = "ALTERED",
        /// The first event that was looked at does not follow from the one before it, which was
        /// not looked at.
        Unchained = "UNCHAINED",
        /// The ledger's head is not its last event: events are gone from the end, stand beyond
        /// it, or the last one was made anew together with its hash.
        Truncated = "TRUNCATED",
    }
}

// The head and the last event, from one look.
struct End {
    head: Head,
    last: i64,
}

impl Ledger {
    /// Computes the hashes of the caller's tenant's events from `from` to `to` anew, both included,
    /// by default the first and the last one, and compares. The payloads themselves stay hidden,
    /// so that the caller need not see every project.
    ///
    /// # Errors
    /// [`LedgerError::Denied`] without the right to read, [`LedgerError::Invalid`] when `from` is 0
    /// or beyond `to`; what the database fails with.
    pub async fn verify(
        &self,
        ctx: &Ctx,
        from: Option<u64>,
        to: Option<u64>,
    ) -> Result<Verification, LedgerError> {
        ctx.require(Scope::Read)?;
        let from = from.unwrap_or(1);
        if from == 0 {
            return Err(LedgerError::invalid("from", "from must be 1 or more"));
        }
        if to.is_some_and(|to| to < from) {
            return Err(LedgerError::invalid("to", "to must not be before from"));
        }
        let read = self.store().read_raw(ctx).await?;
        let end = end(&read, ctx.tenant()).await?;
        let to = to.unwrap_or(u64::MAX).min(end.head.sequence);
        let mut check = Check {
            tenant: ctx.tenant(),
            first: signed(from),
            next: signed(from),
            to: signed(to),
            hash: Head::start().hash,
        };
        let violation = check.run(&read, &end).await?;
        Ok(Verification {
            from,
            to,
            checked: (check.next - check.first).unsigned_abs(),
            hash: check.hash,
            violation: violation.map(|(sequence, kind)| Violation {
                sequence: sequence.unsigned_abs(),
                kind,
            }),
        })
    }
}

fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

async fn end(read: &RawRead<'_>, tenant: &TenantId) -> Result<End, LedgerError> {
    // One statement: a writer may append between two.
    let sql = "SELECT (SELECT sequence FROM ledger_head WHERE tenant_id = $1) AS sequence, \
               (SELECT hash FROM ledger_head WHERE tenant_id = $1) AS hash, \
               (SELECT max(sequence) FROM ledger_event WHERE tenant_id = $1) AS last";
    let found = read.query(sql, [tenant.as_str().into()]).await?;
    let mut end = End {
        head: Head::start(),
        last: 0,
    };
    if let Some(row) = found.first() {
        end.last = rows::int_opt(row, "last")?.unwrap_or(0);
        if let Some(hash) = rows::text_opt(row, "hash")? {
            let sequence = rows::int_opt(row, "sequence")?.unwrap_or(0);
            end.head = Head {
                sequence: sequence.unsigned_abs(),
                hash,
            };
        }
    }
    Ok(end)
}

struct Check<'a> {
    tenant: &'a TenantId,
    first: i64,
    next: i64,
    to: i64,
    // Of the event before the next one.
    hash: String,
}

type Found = Option<(i64, ViolationKind)>;

impl Check<'_> {
    async fn run(&mut self, read: &RawRead<'_>, end: &End) -> Result<Found, LedgerError> {
        if self.first > 1 && self.first <= self.to {
            let before = self.first - 1;
            let sql = "SELECT hash FROM ledger_event WHERE tenant_id = $1 AND sequence = $2";
            let found = read
                .query(sql, [self.tenant.as_str().into(), before.into()])
                .await?;
            let Some(row) = found.first() else {
                return Ok(Some((before, absence(before, end))));
            };
            self.hash = rows::text(row, "hash")?;
        }
        while self.next <= self.to {
            let found = self.chunk(read).await?;
            if found.is_empty() {
                return Ok(Some((self.next, absence(self.next, end))));
            }
            for row in found {
                if let Some(violation) = self.take(&row, end)? {
                    return Ok(Some(violation));
                }
            }
        }
        let head = signed(end.head.sequence);
        // A range that ends before the head says nothing about it.
        if self.to < head {
            return Ok(None);
        }
        if end.last > head {
            return Ok(Some((head + 1, ViolationKind::Truncated)));
        }
        let ends_at_head = self.next == head + 1;
        Ok(
            (ends_at_head && self.hash != end.head.hash)
                .then_some((head, ViolationKind::Truncated)),
        )
    }

    async fn chunk(&self, read: &RawRead<'_>) -> Result<Vec<QueryResult>, LedgerError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM ledger_event WHERE tenant_id = $1 \
             AND sequence >= $2 AND sequence <= $3 ORDER BY sequence LIMIT $4"
        );
        let tenant = self.tenant.as_str().into();
        let values: [Value; 4] = [tenant, self.next.into(), self.to.into(), CHUNK.into()];
        Ok(read.query(&sql, values).await?)
    }

    fn take(&mut self, row: &QueryResult, end: &End) -> Result<Found, LedgerError> {
        let sequence = rows::int(row, "sequence")?;
        if sequence != self.next {
            return Ok(Some((self.next, absence(self.next, end))));
        }
        let hash = rows::text(row, "hash")?;
        if hash_of(&self.hash, self.tenant, fields(row)?.into_iter()) != hash {
            let kind = match sequence == self.first && sequence > 1 {
                true => ViolationKind::Unchained,
                false => ViolationKind::Altered,
            };
            return Ok(Some((sequence, kind)));
        }
        self.hash = hash;
        self.next += 1;
        Ok(None)
    }
}

fn absence(sequence: i64, end: &End) -> ViolationKind {
    match end.last > sequence {
        true => ViolationKind::Missing,
        false => ViolationKind::Truncated,
    }
}

// As they are stored, without a look at what they mean: an altered one may mean nothing.
fn fields(row: &QueryResult) -> Result<Vec<Option<Field>>, LedgerError> {
    let columns = EVENT.columns.iter().filter(|column| column.name != "hash");
    let field = |column: &crate::patch::Column| {
        Ok(match column.kind {
            Kind::Text => rows::text_opt(row, column.name)?.map(Field::Text),
            Kind::Int => rows::int_opt(row, column.name)?.map(Field::Int),
        })
    };
    columns.map(field).collect()
}
