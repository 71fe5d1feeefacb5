"""Proofs that are checked with nothing but the public key."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.evidence import merkle


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=70), st.data())
def test_a_path_leads_to_the_root_and_nothing_else_does(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, path = merkle.root(leaves), merkle.path(leaves, index)
    assert merkle.climb(leaves[index], index, len(leaves), path) == root
    assert merkle.climb(leaves[index] + b"x", index, len(leaves), path) != root
    assert merkle.climb(leaves[index], index, len(leaves), [*path, b"\0" * 32]) is None
    if path:
        assert merkle.climb(leaves[index], index, len(leaves), path[:-1]) is None


def test_the_tree_is_that_of_the_standard() -> None:
    """Roots of certificate transparency's reference test vectors (RFC 9162 tree)."""
    leaves = [bytes.fromhex(each) for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )]  # fmt: skip
    roots = (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
    for size, root in enumerate(roots, 1):
        assert merkle.root(leaves[:size]).hex() == root
