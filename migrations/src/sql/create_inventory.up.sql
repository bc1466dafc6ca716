-- One sellable seat or standing place. `seat` is the plan's seat id (null: standing). Seats with one `row_key`
-- and consecutive `place` are neighbours. `rank`: lower is better.
-- No index on what a claim changes (state, hold_id, expires_at), and room on each page: a claim is then a heap-only
-- update that touches no index, also where all rows of a page are claimed at once. Units are reached by id;
-- candidates for any place are chosen in memory.
create table units (
    tenant_id uuid not null,
    id uuid not null,
    performance_id uuid not null,
    price_level_id uuid not null,
    seat text,
    section text,
    label text not null,
    row_key integer not null,
    place integer not null,
    rank integer not null,
    state text not null default 'free',
    hold_id uuid,
    expires_at timestamptz,
    constraint units_pkey primary key (tenant_id, id),
    constraint units_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint units_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id),
    constraint units_price_level_fkey foreign key (tenant_id, price_level_id) references price_levels (tenant_id, id),
    constraint units_seat_key unique (tenant_id, performance_id, seat),
    constraint units_state_check check (
        case state
            when 'free' then hold_id is null and expires_at is null
            when 'blocked' then hold_id is null and expires_at is null
            when 'held' then hold_id is not null and expires_at is not null
            when 'confirming' then hold_id is not null
            when 'sold' then hold_id is not null
            else false
        end)
) with (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
call app.protect('units', 'select, insert, update');

-- The token of a hold is derived from its id and the installation's secret: none is stored.
-- `latest_end`: set when 3-D Secure first lengthens the hold, to five minutes beyond its own time.
-- `fence`: the number that Redis gave a hold of the strategy `redis`; a number given twice means that Redis went back in time.
-- Holds and claims have no foreign keys: checking them was a third of what a batch of claims costs, and those to rows that
-- all buyers share (performance, tenant) had every buyer lock that one row. They are written by one statement, from units
-- that it has locked and holds that it has just made; nothing ever deletes them; the audit looks for orphans.
create table holds (
    tenant_id uuid not null,
    id uuid not null,
    performance_id uuid not null,
    state text not null default 'active',
    strategy text not null,
    expires_at timestamptz not null,
    latest_end timestamptz,
    total bigint not null,
    currency text not null,
    idempotency_key text not null,
    fingerprint bytea not null,
    fence bigint,
    created_at timestamptz not null default marquee_now(),
    closed_at timestamptz,
    constraint holds_pkey primary key (tenant_id, id),
    constraint holds_idempotency_key unique (tenant_id, performance_id, idempotency_key),
    constraint holds_state_check check (state in ('active', 'confirming', 'completed', 'released', 'expired')),
    constraint holds_closed_check check ((closed_at is null) = (state in ('active', 'confirming')))
) with (fillfactor = 80);
create index holds_open_idx on holds (expires_at) where state in ('active', 'confirming');
create unique index holds_fence_key on holds (tenant_id, performance_id, fence) where fence is not null;
call app.protect('holds', 'select, insert, update');

-- A unit in a hold, with its frozen price. Live until closed; the partial key stands behind every guard:
-- no unit can be in two live claims, whatever the code above believes.
create table claims (
    tenant_id uuid not null,
    hold_id uuid not null,
    unit_id uuid not null,
    performance_id uuid not null,
    price_level_id uuid not null,
    ticket_type_id uuid not null,
    place integer not null,
    face bigint not null,
    fees bigint not null,
    tax bigint not null,
    closed_at timestamptz,
    constraint claims_pkey primary key (tenant_id, hold_id, unit_id),
    constraint claims_amounts_check check (face >= 0 and fees >= 0 and tax >= 0)
);
create unique index claims_live_unit_key on claims (tenant_id, unit_id) where closed_at is null;
call app.protect('claims', 'select, insert, update');

-- The generation of a performance's holds in Redis. A batch is journalled only under the epoch it was granted in; whoever
-- finds Redis empty or behind begins a new one, and rebuilds Redis from holds and claims first.
create table hold_epochs (
    tenant_id uuid not null,
    performance_id uuid not null,
    epoch bigint not null,
    constraint hold_epochs_pkey primary key (tenant_id, performance_id),
    constraint hold_epochs_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id)
);
call app.protect('hold_epochs', 'select, insert, update');
