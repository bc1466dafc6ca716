drop function app.store_unmatched_event(uuid, text, text, text, text);
drop table unmatched_provider_events, provider_events, idempotency_keys, payments, order_lines, orders, buyers;
