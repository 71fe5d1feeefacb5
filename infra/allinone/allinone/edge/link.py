"""The centre's end: a NATS server of its own that stores link to, each in an account of its own.

It keeps nothing, and shares nothing with the platform's bus: a store that is broken into reaches
neither the bus nor another store.
"""

import json

from allinone.home import Home
from allinone.ports import LOOPBACK
from allinone.servers.nats import NatsServer
from allinone.tls import TlsFiles
from gateway_service.edges.domain import EdgeLink, Links, centre_user, leaf_user

_CONFIG = """\
# Written at each start.
listen: "{host}:{port}"
server_name: huiyuan-link
max_payload: 8MB
accounts {{
{accounts}
}}
leafnodes {{
  listen: {listen}
  no_advertise: true # stores link to the address they were given, and to no other
  tls {{ cert_file: {certificate}, key_file: {key} }}
}}
"""


class Link(NatsServer):
    """The server that store edges link to."""

    def __init__(self, home: Home, links: Links, tls: TlsFiles, port: int | None) -> None:
        super().__init__(home, "link", port)
        self._links, self._tls = links, tls

    @property
    def url(self) -> str:
        """Where the gateway asks, as each store's own reader."""
        return f"nats://{LOOPBACK}:{self.port}"

    def text(self) -> str:
        """An account for each store, and where they link to."""
        return _CONFIG.format(
            host=LOOPBACK,
            port=self.port,
            accounts="\n".join(map(_account, self._links.edges)),
            listen=json.dumps(self._links.listen),
            certificate=json.dumps(str(self._tls.certificate)),
            key=json.dumps(str(self._tls.key)),
        )


def _account(link: EdgeLink) -> str:
    store = link.edge.store
    known = {leaf_user(store): link.leaf_password, centre_user(store): link.edge.password}
    users = ", ".join(
        f"{{ user: {json.dumps(user)}, password: {json.dumps(password)} }}"
        for user, password in known.items()
    )
    return f"  {json.dumps(store)} {{ users: [ {users} ] }}"
