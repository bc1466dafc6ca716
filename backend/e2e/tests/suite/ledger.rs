//! The ledger as its own crate writes it: each posting whole, once, sealed by the database, and not to be changed by the
//! role that wrote it.

use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::{OrderId, PerformanceId, TenantId};
use marquee_e2e::cluster::cluster;
use marquee_e2e::database::Database;
use marquee_e2e::wait::seed;
use marquee_entity::money::{AccountKind, Direction, PostingKind};
use marquee_entity::tenancy::ChargeModel;
use marquee_payments::ledger::{self, Account, Entry, LedgerError, Posted, Posting, SaleTerms};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::{AssertSqlSafe, Connection};

const TEST: Tag = Tag::new("test.ledger");

/// Terms of no order of the database: what is posted by them names none.
fn terms(total: i64, application_fee: i64) -> SaleTerms {
    SaleTerms {
        order: OrderId::generate(),
        performance: PerformanceId::generate(),
        currency: "EUR".parse().unwrap(),
        charge_model: ChargeModel::Direct,
        total,
        application_fee,
    }
}

fn of_nothing(mut posting: Posting) -> Posting {
    (posting.order, posting.performance) = (None, None);
    posting
}

async fn post(db: &Db, tenant: TenantId, posting: &Posting) -> Result<Posted, LedgerError> {
    let tx = db.begin(tenant, TEST).await?;
    let posted = ledger::post(&tx, posting).await?;
    tx.commit().await?;
    Ok(posted)
}

/// Debits less credits of each account.
async fn balances(database: &Database, tenant: &str) -> Vec<String> {
    database
        .texts(&format!(
            "select a.kind || ' ' || a.currency || ' '
                    || sum(case e.direction when 'debit' then e.amount else -e.amount end)
             from ledger_entries e join ledger_accounts a on a.tenant_id = e.tenant_id and a.id = e.account_id
             where e.tenant_id = '{tenant}' group by a.kind, a.currency, a.owner_id order by 1"
        ))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postings_of_many_at_once_are_written_once_each() {
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    let db = database.db(12).await;
    let tenant: TenantId = cluster.fixtures.a.id.parse().unwrap();
    let mut random = StdRng::seed_from_u64(seed("postings_of_many_at_once_are_written_once_each"));
    // Nobody has an account yet: all of them open the same ones.
    let sale = terms(10_000, 350);
    let mut all = Vec::new();
    for n in 0..20 {
        all.push(of_nothing(ledger::capture(&sale, &format!("pi_{n}"))));
        all.push(of_nothing(ledger::refund(&sale, &format!("re_{n}"), 10_000, 0)));
        all.extend(ledger::processing_fee(None, &format!("txn_{n}"), 175, &sale.currency));
    }
    let mut twice: Vec<Posting> = all.iter().chain(&all).cloned().collect();
    for at in (1..twice.len()).rev() {
        twice.swap(at, random.random_range(0..=at));
    }
    let tasks = twice.into_iter().map(|posting| {
        let db = db.clone();
        tokio::spawn(async move { post(&db, tenant, &posting).await.unwrap() })
    });
    let done = futures::future::join_all(tasks).await;
    let new = done.iter().filter(|posted| matches!(posted.as_ref().unwrap(), Posted::New(_))).count();
    assert_eq!(new, all.len());
    assert_eq!(
        balances(&database, &cluster.fixtures.a.id).await,
        [
            "payable EUR 0",
            "platform_fee_revenue EUR 0",
            "processing_fee_expense EUR 3500",
            "stripe_pending EUR -3500"
        ]
    );
    assert_eq!(database.number("select count(*) from ledger_transactions where sealed_at is null").await, 0);
    assert_eq!(database.number("select count(*) from recipients").await, 1);
}

#[tokio::test]
async fn what_does_not_balance_is_not_sealed() {
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    let db = database.db(3).await;
    let tenant: TenantId = cluster.fixtures.a.id.parse().unwrap();
    let line = |kind, direction, amount, currency: &str| Entry {
        account: Account::of(kind),
        direction,
        amount,
        currency: currency.parse().unwrap(),
    };
    let debit = |amount, currency| line(AccountKind::StripePending, Direction::Debit, amount, currency);
    let credit = |amount, currency| line(AccountKind::UnallocatedSales, Direction::Credit, amount, currency);
    for (entries, name) in [
        (vec![debit(100, "EUR"), credit(99, "EUR")], "a cent short"),
        (vec![debit(100, "EUR"), credit(100, "USD")], "in two currencies"),
        (vec![debit(100, "EUR")], "one side alone"),
        (vec![], "nothing"),
        (vec![debit(100, "EUR"), debit(100, "EUR")], "the same side twice"),
    ] {
        let posting = Posting {
            kind: PostingKind::Correction,
            source_ref: name.to_owned(),
            order: None,
            performance: None,
            effective_at: None,
            reverses: None,
            entries,
        };
        let refused = post(&db, tenant, &posting).await;
        assert!(matches!(&refused, Err(LedgerError::Unbalanced(source)) if source == name), "{refused:?}");
    }
    // An amount of nothing is refused by the column.
    let none = Posting {
        entries: vec![debit(0, "EUR"), credit(0, "EUR")],
        ..ledger::processing_fee(None, "txn_1", 1, &"EUR".parse().unwrap()).unwrap()
    };
    let refused = post(&db, tenant, &none).await;
    assert!(matches!(refused, Err(LedgerError::Db(DbError::Other(_)))), "{refused:?}");
    assert_eq!(database.number("select count(*) from ledger_transactions").await, 0);
    assert_eq!(database.number("select count(*) from ledger_entries").await, 0);
}

#[tokio::test]
async fn what_is_posted_cannot_be_changed_by_who_posted_it() {
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    let db = database.db(3).await;
    let tenant: TenantId = cluster.fixtures.a.id.parse().unwrap();
    post(&db, tenant, &of_nothing(ledger::capture(&terms(10_000, 350), "pi_1"))).await.unwrap();
    let mut app = database.app().await;
    for attempt in [
        "update ledger_entries set amount = amount + 1",
        "update ledger_entries set direction = 'debit'",
        "delete from ledger_entries",
        "truncate ledger_entries",
        "update ledger_transactions set source_ref = 'x'",
        "update ledger_transactions set effective_at = effective_at - interval '1 day'",
        "update ledger_transactions set sealed_at = null, kind = 'correction'",
        "delete from ledger_transactions",
        "update ledger_accounts set normal_side = 'credit'",
        "delete from ledger_accounts",
        "update provider_movements set amount = 0",
        "delete from provider_movements",
        "delete from reconciliation_breaks",
    ] {
        let mut tx = app.begin().await.unwrap();
        let tenant = format!("set local app.tenant_id = '{tenant}'");
        sqlx::raw_sql(AssertSqlSafe(tenant)).execute(&mut *tx).await.unwrap();
        match sqlx::raw_sql(attempt).execute(&mut *tx).await {
            Err(sqlx::Error::Database(error)) => {
                assert_eq!(error.code().as_deref(), Some("42501"), "{attempt}: {error}");
            }
            done => panic!("{attempt}: {done:?}"),
        }
        tx.rollback().await.unwrap();
    }
}
