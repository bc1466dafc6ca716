//! Orders and payments, as our own record has them.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        kind: "order_total_mismatch",
        sql: "select o.tenant_id, o.id as order_id, o.total, sum(l.face + l.fees + l.tax) as lines
              from orders o join order_lines l on l.tenant_id = o.tenant_id and l.order_id = o.id
              group by o.tenant_id, o.id, o.total having o.total <> sum(l.face + l.fees + l.tax)",
    },
    Rule {
        kind: "paid_without_capture",
        sql: "select o.tenant_id, o.id as order_id, p.state as payment_state
              from orders o left join payments p on p.tenant_id = o.tenant_id and p.order_id = o.id
              where o.status in ('paid', 'partially_refunded', 'refunded') and o.total > 0
                and coalesce(p.state, '') <> 'captured'",
    },
    Rule {
        // Money whose seats were gone goes back: until it has, its order is not paid.
        kind: "capture_without_paid_order",
        sql: "select p.tenant_id, p.order_id, o.status, p.intent_id as payment_intent
              from payments p join orders o on o.tenant_id = p.tenant_id and o.id = p.order_id
              where p.state = 'captured' and o.status not in ('paid', 'partially_refunded', 'refunded')
                and p.amount > (select coalesce(sum(r.amount), 0) from refunds r
                                where r.tenant_id = p.tenant_id and r.order_id = p.order_id and r.state <> 'failed')",
    },
    Rule {
        kind: "capture_without_seat",
        sql: "select p.tenant_id, p.order_id, l.unit_id, u.state as unit_state
              from payments p
              join orders o on o.tenant_id = p.tenant_id and o.id = p.order_id
              join order_lines l on l.tenant_id = o.tenant_id and l.order_id = o.id
              join units u on u.tenant_id = l.tenant_id and u.id = l.unit_id
              where p.state in ('capturing', 'captured') and o.status <> 'refunded'
                and (u.state <> 'sold' or u.hold_id is distinct from o.hold_id)
                and not exists (select 1 from tickets t join refund_tickets w on w.tenant_id = t.tenant_id and w.ticket_id = t.id
                                where t.tenant_id = l.tenant_id and t.order_line_id = l.id and t.status = 'void')
                and (o.paid_at is not null or p.amount > (
                    select coalesce(sum(r.amount), 0) from refunds r
                    where r.tenant_id = p.tenant_id and r.order_id = p.order_id and r.state <> 'failed'))",
    },
    Rule {
        // What the provider cannot give up may take weeks; it keeps no seat.
        kind: "payment_stuck",
        sql: "select p.tenant_id, p.order_id, p.state as payment_state, p.updated_at
              from payments p
              where p.state in ('confirming', 'authorised', 'capturing', 'cancelling')
                and p.updated_at < marquee_now() - interval '10 minutes'
                and coalesce(p.awaited_since < marquee_now() - interval '21 days', true)",
    },
];
