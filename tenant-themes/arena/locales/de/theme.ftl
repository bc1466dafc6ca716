home-next = Als Nächstes in der Arena
season-title = Demnächst
event-credits = Programm
event-facts = Vor dem Besuch
event-dates = Karten
nav-whats-on = Veranstaltungen
nav-contact = Besuch
contact-title = Besuch
