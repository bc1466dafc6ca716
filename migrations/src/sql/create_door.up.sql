create table device_invites (
    tenant_id uuid not null,
    id uuid not null,
    performance_id uuid not null,
    code_hash bytea not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    created_at timestamptz not null default marquee_now(),
    constraint device_invites_pkey primary key (tenant_id, id),
    constraint device_invites_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint device_invites_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id),
    constraint device_invites_code_key unique (tenant_id, code_hash)
);
call app.protect('device_invites', 'select, insert, update');

create table devices (
    tenant_id uuid not null,
    id uuid not null,
    performance_id uuid not null,
    name text not null,
    token_hash bytea not null,
    created_at timestamptz not null default marquee_now(),
    revoked_at timestamptz,
    constraint devices_pkey primary key (tenant_id, id),
    constraint devices_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint devices_performance_fkey foreign key (tenant_id, performance_id) references performances (tenant_id, id),
    constraint devices_token_key unique (tenant_id, token_hash)
);
call app.protect('devices', 'select, insert, update');

-- Append only: neither role may update or delete. `id` is the device's own scan id.
create table scans (
    tenant_id uuid not null,
    id uuid not null,
    device_id uuid not null,
    performance_id uuid not null,
    gate_id uuid not null,
    ticket_id uuid,
    code text not null,
    direction text not null,
    verdict text not null,
    first_scan_id uuid,
    scanned_at timestamptz not null,
    seq bigint not null,
    clock_offset_ms bigint not null,
    offline boolean not null,
    received_at timestamptz not null default marquee_now(),
    constraint scans_pkey primary key (tenant_id, id),
    constraint scans_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint scans_device_fkey foreign key (tenant_id, device_id) references devices (tenant_id, id),
    constraint scans_gate_fkey foreign key (tenant_id, gate_id) references gates (tenant_id, id),
    constraint scans_ticket_fkey foreign key (tenant_id, ticket_id) references tickets (tenant_id, id),
    constraint scans_direction_check check (direction in ('in', 'out')),
    constraint scans_verdict_check check (verdict in ('admit', 'duplicate', 'revoked', 'fake', 'wrong_performance',
        'wrong_gate', 'too_early')),
    constraint scans_seq_check check (seq >= 0)
);
create index scans_performance_idx on scans (tenant_id, performance_id, received_at);
create index scans_ticket_idx on scans (tenant_id, ticket_id) where ticket_id is not null;
call app.protect('scans', 'select, insert');

-- Who is inside. The partial key is the rule "one admission per ticket": a second one cannot be written
-- until the first has left.
create table admissions (
    tenant_id uuid not null,
    scan_id uuid not null,
    ticket_id uuid not null,
    performance_id uuid not null,
    admitted_at timestamptz not null default marquee_now(),
    left_at timestamptz,
    constraint admissions_pkey primary key (tenant_id, scan_id),
    constraint admissions_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint admissions_scan_fkey foreign key (tenant_id, scan_id) references scans (tenant_id, id),
    constraint admissions_ticket_fkey foreign key (tenant_id, ticket_id) references tickets (tenant_id, id)
);
create unique index admissions_inside_key on admissions (tenant_id, ticket_id) where left_at is null;
call app.protect('admissions', 'select, insert, update');
