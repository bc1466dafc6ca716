drop table reconciliation_breaks, provider_cursors, provider_movements, ledger_entries, ledger_transactions, ledger_accounts,
    recipients, disputes, refund_tickets, refunds, change_notices, postponement_choices, performance_changes, payment_steps;
alter table payments drop column charge_id, drop column card_fingerprint, drop column captured_at, drop column awaited_since;
drop index idempotency_keys_open_idx;
drop index payments_platform_intent_idx;
drop index provider_events_open_idx;
alter table provider_events drop column attempts, drop column due_at;
create index provider_events_open_idx on provider_events (received_at) where processed_at is null;
drop index orders_performance_idx;
drop index orders_live_hold_key;
create unique index orders_live_hold_key on orders (tenant_id, hold_id) where status not in ('cancelled', 'expired');
alter table orders drop constraint orders_paid_check;
alter table orders add constraint orders_paid_check
    check ((paid_at is not null) = (status in ('paid', 'partially_refunded', 'refunded')));
