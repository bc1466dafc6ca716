//! Money that went back, as our own record has it.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        kind: "refunded_above_capture",
        sql: "select o.tenant_id, o.id as order_id, sum(r.amount) as refunded, coalesce(max(p.amount), 0) as captured
              from refunds r
              join orders o on o.tenant_id = r.tenant_id and o.id = r.order_id
              left join payments p on p.tenant_id = o.tenant_id and p.order_id = o.id and p.state = 'captured'
              where r.state <> 'failed'
              group by o.tenant_id, o.id having sum(r.amount) > coalesce(max(p.amount), 0)",
    },
    Rule {
        kind: "order_status_without_refund",
        sql: "select o.tenant_id, o.id as order_id, o.status, o.total, r.refunded
              from orders o
              cross join lateral (
                  select coalesce(sum(r.amount), 0) as refunded from refunds r
                  where r.tenant_id = o.tenant_id and r.order_id = o.id and r.state = 'succeeded') r
              where o.total > 0 and o.status in ('paid', 'partially_refunded', 'refunded')
                and o.status <> case when r.refunded >= o.total then 'refunded'
                                     when r.refunded > 0 then 'partially_refunded' else 'paid' end",
    },
    Rule {
        kind: "refunded_ticket_still_good",
        sql: "select t.tenant_id, t.order_id, t.id as ticket_id, w.refund_id
              from refund_tickets w join tickets t on t.tenant_id = w.tenant_id and t.id = w.ticket_id
              where t.status <> 'void'",
    },
    Rule {
        kind: "ticket_refunded_twice",
        sql: "select w.tenant_id, w.ticket_id, array_agg(w.refund_id order by w.refund_id) as refund_ids
              from refund_tickets w join refunds r on r.tenant_id = w.tenant_id and r.id = w.refund_id
              where r.state <> 'failed'
              group by w.tenant_id, w.ticket_id having count(*) > 1",
    },
    Rule {
        kind: "refund_of_others_ticket",
        sql: "select w.tenant_id, w.ticket_id, w.refund_id, t.order_id
              from refund_tickets w
              join refunds r on r.tenant_id = w.tenant_id and r.id = w.refund_id
              join tickets t on t.tenant_id = w.tenant_id and t.id = w.ticket_id
              where t.order_id <> r.order_id",
    },
    Rule {
        kind: "refund_stuck",
        sql: "select r.tenant_id, r.order_id, r.id as refund_id, r.attempts, r.failure, r.created_at
              from refunds r
              where r.state = 'requested' and r.created_at < marquee_now() - interval '10 minutes'",
    },
];
