# Texte der Seiten, wie der Server sie ausgibt.

skip = Zum Inhalt springen
nav-label = Seiten
nav-whats-on = Programm
nav-contact = Kontakt
contact-title = Kontakt
home-link = { $site }, Startseite
no-script = Dieser Schritt braucht JavaScript. Bitte schalten Sie es ein.
no-script-call = Oder rufen Sie uns an ({ $phone }): Wir buchen für Sie.

# Startseite
home-title = Programm
home-next = Demnächst
home-empty = Im Moment ist nichts im Verkauf. Neue Termine stehen zuerst hier.
featured-label = Nächste Veranstaltung

# Stand und Preise
from-price = ab { $price }
state-sold-out = Ausverkauft
state-few-left = Wenige Karten
state-cancelled = Abgesagt
state-ended = Vorbei
state-opens = Vorverkauf ab { $date }, { $time }
doors = Einlass { $time }
doors-label = Einlass
starts-label = Beginn
until = bis { $time }

# Veranstaltung
event-dates = Termine und Karten
event-credits = Besetzung und Team
event-facts = Gut zu wissen
event-place = Ort
event-prices = Preise
event-prices-note = Alle Preise mit Gebühren und Steuer.
buy-seats = Plätze wählen
buy-tickets = Karten kaufen
buy-dates = Termin wählen
book-date = { $date }, { $time } buchen
price-parts = davon { $face } Karte, { $fees } Gebühr, { $tax } Steuer
event-sold-out = Alle Karten sind verkauft.
event-sold-out-next = Zurückgegebene Karten kommen hier ohne Ankündigung wieder in den Verkauf.
event-cancelled = Diese Vorstellung ist abgesagt. Wer gebucht hat, bekommt das Geld zurück und eine Mail.
event-ended = Der Verkauf ist beendet.
opens-in = Der Vorverkauf beginnt { $date } um { $time }
opens-stay = Bleiben Sie auf dieser Seite: Sie öffnet sich von selbst.

# Vorstellung
back-to-event = Zurück zu { $title }
map-title = Plätze wählen
map-help = Tippen Sie auf einen Block, um näher zu kommen, dann auf einen Platz.
map-help-keys = Mit der Tastatur: Pfeiltasten bewegen, Eingabe wählt.
map-label = Saalplan
map-loading = Der Saalplan wird gezeichnet
map-zoom-in = Näher heran
map-zoom-out = Weiter weg
map-whole = Ganzes Haus
finder-title = Block wählen
finder-help = Farbe nach Preis, blasser, wo nur noch wenig frei ist. Öffnen Sie einen Block, um seine Plätze zu sehen.
finder-count = Plätze zusammen
finder-fewer = Ein Platz weniger
finder-more = Ein Platz mehr
finder-list = Blöcke
finder-back = Alle Blöcke
section-help = Tippen Sie, um näher zu kommen, dann auf einen Platz.
legend-title = Preise
best-title = Wir wählen für Sie
best-lead = Die besten Plätze nebeneinander, die gerade frei sind.
best-level = Preis
best-count = Wie viele
best-type = Karte
best-submit = Plätze finden
best-adjacent = Nebeneinander
tray-title = Ihre Plätze
tray-empty = Noch keine Plätze gewählt
places-title = Karten wählen
places-empty = Noch keine Karten gewählt
holding-title = Ihre reservierten Karten
total-note = Gebühren und Steuer enthalten
continue = Weiter
fewer = Eine weniger: { $name }
more = Eine mehr: { $name }

# Kasse
checkout-title = Kasse
checkout-summary = Ihre Bestellung
checkout-details = Ihre Angaben
checkout-name = Name
checkout-name-hint = Wie er auf der Karte stehen soll
checkout-email = E-Mail
checkout-email-hint = Dorthin schicken wir Ihre Karten
checkout-to-payment = Weiter zur Zahlung
checkout-payment = Zahlung
checkout-payment-wait = Sagen Sie uns zuerst, wohin die Karten gehen.
checkout-pay = Bezahlen
checkout-secure = Ihre Karte wird erst belastet, wenn die Plätze sicher Ihre sind.
checkout-give-back = Diese Karten zurückgeben
checkout-loading = Ihre Karten werden geholt

# Bestellung
order-title = Ihre Bestellung
order-loading = Ihre Bestellung wird geholt

# Fehler
error-not-found-title = Hier ist keine Seite
error-not-found-text = Vielleicht ist die Adresse falsch geschrieben, oder die Veranstaltung ist vorbei.
error-unavailable-title = Diese Seite macht eine Pause
error-unavailable-text = Nichts, was Sie gebucht oder bezahlt haben, ist verloren. Bitte versuchen Sie es in einer Minute noch einmal.
error-home = Zum Programm
error-retry = Noch einmal versuchen
neutral-title = Unter dieser Adresse gibt es keine Seite
neutral-text = Prüfen Sie die Schreibweise der Adresse oder den Link, der Sie hierher geführt hat.
