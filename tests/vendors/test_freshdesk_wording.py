"""Our texts as Freshdesk shows them, and as they are recognised there."""

from __future__ import annotations

import pytest

from core import OutboundFile
from core.markdown import html_of, plain_text
from core.witness import same_text
from plugins.freshdesk.wording import note_html, structured_body, with_file_list


def test_markdown_becomes_html_and_line_breaks_stay() -> None:
    assert html_of("**Hello**\nthere\n\n- one\n- two") == (
        "<p><strong>Hello</strong><br />\nthere</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>"
    )


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a <b>bold</b> & b", "[x](javascript:alert(1))"])
def test_no_tag_and_no_script_passes(text: str) -> None:
    shown = html_of(text)
    assert "<script" not in shown
    assert "<b>" not in shown
    assert 'href="javascript' not in shown


def test_a_note_bears_its_reference_or_none() -> None:
    assert note_html("x", "r-1") == "<p>x</p><p>[ref:r-1]</p>"
    assert note_html("x", "") == "<p>x</p>"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**Hello** _you_", "Hello you"),
        ("one\ntwo", "one\ntwo"),
        ("[the page](https://a.example/)", "the page (https://a.example/)"),
        ("<https://a.example/>", "https://a.example/"),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("a <b>tag</b>", "a <b>tag</b>"),
        ("`code`", "code"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("Do:\n- one\n- two\n\nDone.", "Do:\n\n- one\n- two\n\nDone."),
        ("3. one\n4. two", "3. one\n4. two"),
        ("", ""),
    ],
)
def test_a_chat_shows_plain_text(text: str, plain: str) -> None:
    assert plain_text(text) == plain
    assert structured_body(text)["body_contents"] == [{"type": "text", "data": {"content": plain}}]


@pytest.mark.parametrize(
    "text", ["**Hello** there", "See [the page](https://a.example/).", "- one\n- two", "1. one\n2. two"]
)
def test_the_text_as_drafted_is_recognised_in_both_forms(text: str) -> None:
    assert same_text(html_of(text), html_of(text))
    assert same_text(plain_text(text), plain_text(text))


def test_files_are_listed_with_where_they_can_be_had() -> None:
    files = [OutboundFile("a[1].pdf", b"", url="https://a.example/1"), OutboundFile("*b*.txt", b"")]
    assert with_file_list("Here.", files) == "Here.\n\n- [a1.pdf](https://a.example/1)\n- b.txt"
