"""What no database role can reach: the signing key, and the witness, a file of all checkpoints."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.evidence.checkpoints import Checkpoint, Malformed, checkpoint_in, checkpoint_out

_LONGEST_LINE = 8192  # bytes of a checkpoint as JSON, several times over


class Strongbox:
    """A folder with `signing.key` (32 bytes), `public.key` (hexadecimal), `checkpoints.jsonl`.

    `of` is what the books are called whose checkpoints it signs.

    `behind`: the witness may lack what was committed before a crash, ours or the database's.
    """

    def __init__(self, folder: Path, of: str) -> None:
        self.folder, self.of = folder, of
        self.behind = True

    @property
    def witness(self) -> Path:
        """One checkpoint a line, only ever appended to."""
        return self.folder / "checkpoints.jsonl"

    def public_key(self) -> bytes:
        """The raw Ed25519 key that signatures are checked with; made on first use."""
        return self._key().public_key().public_bytes_raw()

    def sign(self, checkpoint: Checkpoint) -> tuple[str, bytes]:
        """(key id, signature) of its statement."""
        key = self._key()
        return key_id(key.public_key().public_bytes_raw()), key.sign(checkpoint.statement())

    def keep(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Append those the witness does not have yet; on disk when this returns.

        What is not signed with the box's own key is left out: the database may have been edited.
        """
        last, key = self.latest(), self.public_key()
        lines = [
            json.dumps(checkpoint_out(each), separators=(",", ":")) + "\n"
            for each in checkpoints
            if each.checkpoint_id > last and each.is_signed_by(key)
        ]
        if not lines:
            return
        with self.witness.open("a+", encoding="utf-8") as file:
            file.truncate(self._whole())
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())

    def latest(self) -> int:
        """Number of the witness's last checkpoint, 0 for none; reads its end only."""
        if not self.witness.exists():
            return 0
        with self.witness.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_LINE * 2))
            lines = file.read().split(b"\n")[:-1]  # what follows the last one is half a line
        return checkpoint_in(self.of, json.loads(lines[-1])).checkpoint_id if lines else 0

    def kept(self) -> list[Checkpoint]:
        """All checkpoints of the witness, oldest first; raises Malformed where it was edited."""
        if not self.witness.exists():
            return []
        whole = self.witness.read_bytes()[: self._whole()]
        try:
            return [checkpoint_in(self.of, json.loads(line)) for line in whole.splitlines()]
        except json.JSONDecodeError as error:
            raise Malformed("this is no checkpoint of ours") from error

    def _whole(self) -> int:
        """Bytes of whole lines: a crash may leave half a line, which the next append replaces."""
        return self.witness.read_bytes().rfind(b"\n") + 1 if self.witness.exists() else 0

    def _key(self) -> Ed25519PrivateKey:
        path = self.folder / "signing.key"
        try:
            return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
        except FileNotFoundError:
            pass
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        half = path.with_suffix(f".{os.getpid()}")
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(half, path)  # fails where another process was faster
        except FileExistsError:
            return self._key()
        finally:
            half.unlink()
        public = key.public_key().public_bytes_raw().hex()
        (self.folder / "public.key").write_text(public + "\n", encoding="utf-8")
        return key


def key_id(public_key: bytes) -> str:
    """A short name of a public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]
