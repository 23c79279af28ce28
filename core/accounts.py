"""An account has one connection for each agent: two would hear of the same customers, and answer each of them twice."""

from __future__ import annotations

from core.config import ConnectionConfig
from core.domain import Identity
from core.errors import ConfigError
from core.runtime import Runtime
from core.store.models import ConnectionRow


def refuse_a_second(runtime: Runtime, configured: ConnectionConfig, identity: Identity, own_id: int) -> None:
    """Raise `ConfigError`, naming the other one, if another connection speaks as this agent of this account already.

    Inside the transaction that stores `own_id` as connected, which must be `exclusively`: two that are connected at
    once do not see each other's rows. One that is off does not count: it comes by here before it is switched on.
    """
    if not configured.settings.get("inbound", True):
        return  # it hears nothing, and so it answers nobody
    connector = runtime.connections.connector_named(configured.connector)
    account = connector.base_url(configured.settings).lower()
    others = ConnectionRow.select().where(
        ConnectionRow.connector == configured.connector,
        ConnectionRow.active,
        ConnectionRow.id != own_id,
        # Where file and pages have one of the same name, that of the pages is off for as long as that is so.
        ConnectionRow.name != configured.name,
    )
    for row in others.order_by(ConnectionRow.id):
        other = runtime.connections.get(row.id)
        if (
            other is None
            or not other.inbound
            or other.agent_id != identity.agent_id
            or connector.base_url(other.settings).lower() != account
        ):
            continue
        who = f"{identity.agent_name or identity.agent_id} at {identity.account or account}"
        place = f"take it out of {runtime.config.path}, or disconnect it" if row.provisioned else "disconnect it"
        raise ConfigError(
            configured.name,
            f"the connection {row.name} speaks as {who} already, and both would answer every customer",
            f"Keep to {row.name}, or {place} first.",
        )
