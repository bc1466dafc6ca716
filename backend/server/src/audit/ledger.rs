//! The ledger, as our own record has it.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        kind: "posting_missing",
        sql: "select p.tenant_id, p.order_id, 'capture:' || p.intent_id as posting
              from payments p
              where p.state = 'captured'
                and not exists (select 1 from ledger_transactions t
                                where t.tenant_id = p.tenant_id and t.source_ref = 'capture:' || p.intent_id)",
    },
    Rule {
        kind: "posting_missing",
        sql: "select r.tenant_id, r.order_id, r.id as refund_id, 'refund:' || r.provider_id as posting
              from refunds r
              where r.state = 'succeeded' and r.amount > 0
                and not exists (select 1 from ledger_transactions t
                                where t.tenant_id = r.tenant_id and t.source_ref = 'refund:' || r.provider_id)",
    },
    Rule {
        kind: "posting_missing",
        sql: "select r.tenant_id, r.order_id, r.id as refund_id, 'refund_failed:' || r.provider_id as posting
              from refunds r
              join ledger_transactions b on b.tenant_id = r.tenant_id and b.source_ref = 'refund:' || r.provider_id
              where r.state = 'failed'
                and not exists (select 1 from ledger_transactions t
                                where t.tenant_id = r.tenant_id and t.source_ref = 'refund_failed:' || r.provider_id)",
    },
    Rule {
        kind: "posting_missing",
        sql: "select m.tenant_id, m.account, m.movement_id as movement, 'fee:' || m.movement_id as posting
              from provider_movements m
              where (m.fee <> 0 or m.kind in ('stripe_fee', 'network_cost', 'tax_fee'))
                and not exists (select 1 from ledger_transactions t
                                where t.tenant_id = m.tenant_id and t.source_ref = 'fee:' || m.movement_id)",
    },
    Rule {
        kind: "posting_missing",
        sql: "select d.tenant_id, d.order_id, d.id as dispute_id, x.posting
              from disputes d
              join orders o on o.tenant_id = d.tenant_id and o.id = d.order_id
              cross join lateral (values
                  ('dispute_opened:' || d.provider_id, d.withdrawn),
                  ('dispute_closed:' || d.provider_id, d.outcome is not null
                      and (d.outcome = 'won' or o.charge_model = 'direct')
                      and exists (select 1 from ledger_transactions b where b.tenant_id = d.tenant_id
                                  and b.source_ref = 'dispute_opened:' || d.provider_id))) x (posting, due)
              where x.due
                and not exists (select 1 from ledger_transactions t
                                where t.tenant_id = d.tenant_id and t.source_ref = x.posting)",
    },
    Rule {
        kind: "posting_unbalanced",
        sql: "select t.tenant_id, t.id as transaction_id, t.source_ref as posting, t.order_id, a.currency,
                  coalesce(sum(case e.direction when 'debit' then e.amount else -e.amount end), 0) as debit_less_credit
              from ledger_transactions t
              left join ledger_entries e on e.tenant_id = t.tenant_id and e.transaction_id = t.id
              left join ledger_accounts a on a.tenant_id = e.tenant_id and a.id = e.account_id
              group by t.tenant_id, t.id, t.source_ref, t.order_id, a.currency
              having count(e.line) = 0 or sum(case e.direction when 'debit' then e.amount else -e.amount end) <> 0",
    },
    Rule {
        kind: "posting_unsealed",
        sql: "select t.tenant_id, t.id as transaction_id, t.source_ref as posting, t.order_id
              from ledger_transactions t where t.sealed_at is null",
    },
    Rule {
        kind: "posting_of_nothing",
        sql: "select t.tenant_id, t.id as transaction_id, t.source_ref as posting, t.order_id
              from ledger_transactions t
              where case t.kind
                  when 'capture' then not exists (
                      select 1 from payments p where p.tenant_id = t.tenant_id and p.order_id = t.order_id
                        and p.state = 'captured' and 'capture:' || p.intent_id = t.source_ref)
                  when 'refund' then not exists (
                      select 1 from refunds r where r.tenant_id = t.tenant_id and r.order_id = t.order_id
                        and 'refund:' || r.provider_id = t.source_ref)
                  when 'refund_failed' then not exists (
                      select 1 from refunds r where r.tenant_id = t.tenant_id and r.order_id = t.order_id
                        and r.state = 'failed' and 'refund_failed:' || r.provider_id = t.source_ref)
                  else false end",
    },
    Rule {
        kind: "posting_amount_mismatch",
        sql: "select t.tenant_id, t.id as transaction_id, t.source_ref as posting, t.order_id,
                  coalesce(r.amount, p.amount) as amount, sum(e.amount) as posted
              from ledger_transactions t
              join ledger_entries e on e.tenant_id = t.tenant_id and e.transaction_id = t.id
              join ledger_accounts a on a.tenant_id = e.tenant_id and a.id = e.account_id and a.kind = 'stripe_pending'
              left join payments p on t.kind = 'capture' and p.tenant_id = t.tenant_id and p.order_id = t.order_id
              left join refunds r on t.kind in ('refund', 'refund_failed') and r.tenant_id = t.tenant_id
                  and r.provider_id = split_part(t.source_ref, ':', 2)
              where t.kind in ('capture', 'refund', 'refund_failed')
              group by t.tenant_id, t.id, t.source_ref, t.order_id, p.amount, r.amount
              having sum(e.amount) <> coalesce(r.amount, p.amount)",
    },
    Rule {
        // A ticket issued anew leaves the one before it void.
        kind: "void_without_refund",
        sql: "select t.tenant_id, t.id as ticket_id, t.order_id
              from tickets t
              where t.status = 'void'
                and not exists (select 1 from tickets n where n.tenant_id = t.tenant_id and n.order_line_id = t.order_line_id
                                and n.status <> 'void')
                and not exists (select 1 from refund_tickets x
                                join tickets n on n.tenant_id = x.tenant_id and n.id = x.ticket_id
                                where x.tenant_id = t.tenant_id and n.order_line_id = t.order_line_id)",
    },
];
