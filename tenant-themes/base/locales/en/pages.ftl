# Texts of the pages as the server renders them.

skip = Skip to content
nav-label = Site
nav-whats-on = What’s on
nav-contact = Contact
home-link = { $site }, home
contact-title = Contact
no-script = This step needs JavaScript. Please switch it on.
no-script-call = Or call us on { $phone } and we will book for you.

# Home
home-title = What’s on
home-next = Next
home-empty = Nothing is on sale at the moment. New dates are announced here first.
featured-label = Next event

# States and prices
from-price = from { $price }
state-sold-out = Sold out
state-few-left = Few left
state-cancelled = Cancelled
state-ended = Over
state-opens = On sale { $date }, { $time }
doors = doors { $time }
doors-label = Doors
starts-label = Starts
until = until { $time }

# Event
event-dates = Dates and tickets
event-credits = Cast and creatives
event-facts = Good to know
event-place = Where
event-prices = Prices
event-prices-note = All prices include fees and tax.
buy-seats = Choose seats
buy-tickets = Get tickets
buy-dates = Choose a date
book-date = Book { $date }, { $time }
price-parts = of which { $face } ticket, { $fees } booking fee, { $tax } tax
event-sold-out = Every ticket is sold.
event-sold-out-next = Returned tickets go back on sale here, without notice.
event-cancelled = This performance has been cancelled. Everyone who booked is refunded and told by mail.
event-ended = Booking has closed.
opens-in = Booking opens { $date } at { $time }
opens-stay = Stay on this page: it opens by itself.

# Performance
back-to-event = Back to { $title }
map-title = Choose your seats
map-help = Tap a block to come closer, then a seat to choose it.
map-help-keys = With the keyboard: arrow keys move, Enter chooses.
map-label = Seating plan
map-loading = Drawing the seating plan
map-zoom-in = Come closer
map-zoom-out = Step back
map-whole = Whole house
finder-title = Choose a section
finder-help = Coloured by price, paler where little is left. Open a section to see its seats.
finder-count = Seats together
finder-fewer = One seat fewer
finder-more = One seat more
finder-list = Sections
finder-back = All sections
section-help = Tap to come closer, then tap a seat to choose it.
legend-title = Prices
best-title = Let us choose
best-lead = The best seats together that are free right now.
best-level = Price
best-count = How many
best-type = Ticket
best-submit = Find seats
best-adjacent = Side by side
tray-title = Your seats
tray-empty = No seats chosen yet
places-title = Choose your tickets
places-empty = No tickets chosen yet
holding-title = Your tickets on hold
total-note = Fees and tax included
continue = Continue
fewer = One fewer: { $name }
more = One more: { $name }

# Checkout
checkout-title = Checkout
checkout-summary = Your order
checkout-details = Your details
checkout-name = Name
checkout-name-hint = As it should stand on the ticket
checkout-email = Email
checkout-email-hint = Your tickets are sent here
checkout-to-payment = Continue to payment
checkout-payment = Payment
checkout-payment-wait = First tell us where to send the tickets.
checkout-pay = Pay
checkout-secure = Your card is charged only once your tickets are certain.
checkout-give-back = Give these tickets back
checkout-loading = Looking up your tickets

# Order
order-title = Your order
order-loading = Fetching your order

# Errors
error-not-found-title = There is no page here
error-not-found-text = The address may be mistyped, or the event is over.
error-unavailable-title = This page is having a break
error-unavailable-text = Nothing you have booked or paid for is lost. Please try again in a minute.
error-home = See what’s on
error-retry = Try again
neutral-title = There is no site at this address
neutral-text = Check the spelling of the address, or the link that brought you here.
