create table venues (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    address text not null,
    city text not null,
    created_at timestamptz not null default marquee_now(),
    updated_at timestamptz not null default marquee_now(),
    constraint venues_pkey primary key (tenant_id, id),
    constraint venues_tenant_fkey foreign key (tenant_id) references tenants (id)
);
call app.protect('venues', 'select, insert, update');

-- `document` is the plan as imported, `drawing` what fans' browsers draw; both immutable under their hash.
create table seating_plans (
    tenant_id uuid not null,
    id uuid not null,
    venue_id uuid not null,
    name text not null,
    hash text not null,
    document jsonb not null,
    drawing text not null,
    seats integer not null,
    created_at timestamptz not null default marquee_now(),
    constraint seating_plans_pkey primary key (tenant_id, id),
    constraint seating_plans_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint seating_plans_venue_fkey foreign key (tenant_id, venue_id) references venues (tenant_id, id),
    constraint seating_plans_hash_key unique (tenant_id, hash)
);
call app.protect('seating_plans', 'select, insert');

-- `credits`: cast or running order, [{role, name}]. Here as on venues and performances, every change moves
-- `updated_at`; a change of prices moves its performance's. Memory is kept current by it.
create table events (
    tenant_id uuid not null,
    id uuid not null,
    slug text not null,
    title text not null,
    subtitle text not null default '',
    summary text not null default '',
    description text not null default '',
    category text not null default '',
    facts text[] not null default '{}',
    credits jsonb not null default '[]',
    poster jsonb not null default '{}',
    published_at timestamptz,
    created_at timestamptz not null default marquee_now(),
    updated_at timestamptz not null default marquee_now(),
    constraint events_pkey primary key (tenant_id, id),
    constraint events_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint events_slug_key unique (tenant_id, slug)
);
call app.protect('events', 'select, insert, update');

create table performances (
    tenant_id uuid not null,
    id uuid not null,
    event_id uuid not null,
    venue_id uuid not null,
    plan_id uuid,
    starts_at timestamptz not null,
    doors_at timestamptz not null,
    ends_at timestamptz not null,
    on_sale_from timestamptz not null,
    on_sale_until timestamptz not null,
    cancelled_at timestamptz,
    currency text not null,
    strategy text not null,
    hold_seconds integer not null default 600,
    limit_per_order integer not null default 10,
    limit_per_buyer integer not null default 20,
    created_at timestamptz not null default marquee_now(),
    updated_at timestamptz not null default marquee_now(),
    constraint performances_pkey primary key (tenant_id, id),
    constraint performances_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint performances_event_fkey foreign key (tenant_id, event_id) references events (tenant_id, id),
    constraint performances_venue_fkey foreign key (tenant_id, venue_id) references venues (tenant_id, id),
    constraint performances_plan_fkey foreign key (tenant_id, plan_id) references seating_plans (tenant_id, id),
    constraint performances_strategy_check check (strategy in ('row_lock', 'ttl', 'skip_locked', 'redis')),
    constraint performances_hold_seconds_check check (hold_seconds between 1 and 86400),
    constraint performances_limits_check check (limit_per_order between 1 and 1000 and limit_per_buyer >= limit_per_order),
    constraint performances_times_check check (doors_at <= starts_at and starts_at <= ends_at and on_sale_from < on_sale_until)
);
create index performances_event_idx on performances (tenant_id, event_id);
call app.protect('performances', 'select, insert, update');

create table price_levels (
    tenant_id uuid not null,
    id uuid not null,
    performance_id uuid not null,
    name text not null,
    color text not null,
    categories text[] not null default '{}',
    position integer not null,
    constraint price_levels_pkey primary key (tenant_id, id),
    constraint price_levels_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint price_levels_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id),
    constraint price_levels_position_key unique (tenant_id, performance_id, position)
);
call app.protect('price_levels', 'select, insert, update');

-- Amounts in minor units; a fan pays face + fees + tax.
create table ticket_types (
    tenant_id uuid not null,
    id uuid not null,
    performance_id uuid not null,
    price_level_id uuid not null,
    name text not null,
    face bigint not null,
    fees bigint not null,
    tax bigint not null,
    currency text not null,
    position integer not null,
    constraint ticket_types_pkey primary key (tenant_id, id),
    constraint ticket_types_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint ticket_types_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id),
    constraint ticket_types_price_level_fkey foreign key (tenant_id, price_level_id) references price_levels (tenant_id, id),
    constraint ticket_types_position_key unique (tenant_id, price_level_id, position),
    constraint ticket_types_amounts_check check (face >= 0 and fees >= 0 and tax >= 0)
);
call app.protect('ticket_types', 'select, insert, update');

-- An entrance of one performance; without `price_level_ids` it takes every ticket.
create table gates (
    tenant_id uuid not null,
    id uuid not null,
    performance_id uuid not null,
    name text not null,
    opens_at timestamptz,
    price_level_ids uuid[],
    position integer not null,
    constraint gates_pkey primary key (tenant_id, id),
    constraint gates_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint gates_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id)
);
create index gates_performance_idx on gates (tenant_id, performance_id);
call app.protect('gates', 'select, insert, update');
