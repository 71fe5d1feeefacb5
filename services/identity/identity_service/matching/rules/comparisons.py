"""How two records are compared: a comparison a feature, each with levels from unlike to equal.

A comparison answers a level for each pair, `UNKNOWN` where a side says nothing. What is learnt is
how often each level is met in pairs of one person and of two. A new one: a function and a line in
`COMPARISONS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from contracts.classification import Kind
from identity_service.matching.domain import UNKNOWN, Floats, Indexes, Levels, Mask, Records
from identity_service.matching.rules.identifiers import RULES

Judge = Callable[[Records, Indexes, Indexes], Levels]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A feature. `usual` is how often one person's pairs show each level, before learning.

    `rarity` names, for a level, the feature whose frequency says how much its agreement weighs.
    `levels` are their names in English and Chinese. `tells`: whether it may say, while weights are
    learnt, which pairs are one person's; else it is only counted among those. `thing`: what it is
    about, if another comparison has that name.
    """

    name: str
    levels: tuple[tuple[str, str], ...]
    usual: tuple[float, ...]
    judge: Judge
    needs: tuple[str, ...]
    rarity: Mapping[int, str] = field(default_factory=dict)
    tells: bool = True
    thing: str = ""

    @property
    def about(self) -> str:
        """What it compares; where several compare the same, that counts once."""
        return self.thing or self.name


def _both(records: Records, feature: str, i: Indexes, j: Indexes) -> Mask:
    column = records.column(feature)
    return np.asarray((column[i] != 0) & (column[j] != 0))


def _equal(records: Records, feature: str, i: Indexes, j: Indexes) -> Mask:
    column = records.column(feature)
    return np.asarray((column[i] == column[j]) & (column[i] != 0))


def _levels(known: Mask, *rising: Mask) -> Levels:
    """The highest level whose condition holds; 0 if none, UNKNOWN where not known."""
    found = np.zeros(len(known), dtype=np.int8)
    for level, holds in enumerate(rising, start=1):
        found[holds] = level
    found[~known] = UNKNOWN
    return found


def exactly(feature: str) -> Judge:
    """Equal or not."""

    def judge(records: Records, i: Indexes, j: Indexes) -> Levels:
        return _levels(_both(records, feature, i, j), _equal(records, feature, i, j))

    return judge


def identifier(kind: Kind) -> Judge:
    """Equal or not; a value that too many records carry, and unlike ones of many, say nothing."""
    rule = RULES[kind]

    def judge(records: Records, i: Indexes, j: Indexes) -> Levels:
        found = exactly(kind)(records, i, j)
        found[records.counts(kind)[i] > rule.records] = UNKNOWN
        if rule.each is None:
            found[found == 0] = UNKNOWN
        return found

    return judge


def phone(records: Records, i: Indexes, j: Indexes) -> Levels:
    """Two numbers in full: unlike, last four digits, a slip of two neighbouring digits, equal."""
    found = _levels(
        _both(records, Kind.PHONE, i, j),
        _equal(records, "phone_tail", i, j),
        np.any(_near(records, "phone_near", i, j), axis=1),
        _equal(records, Kind.PHONE, i, j),
    )
    found[records.counts(Kind.PHONE)[i] > RULES[Kind.PHONE].records] = UNKNOWN
    return found


def masked_phone(records: Records, i: Indexes, j: Indexes) -> Levels:
    """At least one number is masked: unlike, last four digits, all digits that show.

    By itself, since how often two numbers agree must not depend on how many records are masked.
    """
    counts = records.counts(Kind.PHONE)
    known = _both(records, "phone_tail", i, j) & ~_both(records, Kind.PHONE, i, j)
    found = _levels(
        known, _equal(records, "phone_tail", i, j), _equal(records, "phone_masked", i, j)
    )
    found[np.maximum(counts[i], counts[j]) > RULES[Kind.PHONE].records] = UNKNOWN
    return found


def _near(records: Records, feature: str, i: Indexes, j: Indexes) -> Mask:
    column = records.column(feature)
    mine = column[i]
    return np.asarray((mine == column[j]) & (mine != 0))


def _one_word(records: Records, at: Indexes) -> Mask:
    """A name in Latin script that came as one word: perhaps pinyin."""
    whole = (records.column("name")[at] != 0) & (records.column("name_masked")[at] == 0)
    return np.asarray(whole & ~_in_parts(records, at))


def _in_parts(records: Records, at: Indexes) -> Mask:
    sounds = records.column("surname_sound")[at] | records.column("given_sound")[at]
    return np.asarray(sounds != 0)


def _han(records: Records, at: Indexes) -> Mask:
    return np.asarray(records.column("name_masked")[at] != 0)


def whole_name(records: Records, i: Indexes, j: Indexes) -> Levels:
    """Two names in full, of one script: unlike, surname, given name, sound, equal."""
    known = _both(records, "name", i, j) & (_han(records, i) == _han(records, j))
    known &= ~(_in_parts(records, i) & _in_parts(records, j))
    return _levels(
        known,
        _equal(records, "surname", i, j),
        _equal(records, "given", i, j),
        _equal(records, "pinyin", i, j),
        _equal(records, "name", i, j),
    )


def masked_name(records: Records, i: Indexes, j: Indexes) -> Levels:
    """At least one name is masked: surname and length agree or not."""
    full = records.column("name")
    known = _both(records, "name_masked", i, j) & ((full[i] == 0) | (full[j] == 0))
    return _levels(known, _equal(records, "name_masked", i, j))


def romanised_name(records: Records, i: Indexes, j: Indexes) -> Levels:
    """One name in characters, one in Latin script: the sound agrees or not."""
    han_i, han_j = _han(records, i), _han(records, j)
    full, masked = records.column("name"), records.column("name_masked")
    known = (han_i != han_j) & ((full | masked)[i] != 0) & ((full | masked)[j] != 0)
    pinyin, turned = records.column("pinyin"), records.column("pinyin_turned")
    both = (pinyin[i] != 0) & (pinyin[j] != 0)
    same = both & ((pinyin[i] == pinyin[j]) | (pinyin[i] == turned[j]) | (turned[i] == pinyin[j]))
    surname = _equal(records, "surname_pinyin", i, j)
    known &= both | _both(records, "surname_pinyin", i, j)
    return _levels(known, surname & ~both, same)


def _dice(records: Records, feature: str, other: str, i: Indexes, j: Indexes) -> Floats:
    mine, theirs = records.column(feature)[i], records.column(other)[j]
    common = np.bitwise_count(mine & theirs).sum(axis=1, dtype=np.int64)
    total = np.bitwise_count(mine).sum(axis=1, dtype=np.int64)
    total = total + np.bitwise_count(theirs).sum(axis=1, dtype=np.int64)
    return np.asarray(2 * common / np.maximum(total, 1))


_ALIKE = (0.35, 0.5, 0.7)


def _by_letters(known: Mask, likeness: Floats, equal: Mask) -> Levels:
    return _levels(known, *(likeness >= least for least in _ALIKE), equal)


def letters(feature: str, filters: str) -> Judge:
    """Likeness of letters: unlike, some, half, most, equal."""

    def judge(records: Records, i: Indexes, j: Indexes) -> Levels:
        return _by_letters(
            _both(records, feature, i, j),
            _dice(records, filters, filters, i, j),
            _equal(records, feature, i, j),
        )

    return judge


def _part(mine: str, other: str) -> Judge:
    """Given name or surname in Latin script; where both are alike crosswise, they were swapped."""

    def judge(records: Records, i: Indexes, j: Indexes) -> Levels:
        m, o = f"{mine}_letters", f"{other}_letters"
        straight = _dice(records, m, m, i, j) + _dice(records, o, o, i, j)
        crossed, back = _dice(records, m, o, i, j), _dice(records, o, m, i, j)
        swapped = (crossed + back > straight + 0.3) & (np.minimum(crossed, back) > _ALIKE[1])
        sound = records.column(f"{mine}_sound")
        found = _by_letters(
            (sound[i] != 0) & (sound[j] != 0),
            _dice(records, m, m, i, j),
            _equal(records, mine, i, j),
        )
        cross = _by_letters(found >= 0, crossed, np.zeros(len(i), dtype=bool))
        return np.where(swapped & (found >= 0), cross, found)

    return judge


def birthday(records: Records, i: Indexes, j: Indexes) -> Levels:
    """Unlike, same year, same day of the year, a slip or month and day swapped, equal."""
    return _levels(
        _both(records, "birthday", i, j),
        _equal(records, "birth_year", i, j),
        _equal(records, "birth_month_day", i, j),
        np.any(_near(records, "birthday_near", i, j), axis=1)
        | _equal(records, "birthday_swapped", i, j),
        _equal(records, "birthday", i, j),
    )


def region(records: Records, i: Indexes, j: Indexes) -> Levels:
    """Equal or not. Who shares a phone shares a home: then it says nothing new."""
    found = exactly("region")(records, i, j)
    found[phone(records, i, j) >= 2] = UNKNOWN
    return found


def email(records: Records, i: Indexes, j: Indexes) -> Levels:
    """Unlike, the same before the @, equal."""
    return _levels(
        _both(records, "email", i, j),
        _equal(records, "email_local", i, j),
        _equal(records, "email", i, j),
    )


_UNLIKE, _SAME = ("differs", "不同"), ("the same", "相同")
_LETTERS = (
    _UNLIKE, ("a little alike", "略似"), ("alike", "相似"), ("much alike", "很相似"), _SAME,
)  # fmt: skip
_LETTERS_USUAL = (0.06, 0.03, 0.06, 0.1, 0.75)


def _of_kind(kind: Kind) -> Comparison:
    same = RULES[kind].same
    return Comparison(kind, (_UNLIKE, _SAME), (1 - same, same), identifier(kind), (kind,))


def _of_letters(feature: str, filters: str) -> Comparison:
    return Comparison(
        feature, _LETTERS, _LETTERS_USUAL, letters(feature, filters), (filters,), {4: feature}
    )


def _of_part(mine: str, other: str) -> Comparison:
    needs = (f"{mine}_letters",)
    return Comparison(mine, _LETTERS, _LETTERS_USUAL, _part(mine, other), needs, {4: mine})


def _of_word(feature: str, same: float) -> Comparison:
    usual = (1 - same, same)
    return Comparison(feature, (_UNLIKE, _SAME), usual, exactly(feature), (feature,), {1: feature})


COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "phone",
        (_UNLIKE, ("same last four digits", "尾号相同"), ("one slip apart", "疑似输错一处"),
         _SAME),
        (0.18, 0.02, 0.05, 0.75),
        phone, (Kind.PHONE,),
    ),
    Comparison(
        "masked_phone",
        (_UNLIKE, ("same last four digits", "尾号相同"),
         ("masked digits agree", "与脱敏号码吻合")),
        (0.12, 0.02, 0.86),
        masked_phone, ("phone_tail",), thing="phone",
    ),
    *(_of_kind(kind) for kind in RULES if kind not in (Kind.PHONE, Kind.EMAIL)),
    Comparison(
        "email", (_UNLIKE, ("same before the @", "用户名相同"), _SAME), (0.2, 0.05, 0.75), email,
        ("email",), {1: "email_local"},
    ),
    Comparison(
        "name",
        (_UNLIKE, ("same surname", "同姓"), ("same given name", "同名"), ("same sound", "同音"),
         _SAME),
        (0.004, 0.006, 0.002, 0.03, 0.958),
        whole_name, ("name",), {1: "surname", 2: "given", 3: "pinyin", 4: "name"},
    ),
    Comparison(
        "masked_name", (_UNLIKE, ("surname and length agree", "姓与字数吻合")), (0.02, 0.98),
        masked_name, ("name_masked",), {1: "name_masked"},
    ),
    Comparison(
        "romanised_name", (_UNLIKE, ("surname sounds the same", "姓氏同音"),
                           ("sounds the same", "读音相同")),
        (0.03, 0.27, 0.7), romanised_name, ("name_masked",), {1: "surname_pinyin", 2: "pinyin"},
    ),
    _of_part("given", "surname"),
    _of_part("surname", "given"),
    Comparison(
        "birthday",
        (_UNLIKE, ("same year", "同年"), ("same day of the year", "同月同日"),
         ("one slip apart", "疑似输错一处"), _SAME),
        (0.02, 0.01, 0.02, 0.1, 0.85),
        birthday, ("birthday",), {4: "birthday"},
    ),
    Comparison("region", (_UNLIKE, _SAME), (0.15, 0.85), region, ("region",), {1: "region"}),
    _of_letters("street", "street_letters"),
    _of_letters("street_more", "more_letters"),
    _of_letters("locality", "locality_letters"),
    _of_word("street_number", 0.9),
    _of_word("postcode", 0.9),
    _of_word("state", 0.95),
    _of_word("gender", 0.97),
    Comparison("source", (("another channel", "渠道不同"), ("the same channel", "同一渠道")),
               (0.8, 0.2), exactly("source"), ("source",), tells=False),
)  # fmt: skip
