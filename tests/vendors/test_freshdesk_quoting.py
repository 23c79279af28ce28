"""What a mail newly says is told from what it quotes, in time that grows no faster than the mail."""

from __future__ import annotations

import time

import pytest

from plugins.freshdesk.quoting import LONGEST_MESSAGE, Split, split_html, split_text

HEADERS = {
    "English": "From: Acme <help@acme.example>\nSent: Friday\nTo: Ada\nSubject: Parcel",
    "German": "Von: Acme\nGesendet: Freitag\nAn: Ada\nBetreff: Paket",
    "French": "De : Acme\nEnvoyé : vendredi\nÀ : Ada\nObjet : Colis",
    "Spanish": "De: Acme\nEnviado el: viernes\nPara: Ada\nAsunto: Paquete",
    "in bold": "*From:* Acme\n*Sent:* Friday\n*To:* Ada\n*Subject:* Parcel",
}


@pytest.mark.parametrize(
    "announced",
    [
        "On Fri, Nov 20, 2026 at 9:15 AM Acme Help <help@acme.example> wrote:",
        "On 20 Nov 2026, at 09:15, Acme <help@acme.example> wrote:",
        "On Fri, Nov 20, 2026 at 9:15 AM Acme Customer Service Team\n<help@acme.example> wrote:",
        "Am 20.11.2026 um 09:15 schrieb Acme <help@acme.example>:",
        "Am Fr., 20. Nov. 2026 um 09:15 Uhr schrieb Acme <\nhelp@acme.example>:",
        "Le ven. 20 nov. 2026 à 09:15, Acme <help@acme.example> a écrit :",
        "El vie, 20 nov 2026 a las 9:15, Acme (<help@acme.example>) escribió:",
        "Em sex., 20 de nov. de 2026 às 09:15, Acme <help@acme.example> escreveu:",
        "Il giorno ven 20 nov 2026 alle ore 09:15 Acme <help@acme.example> ha scritto:",
        "Op vr 20 nov 2026 om 09:15 schreef Acme <help@acme.example>:",
        "Den fre 20 nov. 2026 kl 09:15 skrev Acme <help@acme.example>:",
        "W dniu 20.11.2026 o 09:15, Acme pisze i napisał(a):",
        "-----Original Message-----",
        "----- Ursprüngliche Nachricht -----",
        *HEADERS.values(),
        "________________________________\n" + HEADERS["English"],
    ],
)
def test_what_follows_an_announcement_is_quoted(announced: str) -> None:
    found = split_text(f"Thanks, that works.\n\n{announced}\nOur earlier answer\n> and more")
    assert found.text == "Thanks, that works."
    assert found.quoted.startswith(announced.splitlines()[0])
    assert "Our earlier answer" in found.quoted


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote:\nplease help",
        "From: Berlin\nWhere is it?",
        "On the 3rd of May you wrote to me that it is ready. Is it?",
        "> is it there?\nyes\n> and that?\nno",
        "Subject: none\nDate: none",
        "Price: 5\nFrom: 3\nTo: 4",
        "____________________\nsigned, Ada",
        "",
    ],
)
def test_what_only_looks_like_a_quotation_stays(text: str) -> None:
    assert split_text(text) == Split(text)


def test_quoted_lines_at_the_end_are_quoted() -> None:
    assert split_text("Yes.\n\n> is it there?\n> \n> Acme") == Split("Yes.", "> is it there?\n> \n> Acme")


def test_answers_between_quoted_lines_stay_with_them() -> None:
    text = "> is it there?\nyes\n> the whole?"
    assert split_text(text).text == "> is it there?\nyes"


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="freshdesk_quote"><blockquote>old</blockquote></div>',
        '<div class="gmail_quote"><div>On Fri wrote:</div><blockquote>old</blockquote></div>',
        "<blockquote type='cite'>old<blockquote>older</blockquote></blockquote>",
        '<div id="divRplyFwdMsg"><b>From:</b> Acme</div><div>old</div>',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p>old</p></div><p>old</p>',
        '<hr id="stopSpelling">old',
        "<div class=yahoo_quoted>old</div>",
        "<p>On 20 Nov 2026, at 09:15, Acme &lt;help@acme.example&gt; wrote:</p><p>old</p>",
        "<p>-----Original Message-----</p><p>From: Acme</p><p>old</p>",
        "<blockquote>old, and never closed",
    ],
)
def test_the_quotations_of_html_are_told_by_their_structure_or_their_lines(quote: str) -> None:
    found = split_html(f"<div>Thanks, <b>that</b> works.</div>{quote}")
    assert found.text == "Thanks, that works."
    assert "old" in found.quoted


def test_what_stands_below_a_quotation_is_new() -> None:
    found = split_html("<blockquote>is it there?</blockquote><p>It is.</p><blockquote>whole?</blockquote><p>Yes.</p>")
    assert found.text == "It is.\n\nYes." or found.text == "It is.\nYes."
    assert "whole?" in found.quoted


@pytest.mark.parametrize(
    "markup",
    [
        "<blockquote>all of it</blockquote>",
        '<div class="gmail_quote">all of it</div>',
        "<p>-----Original Message-----</p>",
    ],
)
def test_a_message_that_is_nothing_but_a_quotation_is_given_whole(markup: str) -> None:
    found = split_html(markup)
    assert found.text
    assert found.quoted == ""


@pytest.mark.parametrize(
    ("markup", "subject"),
    [
        ('<p>see</p><div class="gmail_quote">---------- Forwarded message ---------<br>From: x<br>the bill</div>', ""),
        ("<p>see</p><p>Begin forwarded message:</p><p>From: x<br>Date: y<br>To: z<br>the bill</p>", ""),
        ("<p>see</p><blockquote>the bill</blockquote>", "FW: bill"),
        ("<p>see</p><blockquote>the bill</blockquote>", "WG: Rechnung"),
    ],
)
def test_what_is_forwarded_is_the_content(markup: str, subject: str) -> None:
    found = split_html(markup, subject)
    assert "the bill" in found.text
    assert found.quoted == ""


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<div>It should\r\nbe here<br />\nby now.</div>", "It should be here\nby now."),
        ("<pre>one\n  two</pre>", "one\ntwo"),
        ('<div style="white-space: pre-wrap">one\ntwo</div>', "one\ntwo"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_line_ends_of_html_are_spaces_but_where_they_are_meant(markup: str, text: str) -> None:
    assert split_html(markup).text == text


LENGTH = 200_000
HOSTILE = {
    "line ends": "\n" * LENGTH,
    "spaces": " " * LENGTH,
    "the word On": "On " * (LENGTH // 3),
    "lines of On": "On 1 a\n" * (LENGTH // 7),
    "lines of wrote": ("On 1 " + "wrote " * 60 + "x:\n") * (LENGTH // 370),
    "headers": "From: a\n" * (LENGTH // 8),
    "dashes": "-" * LENGTH,
    "quoted lines": "> a\n" * (LENGTH // 4),
    "open tags": "<" * LENGTH,
    "divisions": "<div>" * (LENGTH // 5),
    "quotations": "<blockquote>" * (LENGTH // 12),
    "classes": "<a " + "class = " * (LENGTH // 8) + ">",
    "attributes": ("<a " + "class=" * 300 + ">") * 100,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_mail_takes_no_longer_than_its_length_asks(kind: str) -> None:
    started = time.process_time()
    split_html(HOSTILE[kind])
    split_text(HOSTILE[kind])
    assert time.process_time() - started < 4


def test_a_mail_of_any_length_is_cut_to_what_a_person_may_have_written() -> None:
    assert len(split_text("x" * (LONGEST_MESSAGE + 5)).text) == LONGEST_MESSAGE
