-- Public halves of the signing keys; the private ones are derived from the installation's secret.
create table ticket_keys (
    tenant_id uuid not null,
    kid smallint not null,
    public_key bytea not null,
    created_at timestamptz not null default marquee_now(),
    constraint ticket_keys_pkey primary key (tenant_id, kid),
    constraint ticket_keys_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint ticket_keys_public_key_check check (length(public_key) = 32)
);
call app.protect('ticket_keys', 'select, insert');

create table tickets (
    tenant_id uuid not null,
    id uuid not null,
    order_id uuid not null,
    order_line_id uuid not null,
    unit_id uuid not null,
    performance_id uuid not null,
    price_level_id uuid not null,
    label text not null,
    code text not null,
    holder text not null,
    status text not null default 'valid',
    issued_at timestamptz not null default marquee_now(),
    used_at timestamptz,
    voided_at timestamptz,
    constraint tickets_pkey primary key (tenant_id, id),
    constraint tickets_order_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id),
    constraint tickets_order_line_fkey foreign key (tenant_id, order_line_id) references order_lines (tenant_id, id),
    constraint tickets_unit_fkey foreign key (tenant_id, unit_id) references units (tenant_id, id),
    constraint tickets_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id),
    constraint tickets_code_key unique (tenant_id, code),
    constraint tickets_status_check check (
        case status
            when 'valid' then voided_at is null
            when 'used' then voided_at is null and used_at is not null
            when 'void' then voided_at is not null
            else false
        end)
);
create unique index tickets_live_unit_key on tickets (tenant_id, unit_id) where status <> 'void';
create unique index tickets_live_line_key on tickets (tenant_id, order_line_id) where status <> 'void';
create index tickets_order_idx on tickets (tenant_id, order_id);
create index tickets_performance_idx on tickets (tenant_id, performance_id);
call app.protect('tickets', 'select, insert, update');

-- Side effects staged in the commit that causes them; done at least once, then deleted.
create table outbox (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    payload jsonb not null,
    created_at timestamptz not null default marquee_now(),
    available_at timestamptz not null default marquee_now(),
    attempts integer not null default 0,
    last_error text,
    constraint outbox_pkey primary key (tenant_id, id)
);
create index outbox_available_idx on outbox (kind, available_at);
call app.protect('outbox', 'select, insert, update, delete');
