//! The rules every table has to keep, read from the database's own catalogue. They are what keeps tenants apart when the
//! code above is wrong, and what a database distributed by tenant asks for.

use sqlx::PgConnection;

use crate::database::texts;

/// Tables that belong to no tenant: small look-ups and the platform's own. A new one has to be named here.
const GLOBAL: &str = "'tenants', 'domains', 'platform_staff', 'platform_sessions', 'audit_log',
                      'unmatched_provider_events', 'seaql_migrations'";
/// The narrow questions that may be asked before there is a tenant.
const DEFINERS: &str = "'app.tenancy', 'app.tenancy_version', 'app.tenant_by_account', 'app.store_unmatched_event', 'app.analyze_young_table'";

/// A rule: what is wrong, and a query for where.
struct Rule(&'static str, String);

fn rules() -> Vec<Rule> {
    let tenants_tables = format!(
        "pg_class t join pg_namespace n on n.oid = t.relnamespace
         where n.nspname = 'public' and t.relkind in ('r', 'p') and t.relname not in ({GLOBAL})"
    );
    let first_is_tenant = "(select a.attname from pg_attribute a where a.attrelid = t.oid and a.attnum = (i.indkey::int2[])[0]) = 'tenant_id'";
    vec![
        Rule(
            "has no `tenant_id uuid not null`",
            format!(
                "select t.relname from {tenants_tables} and not exists (
                     select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnotnull
                       and a.atttypid = 'uuid'::regtype)"
            ),
        ),
        Rule(
            "has no primary key that begins with tenant_id",
            format!(
                "select t.relname from {tenants_tables} and not exists (
                     select 1 from pg_index i where i.indrelid = t.oid and i.indisprimary and {first_is_tenant})"
            ),
        ),
        Rule(
            "has a unique key that does not begin with tenant_id",
            format!(
                "select t.relname || '.' || c.relname from {}",
                tenants_tables.replacen(
                    "where",
                    "join pg_index i on i.indrelid = t.oid join pg_class c on c.oid = i.indexrelid where i.indisunique and",
                    1
                ) + &format!(" and not {first_is_tenant}")
            ),
        ),
        Rule(
            "does not belong to a tenant by foreign key",
            format!(
                // What every buyer writes has none: see the migrations.
                "select t.relname from {tenants_tables}
                   and t.relname not in ('holds', 'claims', 'idempotency_keys', 'provider_events', 'outbox') and not exists (
                     select 1 from pg_constraint k where k.conrelid = t.oid and k.contype = 'f'
                       and (k.confrelid = 'public.tenants'::regclass
                            or (select a.attname from pg_attribute a
                                where a.attrelid = k.confrelid and a.attnum = k.confkey[1]) = 'tenant_id'))"
            ),
        ),
        Rule(
            "has a foreign key that does not carry tenant_id",
            format!(
                "select t.relname || '.' || k.conname from {}",
                tenants_tables.replacen(
                    "where",
                    "join pg_constraint k on k.conrelid = t.oid and k.contype = 'f' where not (
                         (select a.attname from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[1]) = 'tenant_id'
                         and (select a.attname from pg_attribute a where a.attrelid = k.confrelid and a.attnum = k.confkey[1])
                             = case when k.confrelid = 'public.tenants'::regclass then 'id' else 'tenant_id' end) and",
                    1
                )
            ),
        ),
        Rule(
            "has a foreign key that sets values",
            "select k.conrelid::regclass || '.' || k.conname from pg_constraint k
             where k.contype = 'f' and (k.confdeltype in ('n', 'd') or k.confupdtype in ('n', 'd'))"
                .to_owned(),
        ),
        Rule(
            "is not under row-level security, or under FORCE",
            format!("select t.relname from {tenants_tables} and (not t.relrowsecurity or t.relforcerowsecurity)"),
        ),
        Rule(
            "lacks the policy of the application's role",
            format!(
                "select t.relname from {tenants_tables} and not exists (
                     select 1 from pg_policies p where p.schemaname = 'public' and p.tablename = t.relname
                       and p.roles = '{{marquee_app}}' and p.cmd = 'ALL' and p.permissive = 'PERMISSIVE'
                       and p.qual = '(tenant_id = app.current_tenant())' and p.with_check = p.qual)"
            ),
        ),
        Rule(
            "has a policy that is not the tenant's or the platform's",
            format!(
                "select t.relname || '.' || p.policyname from {}",
                tenants_tables.replacen(
                    "where",
                    "join pg_policies p on p.schemaname = 'public' and p.tablename = t.relname where not (
                         p.roles = '{marquee_app}' and p.qual = '(tenant_id = app.current_tenant())'
                         or p.roles = '{marquee_platform}' and p.cmd = 'SELECT' and p.qual = 'true') and",
                    1
                )
            ),
        ),
        Rule(
            "has a policy with a subquery",
            "select p.tablename || '.' || p.policyname from pg_policies p
             where concat(p.qual, ' ', p.with_check) ~* '\\mselect\\M'"
                .to_owned(),
        ),
        Rule(
            "belongs to a role of the program",
            "select t.relname from pg_class t join pg_namespace n on n.oid = t.relnamespace
             where n.nspname in ('public', 'app') and pg_get_userbyid(t.relowner) in ('marquee_app', 'marquee_platform')"
                .to_owned(),
        ),
        Rule(
            "has a trigger",
            "select t.tgrelid::regclass || '.' || t.tgname from pg_trigger t where not t.tgisinternal".to_owned(),
        ),
        Rule(
            "grants the platform more than reading",
            format!(
                "select t.relname from {tenants_tables}
                     and has_table_privilege('marquee_platform', t.oid, 'insert, update, delete, truncate')"
            ),
        ),
        Rule(
            "grants the application truncate, references or trigger",
            format!(
                "select t.relname from {tenants_tables}
                     and has_table_privilege('marquee_app', t.oid, 'truncate, references, trigger')"
            ),
        ),
        Rule(
            "of the platform's own may be touched by the application",
            "select t.relname from pg_class t where t.relnamespace = 'public'::regnamespace
                 and t.relname in ('platform_staff', 'platform_sessions', 'audit_log', 'unmatched_provider_events')
                 and has_table_privilege('marquee_app', t.oid, 'select, insert, update, delete')"
                .to_owned(),
        ),
        Rule(
            "of the append-only kind may be changed",
            "select r.role || ' ' || t.relname from pg_class t cross join (values ('marquee_app'), ('marquee_platform')) r (role)
             where t.relnamespace = 'public'::regnamespace and t.relname in ('scans', 'audit_log', 'ledger_accounts', 'ledger_entries', 'provider_movements',
                   'payment_steps', 'refund_tickets')
               and has_table_privilege(r.role, t.oid, 'update, delete')"
                .to_owned(),
        ),
        Rule(
            "is a view, which would run as its owner",
            "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
               and not coalesce('security_invoker=true' = any(c.reloptions), false)"
                .to_owned(),
        ),
        Rule(
            "is a SECURITY DEFINER function that nobody listed",
            format!(
                "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                 where n.nspname in ('public', 'app') and p.prosecdef and n.nspname || '.' || p.proname not in ({DEFINERS})"
            ),
        ),
        Rule(
            "is a role that could step around row-level security",
            "select r.rolname from pg_roles r where r.rolname in ('marquee_app', 'marquee_platform', 'marquee_owner')
               and (r.rolsuper or r.rolbypassrls or r.rolreplication)"
                .to_owned(),
        ),
        Rule(
            "is a role inside the owner's",
            "select pg_get_userbyid(m.member) from pg_auth_members m
             where pg_get_userbyid(m.member) in ('marquee_app', 'marquee_platform')"
                .to_owned(),
        ),
    ]
}

/// Every breach of every rule: `table: what is wrong`.
///
/// # Panics
/// When the catalogue cannot be read.
pub async fn faults(owner: &mut PgConnection) -> Vec<String> {
    let mut faults = Vec::new();
    for Rule(what, sql) in rules() {
        let found = texts(owner, &format!("select x.* from ({sql}) x (name) order by 1")).await;
        let found = found.unwrap_or_else(|error| panic!("{what}: {error}\n{sql}"));
        faults.extend(found.into_iter().map(|name| format!("{name} {what}")));
    }
    faults
}

/// The tenants' tables.
///
/// # Panics
/// When the catalogue cannot be read.
pub async fn tenants_tables(owner: &mut PgConnection) -> Vec<String> {
    let sql = format!(
        "select t.relname::text from pg_class t where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p')
         and t.relname not in ({GLOBAL}) order by 1"
    );
    texts(owner, &sql).await.unwrap()
}
