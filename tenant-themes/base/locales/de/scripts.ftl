# Texte der Skripte. Zahlen sind Zahlen; Preise und Daten kommen fertig geschrieben.

seat-label = { $section }, Reihe { $row }, Platz { $number }
seat-in-row = Reihe { $row }, Platz { $number }
seats-label = { $section }, Reihe { $row }, Plätze { $first } bis { $last }
seat-available = { $seat }. { $level }, { $price }. Frei
seat-chosen = { $seat }. { $level }, { $price }. Gewählt
seat-gone = { $seat }. Vergeben
seat-held = { $seat }. Von Ihnen reserviert
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
section-parties = Bei blasseren Plätzen sind keine { $count } nebeneinander frei.
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
found = Gefunden: { $seats }
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
parts = { $count ->
    [one] { $face } Karte, { $fees } Gebühr, { $tax } Steuer
   *[other] { $face } Karten, { $fees } Gebühren, { $tax } Steuer
  }
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
held-unknown-title = Diese Karten kennt dieser Browser nicht
held-unknown-text = Wenn Sie sie in einem anderen Browser gewählt haben, machen Sie dort weiter, solange sie reserviert sind. Was bezahlt ist, steht in Ihrer Mail.
held-again = Noch einmal wählen
released-title = Sie haben Ihre Karten zurückgegeben
released-text = Es wurde nichts abgebucht.
closed-title = Der Verkauf ist beendet
closed-text = Diese Vorstellung kann nicht mehr gebucht werden. Für Ihre Karten wurde nichts abgebucht.
called-off-title = Diese Vorstellung ist abgesagt
called-off-text = Es tut uns leid. Für Ihre Karten wurde nichts abgebucht.
other-dates = Anderen Termin wählen
giving-back = Wird zurückgegeben …
start-over = Diese Karten zurückgeben und neu wählen
call-us = Oder rufen Sie uns an: { $phone }
hold-seats = { $count ->
    [one] Sie haben 1 Platz reserviert
   *[other] Sie haben { $count } Plätze reserviert
  }
hold-tickets = { $count ->
    [one] Sie haben 1 Karte reserviert
   *[other] Sie haben { $count } Karten reserviert
  }
hold-left = noch { $time }
held-left = Ihre Karten sind noch { $time } reserviert
go-on = Weiter
give-back = Zurückgeben
line-count = { $count } × { $name }
name-missing = Bitte geben Sie einen Namen für die Karte an.
name-invalid = Ein Name hat keine Zeilenumbrüche und höchstens 200 Zeichen.
email-invalid = Das sieht nicht nach einer Mailadresse aus.
pay = { $total } bezahlen
pay-free = Karten holen
paying = Wird bezahlt …
paying-slow = Das dauert länger als sonst. Bitte bleiben Sie auf dieser Seite: Es wird nichts zweimal abgebucht.
pay-action = Ihre Bank bittet um Bestätigung. Bitte schließen Sie das in ihrem Fenster ab.
pay-script-failed = Das Zahlungsformular konnte nicht geladen werden. Es wurde nichts abgebucht. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.
details-done = Die Karten gehen an { $email }
details-change = Ändern
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
problem-too_many_attempts = Das war der letzte Versuch für diese Bestellung. Es wurde nichts abgebucht. Geben Sie die Karten zurück und wählen Sie neu, um es mit einer anderen Karte zu versuchen.
problem-rate_limited = Zu viele Versuche in kurzer Zeit. Warten Sie einen Moment und versuchen Sie es noch einmal.
problem-declined_payments = Zu viele Zahlungen wurden abgelehnt. Es wurde nichts abgebucht. Warten Sie { $seconds } Sekunden, bevor Sie es noch einmal versuchen.
problem-not_found = Diese Bestellung kennt dieser Browser nicht. Wenn sie bezahlt ist, öffnet sie der Link in Ihrer Mail.
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
order-confirm = Bei meiner Bank bestätigen
order-go-on = Weiter zur Zahlung
order-try-again = Noch einmal bezahlen
order-refund-coming-title = Ihr Geld ist auf dem Weg zurück
order-refund-coming-text = { $amount } kommt auf dem Weg zurück, auf dem Sie bezahlt haben, meist innerhalb von fünf bis zehn Werktagen. Die Karten gelten nicht mehr.
order-refund-done-title = Diese Bestellung wurde erstattet
order-refund-done-text = { $amount } ging auf dem Weg zurück, auf dem Sie bezahlt haben. Bei der Bank dauert es meist fünf bis zehn Werktage. Die Karten gelten nicht mehr.
order-refund-free-title = Diese Karten wurden zurückgenommen
order-refund-free-text = Sie gelten nicht mehr. Für sie war nichts zu bezahlen, deshalb geht kein Geld zurück.
order-refund-failed-title = Wir schulden Ihnen Geld
order-refund-failed-text = Die Karten gelten nicht mehr, aber Ihre Bank hat das Geld nicht zurückgenommen. Wir suchen einen anderen Weg und schreiben Ihnen.
order-returned-title = Sie haben Ihre Karten zurückgegeben
order-called-off-title = Diese Vorstellung ist abgesagt
order-called-off-coming = Es tut uns leid. Sie bekommen alles zurück, was Sie bezahlt haben: { $amount }, auf dem Weg, auf dem Sie bezahlt haben. Sie müssen nichts tun; Ihre Karten gelten nicht mehr.
order-called-off-done = Es tut uns leid. Alles, was Sie bezahlt haben, { $amount }, ging auf demselben Weg zurück. Bei der Bank dauert es meist fünf bis zehn Werktage.
order-called-off-free = Es tut uns leid. Für Ihre Karten war nichts zu bezahlen, deshalb geht kein Geld zurück. Sie gelten nicht mehr.
order-called-off-failed = Es tut uns leid. Ihre Bank hat Ihr Geld nicht zurückgenommen. Wir suchen einen anderen Weg und schreiben Ihnen; Ihre Karten gelten nicht mehr.
order-called-off-unpaid = Es tut uns leid. Diese Bestellung war nicht bezahlt, und es wurde nichts abgebucht.
order-called-off-stopping = Es tut uns leid. Ihre Zahlung war unterwegs und wird angehalten. Wenn sie trotzdem ankommt, bekommen Sie sofort alles zurück.
order-moved-title = Diese Vorstellung hat einen neuen Termin
order-moved-text = Sie ist jetzt am { $date } statt am { $before }. Ihre Karten gelten dafür, so wie sie sind.
order-moved-kept-text = Am neuen Termin, { $date }. Ihre Karten gelten dafür, so wie sie sind.
order-part-coming = { $count ->
    [0] { $amount } ist auf dem Weg zurück zu Ihnen. Ihre Karten bleiben gültig.
    [one] { $amount } ist auf dem Weg zurück zu Ihnen. Eine Karte gilt nicht mehr.
   *[other] { $amount } ist auf dem Weg zurück zu Ihnen. { $count } Karten gelten nicht mehr.
  }
order-part-done = { $count ->
    [0] { $amount } ging an Sie zurück. Ihre Karten bleiben gültig.
    [one] { $amount } ging an Sie zurück. Eine Karte gilt nicht mehr.
   *[other] { $amount } ging an Sie zurück. { $count } Karten gelten nicht mehr.
  }
order-part-failed = Ihre Bank hat Geld nicht zurückgenommen, das wir Ihnen schulden. Wir suchen einen anderen Weg und schreiben Ihnen.
order-part-free = { $count ->
    [one] Eine Karte wurde zurückgenommen und gilt nicht mehr.
   *[other] { $count } Karten wurden zurückgenommen und gelten nicht mehr.
  }
instead-of = statt { $date }
tickets-void = Nicht mehr gültig
refund-done = Zurückgezahlt
refund-coming = Auf dem Weg zurück
choice-title = Können Sie kommen?
choice-text = Sagen Sie es uns bis { $until }. Wenn Sie nichts sagen, gelten Ihre Karten für den neuen Termin.
choice-keep = Karten für { $date } behalten
choice-return = Zurückgeben und { $amount } wiederbekommen
choice-return-free = Zurückgeben
choice-kept-title = Doch verhindert?
choice-kept-text = Sie behalten Ihre Karten. Bis { $until } können Sie sie noch zurückgeben.
choice-network = Es gibt keine Verbindung. Es wurde nichts geändert. Prüfen Sie Ihr Netz und versuchen Sie es noch einmal.
return-sure-title = { $count ->
    [one] Ihre Karte zurückgeben?
   *[other] Alle { $count } Karten zurückgeben?
  }
return-sure-text = Sie gelten dann sofort nicht mehr, und { $amount } kommt auf dem Weg zurück, auf dem Sie bezahlt haben. Das lässt sich nicht rückgängig machen.
return-sure-free = Sie gelten dann sofort nicht mehr. Das lässt sich nicht rückgängig machen.
return-sure-yes = { $count ->
    [one] Meine Karte zurückgeben
   *[other] { $count } Karten zurückgeben
  }
return-sure-no = Jetzt nicht
notice-bank_asks-title = Ihre Bank fragt nach
notice-bank_asks-text = Bestätigen Sie die Zahlung im Fenster oder in der App Ihrer Bank. Ihre Karten bleiben so lange reserviert, höchstens fünf Minuten über Ihre Zeit hinaus. Wenn Sie nicht bestätigen, wird nichts abgebucht.
notice-payment_under_way-title = Ihre Zahlung ist unterwegs
notice-payment_under_way-text = Die Bank hat noch nicht geantwortet. Diese Seite zeigt Ihre Karten, sobald sie es tut. Sie zahlen höchstens einmal, und nie ohne Karten.
notice-declined-title = Ihre Bank hat die Zahlung abgelehnt
notice-declined-text = Es wurde nichts abgebucht, und Ihre Karten sind noch reserviert. Versuchen Sie es noch einmal, oder nehmen Sie eine andere Karte.
notice-not_reached-title = Diese Bestellung ist noch nicht bezahlt
notice-not_reached-text = Die Zahlung hat Ihre Bank nicht erreicht. Es wurde nichts abgebucht, und Ihre Karten sind noch reserviert. Bitte versuchen Sie es noch einmal.
notice-giving_up-title = Diese Bestellung ist abgelaufen
notice-giving_up-text = Die Karten sind wieder im Verkauf. Was Ihre Bank vielleicht vorgemerkt hat, wird freigegeben; es wird nichts abgebucht.
notice-payment_unstoppable-title = Ihre Zahlung kam nicht rechtzeitig
notice-payment_unstoppable-text = Die Zeit lief ab, während Ihre Zahlung unterwegs war, und die Karten sind wieder im Verkauf. Die Zahlung ließ sich nicht mehr aufhalten: Wenn sie noch ankommt, bekommen Sie sofort alles zurück.
notice-refund_under_way-title = Sie bekommen Ihr Geld zurück
notice-refund_under_way-text = Es tut uns leid: Ihre Zahlung kam, als die Zeit abgelaufen und die Karten vergeben waren. Der ganze Betrag ist auf dem Weg zurück zu Ihnen; Sie müssen nichts tun.
notice-paid_back-title = Sie haben Ihr Geld zurück
notice-paid_back-text = Es tut uns leid: Ihre Zahlung kam, als die Zeit abgelaufen und die Karten vergeben waren. Der ganze Betrag wurde zurückgezahlt; bei Ihrer Bank kann es einige Tage dauern.
notice-refund_failed-title = Wir schulden Ihnen Geld
notice-refund_failed-text = Ihre Zahlung kam, als die Karten vergeben waren, und Ihre Bank hat das Geld nicht zurückgenommen. Wir suchen einen anderen Weg und schreiben Ihnen.
order-locked-title = Diese Bestellung kennt dieser Browser nicht
order-locked-text = Wenn sie bezahlt ist, öffnet sie der Link in unserer Mail auf jedem Gerät. Wenn Sie noch beim Bezahlen waren, machen Sie in dem Browser weiter, in dem Sie begonnen haben.
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
