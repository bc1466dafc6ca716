home-next = Next
event-credits = Running order
event-facts = Rules
nav-whats-on = Nights
nav-contact = Door
