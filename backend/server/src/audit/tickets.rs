//! Tickets and admissions.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        kind: "paid_without_ticket",
        sql: "select o.tenant_id, o.id as order_id, l.unit_id
              from orders o
              join order_lines l on l.tenant_id = o.tenant_id and l.order_id = o.id
              where o.status in ('paid', 'partially_refunded')
                and not exists (select 1 from tickets t where t.tenant_id = l.tenant_id and t.order_line_id = l.id
                                and (t.status <> 'void'
                                     or exists (select 1 from refund_tickets w
                                                where w.tenant_id = t.tenant_id and w.ticket_id = t.id)))",
    },
    Rule {
        kind: "ticket_without_payment",
        sql: "select t.tenant_id, t.id as ticket_id, t.order_id, o.status as order_status
              from tickets t
              join orders o on o.tenant_id = t.tenant_id and o.id = t.order_id
              left join payments p on p.tenant_id = o.tenant_id and p.order_id = o.id
              where t.status <> 'void'
                and (o.status not in ('paid', 'partially_refunded')
                     or (o.total > 0 and coalesce(p.state, '') <> 'captured'))",
    },
    Rule {
        kind: "two_tickets_for_a_seat",
        sql: "select t.tenant_id, t.unit_id, array_agg(t.id order by t.id) as ticket_ids
              from tickets t where t.status <> 'void'
              group by t.tenant_id, t.unit_id having count(*) > 1",
    },
    Rule {
        kind: "ticket_for_a_seat_of_others",
        sql: "select t.tenant_id, t.id as ticket_id, t.unit_id, u.state as unit_state
              from tickets t
              join orders o on o.tenant_id = t.tenant_id and o.id = t.order_id
              join units u on u.tenant_id = t.tenant_id and u.id = t.unit_id
              where t.status <> 'void' and (u.state <> 'sold' or u.hold_id is distinct from o.hold_id)",
    },
    Rule {
        kind: "admitted_twice",
        sql: "select a.tenant_id, a.ticket_id, array_agg(a.scan_id order by a.scan_id) as scan_ids
              from admissions a where a.left_at is null
              group by a.tenant_id, a.ticket_id having count(*) > 1",
    },
    Rule {
        kind: "admission_without_scan",
        sql: "select a.tenant_id, a.ticket_id, a.scan_id
              from admissions a left join scans s on s.tenant_id = a.tenant_id and s.id = a.scan_id
              where s.id is null or s.verdict <> 'admit'",
    },
    Rule {
        kind: "used_without_admission",
        sql: "select t.tenant_id, t.id as ticket_id
              from tickets t
              where t.status = 'used'
                and not exists (select 1 from admissions a where a.tenant_id = t.tenant_id and a.ticket_id = t.id)",
    },
];
