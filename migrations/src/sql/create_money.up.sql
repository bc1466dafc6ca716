-- A paid order whose seats were lost is refunded without ever having been `paid`, and leaves its hold to others.
alter table orders drop constraint orders_paid_check;
alter table orders add constraint orders_paid_check
    check ((paid_at is not null) or status not in ('paid', 'partially_refunded'));
drop index orders_live_hold_key;
create unique index orders_live_hold_key on orders (tenant_id, hold_id) where status not in ('cancelled', 'expired', 'refunded');
create index orders_performance_idx on orders (tenant_id, performance_id);

-- What is learnt with a payment: the charge behind it, and the card's fingerprint (the provider's: it tells cards apart
-- and is no card number).
alter table payments add column charge_id text;
alter table payments add column card_fingerprint text;
alter table payments add column captured_at timestamptz;
create index payments_charge_idx on payments (tenant_id, charge_id) where charge_id is not null;
-- Since when the provider says that the payment is under way and cannot be given up, while its seats are free again.
alter table payments add column awaited_since timestamptz;

-- When an event that nothing was done about yet is to be looked at (again), and how often that was tried.
alter table provider_events add column attempts integer not null default 0;
alter table provider_events add column due_at timestamptz not null default marquee_now();
drop index provider_events_open_idx;
create index provider_events_open_idx on provider_events (due_at) where processed_at is null;

-- Events of the platform's own account name no tenant; a payment's id does.
create index payments_platform_intent_idx on payments (intent_id) where account is null;

-- Calls without an answer: those of an order are answered together, and those that a dead process left are completed by the worker.
create index idempotency_keys_open_idx on idempotency_keys (scope, created_at) where status is null;

-- Every step of a payment, in the statement that makes it. `note` says what was learnt (a decline, a failure).
create table payment_steps (
    tenant_id uuid not null,
    id uuid not null,
    order_id uuid not null,
    state text not null,
    fence bigint not null,
    attempt_id uuid,
    intent_id text,
    note text,
    at timestamptz not null default marquee_now(),
    constraint payment_steps_pkey primary key (tenant_id, id),
    constraint payment_steps_order_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id)
);
create index payment_steps_order_idx on payment_steps (tenant_id, order_id);
call app.protect('payment_steps', 'select, insert');

-- A performance that was cancelled or postponed, and what follows for its orders: taken up by the worker until no order
-- is left. Of a postponed one each buyer keeps or returns until `return_until`.
create table performance_changes (
    tenant_id uuid not null,
    id uuid not null,
    performance_id uuid not null,
    kind text not null,
    starts_at_before timestamptz not null,
    starts_at_after timestamptz,
    return_until timestamptz,
    note text,
    state text not null default 'open',
    requested_by text not null,
    created_at timestamptz not null default marquee_now(),
    done_at timestamptz,
    due_at timestamptz not null default marquee_now(),
    lease_until timestamptz,
    fence bigint not null default 0,
    constraint performance_changes_pkey primary key (tenant_id, id),
    constraint performance_changes_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint performance_changes_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id),
    constraint performance_changes_kind_check check (
        case kind
            when 'cancelled' then starts_at_after is null and return_until is null
            when 'postponed' then starts_at_after is not null and return_until is not null
            else false
        end),
    constraint performance_changes_state_check check ((state = 'done') = (done_at is not null) and state in ('open', 'done'))
);
create unique index performance_changes_cancelled_key on performance_changes (tenant_id, performance_id) where kind = 'cancelled';
create index performance_changes_performance_idx on performance_changes (tenant_id, performance_id);
create index performance_changes_open_idx on performance_changes (due_at) where state = 'open';
call app.protect('performance_changes', 'select, insert, update');

create table postponement_choices (
    tenant_id uuid not null,
    change_id uuid not null,
    order_id uuid not null,
    choice text not null,
    chosen_at timestamptz not null default marquee_now(),
    constraint postponement_choices_pkey primary key (tenant_id, change_id, order_id),
    constraint postponement_choices_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint postponement_choices_change_fkey foreign key (tenant_id, change_id) references performance_changes (tenant_id, id),
    constraint postponement_choices_order_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id),
    constraint postponement_choices_choice_check check (choice in ('keep', 'return'))
);
call app.protect('postponement_choices', 'select, insert, update');

-- Which orders a change has reached: in the commit that stages the buyer's mail and, of a cancelled performance, promises
-- the refund.
create table change_notices (
    tenant_id uuid not null,
    change_id uuid not null,
    order_id uuid not null,
    told_at timestamptz not null default marquee_now(),
    constraint change_notices_pkey primary key (tenant_id, change_id, order_id),
    constraint change_notices_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint change_notices_change_fkey foreign key (tenant_id, change_id) references performance_changes (tenant_id, id),
    constraint change_notices_order_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id)
);
call app.protect('change_notices', 'select, insert');

-- Money on its way back to a buyer. Written before the provider is asked: `requested` is a promise, kept by whoever
-- finds it due. `provider_id` is known once the provider answered; those made by hand there have the reason `provider`.
-- `request_key` names what asked for it: the same request twice is one refund. `refunded_before`: what had gone back
-- of the order when the ledger took this refund in; null until then.
create table refunds (
    tenant_id uuid not null,
    id uuid not null,
    order_id uuid not null,
    change_id uuid,
    request_key text not null,
    reason text not null,
    state text not null default 'requested',
    amount bigint not null,
    currency text not null,
    provider_id text,
    failure text,
    note text,
    requested_by text not null,
    refunded_before bigint,
    attempts integer not null default 0,
    lease_until timestamptz,
    fence bigint not null default 0,
    due_at timestamptz not null default marquee_now(),
    created_at timestamptz not null default marquee_now(),
    updated_at timestamptz not null default marquee_now(),
    succeeded_at timestamptz,
    constraint refunds_pkey primary key (tenant_id, id),
    constraint refunds_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint refunds_order_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id),
    constraint refunds_change_fkey foreign key (tenant_id, change_id) references performance_changes (tenant_id, id),
    constraint refunds_request_key unique (tenant_id, order_id, request_key),
    constraint refunds_provider_key unique (tenant_id, provider_id),
    constraint refunds_reason_check check (reason in ('requested', 'seat_lost', 'cancelled', 'postponed', 'provider')),
    constraint refunds_state_check check (
        case state
            when 'requested' then provider_id is null and succeeded_at is null
            when 'pending' then provider_id is not null and succeeded_at is null
            when 'succeeded' then succeeded_at is not null and (provider_id is not null or amount = 0)
            when 'failed' then true
            else false
        end),
    constraint refunds_amount_check check (amount >= 0)
);
create index refunds_order_idx on refunds (tenant_id, order_id);
create index refunds_open_idx on refunds (due_at) where state in ('requested', 'pending');
call app.protect('refunds', 'select, insert, update');

-- The tickets that a refund takes back; a refund of an amount alone has none. Two name the same ticket only where the first
-- one failed.
create table refund_tickets (
    tenant_id uuid not null,
    refund_id uuid not null,
    ticket_id uuid not null,
    constraint refund_tickets_pkey primary key (tenant_id, refund_id, ticket_id),
    constraint refund_tickets_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint refund_tickets_refund_fkey foreign key (tenant_id, refund_id) references refunds (tenant_id, id),
    constraint refund_tickets_ticket_fkey foreign key (tenant_id, ticket_id) references tickets (tenant_id, id)
);
create index refund_tickets_ticket_idx on refund_tickets (tenant_id, ticket_id);
call app.protect('refund_tickets', 'select, insert');

-- `status` in the provider's words; `outcome` once it is over. `withdrawn`: the bank took the money back meanwhile.
-- `evidence`: what was sent to the bank.
create table disputes (
    tenant_id uuid not null,
    id uuid not null,
    order_id uuid not null,
    provider_id text not null,
    status text not null,
    reason text not null,
    amount bigint not null,
    currency text not null,
    withdrawn boolean not null default false,
    evidence_due_at timestamptz,
    evidence_sent_at timestamptz,
    evidence text,
    outcome text,
    opened_at timestamptz not null,
    closed_at timestamptz,
    updated_at timestamptz not null default marquee_now(),
    constraint disputes_pkey primary key (tenant_id, id),
    constraint disputes_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint disputes_order_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id),
    constraint disputes_provider_key unique (tenant_id, provider_id),
    constraint disputes_amount_check check (amount > 0),
    constraint disputes_outcome_check check ((outcome is null) = (closed_at is null) and outcome in ('won', 'lost', 'withdrawn'))
);
create index disputes_order_idx on disputes (tenant_id, order_id);
call app.protect('disputes', 'select, insert, update');

-- Who gets a share. An order's charge model is frozen on it; splits name recipients.
create table recipients (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    name text not null,
    account text,
    created_at timestamptz not null default marquee_now(),
    constraint recipients_pkey primary key (tenant_id, id),
    constraint recipients_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint recipients_kind_check check (kind in ('promoter', 'venue', 'artist', 'platform'))
);
create unique index recipients_promoter_key on recipients (tenant_id) where kind = 'promoter';
call app.protect('recipients', 'select, insert, update');

-- The ledger: double entry, append-only. A transaction is open until it is sealed, and sealed only when it balances.
-- `owner_id` is a recipient's where the account is somebody's, else all zeros.
create table ledger_accounts (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    owner_id uuid not null default '00000000-0000-0000-0000-000000000000',
    currency text not null,
    normal_side text not null,
    constraint ledger_accounts_pkey primary key (tenant_id, id),
    constraint ledger_accounts_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint ledger_accounts_account_key unique (tenant_id, kind, owner_id, currency),
    constraint ledger_accounts_kind_check check (kind in ('stripe_pending', 'stripe_available', 'unallocated_sales', 'payable',
        'platform_fee_revenue', 'processing_fee_expense', 'reserve', 'refunds_payable', 'recipient_receivable', 'dispute_loss',
        'payouts_in_transit')),
    constraint ledger_accounts_side_check check (normal_side in ('debit', 'credit'))
);
call app.protect('ledger_accounts', 'select, insert');

create table ledger_transactions (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    source_ref text not null,
    order_id uuid,
    performance_id uuid,
    reverses_id uuid,
    effective_at timestamptz not null,
    posted_at timestamptz not null default marquee_now(),
    sealed_at timestamptz,
    constraint ledger_transactions_pkey primary key (tenant_id, id),
    constraint ledger_transactions_order_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id),
    constraint ledger_transactions_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id),
    constraint ledger_transactions_reverses_fkey foreign key (tenant_id, reverses_id) references ledger_transactions (tenant_id, id),
    constraint ledger_transactions_source_key unique (tenant_id, source_ref),
    constraint ledger_transactions_kind_check check (kind in ('capture', 'processing_fee', 'refund', 'refund_failed',
        'dispute_opened', 'dispute_closed', 'correction'))
);
create index ledger_transactions_order_idx on ledger_transactions (tenant_id, order_id);
create index ledger_transactions_performance_idx on ledger_transactions (tenant_id, performance_id);
call app.protect('ledger_transactions', 'select, insert');
grant update (sealed_at) on ledger_transactions to marquee_app;

create table ledger_entries (
    tenant_id uuid not null,
    transaction_id uuid not null,
    line smallint not null,
    account_id uuid not null,
    direction text not null,
    amount bigint not null,
    constraint ledger_entries_pkey primary key (tenant_id, transaction_id, line),
    constraint ledger_entries_transaction_fkey foreign key (tenant_id, transaction_id) references ledger_transactions (tenant_id, id),
    constraint ledger_entries_account_fkey foreign key (tenant_id, account_id) references ledger_accounts (tenant_id, id),
    constraint ledger_entries_direction_check check (direction in ('debit', 'credit')),
    constraint ledger_entries_amount_check check (amount > 0)
);
create index ledger_entries_account_idx on ledger_entries (tenant_id, account_id);
call app.protect('ledger_entries', 'select, insert');

-- What moved the provider's balance, as it says; `fee` is what it kept. Read page by page from where `provider_cursors` stands.
create table provider_movements (
    tenant_id uuid not null,
    id uuid not null,
    account text not null,
    movement_id text not null,
    kind text not null,
    source_id text,
    amount bigint not null,
    fee bigint not null,
    application_fee bigint not null,
    net bigint not null,
    currency text not null,
    moved_at timestamptz not null,
    available_at timestamptz not null,
    seen_at timestamptz not null default marquee_now(),
    constraint provider_movements_pkey primary key (tenant_id, id),
    constraint provider_movements_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint provider_movements_movement_key unique (tenant_id, account, movement_id)
);
create index provider_movements_source_idx on provider_movements (tenant_id, source_id);
create index provider_movements_seen_idx on provider_movements (tenant_id, account, seen_at);
call app.protect('provider_movements', 'select, insert');

create table provider_cursors (
    tenant_id uuid not null,
    account text not null,
    last_movement text,
    polled_at timestamptz,
    reconciled_at timestamptz,
    due_at timestamptz not null default marquee_now(),
    lease_until timestamptz,
    fence bigint not null default 0,
    constraint provider_cursors_pkey primary key (tenant_id, account),
    constraint provider_cursors_tenant_fkey foreign key (tenant_id) references tenants (id)
);
create index provider_cursors_due_idx on provider_cursors (due_at);
call app.protect('provider_cursors', 'select, insert, update');

-- Where ledger and provider disagree, one row for each difference, listed until somebody resolves it.
create table reconciliation_breaks (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    reference text not null,
    about jsonb not null,
    found_at timestamptz not null default marquee_now(),
    resolved_at timestamptz,
    resolved_by text,
    resolution text,
    constraint reconciliation_breaks_pkey primary key (tenant_id, id),
    constraint reconciliation_breaks_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint reconciliation_breaks_resolved_check check ((resolved_at is null) = (resolved_by is null))
);
create unique index reconciliation_breaks_open_key on reconciliation_breaks (tenant_id, kind, reference) where resolved_at is null;
call app.protect('reconciliation_breaks', 'select, insert, update');

-- What was captured before there was a ledger is posted as it would be now.
update payments set captured_at = updated_at where state = 'captured';
insert into recipients (tenant_id, id, kind, name, account)
    select t.id, gen_random_uuid(), 'promoter', t.name, t.payment_account from tenants t
    where exists (select 1 from payments p where p.tenant_id = t.id and p.state = 'captured');
create table captured_before as
    select p.tenant_id, p.id, p.order_id, o.performance_id, p.intent_id, p.captured_at, o.currency, l.line, l.kind, l.direction, l.amount,
        coalesce(r.id, '00000000-0000-0000-0000-000000000000') as owner_id
    from payments p
    join orders o on o.tenant_id = p.tenant_id and o.id = p.order_id
    cross join lateral (values
        (1, 'stripe_pending', 'debit', o.total),
        (2, case o.charge_model when 'direct' then 'payable' else 'unallocated_sales' end, 'credit', o.total - o.application_fee),
        (3, 'platform_fee_revenue', 'credit', o.application_fee)) l (line, kind, direction, amount)
    left join recipients r on r.tenant_id = p.tenant_id and r.kind = 'promoter' and l.kind = 'payable'
    where p.state = 'captured' and l.amount > 0;
insert into ledger_accounts (tenant_id, id, kind, owner_id, currency, normal_side)
    select tenant_id, gen_random_uuid(), kind, owner_id, currency, direction
    from captured_before group by tenant_id, kind, owner_id, currency, direction;
insert into ledger_transactions (tenant_id, id, kind, source_ref, order_id, performance_id, effective_at, sealed_at)
    select tenant_id, id, 'capture', 'capture:' || intent_id, order_id, performance_id, captured_at, marquee_now()
    from captured_before where line = 1;
insert into ledger_entries (tenant_id, transaction_id, line, account_id, direction, amount)
    select c.tenant_id, c.id, c.line, a.id, c.direction, c.amount from captured_before c
    join ledger_accounts a on a.tenant_id = c.tenant_id and a.kind = c.kind and a.owner_id = c.owner_id and a.currency = c.currency;
drop table captured_before;
