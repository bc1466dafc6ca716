//! Performances that were cancelled or postponed, and what had to follow for their orders.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        kind: "cancelled_not_refunded",
        // A bank that decides about the payment, or took it, is not overruled; once it left the money here, it goes back.
        sql: "select o.tenant_id, o.id as order_id, c.id as change_id, o.performance_id
              from performance_changes c
              join orders o on o.tenant_id = c.tenant_id and o.performance_id = c.performance_id
              where c.kind = 'cancelled' and c.state = 'done' and o.status in ('paid', 'partially_refunded')
                and not exists (select 1 from refunds r
                                where r.tenant_id = o.tenant_id and r.order_id = o.id and r.change_id = c.id)
                and not exists (select 1 from disputes d where d.tenant_id = o.tenant_id and d.order_id = o.id
                                  and d.withdrawn and coalesce(d.outcome = 'lost', true))",
    },
    Rule {
        kind: "good_ticket_of_cancelled_performance",
        sql: "select t.tenant_id, t.order_id, t.id as ticket_id, t.performance_id
              from performance_changes c
              join tickets t on t.tenant_id = c.tenant_id and t.performance_id = c.performance_id
              where c.kind = 'cancelled' and c.state = 'done' and t.status <> 'void'
                and not exists (select 1 from disputes d where d.tenant_id = t.tenant_id and d.order_id = t.order_id
                                  and d.withdrawn and coalesce(d.outcome = 'lost', true))",
    },
    Rule {
        kind: "returned_not_refunded",
        sql: "select p.tenant_id, p.order_id, p.change_id
              from postponement_choices p
              where p.choice = 'return'
                and not exists (select 1 from refunds r
                                where r.tenant_id = p.tenant_id and r.order_id = p.order_id and r.change_id = p.change_id)",
    },
    Rule {
        kind: "change_stuck",
        sql: "select c.tenant_id, c.id as change_id, c.performance_id, c.created_at
              from performance_changes c
              where c.kind = 'cancelled' and c.state = 'open' and c.created_at < marquee_now() - interval '1 hour'",
    },
];
