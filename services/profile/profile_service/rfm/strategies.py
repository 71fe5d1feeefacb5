"""What to do about members of each cell, as it is shipped. A shop writes its own over it. Pure."""

import functools
from collections.abc import Mapping
from itertools import product
from pathlib import Path

from pydantic import TypeAdapter

from contracts.rfm import RfmStrategy

CELLS = tuple("-".join(bands) for bands in product("123", "321", "321"))  # the strongest first


@functools.cache
def shipped() -> Mapping[str, RfmStrategy]:
    """By cell `r-f-m`; each of the 27."""
    text = (Path(__file__).parent / "strategies.json").read_bytes()
    found = TypeAdapter(list[RfmStrategy]).validate_json(text)
    return {strategy.cell: strategy for strategy in found}
