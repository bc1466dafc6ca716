home-next = Next in the arena
season-title = Coming up
event-credits = Line-up
event-facts = Before you come
event-dates = Tickets
nav-whats-on = Events
nav-contact = Visit
contact-title = Visit
