home-next = Jetzt
event-credits = Ablauf
event-facts = Regeln
nav-whats-on = Nächte
nav-contact = Tür
