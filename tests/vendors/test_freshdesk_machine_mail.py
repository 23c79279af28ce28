"""Mail of machines is told from customers', and a customer who speaks of such things is not lost (behaviour 132)."""

from __future__ import annotations

import pytest

from plugins.freshdesk.machine_mail import is_machine_mail

PERSON = "ada@example.com"


@pytest.mark.parametrize(
    "sender",
    [
        "no-reply@shop.example",
        "noreply@shop.example",
        "No_Reply@shop.example",
        "no.reply+tag@shop.example",
        "noreply-orders@shop.example",
        "do-not-reply@shop.example",
        "donotreply@shop.example",
        "MAILER-DAEMON@mx.example",
        "postmaster@mx.example",
        "bounce@mx.example",
        "bounces+123@mx.example",
        "auto-reply@mx.example",
    ],
)
def test_an_address_that_takes_no_answers_is_a_machines(sender: str) -> None:
    assert is_machine_mail(sender, "Hello", "Please help me.")


@pytest.mark.parametrize(
    "sender",
    [
        PERSON,
        "",
        "noreen@example.com",
        "noreplyson@example.com",
        "bouncer@club.example",
        "ada@noreply.example",
        "postman@example.com",
    ],
)
def test_a_persons_address_is_none(sender: str) -> None:
    assert not is_machine_mail(sender, "Hello", "Please help me.")


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Your order",
        "Auto-Reply: x",
        "Out of office",
        "Out of the Office: back on Monday",
        "Re: Out of Office",
        "Automatische Antwort: Ihre Bestellung",
        "Abwesenheitsnotiz",
        "Abwesend: Ihre Nachricht",
        "Réponse automatique : Commande",
        "Respuesta automática: Pedido",
        "Resposta automática: Pedido",
        "Risposta automatica: Ordine",
        "Automatisch antwoord: Bestelling",
        "Automatiskt svar: Order",
        "Undeliverable: Your order",
        "Undelivered Mail Returned to Sender",
        "Mail delivery failed: returning message to sender",
        "Delivery Status Notification (Failure)",
        "Returned mail: see transcript for details",
        "failure notice",
        "Unzustellbar: Ihre Bestellung",
    ],
)
def test_a_subject_that_programs_write_is_a_machines(subject: str) -> None:
    assert is_machine_mail(PERSON, subject, "x")


@pytest.mark.parametrize(
    "subject",
    [
        "Delivery failed",
        "Delivery failure of order 12",
        "My parcel was undeliverable",
        "Failure notice on the machine I bought from you",
        "Can you set up an automatic reply for me?",
        "Out of office chairs?",
        "Automatic replying machine broken",
        "Returned mail order",
        "Re: Abwesender Mitarbeiter",
        "OOOh no",
    ],
)
def test_a_customers_subject_about_such_things_is_not(subject: str) -> None:
    assert not is_machine_mail(PERSON, subject, "Please help me.")


@pytest.mark.parametrize(
    "text",
    [
        "Hello,\n\nI am currently out of the office and will return on Monday. I'll reply then.",
        "Thank you for your email. I'm on annual leave with limited access to email.",
        "I am out of office until 3 May. In urgent cases please contact Bob.",
        "Ich bin bis zum 3. Mai nicht im Büro. In dringenden Fällen wenden Sie sich an Bob.",
        "Guten Tag, ich bin derzeit im Urlaub und ab dem 3. Mai wieder erreichbar.",
        "Je suis actuellement absente. De retour le 3 mai.",
        "Estoy fuera de la oficina. En caso de urgencia escriba a Bob.",
        "Ik ben afwezig. Bij dringende zaken bel Bob.",
        "This is the mail system at host mx.example.\n\nI'm sorry to have to inform you",
        "Delivery has failed to these recipients or groups:\nada@example.com",
        "Address not found\n\nYour message wasn't delivered to ada@example.com because",
    ],
)
def test_a_text_of_absence_or_of_a_bounce_is_a_machines(text: str) -> None:
    assert is_machine_mail(PERSON, "Re: Your order", text)


@pytest.mark.parametrize(
    "text",
    [
        "I will be out of the office tomorrow, so please deliver on Friday.",
        "I'm on holiday until Monday and will return then. Can you hold my parcel?",
        "Ich bin am Freitag nicht zu Hause, bitte liefern Sie am Samstag.",
        "Ich bin im Urlaub. Wann kommt mein Paket?",
        "My delivery failed twice. Please help, it is urgent.",
        "If it is urgent I pay for express.",
        "Your message wasn't clear to me.",
        "I will be back with more questions tomorrow.",
        "",
    ],
)
def test_a_customers_text_about_such_things_is_not(text: str) -> None:
    assert not is_machine_mail(PERSON, "Re: Your order", text)


def test_what_stands_far_below_does_not_count() -> None:
    text = "Please change my address. " * 40 + "I am out of the office and will return on Monday."
    assert not is_machine_mail(PERSON, "Address", text)
