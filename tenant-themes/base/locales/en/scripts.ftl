# Texts that scripts show. Numbers are numbers; prices and dates come formatted.

seat-label = { $section }, row { $row }, seat { $number }
seat-in-row = Row { $row }, seat { $number }
seats-label = { $section }, row { $row }, seats { $first } to { $last }
seat-available = { $seat }. { $level }, { $price }. Free
seat-chosen = { $seat }. { $level }, { $price }. Chosen
seat-gone = { $seat }. Taken
seat-held = { $seat }. Held by you
seat-not-sold = { $seat }. Not on sale
seat-added = { $seat } chosen, { $price }. { $count ->
    [one] One seat
   *[other] { $count } seats
  }, { $total } in all.
seat-removed = { $seat } removed. { $count ->
    [0] No seats chosen.
    [one] One seat, { $total } in all.
   *[other] { $count } seats, { $total } in all.
  }
seat-lost = { $seat } has just been taken by someone else and was removed.
map-failed = The seating plan could not be loaded. Choose “Let us choose” instead, or reload the page.
map-stage = Stage
section-name = Section { $name }
section-label = { $section }. From { $price }, { $count } free
section-label-gone = { $section }. Sold out
section-label-few = { $section }. { $count ->
    [one] Nothing free at this price
   *[other] No { $count } seats side by side
  }
section-facts = From { $price } · { $count } free
section-parties = Paler seats have fewer than { $count } free side by side.
section-facts-gone = Sold out
tier-facts = from { $price } · { $count } free
from = from { $price }
finder-found = { $count ->
    [0] No section fits
    [one] One section fits
   *[other] { $count } sections fit
  }
finder-none = { $count ->
    [one] Nothing is free at this price. Try another price.
   *[other] No section has { $count } seats side by side at this price. Try fewer, or another price.
  }
found = We found { $seats }
offer = Take { $seats } instead
waiting = { $count ->
    [one] Very many people are booking. Nothing is lost; we try again in a second.
   *[other] Very many people are booking. Nothing is lost; we try again in { $count } seconds.
  }
legend-free = { $count ->
    [0] sold out
   *[other] { $count } free
  }
limit-reached = { $count ->
    [one] One ticket is the most in one order.
   *[other] { $count } tickets are the most in one order.
  }
tray-count = { $count ->
    [0] No seats chosen yet
    [one] 1 seat
   *[other] { $count } seats
  }
places-count = { $count ->
    [0] No tickets chosen yet
    [one] 1 ticket
   *[other] { $count } tickets
  }
remove = Remove { $seat }
ticket-type-for = Ticket for { $seat }
parts = { $count ->
    [one] { $face } ticket, { $fees } fee, { $tax } tax
   *[other] { $face } tickets, { $fees } fees, { $tax } tax
  }
holding = Holding your tickets…
finding = Looking for seats…

opens-seconds = { $count ->
    [one] Opens in one second
   *[other] Opens in { $count } seconds
  }
opens-minutes = { $count ->
    [one] Opens in one minute
   *[other] Opens in { $count } minutes
  }
opens-hours = { $count ->
    [one] Opens in one hour
   *[other] Opens in { $count } hours
  }
opens-days = { $count ->
    [one] Opens tomorrow
   *[other] Opens in { $count } days
  }
opens-now = Booking is open

held-minutes = { $count ->
    [one] Your tickets are held for one more minute
   *[other] Your tickets are held for { $count } minutes
  }
held-seconds = { $count ->
    [one] One second left
   *[other] { $count } seconds left
  }
held-last = Less than a minute left
held-over-title = Your tickets went back on sale
held-over-text = The time to pay ran out. Nothing was charged. If they are still free you can choose them again.
held-unknown-title = These tickets are not known in this browser
held-unknown-text = If you chose them in another browser, go on there while they are held. What is paid for is in your mail.
held-again = Choose again
released-title = You gave your tickets back
released-text = Nothing was charged.
closed-title = Booking has ended
closed-text = This performance can no longer be booked. Nothing was charged for your tickets.
called-off-title = This performance is cancelled
called-off-text = We are sorry. Nothing was charged for your tickets.
other-dates = Choose another date
giving-back = Giving back…
start-over = Give these tickets back and choose again
call-us = Or call us: { $phone }
hold-seats = { $count ->
    [one] You hold 1 seat
   *[other] You hold { $count } seats
  }
hold-tickets = { $count ->
    [one] You hold 1 ticket
   *[other] You hold { $count } tickets
  }
hold-left = { $time } left
held-left = Your tickets are held for another { $time }
go-on = Go on
give-back = Give back
line-count = { $count } × { $name }
name-missing = Please give a name for the ticket.
name-invalid = A name cannot have line breaks and has 200 characters at most.
email-invalid = This does not look like a mail address.
pay = Pay { $total }
pay-free = Get my tickets
paying = Paying…
paying-slow = This takes longer than usual. Please stay on this page: nothing is charged twice.
pay-action = Your bank asks you to confirm. Please finish in its window.
pay-script-failed = The payment form could not be loaded. Nothing was charged. Check your connection and try again.
details-done = Tickets go to { $email }
details-change = Change
try-again = Try again

declined-title = The card was declined
declined-generic = Nothing was charged. Try another card, or ask your bank why.
declined-insufficient_funds = There was not enough money on the card. Nothing was charged. Try another one.
declined-expired_card = This card has expired. Nothing was charged. Try another one.
declined-incorrect_cvc = The security code was wrong. Nothing was charged. Check the three digits on the back.
declined-processing_error = The bank could not be reached. Nothing was charged. Please try again in a moment.
declined-authentication = The payment was not confirmed with your bank. Nothing was charged. You can try again.

problem-seat_taken = { $count ->
    [one] This seat has just been taken: { $seats }. Nothing was charged. Please choose another.
   *[other] These seats have just been taken: { $seats }. Nothing was charged. Please choose others.
  }
problem-sold_out = There are not enough left of these. Nothing was charged. Try fewer, or another price.
problem-no_adjacent = There are no { $count } seats side by side at this price. Nothing was charged. Try fewer, or another price.
problem-limit_per_order = That is more than one order may have. Nothing was charged.
problem-limit_per_buyer = You already have as many tickets as one person may buy. Nothing was charged.
problem-not_on_sale = Booking has not opened yet. It opens { $opens }.
problem-not_on_sale-closed = Booking is closed. Nothing was charged.
problem-hold_expired = The time to pay ran out and the tickets went back on sale. Nothing was charged.
problem-too_many_attempts = That was the last try for this order. Nothing was charged. Give the tickets back and choose again to try another card.
problem-rate_limited = Too many tries in a short time. Wait a moment and try again.
problem-declined_payments = Too many payments were declined. Nothing was charged. Wait { $seconds } seconds before you try again.
problem-not_found = This order is not known in this browser. Once it is paid, the link in your mail opens it.
problem-order_state = This order cannot be paid again. Reload to see how it stands.
problem-validation_failed = Something in the form is not right. Please check it.
problem-unavailable = We cannot reach the box office at the moment. Nothing was charged. Please try again in a minute.
problem-overloaded = Very many people are booking at the moment. Nothing was charged. We try again by ourselves.
problem-network = There is no connection. Nothing was changed. Check your network and try again.
problem-other = That did not work. Nothing was charged. Please try again.

order-paid-title = See you there
order-paid-text = Your tickets are below and on their way to { $email }.
order-paid-text-plain = Your tickets are below and in your mail.
order-number = Order { $number }
order-processing-title = Your payment is on its way
order-processing-text = The bank has not answered yet. Your tickets stay yours; this page shows them as soon as it does.
order-pending-title = This order is not paid yet
order-pending-text = Nothing was charged. Your tickets are held until the time runs out.
order-expired-title = This order has run out
order-expired-text = It was not paid in time and the tickets went back on sale. Nothing was charged.
order-cancelled-title = This order was cancelled
order-cancelled-text = Nothing was charged for it.
order-confirm = Confirm with my bank
order-go-on = Go on to payment
order-try-again = Try to pay again
order-refund-coming-title = Your money is on its way back
order-refund-coming-text = { $amount } goes back the way you paid. Banks usually show it within five to ten working days. The tickets are no longer valid.
order-refund-done-title = This order was refunded
order-refund-done-text = { $amount } went back the way you paid. Banks usually show it within five to ten working days. The tickets are no longer valid.
order-refund-free-title = These tickets were taken back
order-refund-free-text = They are no longer valid. There was nothing to pay for them, so no money has to go back.
order-refund-failed-title = We owe you money
order-refund-failed-text = The tickets are no longer valid, but your bank did not take the money back. We are looking for another way and will write to you.
order-returned-title = You returned your tickets
order-called-off-title = This performance is cancelled
order-called-off-coming = We are sorry. You get back all you paid, { $amount }, the way you paid it. There is nothing you need to do; your tickets are no longer valid.
order-called-off-done = We are sorry. All you paid, { $amount }, went back the way you paid it. Banks usually show it within five to ten working days.
order-called-off-free = We are sorry. There was nothing to pay for your tickets, so no money has to go back. They are no longer valid.
order-called-off-failed = We are sorry. Your bank did not take your money back. We are looking for another way and will write to you; your tickets are no longer valid.
order-called-off-unpaid = We are sorry. This order was not paid, and nothing was charged for it.
order-called-off-stopping = We are sorry. Your payment was under way and is being stopped. If it goes through all the same, you get all of it back at once.
order-moved-title = This performance has a new date
order-moved-text = It is now on { $date } instead of { $before }. Your tickets are valid for the new date as they are.
order-moved-kept-text = On the new date, { $date }. Your tickets are valid for it as they are.
order-part-coming = { $count ->
    [0] { $amount } is on its way back to you. Your tickets stay valid.
    [one] { $amount } is on its way back to you. One ticket is no longer valid.
   *[other] { $amount } is on its way back to you. { $count } tickets are no longer valid.
  }
order-part-done = { $count ->
    [0] { $amount } went back to you. Your tickets stay valid.
    [one] { $amount } went back to you. One ticket is no longer valid.
   *[other] { $amount } went back to you. { $count } tickets are no longer valid.
  }
order-part-failed = Your bank did not take money back that we owe you. We are looking for another way and will write to you.
order-part-free = { $count ->
    [one] One ticket was taken back and is no longer valid.
   *[other] { $count } tickets were taken back and are no longer valid.
  }
instead-of = instead of { $date }
tickets-void = No longer valid
refund-done = Paid back
refund-coming = On its way back
choice-title = Can you come?
choice-text = Tell us by { $until }. If you say nothing, your tickets stay valid for the new date.
choice-keep = Keep my tickets for { $date }
choice-return = Return them and get { $amount } back
choice-return-free = Return them
choice-kept-title = Can’t come after all?
choice-kept-text = You keep your tickets. Until { $until } you can still return them.
choice-network = There is no connection. Nothing was changed. Check your network and try again.
return-sure-title = { $count ->
    [one] Return your ticket?
   *[other] Return all { $count } tickets?
  }
return-sure-text = They stop being valid at once, and { $amount } goes back the way you paid. This cannot be undone.
return-sure-free = They stop being valid at once. This cannot be undone.
return-sure-yes = { $count ->
    [one] Return my ticket
   *[other] Return { $count } tickets
  }
return-sure-no = Not now
notice-bank_asks-title = Your bank asks you to confirm
notice-bank_asks-text = Confirm the payment in your bank’s window or app. Your tickets are kept until you have, for at most five minutes beyond your time. If you do not confirm, nothing is charged.
notice-payment_under_way-title = Your payment is on its way
notice-payment_under_way-text = The bank has not answered yet. This page shows your tickets as soon as it does. You are charged once at most, and never without tickets.
notice-declined-title = Your bank declined the payment
notice-declined-text = Nothing was charged, and your tickets are still held. Try again, or use another card.
notice-not_reached-title = This order is not paid yet
notice-not_reached-text = The payment did not reach your bank. Nothing was charged, and your tickets are still held. Please try again.
notice-giving_up-title = This order has run out
notice-giving_up-text = The tickets went back on sale. What your bank may have reserved is being released; nothing is charged.
notice-payment_unstoppable-title = Your payment did not come in time
notice-payment_unstoppable-text = The time ran out while your payment was under way, and the tickets went back on sale. The payment could not be stopped: if it still goes through, you get all of it back at once.
notice-refund_under_way-title = You get your money back
notice-refund_under_way-text = We are sorry: your payment came when the time had run out and the tickets were gone. The full amount is on its way back to you; you need not do anything.
notice-paid_back-title = You got your money back
notice-paid_back-text = We are sorry: your payment came when the time had run out and the tickets were gone. The full amount was paid back; your bank may take a few days to show it.
notice-refund_failed-title = We owe you money
notice-refund_failed-text = Your payment came when the tickets were gone, and your bank did not take the money back. We are looking for another way and will write to you.
order-locked-title = This order is not known in this browser
order-locked-text = Once it is paid, the link in the mail that we send opens it on any device. If you were still paying, go on in the browser where you began.
order-preparing = Your tickets are being written. One moment.
ticket-code = Ticket code
ticket-qr = Code for the door: { $label }
ticket-valid = Valid
ticket-used = Used
ticket-void = Not valid
ticket-of = Ticket { $index } of { $count }
pdf = All tickets as PDF
pdf-failed = The PDF is not ready yet. The tickets on this page work at the door as well.
back-home = See what’s on
total = Total

order-waiting-title = One moment
order-waiting-text = We cannot reach the box office right now. What you have paid for is safe; this page goes on trying.
order-waiting-network = There is no connection. What you have paid for is safe; this page goes on trying.
problem-pay-network = The connection broke while paying. Press the button again: you are never charged twice.
problem-pay-unavailable = The box office did not answer while paying. Press the button again in a moment: you are never charged twice.
