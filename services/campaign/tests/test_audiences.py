"""Where merged ids end, whatever order the news come in."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from campaign_service.audiences.domain import language, survivors

IDS = [UUID(int=number) for number in range(8)]


def merges_as_told(choices: list[tuple[int, int]]) -> list[tuple[UUID, UUID]]:
    """Pairs as identity tells them: both sides are survivors at that moment."""
    end = {member: member for member in IDS}
    told = []
    for left, right in choices:
        absorbed, survivor = end[IDS[left]], end[IDS[right]]
        if absorbed != survivor:
            told.append((absorbed, survivor))
            end = {m: survivor if at == absorbed else at for m, at in end.items()}
    return told


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20), st.integers(0, 20))
def test_in_one_batch_or_two_the_end_is_the_same(choices: list[tuple[int, int]], cut: int) -> None:
    told = merges_as_told(choices)
    whole = survivors(told, {})
    first = survivors(told[:cut], {})
    second = survivors(told[cut:], first)
    joined = {absorbed: second.get(end, end) for absorbed, end in first.items()} | second
    assert whole == joined
    assert not set(whole) & set(whole.values())


def test_a_chain_ends_at_its_last() -> None:
    a, b, c = IDS[:3]
    assert survivors([(a, b), (b, c)], {}) == {a: c, b: c}
    assert survivors([(a, b)], {b: c}) == {a: c}
    assert survivors([(a, b)], {b: a}) == {}


def test_members_are_written_to_in_chinese_or_english() -> None:
    assert [language(tag) for tag in ("zh", "zh-CN", "en", "en-GB", "fr")] == [
        "zh", "zh", "en", "en", "zh",
    ]  # fmt: skip
