"""The JSON addresses by which another process watches a simulator and makes it misbehave.

| address | what it does |
|---|---|
| `GET /_sim/state?after=N` | everything the vendor holds, with `version`; waits up to 20 s for a version above N |
| `GET /_sim/record?after=N` | the calls from the Nth on, the most calls in any minute, the webhooks delivered |
| `POST /_sim/faults` | set a fault: `endpoint`, `kind`, and of `Fault` all that is JSON |
| `GET /_sim/faults` | the faults still to strike, the endpoints and the kinds |
| `DELETE /_sim/faults` | take all faults back |
| `POST /_sim/late` | bring about the effects that a fault made late |
| `POST /_sim/webhooks` | any of `url`, `copies`, `hold`, `release` with `shuffle`, `drop` with `kind`, `again`, |
| | `drop_share` and `copy_share` with `seed` |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from core.testing.faults import KINDS
from core.testing.simulator import Simulator
from core.testing.webhook_sender import WebhookSender

LONGEST_WAIT_SECONDS = 20.0
_FAULT_KEYS = ("times", "performed", "after", "seconds", "retry_after", "location")


def remote(
    sim: Simulator, webhooks: WebhookSender | None = None, set_url: Callable[[str | None], None] | None = None
) -> Blueprint:
    """The blueprint with the addresses above; a vendor adds its own to it before it is registered.

    `set_url` says where webhooks go, at a vendor where that is more than the sender's own address.
    """
    own = Blueprint("sim", __name__)

    @own.errorhandler(ValueError)
    @own.errorhandler(KeyError)
    def wrong(error: Exception) -> ResponseReturnValue:
        words = f"missing: {error.args[0]}" if isinstance(error, KeyError) else str(error)
        return jsonify(error=words), 400

    @own.get("/_sim/state")
    def state() -> ResponseReturnValue:
        after = request.args.get("after", type=int)
        if after is not None:
            sim.changes.wait(after, LONGEST_WAIT_SECONDS)
        version = sim.changes.count
        with sim.lock:
            return jsonify({"version": version, **sim.state()})

    @own.get("/_sim/record")
    def record() -> ResponseReturnValue:
        calls = sim.record.calls()
        sent = webhooks.deliveries if webhooks else []
        return jsonify(
            calls=[call.shown() for call in calls[request.args.get("after", 0, int) :]],
            total=len(calls),
            refused=sim.record.refused(),
            most_per_minute=sim.record.per_minute(),
            webhooks=[delivery.shown() for delivery in list(sent)],
        )

    _add_faults(own, sim)
    if webhooks is not None:
        own.post("/_sim/webhooks")(_driving(webhooks, set_url))
    return own


def _add_faults(own: Blueprint, sim: Simulator) -> None:
    @own.post("/_sim/faults")
    def set_fault() -> ResponseReturnValue:
        given = json_body()
        fault = sim.fault(given["endpoint"], given["kind"], **{key: given[key] for key in _FAULT_KEYS if key in given})
        return jsonify(fault.shown()), 201

    @own.get("/_sim/faults")
    def faults() -> ResponseReturnValue:
        pending = [fault.shown() for fault in sim.faults.pending()]
        return jsonify(faults=pending, endpoints=sim.gate.endpoints(), kinds=list(KINDS))

    @own.delete("/_sim/faults")
    def no_faults() -> ResponseReturnValue:
        sim.faults.clear()
        return "", 204

    @own.post("/_sim/late")
    def late() -> ResponseReturnValue:
        return jsonify(applied=sim.apply_late())


def json_body() -> dict[str, Any]:
    """The request's JSON object. Raises `ValueError` if it is none.

    The content type must say JSON, which a page of another origin cannot send unasked: so no web site that a
    person happens to visit can drive a simulator on their machine.
    """
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise ValueError("send a JSON object, with Content-Type: application/json")
    return given


def _driving(
    webhooks: WebhookSender, set_url: Callable[[str | None], None] | None
) -> Callable[[], ResponseReturnValue]:
    def drive() -> ResponseReturnValue:
        given = json_body()
        if "url" in given and set_url is not None:
            set_url(given["url"] or None)
        elif "url" in given:
            webhooks.url = given["url"] or None
        if "copies" in given:
            webhooks.copies = int(given["copies"])
        if "drop_share" in given:
            webhooks.drop_share(float(given["drop_share"]), int(given.get("seed", 0)))
        if "copy_share" in given:
            webhooks.copy_share(float(given["copy_share"]), int(given.get("seed", 0)))
        if given.get("drop"):
            webhooks.drop(int(given["drop"]), given.get("kind", "*"))
        if given.get("hold"):
            webhooks.hold()
        if given.get("release"):
            webhooks.release(given.get("shuffle"))
        if "again" in given:
            for delivery in [one for one in webhooks.deliveries if one.number == given["again"]]:
                webhooks.again(delivery)
        return jsonify(webhooks=[delivery.shown() for delivery in list(webhooks.deliveries)])

    return drive
