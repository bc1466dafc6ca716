# Texte der Skripte. Zahlen sind Zahlen; Preise und Daten kommen fertig geschrieben.

seat-label = { $section }, Reihe { $row }, Platz { $number }
seat-in-row = Reihe { $row }, Platz { $number }
seats-label = { $section }, Reihe { $row }, Plätze { $first } bis { $last }
seat-available = { $seat }. { $level }, { $price }. Frei
seat-chosen = { $seat }. { $level }, { $price }. Gewählt
seat-gone = { $seat }. Vergeben
seat-not-sold = { $seat }. Nicht im Verkauf
seat-added = { $seat } gewählt, { $price }. { $count ->
    [one] Ein Platz
   *[other] { $count } Plätze
  }, zusammen { $total }.
seat-removed = { $seat } entfernt. { $count ->
    [0] Keine Plätze gewählt.
    [one] Ein Platz, zusammen { $total }.
   *[other] { $count } Plätze, zusammen { $total }.
  }
seat-lost = { $seat } hat gerade jemand anderes bekommen und wurde entfernt.
map-failed = Der Saalplan konnte nicht geladen werden. Nehmen Sie „Wir wählen für Sie“, oder laden Sie die Seite neu.
map-stage = Bühne
section-name = Block { $name }
section-label = { $section }. Ab { $price }, { $count } frei
section-label-gone = { $section }. Ausverkauft
section-label-few = { $section }. { $count ->
    [one] Zu diesem Preis nichts frei
   *[other] Keine { $count } Plätze nebeneinander
  }
section-facts = Ab { $price } · { $count } frei
section-facts-gone = Ausverkauft
tier-facts = ab { $price } · { $count } frei
from = ab { $price }
finder-found = { $count ->
    [0] Kein Block passt
    [one] Ein Block passt
   *[other] { $count } Blöcke passen
  }
finder-none = { $count ->
    [one] Zu diesem Preis ist nichts frei. Versuchen Sie einen anderen Preis.
   *[other] Kein Block hat zu diesem Preis { $count } Plätze nebeneinander. Versuchen Sie weniger oder einen anderen Preis.
  }
offer = Stattdessen { $seats } nehmen
waiting = { $count ->
    [one] Gerade buchen sehr viele. Nichts ist verloren; in einer Sekunde versuchen wir es wieder.
   *[other] Gerade buchen sehr viele. Nichts ist verloren; in { $count } Sekunden versuchen wir es wieder.
  }
legend-free = { $count ->
    [0] ausverkauft
   *[other] { $count } frei
  }
limit-reached = { $count ->
    [one] Mehr als eine Karte geht nicht in eine Bestellung.
   *[other] Mehr als { $count } Karten gehen nicht in eine Bestellung.
  }
tray-count = { $count ->
    [0] Noch keine Plätze gewählt
    [one] 1 Platz
   *[other] { $count } Plätze
  }
places-count = { $count ->
    [0] Noch keine Karten gewählt
    [one] 1 Karte
   *[other] { $count } Karten
  }
remove = { $seat } entfernen
ticket-type-for = Karte für { $seat }
parts = { $face } Karte, { $fees } Gebühr, { $tax } Steuer
holding = Karten werden reserviert …
finding = Plätze werden gesucht …

opens-seconds = { $count ->
    [one] Öffnet in einer Sekunde
   *[other] Öffnet in { $count } Sekunden
  }
opens-minutes = { $count ->
    [one] Öffnet in einer Minute
   *[other] Öffnet in { $count } Minuten
  }
opens-hours = { $count ->
    [one] Öffnet in einer Stunde
   *[other] Öffnet in { $count } Stunden
  }
opens-days = { $count ->
    [one] Öffnet morgen
   *[other] Öffnet in { $count } Tagen
  }
opens-now = Der Verkauf ist offen

held-minutes = { $count ->
    [one] Ihre Karten sind noch eine Minute reserviert
   *[other] Ihre Karten sind { $count } Minuten reserviert
  }
held-seconds = { $count ->
    [one] Noch eine Sekunde
   *[other] Noch { $count } Sekunden
  }
held-last = Noch weniger als eine Minute
held-over-title = Ihre Karten sind wieder im Verkauf
held-over-text = Die Zeit zum Bezahlen ist abgelaufen. Es wurde nichts abgebucht. Wenn die Plätze noch frei sind, können Sie sie wieder wählen.
held-unknown-title = Diese Karten sind in einem anderen Browser reserviert
held-unknown-text = Machen Sie dort weiter, wo Sie gewählt haben, oder wählen Sie hier noch einmal. Es wurde nichts abgebucht.
held-again = Noch einmal wählen
released-title = Sie haben Ihre Karten zurückgegeben
released-text = Es wurde nichts abgebucht.
line-count = { $count } × { $name }
name-missing = Bitte geben Sie einen Namen für die Karte an.
name-invalid = Ein Name hat keine Zeilenumbrüche und höchstens 200 Zeichen.
email-invalid = Das sieht nicht nach einer Mailadresse aus.
pay = { $total } bezahlen
pay-free = Karten holen
paying = Wird bezahlt …
pay-action = Ihre Bank bittet um Bestätigung. Bitte schließen Sie das in ihrem Fenster ab.
pay-script-failed = Das Zahlungsformular konnte nicht geladen werden. Es wurde nichts abgebucht. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.
details-done = Die Karten gehen an { $email }
try-again = Noch einmal versuchen
total = Gesamt

declined-title = Die Karte wurde abgelehnt
declined-generic = Es wurde nichts abgebucht. Nehmen Sie eine andere Karte, oder fragen Sie Ihre Bank.
declined-insufficient_funds = Auf der Karte war nicht genug Geld. Es wurde nichts abgebucht. Nehmen Sie eine andere.
declined-expired_card = Diese Karte ist abgelaufen. Es wurde nichts abgebucht. Nehmen Sie eine andere.
declined-incorrect_cvc = Die Prüfziffer stimmt nicht. Es wurde nichts abgebucht. Sehen Sie auf der Rückseite nach.
declined-processing_error = Die Bank war nicht zu erreichen. Es wurde nichts abgebucht. Bitte versuchen Sie es gleich noch einmal.
declined-authentication = Die Zahlung wurde bei Ihrer Bank nicht bestätigt. Es wurde nichts abgebucht. Sie können es noch einmal versuchen.

problem-seat_taken = { $count ->
    [one] Dieser Platz ist gerade vergeben worden: { $seats }. Es wurde nichts abgebucht. Bitte wählen Sie einen anderen.
   *[other] Diese Plätze sind gerade vergeben worden: { $seats }. Es wurde nichts abgebucht. Bitte wählen Sie andere.
  }
problem-sold_out = Davon sind nicht mehr genug da. Es wurde nichts abgebucht. Versuchen Sie weniger oder einen anderen Preis.
problem-no_adjacent = Zu diesem Preis sind keine { $count } Plätze nebeneinander frei. Es wurde nichts abgebucht. Versuchen Sie weniger oder einen anderen Preis.
problem-limit_per_order = Das ist mehr, als eine Bestellung haben darf. Es wurde nichts abgebucht.
problem-limit_per_buyer = Sie haben schon so viele Karten, wie eine Person kaufen darf. Es wurde nichts abgebucht.
problem-not_on_sale = Der Verkauf hat noch nicht begonnen. Er beginnt { $opens }.
problem-not_on_sale-closed = Der Verkauf ist beendet. Es wurde nichts abgebucht.
problem-hold_expired = Die Zeit zum Bezahlen ist abgelaufen, die Karten sind wieder im Verkauf. Es wurde nichts abgebucht.
problem-too_many_attempts = Zu viele Versuche für eine Bestellung. Es wurde nichts abgebucht. Wählen Sie Ihre Karten noch einmal, oder rufen Sie uns an.
problem-rate_limited = Zu viele Versuche in kurzer Zeit. Warten Sie einen Moment und versuchen Sie es noch einmal.
problem-not_found = Diese Bestellung ist in diesem Browser nicht offen. Öffnen Sie sie mit dem Link in Ihrer Mail.
problem-order_state = Diese Bestellung kann nicht noch einmal bezahlt werden. Laden Sie neu, um zu sehen, wie sie steht.
problem-validation_failed = Etwas im Formular stimmt nicht. Bitte sehen Sie nach.
problem-unavailable = Die Kasse ist im Moment nicht zu erreichen. Es wurde nichts abgebucht. Bitte versuchen Sie es in einer Minute noch einmal.
problem-overloaded = Gerade buchen sehr viele. Es wurde nichts abgebucht. Wir versuchen es von selbst noch einmal.
problem-network = Es gibt keine Verbindung. Es hat sich nichts geändert. Prüfen Sie Ihr Netz und versuchen Sie es noch einmal.
problem-other = Das hat nicht geklappt. Es wurde nichts abgebucht. Bitte versuchen Sie es noch einmal.
problem-pay-network = Die Verbindung brach beim Bezahlen ab. Drücken Sie noch einmal: Sie zahlen nie zweimal.
problem-pay-unavailable = Die Kasse hat beim Bezahlen nicht geantwortet. Drücken Sie gleich noch einmal: Sie zahlen nie zweimal.

order-paid-title = Bis dann
order-paid-text = Ihre Karten stehen unten und sind unterwegs an { $email }.
order-paid-text-plain = Ihre Karten stehen unten und in Ihrer Mail.
order-number = Bestellung { $number }
order-processing-title = Ihre Zahlung ist unterwegs
order-processing-text = Die Bank hat noch nicht geantwortet. Die Plätze bleiben Ihre; diese Seite zeigt die Karten, sobald sie es tut.
order-pending-title = Diese Bestellung ist noch nicht bezahlt
order-pending-text = Es wurde nichts abgebucht. Ihre Karten sind reserviert, bis die Zeit abläuft.
order-expired-title = Diese Bestellung ist abgelaufen
order-expired-text = Sie wurde nicht rechtzeitig bezahlt, die Karten sind wieder im Verkauf. Es wurde nichts abgebucht.
order-cancelled-title = Diese Bestellung wurde storniert
order-cancelled-text = Dafür wurde nichts abgebucht.
order-refunded-title = Diese Bestellung wurde erstattet
order-refunded-text = Das Geld ist in einigen Tagen wieder auf Ihrer Karte. Diese Eintrittskarten gelten nicht mehr.
order-locked-title = Öffnen Sie diese Bestellung aus Ihrer Mail
order-locked-text = Damit Karten sicher sind, öffnet sich diese Seite nur mit dem Link in der Mail, die wir Ihnen geschickt haben.
order-preparing = Ihre Karten werden geschrieben. Einen Moment.
order-waiting-title = Einen Moment
order-waiting-text = Die Kasse ist gerade nicht zu erreichen. Was Sie bezahlt haben, ist sicher; diese Seite versucht es weiter.
order-waiting-network = Es gibt keine Verbindung. Was Sie bezahlt haben, ist sicher; diese Seite versucht es weiter.
ticket-code = Kartencode
ticket-qr = Code für den Einlass: { $label }
ticket-valid = Gültig
ticket-used = Benutzt
ticket-void = Ungültig
ticket-of = Karte { $index } von { $count }
pdf = Alle Karten als PDF
pdf-failed = Das PDF ist noch nicht fertig. Die Karten auf dieser Seite gelten am Einlass genauso.
back-home = Zum Programm
