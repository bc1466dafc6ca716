//! The catalogue: every table keeps the rules that keep tenants apart, and the check sees one that does not.

use marquee_core::db::Tag;
use marquee_core::params;
use marquee_e2e::cluster::cluster;
use marquee_e2e::schema;
use marquee_e2e::wait::{seed, until};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::FromQueryResult;
use sqlx::{AssertSqlSafe, Connection};

#[tokio::test]
async fn every_table_keeps_tenants_apart() {
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    let mut owner = database.owner().await;
    assert_eq!(schema::faults(&mut owner).await, Vec::<String>::new());
    let tables = schema::tenants_tables(&mut owner).await;
    assert!(tables.len() >= 20 && tables.contains(&"units".to_owned()), "{tables:?}");
}

/// What a careless migration might do, and what the check must say about it.
const PLANTED: [(&str, &str); 14] = [
    (
        "create table planted (tenant_id uuid not null references tenants (id), id uuid, primary key (tenant_id, id))",
        "planted is not under row-level security",
    ),
    ("create table planted (id uuid primary key)", "planted has no `tenant_id uuid not null`"),
    (
        "create table planted (tenant_id uuid not null, id uuid primary key)",
        "planted has no primary key that begins with tenant_id",
    ),
    (
        "alter table units add constraint planted unique (id)",
        "units.planted has a unique key that does not begin",
    ),
    (
        "alter table holds add constraint planted_key unique (id);
      alter table order_lines add hold_id uuid constraint planted references holds (id)",
        "order_lines.planted has a foreign key that does not carry tenant_id",
    ),
    (
        "alter table orders drop constraint orders_hold_fkey, add constraint planted
      foreign key (tenant_id, hold_id) references holds (tenant_id, id) on delete set null",
        "orders.planted has a foreign key that sets values",
    ),
    (
        "alter table tickets force row level security",
        "tickets is not under row-level security, or under FORCE",
    ),
    (
        "alter table tickets disable row level security",
        "tickets is not under row-level security, or under FORCE",
    ),
    ("drop policy tenant_isolation on holds", "holds lacks the policy of the application's role"),
    (
        "create policy planted on holds for select to marquee_app using (true)",
        "holds.planted has a policy that is not the tenant's",
    ),
    (
        "create policy planted on holds to marquee_app using (exists (select 1 from tenants))",
        "holds.planted has a policy with a subquery",
    ),
    (
        "create function planted() returns trigger language plpgsql as 'begin return new; end';
      create trigger planted before insert on units for each row execute function planted()",
        "units.planted has a trigger",
    ),
    ("grant update on scans to marquee_app", "marquee_app scans of the append-only kind may be changed"),
    ("create view planted as select * from orders", "planted is a view, which would run as its owner"),
];

#[tokio::test]
async fn a_planted_fault_is_seen() {
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    for (planted, expected) in PLANTED {
        let mut owner = database.owner().await;
        let mut tx = owner.begin().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(planted))
            .execute(&mut *tx)
            .await
            .unwrap_or_else(|error| panic!("{planted}: {error}"));
        let faults = schema::faults(&mut tx).await;
        assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{planted}\n{faults:#?}");
        tx.rollback().await.unwrap();
    }
}

#[derive(Debug, FromQueryResult)]
struct Setting {
    tenant: Option<String>,
}

const CANCELLED: Tag = Tag::new("test.cancelled");

/// A `begin` that nobody waits for any more leaves neither an open transaction nor its tenant behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_begins_leak_nothing() {
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    let db = database.db(6).await;
    let (a, b) = (cluster.fixtures.a.id.parse().unwrap(), cluster.fixtures.b.id.parse().unwrap());
    let mut random = StdRng::seed_from_u64(seed("cancelled_begins_leak_nothing"));
    let mut cancelled = 0;
    while cancelled < 400 {
        let tries = (0..20).map(|_| {
            let (db, wait) = (db.clone(), std::time::Duration::from_micros(random.random_range(0..2_000)));
            tokio::spawn(async move { tokio::time::timeout(wait, db.begin(a, CANCELLED)).await.is_err() })
        });
        for one in futures::future::join_all(tries).await {
            cancelled += usize::from(one.unwrap());
        }
        // Whoever comes next gets their own tenant, or none.
        let tx = db.begin_without_tenant(CANCELLED).await.unwrap();
        let found: Option<Setting> = tx
            .optional("select nullif(current_setting('app.tenant_id', true), '') as tenant", params![])
            .await
            .unwrap();
        assert_eq!(found.unwrap().tenant, None, "a tenant was left behind");
        tx.commit().await.unwrap();
        let tx = db.begin(b, CANCELLED).await.unwrap();
        let found: Setting = tx
            .one("select current_setting('app.tenant_id') as tenant where $1 is not null", params![])
            .await
            .unwrap();
        assert_eq!(found.tenant, Some(cluster.fixtures.b.id.clone()));
    }
    let open = format!(
        "select count(*) from pg_stat_activity where datname = '{}' and usename = 'marquee_app' and xact_start is not null",
        database.name
    );
    let mut app = database.app().await;
    until("no transaction to be open", 5, async || {
        // This question's own transaction is one.
        (marquee_e2e::database::texts(&mut app, &open).await.unwrap() == ["1"]).then_some(())
    })
    .await;
}
