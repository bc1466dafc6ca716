//! Every query of the ledger.

use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{LedgerAccountId, LedgerTransactionId, OrderId, RecipientId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::LedgerError;
use super::types::{Account, Owner, Posting, SaleTerms};

/// What became of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It was written, and balances.
    New(LedgerTransactionId),
    /// Its `source_ref` was there already.
    Known,
}

#[derive(Debug, FromQueryResult)]
struct Written {
    id: Option<LedgerTransactionId>,
    missing: bool,
}

/// Writes a posting, in the caller's transaction.
///
/// # Errors
/// `Unbalanced` when the database does not seal it: the caller must not commit.
pub async fn post(tx: &TenantTx, posting: &Posting) -> Result<Posted, LedgerError> {
    let mut written = write(tx, posting).await?;
    if written.missing {
        open_accounts(tx, posting).await?;
        written = write(tx, posting).await?;
    }
    match written.id {
        None if written.missing => Err(DbError::NoRow.into()),
        None => Ok(Posted::Known),
        Some(id) if seal(tx, id).await? => Ok(Posted::New(id)),
        Some(_) => Err(LedgerError::Unbalanced(posting.source_ref.clone())),
    }
}

/// What is frozen on an order about who gets what.
///
/// # Errors
/// `NoRow` where there is no such order.
pub async fn terms_of(tx: &TenantTx, order: OrderId) -> Result<SaleTerms, DbError> {
    tx.one(
        "select id as \"order\", performance_id as performance, currency, charge_model, total, application_fee
         from orders where tenant_id = $1 and id = $2",
        params![order],
    )
    .await
}

/// Writes the transaction and its entries where all accounts are there.
async fn write(tx: &TenantTx, posting: &Posting) -> Result<Written, DbError> {
    let entries = &posting.entries;
    let values = params![
        LedgerTransactionId::generate(),
        posting.kind,
        posting.source_ref.as_str(),
        posting.order,
        posting.performance,
        posting.effective_at,
        posting.reverses.as_deref(),
        entries.iter().map(|entry| entry.account.kind.as_str().to_owned()).collect::<Vec<_>>(),
        entries.iter().map(|entry| owner(entry.account)).collect::<Vec<Uuid>>(),
        entries.iter().map(|entry| entry.account.owner == Owner::Promoter).collect::<Vec<bool>>(),
        entries.iter().map(|entry| entry.currency.as_str().to_owned()).collect::<Vec<_>>(),
        entries.iter().map(|entry| entry.direction.as_str().to_owned()).collect::<Vec<_>>(),
        entries.iter().map(|entry| entry.amount).collect::<Vec<i64>>(),
    ];
    tx.one(WRITE, values).await
}

const WRITE: &str = "with given as (
         select g.line, g.direction, g.amount, a.id as account
         from unnest($9::text[], $10::uuid[], $11::bool[], $12::text[], $13::text[], $14::bigint[])
              with ordinality g (kind, owner, promoters, currency, direction, amount, line)
         left join recipients r on g.promoters and r.tenant_id = $1 and r.kind = 'promoter'
         left join ledger_accounts a on a.tenant_id = $1 and a.kind = g.kind and a.currency = g.currency
             and a.owner_id = case when g.promoters then r.id else g.owner end
     ), made as (
         insert into ledger_transactions as t (tenant_id, id, kind, source_ref, order_id, performance_id, effective_at, reverses_id)
         select $1, $2, $3, $4, $5, $6, coalesce($7, marquee_now()),
             (select o.id from ledger_transactions o where o.tenant_id = $1 and o.source_ref = $8)
         where not exists (select 1 from given where account is null)
         on conflict (tenant_id, source_ref) do nothing
         returning t.id
     ), entered as (
         insert into ledger_entries as e (tenant_id, transaction_id, line, account_id, direction, amount)
         select $1, m.id, g.line, g.account, g.direction, g.amount from given g cross join made m
     )
     select (select id from made) as id, exists (select 1 from given where account is null) as missing";

/// Seals a transaction that balances in each currency.
async fn seal(tx: &TenantTx, id: LedgerTransactionId) -> Result<bool, DbError> {
    let rows = tx
        .execute(
            "update ledger_transactions t set sealed_at = marquee_now()
             where t.tenant_id = $1 and t.id = $2 and t.sealed_at is null
               and 2 <= (select count(*) from ledger_entries e where e.tenant_id = $1 and e.transaction_id = $2)
               and not exists (
                   select 1 from ledger_entries e
                   join ledger_accounts a on a.tenant_id = $1 and a.id = e.account_id
                   where e.tenant_id = $1 and e.transaction_id = $2 group by a.currency
                   having sum(case e.direction when 'debit' then e.amount else -e.amount end) <> 0)",
            params![id],
        )
        .await?;
    Ok(rows == 1)
}

/// Opens the accounts of a posting, always in the same order. Others that open them at the same time are waited for.
async fn open_accounts(tx: &TenantTx, posting: &Posting) -> Result<(), DbError> {
    let mut accounts: Vec<(Account, &str)> =
        posting.entries.iter().map(|entry| (entry.account, entry.currency.as_str())).collect();
    accounts.sort_by_key(|(account, currency)| (account.kind.as_str(), owner(*account), *currency));
    accounts.dedup();
    if accounts.iter().any(|(account, _)| account.owner == Owner::Promoter) {
        tx.execute(
            "insert into recipients as r (tenant_id, id, kind, name, account)
             select $1, $2, 'promoter', t.name, t.payment_account from tenants t where t.id = $1
             on conflict (tenant_id) where kind = 'promoter' do nothing",
            params![RecipientId::generate()],
        )
        .await?;
    }
    tx.execute(
        "insert into ledger_accounts as a (tenant_id, id, kind, owner_id, currency, normal_side)
         select $1, g.id, g.kind, case when g.promoters then r.id else g.owner end, g.currency, g.side
         from unnest($2::uuid[], $3::text[], $4::uuid[], $5::bool[], $6::text[], $7::text[])
              g (id, kind, owner, promoters, currency, side)
         left join recipients r on g.promoters and r.tenant_id = $1 and r.kind = 'promoter'
         on conflict (tenant_id, kind, owner_id, currency) do nothing",
        params![
            accounts.iter().map(|_| LedgerAccountId::generate().0).collect::<Vec<Uuid>>(),
            accounts.iter().map(|(account, _)| account.kind.as_str().to_owned()).collect::<Vec<_>>(),
            accounts.iter().map(|(account, _)| owner(*account)).collect::<Vec<Uuid>>(),
            accounts.iter().map(|(account, _)| account.owner == Owner::Promoter).collect::<Vec<bool>>(),
            accounts.iter().map(|(_, currency)| (*currency).to_owned()).collect::<Vec<_>>(),
            accounts
                .iter()
                .map(|(account, _)| account.kind.normal_side().as_str().to_owned())
                .collect::<Vec<_>>(),
        ],
    )
    .await
    .map(drop)
}

/// As the column has it: the promoter's is known to the database.
fn owner(account: Account) -> Uuid {
    match account.owner {
        Owner::Recipient(recipient) => recipient.0,
        Owner::Nobody | Owner::Promoter => Uuid::nil(),
    }
}
