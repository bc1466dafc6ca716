-- What is written for every purchase has no key of its own to its tenant: each would have all buyers of a tenant lock that one
-- row. Whatever belongs to an order, a performance or a ledger's account is led to its tenant by that; of the rest (idempotency
-- keys, events, outbox) the policies take no row but the transaction's tenant's, nothing ever deletes a tenant, and the audit
-- looks for rows of none.

-- One row a buyer of a performance, locked while an order is placed: it makes the orders of one buyer queue up, so that
-- the limit per buyer is counted by one of them at a time.
create table buyers (
    tenant_id uuid not null,
    performance_id uuid not null,
    key text not null,
    last_order_at timestamptz not null default marquee_now(),
    constraint buyers_pkey primary key (tenant_id, performance_id, key),
    constraint buyers_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id)
);
call app.protect('buyers', 'select, insert, update');

-- Amounts in minor units. Charge model, account and fee are frozen when the order is made.
create table orders (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    hold_id uuid not null,
    performance_id uuid not null,
    status text not null default 'pending',
    buyer_email text not null,
    buyer_key text not null,
    buyer_name text not null,
    locale text not null,
    currency text not null,
    face bigint not null,
    fees bigint not null,
    tax bigint not null,
    total bigint not null,
    provider text not null,
    charge_model text not null,
    account text,
    application_fee bigint not null,
    expires_at timestamptz not null,
    created_at timestamptz not null default marquee_now(),
    paid_at timestamptz,
    closed_at timestamptz,
    constraint orders_pkey primary key (tenant_id, id),
    constraint orders_hold_fkey foreign key (tenant_id, hold_id) references holds (tenant_id, id),
    constraint orders_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id),
    constraint orders_number_key unique (tenant_id, number),
    constraint orders_status_check check (status in ('pending', 'requires_action', 'processing', 'paid',
        'partially_refunded', 'refunded', 'cancelled', 'expired')),
    constraint orders_paid_check check ((paid_at is not null) = (status in ('paid', 'partially_refunded', 'refunded'))),
    constraint orders_amounts_check check (face >= 0 and fees >= 0 and tax >= 0 and total = face + fees + tax
        and application_fee between 0 and total)
);
create unique index orders_live_hold_key on orders (tenant_id, hold_id) where status not in ('cancelled', 'expired');
create index orders_buyer_idx on orders (tenant_id, performance_id, buyer_key) where status not in ('cancelled', 'expired');
create index orders_pending_idx on orders (created_at) where status = 'pending';
call app.protect('orders', 'select, insert, update');

create table order_lines (
    tenant_id uuid not null,
    id uuid not null,
    order_id uuid not null,
    unit_id uuid not null,
    price_level_id uuid not null,
    ticket_type_id uuid not null,
    label text not null,
    price_level text not null,
    ticket_type text not null,
    place integer not null,
    face bigint not null,
    fees bigint not null,
    tax bigint not null,
    constraint order_lines_pkey primary key (tenant_id, id),
    constraint order_lines_order_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id),
    constraint order_lines_unit_fkey foreign key (tenant_id, unit_id) references units (tenant_id, id),
    constraint order_lines_unit_key unique (tenant_id, order_id, unit_id),
    constraint order_lines_amounts_check check (face >= 0 and fees >= 0 and tax >= 0)
);
call app.protect('order_lines', 'select, insert');

-- The one PaymentIntent of an order. `fence` grows with each taker of the lease: a writer with an older one is refused.
-- `attempt_id` names the running confirm to the provider; `failure` says why the last one never reached the card;
-- from `due_at` on the worker looks after a payment that has not come to rest.
create table payments (
    tenant_id uuid not null,
    id uuid not null,
    order_id uuid not null,
    provider text not null,
    account text,
    intent_id text,
    state text not null default 'created',
    amount bigint not null,
    currency text not null,
    attempts integer not null default 0,
    attempt_id uuid,
    confirmation_token text,
    client_secret text,
    action_url text,
    decline_code text,
    failure text,
    action_until timestamptz,
    lease_until timestamptz,
    fence bigint not null default 0,
    due_at timestamptz not null default marquee_now(),
    created_at timestamptz not null default marquee_now(),
    updated_at timestamptz not null default marquee_now(),
    constraint payments_pkey primary key (tenant_id, id),
    constraint payments_order_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id),
    constraint payments_order_key unique (tenant_id, order_id),
    constraint payments_intent_key unique (tenant_id, intent_id),
    constraint payments_amount_check check (amount > 0),
    constraint payments_failure_check check (failure in ('unreachable', 'invalid_token')),
    constraint payments_state_check check (state in ('created', 'confirming', 'requires_action', 'declined',
        'authorised', 'capturing', 'captured', 'cancelling', 'cancelled'))
);
create index payments_open_idx on payments (due_at) where state in ('created', 'confirming', 'requires_action', 'authorised', 'capturing', 'cancelling');
call app.protect('payments', 'select, insert, update');

create table idempotency_keys (
    tenant_id uuid not null,
    scope text not null,
    key text not null,
    fingerprint bytea not null,
    locked_until timestamptz,
    fence bigint not null default 0,
    status smallint,
    body text,
    created_at timestamptz not null default marquee_now(),
    constraint idempotency_keys_pkey primary key (tenant_id, scope, key),
    constraint idempotency_keys_answer_check check ((status is null) = (body is null))
);
call app.protect('idempotency_keys', 'select, insert, update, delete');

-- The provider's events as they came, before anything is done about them.
create table provider_events (
    tenant_id uuid not null,
    id uuid not null,
    account text not null,
    event_id text not null,
    kind text not null,
    payload text not null,
    received_at timestamptz not null default marquee_now(),
    processed_at timestamptz,
    constraint provider_events_pkey primary key (tenant_id, id),
    constraint provider_events_event_key unique (tenant_id, account, event_id)
);
create index provider_events_open_idx on provider_events (received_at) where processed_at is null;
call app.protect('provider_events', 'select, insert, update');

-- Events whose account belongs to no tenant: kept, never acted on, written through one function.
create table unmatched_provider_events (
    id uuid not null,
    account text not null,
    event_id text not null,
    kind text not null,
    payload text not null,
    received_at timestamptz not null default marquee_now(),
    constraint unmatched_provider_events_pkey primary key (id),
    constraint unmatched_provider_events_event_key unique (account, event_id)
);
grant select on unmatched_provider_events to marquee_platform;
create function app.store_unmatched_event(p_id uuid, p_account text, p_event_id text, p_kind text, p_payload text) returns void
    language sql volatile security definer set search_path = pg_catalog, public, pg_temp
    as $$ insert into unmatched_provider_events (id, account, event_id, kind, payload)
          values (p_id, p_account, p_event_id, p_kind, p_payload) on conflict (account, event_id) do nothing $$;
revoke all on function app.store_unmatched_event(uuid, text, text, text, text) from public;
grant execute on function app.store_unmatched_event(uuid, text, text, text, text) to marquee_app;
