home-next = Als Nächstes auf unserer Bühne
season-title = Der Spielplan
nav-contact = Kasse
contact-title = Kasse
buy-dates = Termin wählen
