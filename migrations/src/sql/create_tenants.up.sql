-- Global look-ups: small, rarely written, the same on every node of a distributed database.
create table tenants (
    id uuid not null,
    slug text not null,
    name text not null,
    legal_name text not null,
    status text not null default 'active',
    currency text not null,
    timezone text not null,
    locale text not null,
    theme text not null,
    theme_settings jsonb not null default '{}',
    support_email text not null,
    mail_from text not null,
    postal_address text not null,
    payment_account text,
    charge_model text not null default 'direct',
    platform_fee_bps integer not null default 0,
    platform_fee_fixed bigint not null default 0,
    created_at timestamptz not null default marquee_now(),
    updated_at timestamptz not null default marquee_now(),
    constraint tenants_pkey primary key (id),
    constraint tenants_slug_key unique (slug),
    constraint tenants_payment_account_key unique (payment_account),
    constraint tenants_status_check check (status in ('active', 'suspended')),
    constraint tenants_charge_model_check check (charge_model in ('direct', 'separate_transfers')),
    constraint tenants_currency_check check (currency ~ '^[A-Z]{3}$'),
    constraint tenants_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$'),
    constraint tenants_fee_check check (platform_fee_bps between 0 and 5000 and platform_fee_fixed >= 0)
);

create table domains (
    host text not null,
    tenant_id uuid not null,
    is_primary boolean not null default false,
    verified_at timestamptz,
    created_at timestamptz not null default marquee_now(),
    updated_at timestamptz not null default marquee_now(),
    constraint domains_pkey primary key (host),
    constraint domains_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint domains_host_check check (host = lower(host) and host !~ '[:/\s]' and length(host) <= 253)
);
create unique index domains_primary_key on domains (tenant_id) where is_primary;

create table platform_staff (
    id uuid not null,
    email text not null,
    name text not null,
    password_hash text not null,
    created_at timestamptz not null default marquee_now(),
    constraint platform_staff_pkey primary key (id),
    constraint platform_staff_email_key unique (email)
);

-- What crossed tenants or was done by hand, by whom. Append only.
create table audit_log (
    id uuid not null,
    at timestamptz not null default marquee_now(),
    actor text not null,
    action text not null,
    about_tenant uuid,
    details jsonb not null default '{}',
    constraint audit_log_pkey primary key (id)
);

alter table tenants enable row level security;
create policy tenant_isolation on tenants for select to marquee_app using (id = app.current_tenant());
create policy platform_crosses_tenants on tenants for all to marquee_platform using (true) with check (true);
grant select on tenants to marquee_app;
grant select, insert, update on tenants to marquee_platform;

alter table domains enable row level security;
create policy tenant_isolation on domains for select to marquee_app using (tenant_id = app.current_tenant());
create policy platform_crosses_tenants on domains for all to marquee_platform using (true) with check (true);
grant select on domains to marquee_app;
grant select, insert, update, delete on domains to marquee_platform;

-- Who of the platform's staff is signed in, by the hash of what their browser holds. Signing out deletes the row.
create table platform_sessions (
    id uuid not null,
    staff_id uuid not null,
    token_hash bytea not null,
    created_at timestamptz not null default marquee_now(),
    expires_at timestamptz not null,
    constraint platform_sessions_pkey primary key (id),
    constraint platform_sessions_staff_fkey foreign key (staff_id) references platform_staff (id),
    constraint platform_sessions_token_key unique (token_hash)
);
create index platform_sessions_staff_idx on platform_sessions (staff_id);

grant select, insert, update on platform_staff to marquee_platform;
grant select, insert, delete on platform_sessions to marquee_platform;
grant select, insert on audit_log to marquee_platform;

create table staff (
    tenant_id uuid not null,
    id uuid not null,
    email text not null,
    name text not null,
    role text not null,
    password_hash text not null,
    created_at timestamptz not null default marquee_now(),
    constraint staff_pkey primary key (tenant_id, id),
    constraint staff_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint staff_email_key unique (tenant_id, email),
    constraint staff_role_check check (role in ('owner', 'staff'))
);
call app.protect('staff', 'select, insert, update');

-- Who is signed in, by the hash of what their browser holds. Signing out deletes the row.
create table staff_sessions (
    tenant_id uuid not null,
    id uuid not null,
    staff_id uuid not null,
    token_hash bytea not null,
    created_at timestamptz not null default marquee_now(),
    expires_at timestamptz not null,
    constraint staff_sessions_pkey primary key (tenant_id, id),
    constraint staff_sessions_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint staff_sessions_staff_fkey foreign key (tenant_id, staff_id) references staff (tenant_id, id),
    constraint staff_sessions_token_key unique (tenant_id, token_hash)
);
create index staff_sessions_staff_idx on staff_sessions (tenant_id, staff_id);
call app.protect('staff_sessions', 'select, insert, delete');

-- Before there is a tenant: the three narrow questions the application may ask.
create function app.tenancy() returns table (host text, is_primary boolean, tenant jsonb)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$ select d.host, d.is_primary, to_jsonb(t) from domains d join tenants t on t.id = d.tenant_id
          where d.verified_at is not null and t.status = 'active' $$;
create function app.tenancy_version() returns text
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$ select concat_ws('/', (select count(*) from tenants), (select max(updated_at) from tenants),
                                (select count(*) from domains), (select max(updated_at) from domains)) $$;
create function app.tenant_by_account(p_account text) returns uuid
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$ select id from tenants where payment_account = p_account $$;
revoke all on function app.tenancy(), app.tenancy_version(), app.tenant_by_account(text) from public;
grant execute on function app.tenancy(), app.tenancy_version(), app.tenant_by_account(text) to marquee_app, marquee_platform;
