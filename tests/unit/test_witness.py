"""Our own text is recognised after whatever a vendor does to it, and nobody else's is taken for ours."""

from __future__ import annotations

import html
import random
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.witness import fingerprint, html_to_text, normalise_text, same_text

words = st.lists(
    st.one_of(
        st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüéñ", min_size=1, max_size=12),
        st.sampled_from(
            [
                "don't",
                '"quoted"',
                "a&b",
                "1 < 2",
                "x > y",
                "<b>",
                "5 %",
                "order-17",
                "naïve",
                "👩‍💻",
                "❤️",
                "שלום",
                "مرحبا",
            ]
        ),
        st.integers(0, 10**6).map(str),
        st.just("\n"),
    ),
    min_size=1,
    max_size=60,
)
texts = words.map(" ".join).filter(lambda text: normalise_text(text) != "")

CHANGES = {
    "as it was": lambda text: text,
    "HTML": lambda text: "<div>" + html.escape(text).replace("\n", "<br>") + "</div>",
    "paragraphs": lambda text: "".join(f"<p dir='ltr'>{html.escape(line)}</p>" for line in text.split("\n")),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "entities": lambda text: html.escape(text).replace(" ", "&nbsp;"),
    "curly quotes": lambda text: text.replace("'", "\u2019").replace(' "', " \u201c").replace('"', "\u201d"),
    "decomposed accents": lambda text: unicodedata.normalize("NFD", text),
    "lines ended as in mail": lambda text: text.replace("\n", "\r\n") + "\r\n",
    "no joiners": lambda text: text.replace("\u200d", "").replace("\ufe0f", ""),
    "a signature": lambda text: text + "\n-- \nThe Acme team\n+1 555 0100",
    "a signature in HTML": lambda text: html.escape(text).replace("\n", "<br>") + "<br>--<br><b>Acme</b>",
    "an advertisement": lambda text: text + "\nSent via Freshworks",
    "a quotation": lambda text: text + "\n\nOn Mon, 3 Aug 2026 at 10:00, Jane wrote:\n> hello\n> there",
}


@settings(max_examples=300, deadline=None)
@given(texts, st.sampled_from(sorted(CHANGES)))
@example("2 * 3 < 7 & *bold*", "HTML")
@example("--\nours has a dividing line\n--\nof its own", "a signature")
def test_our_own_text_is_recognised_after_what_a_vendor_does_to_it(text: str, change: str) -> None:
    assert same_text(text, CHANGES[change](text))


@settings(max_examples=300, deadline=None)
@given(texts, texts, st.sampled_from(sorted(CHANGES)))
def test_another_text_is_not_taken_for_ours(ours: str, theirs: str, change: str) -> None:
    if normalise_text(ours) == normalise_text(theirs):
        return
    longest = max(len(normalise_text(ours)), len(normalise_text(theirs)))
    if longest >= 60 and set(ours.split()) & set(theirs.split()):
        return  # two drawn texts may differ in next to nothing; the cases below say what must tell them apart
    assert not same_text(ours, CHANGES[change](theirs))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
@example("&amp;amp;lt;b&amp;gt;")
@example("<![x")
@example("a <b")
@example("\ud800")
def test_normalising_is_idempotent_and_never_fails(text: str) -> None:
    once = normalise_text(text)
    assert normalise_text(once) == once
    assert fingerprint(text) == fingerprint(once)
    html_to_text(text)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("**Hello** _there_, see [our page](https://a.example/x)", "Hello there, see our page (https://a.example/x)"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("* one\n* two", "• one\n• two"),
        ("# Title\nbody", "<h1>Title</h1><p>body</p>"),
        ("it\u2019s \u201cfine\u201d \u2013 really\u2026", 'it\'s "fine" - really...'),
        ("You're welcome!", "<div>You&#39;re welcome!</div><br>--<br>Bot"),
        (
            "Your parcel has left our warehouse today and should reach you on Friday.",
            "Your parcel has left our warehouse today and should reach you on Friday. Kind regards, Relay from Acme",
        ),
        (
            "Please restart the router ✅ then wait until the light is green and try it once more.",
            "Please restart the router then wait until the light is green and try it once more.",
        ),
    ],
)
def test_forms_that_say_the_same_are_one_text(sent: str, seen: str) -> None:
    assert same_text(sent, seen)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("Yes.", "No."),
        ("You're welcome!", "You're welcome"),
        ("", ""),
        ("", "<div></div>"),
        ("Hello!", "Hello! How can I help you today?"),
        ("Put <script> first", "Put <script> last"),
        (
            "Your order 12345 will arrive on Monday the 12th between nine and noon, I have told the driver.",
            "Your order 12345 will arrive on Monday the 13th between nine and noon, I have told the driver.",
        ),
        (
            "Your parcel has left our warehouse today and should reach you on Friday.",
            "We are sorry to hear that! A colleague will look at it and write to you tomorrow.",
        ),
        (
            "Your parcel has left our warehouse today and should reach you on Friday.",
            "Your parcel has left our warehouse today and should reach you on Friday. " + "But there is more. " * 20,
        ),
        (
            "Your parcel has left our warehouse today and should reach you on Friday.",
            "Colleague, I told them: Your parcel has left our warehouse today and should reach you on Friday.",
        ),
    ],
)
def test_texts_that_say_something_else_are_not_ours(sent: str, seen: str) -> None:
    assert not same_text(sent, seen)


def test_html_becomes_the_text_a_person_sees() -> None:
    markup = (
        "<html><head><title>t</title><style>p{}</style></head><body><p>Hello&nbsp;<b>Ja</b>ne,</p>"
        "<div>a &lt; b<br/>c</div><script>alert(1)</script></body></html>"
    )
    assert html_to_text(markup) == "Hello Jane,\n\na < b\nc"


HOSTILE = [
    "<a>",
    "<",
    "&",
    "<!--",
    "<!",
    "<?",
    "</",
    "<![CDATA[",
    "<a ",
    '<a b="',
    "<script>",
    "[",
    "[](",
    "--\n",
    "&lt;",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_text_takes_no_time_to_speak_of(hostile: str) -> None:
    before = time.process_time()
    same_text("Our text that is long enough to be compared by similarity, and a little longer.", hostile * 50_000)
    assert time.process_time() - before < 2.0


def test_a_long_text_with_many_small_changes_is_compared_quickly() -> None:
    draw = random.Random(1)
    text = " ".join("".join(draw.choices("abcdefghij", k=6)) for _ in range(2000))
    changed = "".join(character for number, character in enumerate(text) if number % 101)
    before = time.process_time()
    assert same_text(text, changed)
    assert time.process_time() - before < 1.0
