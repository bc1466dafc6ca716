home-next = Next on our stage
season-title = The season
nav-contact = Box office
contact-title = Box office
buy-dates = Choose a date
