//! How Postgres plans what reaches rows that buyers fight over: by id, one by one, never by a scan of the table or a walk of
//! its primary key, with most of a house free and with most of it held, and also when the house is new.

use marquee_core::db::SESSION_SETTINGS;
use marquee_e2e::cluster::cluster;
use marquee_e2e::database::Database;
use marquee_e2e::fixtures::{self, Terms};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

const UNITS: usize = 60_000;

/// Tables that buyers fight over, the largest first.
const HOT: [&str; 3] = ["units", "holds", "claims"];

#[tokio::test]
async fn a_claim_reaches_units_by_id() {
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    let tenant = cluster.fixtures.a.clone();
    let floor = fixtures::floor(&database, &tenant, UNITS, &Terms::default()).await;
    // While few are held the tables of holds are small, and reading them by key or whole is the same.
    for (free, hot) in [(95, &HOT[..1]), (5, &HOT[..])] {
        hold_all_but(&database, &floor.id, free).await;
        for wanted in [1, 500] {
            for mode in ["force_custom_plan", "force_generic_plan"] {
                let plans = plans(&database, &tenant.id, &floor.id, wanted, mode).await;
                let faults: Vec<String> = plans.iter().flat_map(|plan| faults_of(plan, hot)).collect();
                assert_eq!(faults, Vec::<String>::new(), "{free} % free, {wanted} units, {mode}");
            }
        }
    }
}

/// A house that sells its first thousand seats: nobody has looked at its tables yet, all of whose keys begin with the one
/// tenant that there is. The program has them looked at, and a plan that was made before is made anew.
#[tokio::test]
async fn a_young_table_is_reached_by_key() {
    const BY_ID: &str = "select h.state from holds h where h.tenant_id = $1 and h.id = $2";
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    // Autovacuum shall not come first.
    database.run("alter table holds set (autovacuum_enabled = false)").await;
    let tenant = cluster.fixtures.a.clone();
    let floor = fixtures::floor(&database, &tenant, 1_000, &Terms::default()).await;
    let mut app = session(&database, &tenant.id, "force_generic_plan").await;
    run(&mut app, &format!("prepare by_id (uuid, uuid) as {BY_ID}")).await;
    let asked = format!("explain (format json) execute by_id ('{}', gen_random_uuid())", tenant.id);
    plan_of(&mut app, &asked).await;
    for (held, looked_at) in [(5, true), (200, true), (1_000, true), (1_000, false)] {
        fill(&database, &tenant.id, &floor.id, held).await;
        let mut young = Vec::new();
        while let Some(table) = analyze_one(&mut app).await {
            young.push(table);
        }
        assert_eq!(young.contains(&"public.holds".to_owned()), looked_at, "{held} holds: {young:?}");
    }
    let plan = plan_of(&mut app, &asked).await;
    assert_eq!(faults_of(&plan, &["holds"]), Vec::<String>::new());
    assert!(plan.to_string().contains("holds_pkey"), "{plan}");
    let shares = "select n_distinct::text from pg_stats where tablename = 'holds' and attname = 'tenant_id'";
    assert_eq!(database.text(shares).await, "10", "no sample makes the tenant look like a key");
}

async fn analyze_one(app: &mut PgConnection) -> Option<String> {
    sqlx::query_scalar("select app.analyze_young_table()").fetch_one(app).await.unwrap()
}

/// Holds of a performance, up to so many.
async fn fill(database: &Database, tenant: &str, performance: &str, held: usize) {
    database
        .run(&format!(
            "insert into holds (tenant_id, id, performance_id, strategy, expires_at, total, currency, idempotency_key, fingerprint)
             select '{tenant}', gen_random_uuid(), '{performance}', 'ttl', marquee_now(), 0, 'EUR', n::text, ''
             from generate_series(1, {held}) n on conflict do nothing"
        ))
        .await;
}

/// The check itself sees a scan and a walk.
#[tokio::test]
async fn the_check_sees_a_scan() {
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    let tenant = &cluster.fixtures.a.id;
    let mut app = session(&database, tenant, "force_custom_plan").await;
    for (setting, sql) in [
        ("enable_seqscan", "select u.id from units u where u.tenant_id = $1 and u.id = any($2::uuid[])"),
        ("enable_indexscan", "select u.id from units u where u.tenant_id = $1 order by u.id"),
        ("enable_bitmapscan", "select u.state from units u where u.tenant_id = $1"),
    ] {
        // Only the scan, or only the walk of an index, is left to the planner.
        for other in
            ["enable_seqscan", "enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan", "enable_sort"]
        {
            let on = if other == setting { "on" } else { "off" };
            run(&mut app, &format!("set {other} = {on}")).await;
        }
        let args = format!("'{tenant}', array[]::uuid[]");
        let types = if sql.contains("$2") { "uuid, uuid[]" } else { "uuid" };
        let args = if sql.contains("$2") { args } else { format!("'{tenant}'") };
        let plan = explain(&mut app, types, sql, &args).await;
        assert!(!faults_of(&plan, &HOT[..1]).is_empty(), "{setting}: {plan}");
    }
}

async fn hold_all_but(database: &Database, performance: &str, free: usize) {
    database
        .run(&format!(
            "with h as (
                 insert into holds (tenant_id, id, performance_id, strategy, expires_at, total, currency, idempotency_key, fingerprint)
                 select u.tenant_id, gen_random_uuid(), u.performance_id, 'ttl', marquee_now() + interval '10 minutes', 0, 'EUR',
                        u.id::text, '' from units u
                 where u.performance_id = '{performance}' and u.state = 'free' and u.rank % 100 >= {free}
                 returning tenant_id, id, idempotency_key::uuid as unit
             ), c as (
                 insert into claims (tenant_id, hold_id, unit_id, performance_id, price_level_id, ticket_type_id, place, face, fees, tax)
                 select h.tenant_id, h.id, h.unit, u.performance_id, u.price_level_id, gen_random_uuid(), 0, 0, 0, 0
                 from h join units u on u.tenant_id = h.tenant_id and u.id = h.unit
             )
             update units u set state = 'held', hold_id = h.id, expires_at = marquee_now() + interval '10 minutes'
             from h where u.tenant_id = h.tenant_id and u.id = h.unit"
        ))
        .await;
    for table in HOT {
        database.run(&format!("vacuum analyze {table}")).await;
    }
}

async fn plans(
    database: &Database,
    tenant: &str,
    performance: &str,
    wanted: usize,
    mode: &str,
) -> Vec<Value> {
    let of = |column: &str| {
        format!(
            "(select array(select {column} from units where performance_id = '{performance}' and {column} is not null limit {wanted}))"
        )
    };
    let units = database.text(&format!("select {}::text", of("id"))).await;
    let holds = database.text(&format!("select {}::text", of("hold_id"))).await;
    let (units, holds) = (format!("'{units}'"), format!("'{holds}'"));
    let each = |value: &str| format!("array_fill({value}, array[{wanted}])");
    let performances = each(&format!("'{performance}'::uuid"));
    let seconds = each("600::float8");
    let mut app = session(database, tenant, mode).await;
    let mut plans = Vec::new();
    for (name, sql) in marquee_inventory::strategy::statements() {
        let (types, args) = match name {
            "ttl" | "skip_locked" => (
                "uuid, uuid[], uuid[], uuid[], float8[]",
                format!("'{tenant}', {units}, {units}, {performances}, {seconds}"),
            ),
            "alone" | "alone_skip_locked" => (
                "uuid, uuid, uuid, uuid, float8, bigint, text, text, bytea, text, uuid, uuid, bigint, bigint, bigint",
                format!(
                    "'{tenant}', ({units}::uuid[])[1], '{tenant}', '{performance}', 600, 1, 'EUR', 'key', '', 'ttl', \
                     '{tenant}', '{tenant}', 1, 0, 0"
                ),
            ),
            "row_lock" => {
                ("uuid, uuid[], uuid[]", format!("'{tenant}', {units}, array['{performance}']::uuid[]"))
            }
            "row_lock_update" => {
                ("uuid, uuid[], uuid[], float8[]", format!("'{tenant}', {units}, {units}, {seconds}"))
            }
            "redis_open" => ("uuid, uuid, float8", format!("'{tenant}', '{performance}', 600")),
            "redis_refused" | "redis_units" | "lapsed" => ("uuid, uuid[]", format!("'{tenant}', {units}")),
            "record" => (
                "uuid, text, uuid[], uuid[], uuid[], timestamptz[], bigint[], text[], text[], text[], bigint[], \
                 uuid[], uuid[], uuid[], uuid[], uuid[], int[], bigint[], bigint[], bigint[], uuid[], text[]",
                format!(
                    "'{tenant}', 'ttl', array['{performance}']::uuid[], {performances}, {units}, {}, {}, {}, {units}, {}, {}, \
                     {performances}, {units}, {units}, {performances}, {performances}, {}, {}, {}, {}, {performances}, {units}",
                    each("marquee_now()"),
                    each("1::bigint"),
                    each("'EUR'::text"),
                    each("''::text"),
                    each("0::bigint"),
                    each("0"),
                    each("1::bigint"),
                    each("0::bigint"),
                    each("0::bigint"),
                ),
            ),
            "give_back" => ("uuid, uuid[], uuid[]", format!("'{tenant}', {units}, {holds}")),
            "block" => ("uuid, uuid, uuid[]", format!("'{tenant}', '{performance}', {units}")),
            "expire" => ("uuid, uuid[]", format!("'{tenant}', {holds}")),
            "earlier" => ("uuid, uuid[], text[]", format!("'{tenant}', {performances}, {units}")),
            other => panic!("how is `{other}` called?"),
        };
        plans.push(explain(&mut app, types, &sql, &args).await);
    }
    plans
}

/// A session as the program has them.
async fn session(database: &Database, tenant: &str, mode: &str) -> PgConnection {
    let mut app = database.app().await;
    for (name, value) in SESSION_SETTINGS {
        run(&mut app, &format!("set {name} = '{value}'")).await;
    }
    run(&mut app, &format!("set app.tenant_id = '{tenant}'; set plan_cache_mode = {mode}")).await;
    app
}

async fn run(session: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(session).await.unwrap();
}

async fn explain(session: &mut PgConnection, types: &str, sql: &str, args: &str) -> Value {
    let mut tx = session.begin().await.unwrap();
    run(&mut tx, &format!("prepare claim ({types}) as {sql}")).await;
    let plan = plan_of(&mut tx, &format!("explain (format json) execute claim ({args})")).await;
    run(&mut tx, "deallocate claim").await;
    tx.rollback().await.unwrap();
    plan
}

async fn plan_of(session: &mut PgConnection, asked: &str) -> Value {
    let told = sqlx::raw_sql(AssertSqlSafe(asked.to_owned())).fetch_one(session).await;
    let plan: String = told.unwrap_or_else(|error| panic!("{asked}: {error}")).get_unchecked(0);
    serde_json::from_str(&plan).unwrap()
}

/// Hot tables that are read otherwise than by a key.
fn faults_of(plan: &Value, hot: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    visit(plan, hot, &mut faults);
    faults
}

fn visit(node: &Value, hot: &[&str], faults: &mut Vec<String>) {
    match node {
        Value::Array(all) => all.iter().for_each(|one| visit(one, hot, faults)),
        Value::Object(map) => {
            let text = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
            let (kind, table, condition) = (text("Node Type"), text("Relation Name"), text("Index Cond"));
            // The heap half of a bitmap scan: its index half, which names no table, is judged by its index.
            let index = text("Index Name").split('_').next().unwrap_or_default();
            let read = hot.contains(&table) && !matches!(kind, "ModifyTable" | "Bitmap Heap Scan")
                || kind == "Bitmap Index Scan" && hot.contains(&index);
            let by_key = ["(id = ", "unit_id = ", "hold_id = ", "idempotency_key = "];
            if read && !by_key.iter().any(|key| condition.contains(key)) {
                faults.push(format!("{kind} on {table} {condition}"));
            }
            map.values().for_each(|one| visit(one, hot, faults));
        }
        _ => {}
    }
}
