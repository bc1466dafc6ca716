# Texts that scripts show. Numbers are numbers; prices and dates come formatted.

seat-label = { $section }, row { $row }, seat { $number }
seat-in-row = Row { $row }, seat { $number }
seats-label = { $section }, row { $row }, seats { $first } to { $last }
seat-available = { $seat }. { $level }, { $price }. Free
seat-chosen = { $seat }. { $level }, { $price }. Chosen
seat-gone = { $seat }. Taken
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
parts = { $face } ticket, { $fees } fee, { $tax } tax
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
held-unknown-title = These tickets are held in another browser
held-unknown-text = Go on where you chose them, or choose again here. Nothing was charged.
held-again = Choose again
released-title = You gave your tickets back
released-text = Nothing was charged.
line-count = { $count } × { $name }
name-missing = Please give a name for the ticket.
name-invalid = A name cannot have line breaks and has 200 characters at most.
email-invalid = This does not look like a mail address.
pay = Pay { $total }
pay-free = Get my tickets
paying = Paying…
pay-action = Your bank asks you to confirm. Please finish in its window.
pay-script-failed = The payment form could not be loaded. Nothing was charged. Check your connection and try again.
details-done = Tickets go to { $email }
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
problem-too_many_attempts = Too many tries for one order. Nothing was charged. Please choose your tickets again, or call us.
problem-rate_limited = Too many tries in a short time. Wait a moment and try again.
problem-not_found = This order is not open in this browser. Use the link in your mail to open it.
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
order-refunded-title = This order was refunded
order-refunded-text = The money goes back to your card within a few days. These tickets are no longer valid.
order-locked-title = Open this order from your mail
order-locked-text = To keep tickets safe, this page opens only with the link in the mail we sent you.
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
