"""Our texts as plain text and as HTML: no mark is left in the one, no tag of a text gets into the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.markdown import html_of, plain_text
from core.witness import html_to_text, normalise_text, same_text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Hello\nthere\n\nyou", "Hello\nthere\n\nyou"),
        ("# Title\n**bold** _soft_ `code`", "Title\n\nbold soft code"),
        ("1. one\n2. two\n\nthen", "1. one\n2. two\n\nthen"),
        ("- a\n  - b\n- c", "- a\n  - b\n- c"),
        ("```sh\nls -l\n```\nafter", "ls -l\n\nafter"),
        ("[page](https://a.example) <https://b.example>", "page (https://a.example) https://b.example"),
        ("[me@a.example](mailto:me@a.example)", "me@a.example"),
        (
            "![chart](https://a.example/c.png) [](https://b.example)",
            "chart (https://a.example/c.png) https://b.example",
        ),
        ("> quoted", "quoted"),
        ("2 * 3 * 4 = 24, snake_case_name, 5 < 6 & 7 > 6", "2 * 3 * 4 = 24, snake_case_name, 5 < 6 & 7 > 6"),
        ("<script>x</script>", "<script>x</script>"),
        ("---", "---"),
        ("", ""),
    ],
)
def test_markdown_becomes_readable_plain_text(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[x](javascript:alert(1))", "href"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("![x](data:text/html;base64,AAAA)", "src="),
    ],
)
def test_an_emails_html_holds_nothing_that_runs(text: str, never: str) -> None:
    assert never not in html_of(text)


@given(st.text(max_size=200))
def test_no_text_fails_or_is_lost_on_its_way(text: str) -> None:
    assert bool(plain_text(text)) == bool(text.strip())
    if normalise_text(plain_text(text)):
        assert same_text(plain_text(text), plain_text(text))
    html_to_text(html_of(text))


@pytest.mark.parametrize(
    "text", ["**Hello** there, *Jane*!", "- one\n- two", "# Title\nbody with `code`", "1. a\n2. b"]
)
def test_the_text_as_drafted_is_recognised_in_the_text_as_posted(text: str) -> None:
    assert same_text(text, plain_text(text))
