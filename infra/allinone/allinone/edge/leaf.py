"""The store's end: a NATS server with a JetStream of its own, which links whenever it can."""

import json
from urllib.parse import quote, urlsplit

from allinone.edge.enrolment import Enrolment
from allinone.home import Home
from allinone.servers.nats import Nats
from gateway_service.edges.domain import leaf_user

_LEAF = """\
leafnodes {{
  reconnect: "1s"
  remotes: [ {{ urls: [ {url} ]{tls} }} ]
}}
"""


class Leaf(Nats):
    """JetStream in the store's domain; what is kept in it is on disk before it is acknowledged."""

    def __init__(self, home: Home, token: str, port: int | None, enrolled: Enrolment) -> None:
        super().__init__(home, token, port)
        self._enrolled, self.server_name = enrolled, f"edge-{enrolled.store}"
        self._ca = home.run / "link-ca.pem"

    def text(self) -> str:
        """As every server with JetStream, and the link."""
        own = f"{leaf_user(self._enrolled.store)}:{quote(self._enrolled.password, safe='')}"
        parts = urlsplit(self._enrolled.link)
        tls = f", tls {{ ca_file: {json.dumps(str(self._ca))} }}" if parts.scheme == "tls" else ""
        url = json.dumps(f"{parts.scheme}://{own}@{parts.netloc}")
        domain = f"jetstream {{\n  domain: {json.dumps(self._enrolled.store)}"
        return super().text().replace("jetstream {", domain) + _LEAF.format(url=url, tls=tls)

    async def _prepare(self) -> None:
        self._ca.write_text(self._enrolled.ca)
        await super()._prepare()
