"""Whether a customer asks for a person: behaviour 108, 109 and 111."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flow.human_request import LONGEST, asks_for_human

ASKING = [
    "I want to talk to a human",
    "real person please",
    "agent!",
    "can I speak with someone",
    "Can I talk to an agent?",
    "connect me to a representative",
    "please transfer me to a human agent",
    "let me speak to a real person",
    "human",
    "operator",
    "I need a human being",
    "get me a human",
    "I would like to speak with a person please",
    "talk to support agent",
    "could a human please help me",
    "REPRESENTATIVE!!!",
    "I'd like to chat with a live agent",
    "speak to a manager",
    "hand me over to a colleague",
    "Thanks, but I would like to talk to a human, please.",
    "Is there a human I can talk to?",
    "who can I speak to about returns",
    "I dont want a bot, give me a human",
    "humen please",
    "talk to a persn",
    "stop, I want a person",
    "Ich möchte mit einem Menschen sprechen",
    "Ich will einen Mitarbeiter",
    "Kann ich mit jemandem sprechen?",
    "Bitte verbinden Sie mich mit einem Mitarbeiter",
    "ich will mit einem echten menschen reden",
    "Mitarbeiter bitte",
    "mensch",
    "kann ich bitte mit einem Berater sprechen",
    "verbinden sie mich mit dem kundendienst",
    "Ich brauche einen Ansprechpartner",
    "Gibt es hier echte Menschen?",
    "Je voudrais parler à un humain",
    "puis-je parler à quelqu'un",
    "parler à un conseiller",
    "passez-moi un agent svp",
    "je veux un humain",
    "quiero hablar con una persona",
    "necesito hablar con un agente",
    "páseme con un humano por favor",
    "agente",
    "prefiero una persona real",
    "vorrei parlare con un operatore",
    "posso parlare con una persona?",
    "operatore",
    "voglio un umano",
    "quero falar com um atendente",
    "posso falar com uma pessoa?",
    "atendente",
    "ik wil een medewerker spreken",
    "kan ik met een mens praten?",
    "medewerker",
    "chcę rozmawiać z człowiekiem",
    "proszę o konsultanta",
    "konsultant",
    "bir insanla konuşmak istiyorum",
    "temsilciye bağlanmak istiyorum",
    "müşteri temsilcisi lütfen",
    "转人工",
    "人工客服",
    "担当者と話したい",
    "상담원 연결해주세요",
    "أريد التحدث مع شخص",
    "मुझे इंसान से बात करनी है",
    "хочу поговорить с человеком",
    "соедините с оператором",
]
NOT_ASKING = [
    "is the agent fee refundable?",
    "human resources module",
    "my travel agent booked",
    "which user agent do you support",
    "no human needed",
    "I don't want to talk to a person",
    "someone stole my parcel",
    "can someone tell me the opening hours?",
    "my husband spoke with an agent yesterday",
    "the agent told me to wait",
    "I'd like a manager's discount",
    "contact lenses for a person with astigmatism",
    "How long does delivery take?",
    "Is this safe for people with allergies?",
    "I need help with my order",
    "the person who delivered it was rude",
    "can I order for another person",
    "your agent was very helpful",
    "do you sell human hair wigs",
    "I talked to someone last week about this",
    "Wie lange dauert die Lieferung?",
    "Mein Mitarbeiter hat bestellt",
    "Der Mitarbeiter war unfreundlich",
    "Ich habe mit jemandem telefoniert",
    "Kein Mensch nötig",
    "Ich möchte nicht mit einem Menschen sprechen",
    "Menschen mit Allergien",
    "Kann jemand das Paket annehmen?",
    "Wo ist mein Paket?",
    "Ich bin eine Person mit Behinderung",
    "où est mon colis ?",
    "une personne a volé mon colis",
    "quel agent nettoyant",
    "¿dónde está mi pedido?",
    "una persona robó mi paquete",
    "dov'è il mio pacco?",
    "quanto costa per persona?",
    "onde está meu pedido?",
    "quanto custa por pessoa?",
    "waar is mijn pakket?",
    "hoeveel kost het per persoon?",
    "gdzie jest moja paczka?",
    "siparişim nerede?",
    "我的包裹在哪里",
    "荷物はどこですか",
]


@pytest.mark.parametrize("text", ASKING)
def test_b108_a_request_for_a_person_is_found(text: str) -> None:
    assert asks_for_human(text)


@pytest.mark.parametrize("text", ASKING)
def test_b108_it_is_found_shouted_and_among_other_sentences(text: str) -> None:
    assert asks_for_human(f"My parcel is late. {text.upper()}!! My order is 4711.")


@pytest.mark.parametrize("text", NOT_ASKING)
def test_b108_what_only_mentions_a_person_is_no_request(text: str) -> None:
    assert not asks_for_human(text)


@given(st.text(max_size=500))
def test_no_text_makes_it_fail(text: str) -> None:
    assert asks_for_human(text) in (True, False)


@pytest.mark.parametrize(
    "piece", ["talk to a ", "real human ", "mit einem ", "no ", "a", "i want a person not ", "\u0301"]
)
def test_a_huge_text_takes_no_time(piece: str) -> None:
    started = time.perf_counter()
    asks_for_human(piece * (100_000 // len(piece)))
    assert time.perf_counter() - started < 0.5


def test_what_stands_far_behind_is_not_read() -> None:
    assert not asks_for_human("x " * LONGEST + "I want to talk to a human")
