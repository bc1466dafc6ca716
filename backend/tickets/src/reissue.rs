use marquee_core::db::TenantTx;
use marquee_core::ids::{OrderId, TicketId};
use marquee_core::secret::SecretKey;
use marquee_entity::orders::TicketStatus;

use crate::codes::CURRENT_KEY;
use crate::issue::{MAIL, issue, signer};
use crate::{MailOrder, Ticket, TicketError, store};

/// Withdraws tickets of a paid order and issues others for the same seats, with new codes, in the caller's transaction;
/// their mail is staged. `only` names one ticket; without it every ticket that is good is replaced, and an order that has
/// no tickets at all gets them. Whoever used a ticket is inside: those stay.
///
/// # Errors
/// `NotPaid`, `UnknownOrder`, `KeyMismatch` as [`issue`]; `UnknownTicket` for one that is not the order's;
/// `NotReplaceable` for one that was used or withdrawn, or when none is left to replace.
pub async fn reissue(
    tx: &TenantTx,
    secret: &SecretKey,
    order_id: OrderId,
    only: Option<TicketId>,
) -> Result<Vec<Ticket>, TicketError> {
    let order =
        store::lock_order(tx, order_id, CURRENT_KEY).await?.ok_or(TicketError::UnknownOrder(order_id))?;
    if !order.status.may_have_tickets() {
        return Err(TicketError::NotPaid(order_id));
    }
    let known = store::tickets(tx, order_id).await?;
    if known.is_empty() && only.is_none() {
        issue(tx, secret, order_id).await?;
        return Ok(store::tickets(tx, order_id).await?);
    }
    let replaced = to_replace(&known, only)?;
    let signer = signer(tx, secret, order.public_key.as_deref()).await?;
    let lines = store::withdraw(tx, order_id, &replaced).await?;
    if lines.len() != replaced.len() {
        return Err(TicketError::NotReplaceable);
    }
    let fresh = lines
        .into_iter()
        .map(|line| {
            let ticket = TicketId::generate();
            (line, ticket, signer.sign(ticket, order.performance_id))
        })
        .collect();
    store::insert(tx, order_id, fresh).await?;
    tx.stage(MAIL, &MailOrder { order_id }).await?;
    Ok(store::tickets(tx, order_id).await?)
}

/// Which of an order's tickets are to be replaced.
fn to_replace(known: &[Ticket], only: Option<TicketId>) -> Result<Vec<TicketId>, TicketError> {
    if let Some(named) = only
        && !known.iter().any(|ticket| ticket.ticket_id == named)
    {
        return Err(TicketError::UnknownTicket(named));
    }
    let good = known.iter().filter(|ticket| ticket.status == TicketStatus::Valid);
    let picked: Vec<TicketId> = good
        .map(|ticket| ticket.ticket_id)
        .filter(|ticket| only.is_none_or(|named| named == *ticket))
        .collect();
    if picked.is_empty() { Err(TicketError::NotReplaceable) } else { Ok(picked) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(status: TicketStatus) -> Ticket {
        Ticket {
            ticket_id: TicketId::generate(),
            label: "A 1".to_owned(),
            code: "CODE".to_owned(),
            holder: "A. Fan".to_owned(),
            status,
        }
    }

    #[test]
    fn tickets_that_were_used_or_withdrawn_stay() {
        let known =
            [TicketStatus::Valid, TicketStatus::Used, TicketStatus::Void, TicketStatus::Valid].map(ticket);
        assert_eq!(to_replace(&known, None).unwrap(), [known[0].ticket_id, known[3].ticket_id]);
        assert_eq!(to_replace(&known, Some(known[3].ticket_id)).unwrap(), [known[3].ticket_id]);
        for index in [1, 2] {
            let refused = to_replace(&known, Some(known[index].ticket_id));
            assert!(matches!(refused, Err(TicketError::NotReplaceable)));
        }
        assert!(matches!(to_replace(&known[1..3], None), Err(TicketError::NotReplaceable)));
        let foreign = TicketId::generate();
        assert!(
            matches!(to_replace(&known, Some(foreign)), Err(TicketError::UnknownTicket(id)) if id == foreign)
        );
    }
}
