-- The three roles are made by whoever owns the cluster (see migrations/roles.sql): the program's own two own nothing.
create schema app;
grant usage on schema app to marquee_app, marquee_platform;

-- The tenant of the running transaction. Unset or empty it raises, so that every policy fails closed.
create function app.current_tenant() returns uuid language sql stable parallel safe
    as $$ select current_setting('app.tenant_id')::uuid $$;

-- SET LOCAL, not set_config(): only a SET command travels to the shards of a distributed database.
create function app.set_tenant(p_tenant uuid) returns void language plpgsql
    as $$ begin execute format('set local app.tenant_id = %L', p_tenant); end $$;

-- The time at the moment of evaluation: now() stands still while a statement waits for a lock.
create function public.marquee_now() returns timestamptz language sql volatile parallel safe
    as $$ select clock_timestamp() $$;

-- Shifts marquee_now() for tests. It redefines the function, so only its owner can do it.
create procedure app.set_clock_offset(p_offset interval) language plpgsql as $$
begin
    execute format(
        'create or replace function public.marquee_now() returns timestamptz language sql volatile parallel safe as $f$ select clock_timestamp() + %L::interval $f$',
        p_offset);
end $$;
revoke all on procedure app.set_clock_offset(interval) from public;

-- Puts a tenant's table under row-level security and grants the application what it needs of it.
-- ENABLE without FORCE: the owner never serves requests, and FORCE stops a distributed database's online moves.
-- Every key begins with the tenant, so the planner must never take the tenant for one: in a sample of few rows it looks like one.
create procedure app.protect(p_table regclass, p_grants text) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('create policy tenant_isolation on %s for all to marquee_app
        using (tenant_id = app.current_tenant()) with check (tenant_id = app.current_tenant())', p_table);
    execute format('create policy platform_crosses_tenants on %s for select to marquee_platform using (true)', p_table);
    execute format('grant %s on %s to marquee_app', p_grants, p_table);
    execute format('grant select on %s to marquee_platform', p_table);
    execute format('alter table %s alter column tenant_id set (n_distinct = 10)', p_table);
end $$;
revoke all on procedure app.protect(regclass, text) from public;

-- Makes statistics of a table that is young, never looked at or small when last looked at and more than doubled since;
-- answers its name, or none. Autovacuum looks once a minute and passes over what has less than fifty new rows; a sale that
-- begins in a new house cannot wait for that, and until then its plans would walk all that a tenant has. One table in a
-- transaction: what an analysis finds is undone with it, but not that there was one. The larger the likelier: one that somebody else works on is left to them, and does not keep the others waiting.
create function app.analyze_young_table() returns text language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp as $$
declare
    young pg_catalog.text;
begin
    select pg_catalog.format('%I.%I', t.nspname, t.relname) into young from (
        select n.nspname, c.relname, c.reltuples, c.relpages,
               pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int4 as pages
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_roles r on r.oid = c.relowner and r.rolname = current_user
        where c.relkind = 'r' and n.nspname = 'public') t
    where t.pages > 0 and (t.reltuples < 0 or t.pages > 2 * t.relpages and t.relpages < 256)
    order by t.pages * pg_catalog.random() desc limit 1;
    if young is not null then
        execute 'analyze (skip_locked) ' || young;
    end if;
    return young;
end $$;
revoke all on function app.analyze_young_table() from public;
grant execute on function app.analyze_young_table() to marquee_app;
