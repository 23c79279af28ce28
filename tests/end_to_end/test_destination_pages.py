"""The pages of destinations: one is made, tried, activated and given files; its records are looked at and mended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.destinations import intake, records
from core.destinations.catalogue import Destinations
from core.destinations.formats import Item
from core.jobs import send_records
from core.store.models import DestinationRecordRow, DestinationRow
from core.testing.receiver import WebhookReceiver
from core.web.pages import destinations_records
from tests.end_to_end.test_access import with_operator
from tests.end_to_end.visitor import ADMINISTRATOR, EMAIL, Visitor, words
from tests.end_to_end.worlds import World

NEW = "/destinations/new?connection=support&template=create_end_user"
MANUAL = "/destinations/new?connection=support"
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
PEOPLE: dict[str, Any] = {"name": "people", "connection": "support", "template": "create_end_user", "key": "email"}


@pytest.fixture
def site(quick: World) -> World:
    """A running service with an administrator."""
    return quick.start(server=f"{ADMINISTRATOR}\nallow_private_webhooks = true")


@pytest.fixture
def lead(site: World) -> Visitor:
    return Visitor(site.url).sign_in()


def made(site: World, **given: Any) -> Destinations:
    """A destination; returns all there are."""
    kept = Destinations(site.runtime)
    kept.create({**PEOPLE, **given}, EMAIL)
    return kept


def takes(site: World, *people: dict[str, Any], name: str = "people") -> None:
    intake.take_in(site.runtime, name, [Item(line, each) for line, each in enumerate(people, 2)], "people.csv")


def person(name: str) -> dict[str, Any]:
    return {"first_name": name, "email": f"{name.lower()}@x.example"}


def calls(site: World) -> list[Any]:
    """What was written to the account."""
    return [each for each in site.sim.account.users.values() if str(each.email).endswith("@x.example")]


def press(visitor: Visitor, path: str, words_on_it: str, **fields: Any) -> str:
    """Press a button that belongs to the page's one form; returns what is to be read then."""
    page = visitor.read(path)
    found = [one for one in page.select("button[formaction]") if one.get_text().startswith(words_on_it)]
    assert found, f"there is no button {words_on_it} at {path}"
    visitor.post(found[0]["formaction"], page.select_one("#hand [name=csrf_token]")["value"], **fields)
    return words(visitor.page)


def forgery(visitor: Visitor) -> str:
    return str(visitor.read("/account").select_one("[name=csrf_token]")["value"])


def upload(visitor: Visitor, called: str, content: bytes, **fields: Any) -> str:
    """Give a file to the destination people; returns what is to be read then."""
    data = {"csrf_token": forgery(visitor), **fields}
    visitor.answer = visitor.http.post(
        f"{visitor.url}/destinations/people/upload", data=data, files={"file": (called, content)}, timeout=20
    )
    return words(visitor.page)


def state(site: World, number: int, **values: Any) -> None:
    """Let a record be in a state that takes long to get into."""
    with site.runtime.db.write():
        DestinationRecordRow.update(**values).where(DestinationRecordRow.id == number).execute()


# ------------------------------------------------------------------------------------------------- making and changing


def test_one_is_chosen_made_and_shown_and_nothing_is_sent(site: World, lead: Visitor) -> None:
    assert "Nothing is written anywhere yet It takes four steps" in words(lead.read("/destinations"))
    offered = lead.read("/destinations/new")
    assert "Create end-user" in words(offered)
    assert {each["href"].replace("&", "&") for each in offered.select(".offers a.btn")} >= {NEW, MANUAL}
    editor = lead.read(NEW)
    assert editor.select_one("[name=name]")["value"] == "create-end-user"
    assert '"first_name": "Ada"' in editor.select_one("#samples pre").get_text()
    lead.submit(NEW, "#editor", "Save", key="email")
    assert lead.answer.url == f"{site.url}/destinations/create-end-user"
    assert "Saved. Nothing is sent before you activate it." in words(lead.page)
    assert "create-end-user not active Create end-user · support no records yet" in words(lead.read("/destinations"))
    assert Destinations(site.runtime).get("create-end-user").definition.key == "email"
    # The name is taken, so that another is proposed.
    assert lead.read(NEW).select_one("[name=name]")["value"] == "create-end-user-2"
    assert calls(site) == []


def test_enter_in_a_field_neither_saves_nor_sends(site: World, lead: Visitor) -> None:
    first = lead.read(NEW).select_one("#editor button")
    assert first["value"] == "samples"
    lead.submit(NEW, "#editor", "Update samples", name="other")
    assert lead.answer.status_code == 200
    assert lead.page.select_one("[name=name]")["value"] == "other"
    assert Destinations(site.runtime).list() == ()


def test_what_was_given_stands_in_the_editor_again(site: World, lead: Visitor) -> None:
    kept = made(
        site,
        fields={"first_name": "Name", "email": "E-mail", "properties.plan": "Plan"},
        constants={"properties.source": "import"},
        exclude=["Notes"],
        headers="X-Team:sales",
        exists="update",
        key="E-mail",
        response=True,
    )
    before = kept.get("people").definition
    page = lead.read("/destinations/people/edit")
    assert page.select_one("[name='from:email']")["value"] == "E-mail"
    assert [page.select_one(f"[name=row{n}_name]")["value"] for n in (0, 1)] == ["properties.plan", "properties.source"]
    lead.submit("/destinations/people/edit", "#editor", "Save")
    assert "Saved." in words(lead.page)
    assert kept.get("people").definition == before


@pytest.mark.parametrize(
    ("path", "fields", "told"),
    [
        (NEW, {"name": ""}, "Must be small letters"),
        (NEW, {"name": "Größe"}, "Must be small letters"),
        (NEW, {"name": "new"}, 'Cannot be "new", which is the address of another page.'),
        (NEW, {"headers": "Authorization:me"}, "The header Authorization is set by Relaydesk itself"),
        (NEW, {"headers": "nonsense"}, "is not of the form name:value"),
        (NEW, {"take": "chosen"}, "No attribute is chosen. Enter at least one attribute"),
        (NEW, {"take": "chosen", "from:email": "mail"}, "Create end-user needs it"),
        (NEW, {"row0_name": "nowhere", "row0_always": "1"}, "Create end-user has no such field"),
        (NEW, {"row0_always": "1"}, "Say what it is sent as, or empty the whole line."),
        (NEW, {"row0_name": "properties.a", "row1_name": "properties.a"}, "Properties.a is there already."),
        (NEW, {"take": "chosen", "from:first_name": "usr(mail)"}, 'There is no look-up "usr". Did you mean "user"?'),
        (NEW, {"source": "events"}, "It names none."),
        (NEW, {"source": "responses:nobody"}, 'There is no destination "nobody"'),
        (NEW, {"answers_to": "https://x.example"}, "Answers are not kept. Tick the box above it"),
        (NEW, {"response": "true", "answers_to": "ftp://x.example"}, "It does not begin with http"),
        (NEW, {"key": "a\x00b"}, "a character that no text has"),
        (MANUAL, {}, "Give a complete address on the connection's host, or a path."),
        (
            MANUAL,
            {"url": "https://elsewhere.example/x"},
            "It leads to elsewhere.example, which is not the connection's",
        ),
        (MANUAL, {"url": "/a/{b"}, "It has a brace without its counterpart."),
        (MANUAL, {"url": "/a", "method": "DELETE"}, "Must be one of"),
        (MANUAL, {"url": "/a", "batch": "true", "batch_size": "none"}, "batch_size"),
        (MANUAL, {"url": "/a", "batch": "true", "batch_size": "100000"}, "batch_size"),
        (MANUAL, {"url": "/a", "batch": "true", "batch_group_by": "field"}, "it says by which attribute"),
    ],
)
def test_what_will_not_do_is_told_in_words_and_nothing_is_saved(
    site: World, lead: Visitor, path: str, fields: dict[str, Any], told: str
) -> None:
    lead.submit(path, "#editor", "Save", exclude="as it was written", **fields)
    assert lead.answer.status_code == 422
    assert "Nothing was saved: mend this first." in words(lead.page)
    if told == "batch_size":
        assert lead.page.select_one("#error-batch_size").get_text(strip=True)
    else:
        assert told in words(lead.page)
    assert lead.page.select_one("#f-exclude").get_text() == "as it was written"
    assert Destinations(site.runtime).list() == ()


@pytest.mark.parametrize(
    ("always", "told"),
    [
        ("[" * 600 + "]" * 600, "nested"),
        ("NaN", "NaN is no number in JSON. Give something simpler, or a text in quotes."),
        ("[1e999]", "is too large"),
        ("9" * 5000, "It holds a number that is too long."),
    ],
)
def test_a_constant_that_cannot_be_kept_is_told_at_its_line(lead: Visitor, always: str, told: str) -> None:
    lead.submit(MANUAL, "#editor", "Save", url="/a", row0_name="n", row0_always=always)
    assert lead.answer.status_code == 422
    assert told in words(lead.page.select_one("#error-row0_name"))
    assert [each["href"] for each in lead.page.select("#samples-mistakes a")] == ["#f-row0_name"]
    assert lead.page.select("#f-row0_name")


def test_characters_that_no_text_has_are_replaced_in_constants_and_records(site: World, lead: Visitor) -> None:
    odd = '"a\\ud800b\\u0000"'
    lead.submit(
        MANUAL, "#editor", "Save", name="odd", url="/a", row0_name="n", row0_always=odd, records=f'[{{"a": {odd}}}]'
    )
    assert lead.answer.status_code == 200
    assert Destinations(site.runtime).get("odd").definition.constants == {"n": "a\ufffdb\ufffd"}
    lead.submit(MANUAL, "#editor", "Update samples", url="/a", records=f'[{{"a": {odd}}}]')
    assert lead.answer.status_code == 200


def test_a_revision_that_there_never_was_is_refused(site: World, lead: Visitor) -> None:
    made(site)
    lead.submit("/destinations/people/edit", "#editor", "Save", revision="9" * 5000)
    assert lead.answer.status_code == 422
    assert "Somebody has changed it meanwhile." in words(lead.page)


def test_large_records_can_be_looked_at_corrected_and_leave_the_editor_as_it_is(site: World, lead: Visitor) -> None:
    kept = made(site)
    large = {"email": "ann@x.example", "notes": ["%"] * 150_000, "text": "\u00e9" * 100_000}
    takes(site, large, *({**person(f"Bob{number}"), "text": "x" * 20_000} for number in range(3)))
    shown = lead.read("/destinations/people/edit").select_one("#f-records").get_text()
    assert [each["first_name"] for each in json.loads(shown)] == ["Bob2", "Bob1"]
    lead.submit("/destinations/people/edit", "#editor", "Save", key="email")
    assert "Saved." in words(lead.page)
    record = json.loads(lead.read("/destinations/people/records/1").select_one("#text").get_text())
    assert record == large
    text = json.dumps({**record, "first_name": "Ann"}, ensure_ascii=False)
    lead.submit("/destinations/people/records/1", "form[action$='/1']", text=text)
    assert "It is sent again as it stands now." in words(lead.page)
    with site.runtime.db.write():
        DestinationRecordRow.delete().where(DestinationRecordRow.id > 1).execute()
    alone = lead.read("/destinations/people/edit").select_one("#f-records").get_text()
    assert len(alone) < 60_000
    assert json.loads(alone)[0]["email"] == "ann@x.example"
    assert kept.get("people").counts == {"waiting": 1}


@pytest.mark.parametrize("what", ["samples", "people/edit", "new", "people/records/1"])
def test_a_form_that_is_too_large_is_told_so_and_not_of_files(site: World, lead: Visitor, what: str) -> None:
    made(site)
    lead.post(f"/destinations/{what}", forgery(lead), records="x" * (4 * 1024 * 1024))
    assert lead.answer.status_code == 413
    assert "A form takes up to 4 MB" in words(lead.page)
    assert "20 MB" not in words(lead.page)


def test_what_feeds_another_cannot_be_cut_off(site: World, lead: Visitor) -> None:
    kept = made(site, response=True)
    made(site, name="next", source="responses:people")
    page = lead.read("/destinations/people/edit")
    fields = {"connection": "support", "template": "create_end_user", "do": "save", "key": "email"}
    lead.post("/destinations/people/edit", page.select_one("[name=csrf_token]")["value"], **fields)
    assert lead.answer.status_code == 422
    assert "It feeds next, which would get nothing any more." in words(lead.page.select_one("#error-response"))
    lead.post("/destinations/people/delete", forgery(lead))
    assert "Its answers feed next. Give them another source first." in words(lead.page)
    assert kept.get("people").definition.response
    kept.delete("next", EMAIL)
    kept.delete("people", EMAIL)


def test_one_whose_definition_cannot_be_read_is_shown_beside_the_others(site: World, lead: Visitor) -> None:
    kept = made(site)
    made(site, name="worn")
    with site.runtime.db.write():
        row = DestinationRow.get(DestinationRow.name == "worn")
        row.definition = {**row.definition, "keep": "both"}
        row.save()
    for path in ("/destinations", "/live/destinations", "/destinations/worn", "/live/destinations/worn"):
        lead.get(path)
        assert lead.answer.status_code == 200, path
        assert "ts definition cannot be used (keep: must be one of" in words(lead.page), path
    assert kept.get("worn").definition.key == "email"
    lead.submit("/destinations/worn/edit", "#editor", "Save")
    assert kept.get("worn").broken == ""


def test_somebody_elses_change_is_not_overwritten(site: World, lead: Visitor) -> None:
    kept = made(site)
    page = lead.read("/destinations/people/edit")
    kept.update("people", {**PEOPLE, "key": "phone"}, EMAIL)
    token = page.select_one("[name=csrf_token]")["value"]
    old = page.select_one("[name=revision]")["value"]
    fields = {"connection": "support", "template": "create_end_user", "revision": old, "do": "save", "key": "id"}
    lead.post("/destinations/people/edit", token, **fields)
    assert lead.answer.status_code == 422
    assert "Somebody has changed it meanwhile." in words(lead.page)
    assert kept.get("people").definition.key == "phone"


def test_more_lines_are_had_without_a_script_and_what_was_entered_stays(site: World, lead: Visitor) -> None:
    before = len(lead.read(MANUAL).select("[name$=_name]"))
    lead.submit(MANUAL, "#editor", "More lines", row1_name="kind", row1_always="vip")
    assert len(lead.page.select("[name$=_name]")) == before + 4
    assert lead.page.select_one("[name=row0_name]")["value"] == "kind"


def test_an_address_that_the_answers_are_posted_to_is_shown_its_secret_once(site: World, lead: Visitor) -> None:
    with WebhookReceiver() as receiver:
        lead.submit(NEW, "#editor", "Save", name="people", response="true", answers_to=receiver.url)
        assert "Copy it now: it is not shown again." in words(lead.page)
        secret = lead.page.select_one("#secret").get_text()
        shown = words(lead.read("/destinations/people"))
        assert "Kept as responses:people , posted to" in shown
        assert secret not in lead.get("/destinations/people").text
        # The same once more is no other subscription, and says so.
        lead.submit("/destinations/people/edit", "#editor", "Save", answers_to=receiver.url)
        assert "The answers are not posted to" in words(lead.page)


# -------------------------------------------------------------------------------------------------------- the samples


def samples(visitor: Visitor, path: str = NEW, **fields: Any) -> str:
    """What the samples of an editor show, as its script asks for them."""
    page = visitor.read(path)
    entered = {
        each["name"]: each.get("value", "")
        for each in page.select("#editor input[name]:not([type=checkbox]):not([type=radio])")
    }
    entered |= {each["name"]: each.get_text() for each in page.select("#editor textarea")}
    token = entered.pop("csrf_token")
    entered |= {"take": "same", **fields}
    visitor.answer = visitor.http.post(
        f"{visitor.url}/destinations/samples",
        data={**entered, "csrf_token": token},
        headers={"X-Form-Token": token},
        timeout=10,
    )
    return words(visitor.page)


def test_samples_are_made_of_the_records_that_are_entered(site: World, lead: Visitor) -> None:
    two = json.dumps([person("Ann"), {"first_name": "", "email": "bob@x.example"}])
    shown = samples(lead, records=two)
    assert lead.answer.status_code == 200
    assert "<html" not in lead.answer.text
    assert '"email": "ann@x.example"' in shown
    assert "Sample 2 broken First_name: is missing, and the vendor wants it." in shown
    assert "2 samples, 1 broken" in lead.page.select_one("[data-news]")["data-news"]
    assert calls(site) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "This is not JSON, line 1. Give a list of records"),
        ('[{"a": 1},\n nonsense]', "This is not JSON, line 2."),
        ("[1, 2]", "This is not a list of records."),
    ],
)
def test_sample_records_that_are_none_are_told_of(lead: Visitor, text: str, told: str) -> None:
    assert told in samples(lead, records=text)
    assert lead.page.select("a[href='#f-records']")


def test_a_look_up_is_shown_in_words_and_asks_nobody(site: World, lead: Visitor) -> None:
    fields = {"method": "POST", "url": "/users/{user(mail)}/x", "records": '[{"mail": "ann@x.example", "n": 1}]'}
    assert "‹user ann@x.example›" in samples(lead, MANUAL, **fields)


def test_hostile_records_are_shown_as_text(site: World, lead: Visitor) -> None:
    made(site)
    takes(site, {"first_name": HOSTILE, "email": HOSTILE}, {"first_name": HOSTILE})
    for path in ("/destinations/people", "/destinations/people/edit", "/destinations/people/records/1"):
        page = lead.read(path)
        assert "alert(1)" in page.get_text() + str(page.select("textarea")), path
        assert not page.select("script:not([src])"), path
        assert not page.select("img"), path


# ----------------------------------------------------------------------------------------------------------- the test


def test_a_test_is_one_real_call_with_what_stands_in_the_form(site: World, lead: Visitor) -> None:
    two = json.dumps([person("Ann"), person("Bob")])
    lead.submit(NEW, "#editor", "Send test data", records=two, which="2")
    assert lead.answer.status_code == 200
    shown = words(lead.page.select_one("#tested"))
    assert "Freshchat has taken it : it answered 20" in shown
    assert "Its id there: " in shown
    assert [each.email for each in calls(site)] == ["bob@x.example"]
    assert Destinations(site.runtime).list() == ()


def test_a_test_without_an_answer_is_not_said_to_be_refused(site: World, lead: Visitor) -> None:
    made(site)
    site.sim.fault("*user*", "cut")
    lead.submit("/destinations/people/edit", "#editor", "Send test data", records=json.dumps(person("Ann")))
    shown = words(lead.page.select_one("#tested"))
    assert "It is not known whether Freshchat has taken it" in shown
    assert "t may be there; look before you send it again" in shown
    assert "has not taken it" not in shown
    page = words(lead.read("/destinations/people"))
    assert "Last test no answer came: it may be there" in page
    assert "not taken" not in page


def test_a_test_of_a_stored_one_is_remembered(site: World, lead: Visitor) -> None:
    made(site)
    assert "Last test none since it was made" in words(lead.read("/destinations/people"))
    lead.submit("/destinations/people/edit", "#editor", "Send test data", records=json.dumps(person("Ann")))
    assert "Last test taken, answered 20" in words(lead.read("/destinations/people"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"headers": "nonsense"}, "Nothing was sent: mend this first."),
        ({"records": "nonsense"}, "Nothing was sent: mend this first."),
        ({"which": "7"}, "There is no record 7. Give a number from 1 to 1."),
        ({"which": "x"}, "There is no record x."),
        ({"which": "9" * 5000}, "There is no record 99999999999999999999."),
    ],
)
def test_a_test_that_cannot_be_made_makes_no_call(
    site: World, lead: Visitor, fields: dict[str, str], told: str
) -> None:
    lead.submit(NEW, "#editor", "Send test data", **{"records": json.dumps(person("Ann")), **fields})
    assert lead.answer.status_code == 422
    assert told in words(lead.page)
    assert calls(site) == []


def test_a_test_of_a_broken_record_says_which_field(site: World, lead: Visitor) -> None:
    lead.submit(NEW, "#editor", "Send test data", records='[{"email": "ann@x.example"}]')
    assert "Nothing was sent First_name: is missing" in words(lead.page.select_one("#tested")).replace(" . ", " ")
    assert calls(site) == []


# ------------------------------------------------------------------------------------------------------------ its life


def test_it_is_activated_paused_resumed_and_deactivated(site: World, lead: Visitor) -> None:
    kept = made(site)
    takes(site, person("Ann"))
    page = "/destinations/people"
    assert "1 record waits until it is activated." in words(lead.read(page))
    assert "Activated. What waits is sent now." in press(lead, page, "Activate")
    assert "Paused. What waits goes on waiting" in press(lead, page, "Pause")
    send_records.drain(site.runtime)
    assert calls(site) == []
    assert "Resumed. What waits is sent now." in press(lead, page, "Resume")
    send_records.drain(site.runtime)
    assert len(calls(site)) == 1
    assert "1 of 1 written" in words(lead.read(page))
    assert "Deactivate it first." in words(lead.read(page))
    assert "Deactivated. Nothing is sent any more but tests." in press(lead, page, "Deactivate")
    assert kept.get("people").state == "inactive"
    assert "The destination people is deleted" in press(lead, page, "Delete it for good")
    assert kept.list() == ()


def test_a_refusal_of_its_life_is_told(site: World, lead: Visitor) -> None:
    kept = made(site)
    kept.activate("people", EMAIL)
    token = forgery(lead)
    lead.post("/destinations/people/delete", token)
    assert "It is active. Deactivate it first." in words(lead.page)
    kept.deactivate("people", EMAIL)
    lead.post("/destinations/people/pause", token)
    assert "It is not active. There is nothing to pause." in words(lead.page)


def test_one_of_the_file_is_shown_with_its_file_and_can_only_be_paused(quick: World) -> None:
    extra = '[[destinations]]\nname = "people"\nconnection = "support"\ntemplate = "create_end_user"\nactive = true'
    site = quick.start(server=ADMINISTRATOR, extra=extra)
    from core.destinations.provision import provision_destinations

    provision_destinations(site.runtime)
    lead = Visitor(site.url).sign_in()
    page = lead.read("/destinations/people")
    assert f"It stands in the configuration file and follows it: {site.runtime.config.path}" in words(page)
    assert [each.get_text() for each in page.select("#now button")] == ["Pause"]
    assert not page.select("a[href$=edit]")
    assert "Paused." in press(lead, "/destinations/people", "Pause")
    assert "Change it there" in words(lead.get("/destinations/people/edit") and lead.page)
    lead.post("/destinations/people/delete", forgery(lead))
    assert "It stands in the configuration file." in words(lead.page)


# ------------------------------------------------------------------------------------------------------ files, records


CSV = b"first_name,email\nAnn,ann@x.example\nBob,bob@x.example\n,cid@x.example\nAnn,ann@x.example\n"


def test_a_file_is_taken_in_and_what_became_of_it_told_line_by_line(site: World, lead: Visitor) -> None:
    made(site)
    shown = upload(lead, "people.csv", CSV)
    assert lead.answer.status_code == 200
    assert "people.csv is taken in 4 records read: 2 accepted, 1 known before, 0 duplicates, 1 broken." in shown
    assert "4 first_name Is missing, and the vendor wants it." in shown
    assert "4 records read: 0 accepted, 4 known before" in upload(lead, "people.csv", CSV).replace("3 known", "4 known")


def test_a_dry_run_shows_what_would_be_sent_and_keeps_nothing(site: World, lead: Visitor) -> None:
    kept = made(site)
    kept.activate("people", EMAIL)
    shown = upload(lead, "people.csv", CSV, dry="y")
    assert "Dry run: nothing was sent or kept 4 records in people.csv: 2 good, which would make 2 calls" in shown
    assert '"email": "bob@x.example"' in shown
    assert kept.get("people").total == 0
    assert send_records.drain(site.runtime) == 0


def test_a_file_of_more_records_than_a_page_waits_for_is_taken_as_far_as_that(
    site: World, lead: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = made(site)
    monkeypatch.setattr(destinations_records, "MOST_ROWS", 2)
    shown = upload(lead, "people.csv", CSV)
    assert "2 records read: 2 accepted" in shown
    assert "A page looks at no more than 2 records of a file" in shown
    assert "relaydesk destinations send people FILE" in shown
    assert kept.get("people").total == 2
    assert "A page looks at" not in upload(lead, "people.csv", CSV, limit="2")


def test_a_form_without_a_file_in_it_is_told_so(site: World, lead: Visitor) -> None:
    made(site)
    lead.post("/destinations/people/upload", forgery(lead), file="abc")
    assert lead.answer.status_code == 422
    assert "Choose a file." in words(lead.page)


def test_what_was_left_out_is_dropped_where_it_is_looked_at(site: World, lead: Visitor) -> None:
    made(site)
    takes(site, person("Ann"))
    state(site, 1, state="skipped")
    assert "It is given up" in press(lead, "/destinations/people/records/1", "Drop it")


def test_only_the_first_of_a_file_are_taken(site: World, lead: Visitor) -> None:
    kept = made(site)
    assert "Only the first 1 record was looked at." in upload(lead, "people.csv", CSV, limit="1")
    assert kept.get("people").total == 1


@pytest.mark.parametrize(
    ("called", "content", "fields", "told"),
    [
        ("", b"", {}, "Choose a file."),
        ("people.xlsx", b"PK", {}, "People.xlsx does not say how the records are written. Name the file"),
        ("people.csv", b"a,a\n1,2\n", {}, "Several columns are called a."),
        ("people.csv", CSV, {"limit": "none"}, "Not a valid integer value."),
        ("people.csv", CSV, {"limit": "0"}, "Give a whole number from 1, or leave it empty."),
    ],
)
def test_a_file_that_will_not_do_is_told_of(
    site: World, lead: Visitor, called: str, content: bytes, fields: dict[str, str], told: str
) -> None:
    kept = made(site)
    assert told in upload(lead, called, content, **fields)
    assert lead.answer.status_code == 422
    assert kept.get("people").total == 0


def test_a_file_larger_than_any_other_request_is_taken_and_a_too_large_one_refused(
    site: World, lead: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = made(site)
    rows = b"".join(b"Ann,ann%d@x.example,%s\n" % (number, b"x" * 30_000) for number in range(60))
    assert "60 records read: 60 accepted" in upload(lead, "people.csv", b"first_name,email,note\n" + rows)
    monkeypatch.setattr(destinations_records, "LARGEST_FILE", 1_000_000)
    shown = upload(lead, "people.csv", b"first_name,email,note\n" + rows)
    assert lead.answer.status_code == 413
    assert "That is too much at once" in shown
    assert kept.get("people").total == 60


def test_the_ledger_is_filtered_paged_and_exported(site: World, lead: Visitor) -> None:
    made(site)
    takes(site, *(person(f"Ann{number}") for number in range(60)), {"email": "cid@x.example"})
    page = lead.read("/destinations/people")
    assert len(page.select("#lines tbody tr")) == 50
    assert [words(each) for each in page.select("#tabs a")] == ["All", "Waiting 60", "Failed 1"]
    older = lead.read(page.select_one("a[rel=next]")["href"])
    assert len(older.select("#lines tbody tr")) == 11
    failed = lead.read("/destinations/people?state=failed")
    assert "cid@x.example failed first_name is missing, and the vendor wants it" in words(failed.select_one("#lines"))
    assert "None is parked" in words(lead.read("/destinations/people?state=parked"))
    assert "This place in the list is not known." in words(lead.read("/destinations/people?cursor=none"))
    whole = lead.get("/destinations/people/records.csv")
    assert whole.headers["Content-Type"].startswith("text/csv")
    assert 'filename="people.csv"' in whole.headers["Content-Disposition"]
    assert len(whole.text.splitlines()) == 62
    assert len(lead.get("/destinations/people/records.csv?state=failed").text.splitlines()) == 2


def test_a_failed_record_is_corrected_and_sent_again(site: World, lead: Visitor) -> None:
    kept = made(site)
    takes(site, {"email": "cid@x.example"})
    kept.activate("people", EMAIL)
    page = "/destinations/people/records/1"
    assert "Mend what is wrong, and send it again." in words(lead.read(page))
    for text, told in (
        ("nonsense", "This is not JSON, line 1."),
        ("[1]", "This is no record."),
        ('{"email": "cid@x.example"}', "first_name: Is missing, and the vendor wants it."),
    ):
        lead.submit(page, "form[action$='/1']", text=text)
        assert lead.answer.status_code == 422
        assert told in words(lead.page)
        assert lead.page.select_one("#text").get_text().strip() == text
    lead.submit(page, "form[action$='/1']", text=json.dumps(person("Cid")))
    assert "It is sent again as it stands now." in words(lead.page)
    send_records.drain(site.runtime)
    shown = words(lead.read(page))
    assert "written The helpdesk has it." in shown
    assert "POST /users" in shown
    assert [each.first_name for each in calls(site)] == ["Cid"]


def test_what_nobody_knows_of_is_settled_by_whoever_has_looked(site: World, lead: Visitor) -> None:
    made(site)
    takes(site, person("Ann"), person("Bob"), person("Cid"), person("Dan"))
    for number in (1, 2, 3):
        state(site, number, state="parked", error="no answer came")
    state(site, 4, state="uncertain")
    assert "Nobody knows whether it arrived." in words(lead.read("/destinations/people/records/1"))
    assert "Noted: it arrived." in press(lead, "/destinations/people/records/1", "It arrived", captured_id="u-1")
    assert "It is sent again." in press(lead, "/destinations/people/records/2", "It did not: send again")
    assert "It is given up" in press(lead, "/destinations/people/records/3", "Drop it")
    uncertain = lead.read("/destinations/people/records/4")
    assert [words(each) for each in uncertain.select("button[form=hand]")] == ["It arrived"]
    found = {each.id: (each.state, each.captured_id) for each in records.page(site.runtime, "people").records}
    assert found == {1: ("sent", "u-1"), 2: ("waiting", ""), 3: ("dropped", ""), 4: ("uncertain", "")}
    lead.post("/destinations/people/records/1/arrived", forgery(lead))
    assert "It is sent. What can be said to have arrived is: parked, uncertain." in words(lead.page)


def test_all_failed_are_sent_again_at_once(site: World, lead: Visitor) -> None:
    made(site)
    takes(site, person("Ann"), person("Bob"))
    assert "Nothing has failed that could be tried again." in words(
        (lead.post("/destinations/people/retry-failed", forgery(lead)), lead.page)[1]
    )
    state(site, 1, state="failed", error="the helpdesk answered 500")
    assert "1 record is tried again." in press(lead, "/destinations/people", "Send all failed again")


# ------------------------------------------------------------------------------------------------------------ answers


def test_answers_are_shown_exported_and_feed_another(site: World, lead: Visitor) -> None:
    kept = made(site, response=True)
    assert "No answers yet" in words(lead.read("/destinations/people/responses"))
    takes(site, person("Ann"))
    kept.activate("people", EMAIL)
    send_records.drain(site.runtime)
    shown = words(lead.read("/destinations/people/responses"))
    assert "ann@x.example written answered 20" in shown
    assert len(lead.get("/destinations/people/responses.csv").text.splitlines()) == 2
    assert "This place in the list is not known." in words(lead.read("/destinations/people/responses?cursor=none"))
    lead.submit(
        "/destinations/new?connection=support",
        "#editor",
        "Save",
        name="next",
        url="/users/{id}/x",
        source="responses:people",
    )
    assert "It feeds next" in words(lead.read("/destinations/people/responses"))
    assert "1 earlier answer looked at: 1 taken in, 0 known before, 0 broken." in press(
        lead, "/destinations/next", "Take in the earlier answers"
    )
    assert kept.get("next").total == 1


def test_answers_that_are_not_kept_are_said_to_be_none(site: World, lead: Visitor) -> None:
    made(site)
    assert "Answers are not kept" in words(lead.read("/destinations/people/responses"))


# ------------------------------------------------------------------------------------------------------------- guards


def test_an_operator_looks_and_changes_nothing(site: World, lead: Visitor) -> None:
    made(site)
    takes(site, {"email": "cid@x.example"})
    olga = with_operator(site)
    for path in ("", "/people", "/people/records/1", "/people/responses"):
        page = olga.read(f"/destinations{path}")
        assert not page.select("main button"), path
        assert not page.select("main textarea, main input:not([type=hidden])"), path
    assert olga.get("/destinations/people/records.csv").status_code == 200
    assert olga.get("/destinations/new").status_code == 403
    assert olga.get("/destinations/people/edit").status_code == 403
    token = forgery(olga)
    for what in (
        "samples",
        "people/activate",
        "people/delete",
        "people/upload",
        "people/retry-failed",
        "people/take-earlier",
        "people/records/1",
        "people/records/1/drop",
    ):
        assert olga.post(f"/destinations/{what}", token).status_code == 403, what


def test_nothing_is_done_for_another_site(site: World, lead: Visitor) -> None:
    kept = made(site)
    for what in ("samples", "new", "people/activate", "people/delete", "people/upload", "people/records/1/drop"):
        assert lead.post(f"/destinations/{what}", "").status_code == 400, what
    assert kept.get("people").state == "inactive"


@pytest.mark.parametrize(
    "path",
    [
        "/destinations/nobody",
        "/destinations/nobody/edit",
        "/destinations/nobody/responses",
        "/destinations/nobody/records.csv",
        "/destinations/people/records/99",
        "/destinations/nobody/records/1",
        "/destinations/new?connection=nobody",
        "/destinations/new?connection=support&template=nothing",
        "/live/destinations/nobody",
        "/destinations/%00",
        "/destinations/a%00b/edit",
        "/live/destinations/a%00",
        "/destinations/a%00/records/1",
    ],
)
def test_what_is_not_there_is_not_found(site: World, lead: Visitor, path: str) -> None:
    made(site)
    assert lead.get(path).status_code == 404


def test_a_destination_whose_account_is_gone_is_shown_and_says_so(site: World, lead: Visitor) -> None:
    made(site)
    with site.runtime.db.write():
        row = DestinationRow.get()
        DestinationRow.update(connection="former", definition={**row.definition, "connection": "former"}).execute()
    assert "former is not connected" in words(lead.read("/destinations/people"))
    assert 'There is no connection "former" any more.' in words((lead.get("/destinations/people/edit"), lead.page)[1])


def test_the_parts_that_stay_up_to_date_are_sent_only_when_they_change(site: World, lead: Visitor) -> None:
    kept = made(site)
    for path in ("/live/destinations", "/live/destinations/people"):
        first = lead.get(path)
        assert first.status_code == 200
        known = {"If-None-Match": first.headers["ETag"], "X-Live": "1"}
        assert lead.get(path, headers=known).status_code == 304
        kept.activate("people", EMAIL)
        again = lead.get(path, headers=known)
        assert again.status_code == 200
        assert "active" in words(lead.page)
        kept.deactivate("people", EMAIL)
