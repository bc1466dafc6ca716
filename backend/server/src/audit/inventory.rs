//! Seats and holds.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        kind: "seat_sold_twice",
        sql: "select l.tenant_id, l.unit_id, array_agg(o.id order by o.id) as order_ids
              from order_lines l join orders o on o.tenant_id = l.tenant_id and o.id = l.order_id
              where o.status in ('paid', 'partially_refunded')
                and (exists (select 1 from tickets t where t.tenant_id = l.tenant_id and t.order_line_id = l.id
                             and t.status <> 'void')
                     or not exists (select 1 from tickets t where t.tenant_id = l.tenant_id and t.order_line_id = l.id))
              group by l.tenant_id, l.unit_id having count(*) > 1",
    },
    Rule {
        kind: "seat_held_twice",
        sql: "select c.tenant_id, c.unit_id, array_agg(c.hold_id order by c.hold_id) as hold_ids
              from claims c where c.closed_at is null
              group by c.tenant_id, c.unit_id having count(*) > 1",
    },
    Rule {
        kind: "orphan_claim",
        sql: "select c.tenant_id, c.hold_id, c.unit_id
              from claims c
              left join holds h on h.tenant_id = c.tenant_id and h.id = c.hold_id and h.performance_id = c.performance_id
              left join units u on u.tenant_id = c.tenant_id and u.id = c.unit_id and u.performance_id = c.performance_id
              left join ticket_types t on t.tenant_id = c.tenant_id and t.id = c.ticket_type_id
              where h.id is null or u.id is null or t.id is null",
    },
    Rule {
        kind: "row_of_no_tenant",
        sql: "select r.tenant_id, r.kept_in, count(*) as rows
              from (select tenant_id, 'holds' as kept_in from holds
                    union all select tenant_id, 'idempotency_keys' from idempotency_keys
                    union all select tenant_id, 'provider_events' from provider_events
                    union all select tenant_id, 'outbox' from outbox) r
              where not exists (select from tenants t where t.id = r.tenant_id)
              group by r.tenant_id, r.kept_in",
    },
    Rule {
        kind: "hold_owns_nothing",
        sql: "select h.tenant_id, h.id as hold_id, h.state
              from holds h
              where h.state in ('active', 'confirming', 'completed')
                and (h.state <> 'active' or h.expires_at > marquee_now())
                and not exists (
                    select 1 from claims c
                    join units u on u.tenant_id = c.tenant_id and u.id = c.unit_id
                    where c.tenant_id = h.tenant_id and c.hold_id = h.id and c.closed_at is null
                      and (u.hold_id = h.id or h.strategy = 'redis' and h.state = 'active' and u.state = 'free'))
                and not exists (
                    select 1 from tickets t
                    join orders o on o.tenant_id = t.tenant_id and o.id = t.order_id
                    where t.tenant_id = h.tenant_id and o.hold_id = h.id and t.status = 'void')",
    },
    Rule {
        kind: "claim_without_unit",
        sql: "select c.tenant_id, c.hold_id, c.unit_id, u.state as unit_state
              from claims c
              join units u on u.tenant_id = c.tenant_id and u.id = c.unit_id
              join holds h on h.tenant_id = c.tenant_id and h.id = c.hold_id
              where c.closed_at is null and u.hold_id is distinct from c.hold_id
                and not (h.strategy = 'redis' and h.state = 'active' and u.state = 'free')
                and (h.state <> 'active' or h.expires_at > marquee_now())",
    },
    Rule {
        kind: "unit_state_mismatch",
        sql: "select u.tenant_id, u.id as unit_id, u.state as unit_state, u.hold_id, h.state as hold_state
              from units u
              left join holds h on h.tenant_id = u.tenant_id and h.id = u.hold_id
              where u.hold_id is not null
                and (u.state, coalesce(h.state, '')) not in
                    (('held', 'active'), ('confirming', 'confirming'), ('sold', 'completed'))
                and not (u.state = 'held' and u.expires_at <= marquee_now())",
    },
    Rule {
        kind: "sold_without_order",
        sql: "select u.tenant_id, u.id as unit_id, u.hold_id
              from units u
              where u.state = 'sold'
                and not exists (select 1 from order_lines l
                                join orders o on o.tenant_id = l.tenant_id and o.id = l.order_id
                                where l.tenant_id = u.tenant_id and l.unit_id = u.id and o.hold_id = u.hold_id
                                  and o.status not in ('cancelled', 'expired'))",
    },
    Rule {
        kind: "hold_total_mismatch",
        sql: "select h.tenant_id, h.id as hold_id, h.total, sum(c.face + c.fees + c.tax) as claimed
              from holds h join claims c on c.tenant_id = h.tenant_id and c.hold_id = h.id
              group by h.tenant_id, h.id, h.total having h.total <> sum(c.face + c.fees + c.tax)",
    },
];
