"""How Markdown becomes passages: cut by heading, in plain text, short enough for a chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.answers.passages import LONGEST, cut, sentences, shorten

SAMPLE = Path(__file__).parents[2] / "plugins" / "answers" / "sample"


def test_every_heading_begins_a_passage_that_keeps_the_way_to_it() -> None:
    passages = cut(
        "help.md", "# Help\n\nIntro.\n\n## Pay\n\nBy card.\n\n### Abroad\n\nBy bank.\n\n## Return\n\nBy post.\n"
    )
    assert [(each.source, each.titles, each.text) for each in passages] == [
        ("help.md#help", ("Help",), "Intro."),
        ("help.md#pay", ("Help", "Pay"), "By card."),
        ("help.md#abroad", ("Help", "Pay", "Abroad"), "By bank."),
        ("help.md#return", ("Help", "Return"), "By post."),
    ]


def test_a_file_without_headings_is_named_by_its_file() -> None:
    [passage] = cut("faq/gift-cards.md", "They last three years.")
    assert (passage.source, passage.titles) == ("faq/gift-cards.md", ("gift cards",))


def test_a_heading_in_a_code_block_cuts_nothing() -> None:
    [passage] = cut("a.md", "# Set-up\n\n```\n# a comment\nrun\n```\n")
    assert passage.text == "# a comment\nrun"


def test_front_matter_gives_title_language_and_questions() -> None:
    head = (
        "---\ntitle: Your bill\nlanguage: de-AT\nquestions:\n  - 'Refund: how long?'\n  - \"Where is it\"\nx: y\n---\n"
    )
    [passage] = cut("bill.md", f"{head}# Your bill\n\nHere.\n")
    assert (passage.titles, passage.language, passage.source) == (("Your bill",), "de", "bill.md")
    assert passage.questions == ("Refund: how long?", "Where is it")


def test_a_question_goes_to_the_passage_it_names_or_else_to_the_most_alike() -> None:
    head = "---\nquestions:\n  - Which cards do you take?\n  - Anything else? #by-post\n  - Gone? #nowhere\n---\n"
    passages = cut("a.md", f"{head}## By post\n\nStamps.\n\n## Cards\n\nThese cards: all of them.\n")
    assert {each.source: each.questions for each in passages} == {
        "a.md#by-post": ("Anything else?", "Gone?"),
        "a.md#cards": ("Which cards do you take?",),
    }


@pytest.mark.parametrize("line", ["---\n", "--- never closed\ntitle: x\n", "---\ntitle: x\n"])
def test_a_rule_that_opens_no_front_matter_is_left_alone(line: str) -> None:
    assert cut("a.md", f"{line}\nText.\n")[-1].text.endswith("Text.")


def test_marks_are_taken_off_and_links_spelt_out() -> None:
    markdown = (
        "See *our* **[page](https://a.example/x)**, `code`, <https://b.example>, [mail](mailto:a@b.example),\n"
        "[other file](returns.md) and ![a map](map.png).<br>\n\n> Quoted.\n\n***\n"
    )
    [passage] = cut("a.md", markdown)
    assert passage.text == (
        "See our page (https://a.example/x), code, https://b.example, mail (a@b.example), other file and a map."
        "\n\nQuoted."
    )


def test_lists_and_tables_stay_lists() -> None:
    markdown = "Do:\n\n3. one\n4. two\n   - deep\n\n     more\n\n| day | hours |\n|---|---|\n| Mon | 9 to 5 |\n"
    [passage] = cut("a.md", markdown)
    assert passage.text == "Do:\n\n3. one\n4. two\n  - deep\n    more\n\nday | hours\nMon | 9 to 5"


def test_a_long_section_is_cut_between_sentences() -> None:
    sentence = "This sentence has exactly sixty letters, or at least nearly. "
    passages = cut("a.md", f"# Long\n\n{sentence * 40}\n")
    assert len(passages) > 2
    assert {each.source for each in passages} == {"a.md#long"}
    assert all(len(each.text) <= LONGEST and each.text.endswith("nearly.") for each in passages)


def test_a_sentence_without_end_is_cut_between_words() -> None:
    [passage, *_] = cut("a.md", "word " * 400)
    assert len(passage.text) <= LONGEST
    assert passage.text.endswith("word…")


def test_the_line_that_opens_a_list_stays_with_it() -> None:
    items = "\n".join(f"- item number {number} of a rather long list" for number in range(18))
    passages = cut("a.md", f"{'Before. ' * 50}\n\nDo as follows:\n\n{items}\n")
    assert passages[-1].text.startswith("Do as follows:\n- item number 0")
    assert all(len(each.text) <= LONGEST for each in passages)


@pytest.mark.parametrize("markdown", ["", "# Only a title\n", "\n\n", "---\ntitle: x\n---\n", "<!-- hidden -->\n"])
def test_a_file_without_text_has_no_passages(markdown: str) -> None:
    assert cut("a.md", markdown) == []


def test_line_ends_of_windows_and_a_byte_order_mark_change_nothing() -> None:
    assert cut("a.md", "\ufeff---\r\ntitle: T\r\n---\r\n# A\r\n\r\nText.\r\n") == cut(
        "a.md", "---\ntitle: T\n---\n# A\n\nText.\n"
    )


def test_the_sample_is_sound() -> None:
    """Every anchor that a question of the sample names exists, and every passage can be a message."""
    for path in sorted(SAMPLE.glob("*.md")):
        markdown = path.read_text(encoding="utf-8")
        passages = cut(path.name, markdown)
        named = {line.rpartition(" #")[2] for line in markdown.splitlines() if line.startswith("  - ")}
        assert named <= {each.source.partition("#")[2] for each in passages}, path.name
        assert all(0 < len(each.text) <= LONGEST for each in passages)
    assert len(list(SAMPLE.glob("*.md"))) >= 8


def test_sentences_end_at_marks_and_lines() -> None:
    assert sentences("One. Two? Three!\nfour e.g. five 3.5 euros") == [
        "One.",
        "Two?",
        "Three!",
        "four e.g. five 3.5 euros",
    ]


def test_a_text_is_shortened_between_words() -> None:
    assert shorten("one two three", 20) == "one two three"
    assert shorten("one two, three", 10) == "one two…"
