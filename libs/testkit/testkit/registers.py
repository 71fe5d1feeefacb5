"""Registers of members with the truth beside them: generated, so that any seed is a new one.

`chinese`: four channels (till, WeChat, web shop, app) hold what each of them usually holds; names
with homophones and in pinyin, masked names and phones, phones shared in a household, changed and
mistyped phones, the placeholder birthday. `dirty_names`: first name, last name and date of birth
with typing errors, every tenth record another one of an earlier person.
"""

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pypinyin import lazy_pinyin

Row = dict[str, str]

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏"
    "魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万"
)
_GIVEN_WORDS = (
    "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 辉 玲 红 燕 琴 峰 斌 健 建"
    " 鑫 莹 英 颖 宇 玉 瑜 佳 嘉 雪 俊 婷婷 丹丹 秀英 秀兰 桂英 桂兰 玉兰 玉梅 淑珍 淑华"
    " 建华 建国 建军 志强 海燕 国强 小红 晓明 晓燕 文静 丽华 丽娟 春梅 春燕 凤英 金凤 雨轩"
    " 子涵 梓涵 浩然 欣怡 思远 一诺 梦琪 佳怡 俊杰"
)
_GIVEN = _GIVEN_WORDS.split()
_ALIKE_WORDS = "伟炜玮 芳方 敏民 静婧 丽莉利 建健 艳燕雁 英莹颖 宇雨羽 玉钰 华花 杰洁 峰锋凤 军君"
_ALIKE = (*_ALIKE_WORDS.split(), "洋阳杨", "佳嘉家", "辉慧惠", "红宏虹", "梅美", "新欣鑫")
_HEADS = ("130", "131", "133", "135", "136", "137", "138", "139", "150", "151", "152", "158",
          "159", "176", "177", "180", "182", "186", "187", "188", "189", "198")  # fmt: skip
_DISTRICTS = [
    city + part
    for city in ("南京", "武汉", "西安", "重庆", "长沙", "青岛")
    for part in ("东区", "西区", "南区", "北区", "新区", "老城", "河西", "开发区")
]
_FIRST_WORDS = (
    "PETER MICHAEL THOMAS ANDREAS WOLFGANG KLAUS JUERGEN GUENTER STEFAN CHRISTIAN UWE"
    " WERNER HORST FRANK DIETER MANFRED GERHARD HANS BERND TORSTEN MATHIAS HEINZ HELMUT"
    " WALTER MARTIN JOERG ROLF JENS SVEN KARSTEN URSULA MONIKA PETRA ELISABETH SABINE"
    " RENATE HELGA KARIN BRIGITTE INGRID ERIKA ANDREA GISELA CLAUDIA SUSANNE GABRIELE"
    " CHRISTA CHRISTINE HILDEGARD ANNA BIRGIT BARBARA MARTINA INGE EVA STEFANIE HEIKE"
    " ANGELIKA NICOLE KATRIN JULIA MARIE TANJA SILKE ANJA DORIS"
)
_FIRST = _FIRST_WORDS.split()
_LAST_WORDS = (
    "MUELLER SCHMIDT SCHNEIDER FISCHER WEBER MEYER WAGNER BECKER SCHULZ HOFFMANN SCHAEFER"
    " KOCH BAUER RICHTER KLEIN WOLF SCHROEDER NEUMANN SCHWARZ ZIMMERMANN BRAUN KRUEGER"
    " HOFMANN HARTMANN LANGE SCHMITT WERNER SCHMITZ KRAUSE MEIER LEHMANN SCHMID SCHULZE"
    " MAIER KOEHLER HERRMANN WALTER KOENIG MAYER HUBER KAISER FUCHS PETERS LANG SCHOLZ"
    " MOELLER WEISS JUNG HAHN SCHUBERT VOGEL FRIEDRICH KELLER GUENTHER FRANK BERGER WINKLER"
    " ROTH BECK LORENZ BAUMANN FRANKE ALBRECHT SCHUSTER SIMON LUDWIG BOEHM WINTER KRAUS"
    " MARTIN SCHUMACHER KRAEMER VOGT STEIN JAEGER OTTO SOMMER GROSS SEIDEL HEINRICH BRANDT"
    " HAAS SCHREIBER GRAF SCHULTE DIETRICH ZIEGLER KUHN KUEHN POHL ENGEL HORN BUSCH"
    " BERGMANN THOMAS VOIGT SAUER ARNOLD WOLFF PFEIFFER"
)
_LAST = _LAST_WORDS.split()


@dataclass(frozen=True, slots=True)
class Habits:
    """How often what happens, in parts of one."""

    household: float = 0.085
    changed_phone: float = 0.035
    mistyped_phone: float = 0.03
    homophone: float = 0.008
    pinyin: float = 0.02
    placeholder: float = 0.045


@dataclass(frozen=True, slots=True)
class _Person:
    number: int
    name: str
    phone: str
    birthday: str
    district: str
    later_phone: str | None


@dataclass(frozen=True, slots=True)
class Quality:
    """How a clustering compares with the truth."""

    precision: float
    recall: float
    f1: float
    b3_f1: float


def chinese(seed: int, people: int, habits: Habits = Habits()) -> tuple[list[Row], list[int]]:
    """Rows as `rid,src,name,phone,birthday,district,unionid,card,email,device`, and whose each is.

    About 2.4 rows a person.
    """
    rng = random.Random(seed)
    weights = [1 / (rank + 3) for rank in range(len(_SURNAMES))]
    rows: list[Row] = []
    truth: list[int] = []
    before: _Person | None = None
    for number in range(people):
        together = before if before and rng.random() < habits.household else None
        person = _person(rng, number, weights, together, habits)
        for row in _records(rng, person, habits):
            rows.append({"rid": f"r{len(rows):06d}", **row})
            truth.append(number)
        before = person
    return rows, truth


def _person(
    rng: random.Random, number: int, weights: list[float], together: _Person | None, habits: Habits
) -> _Person:
    surname = rng.choices(_SURNAMES, weights)[0]
    born = date(1955, 1, 1) + timedelta(days=rng.randrange(51 * 365))
    changed = rng.random() < habits.changed_phone
    return _Person(
        number,
        surname + rng.choice(_GIVEN),
        together.phone if together else _phone(rng),
        born.isoformat(),
        together.district if together else rng.choice(_DISTRICTS),
        _phone(rng) if changed else None,
    )


def _phone(rng: random.Random) -> str:
    return rng.choice(_HEADS) + f"{rng.randrange(10**8):08d}"


def _records(rng: random.Random, person: _Person, habits: Habits) -> list[Row]:
    found = []
    for _ in range(rng.choices((0, 1, 2), (18, 78, 4))[0]):
        found.append(
            {
                "src": "pos",
                "name": _name(rng, person, habits),
                "phone": _maybe(rng, 0.95, _dialled(rng, person, habits)),
                "birthday": _maybe(rng, 0.7, _birthday(rng, person, habits)),
                "district": _maybe(rng, 0.8, person.district),
                "card": f"c7{person.number:06d}",
            }
        )
    if rng.random() < 0.62:
        found.append(
            {
                "src": "wx",
                "name": _maybe(rng, 0.41, _name(rng, person, habits)),
                "phone": _maybe(rng, 0.75, _dialled(rng, person, habits)),
                "birthday": _maybe(rng, 0.2, _birthday(rng, person, habits)),
                "unionid": f"u7{person.number:06d}",
                "card": _maybe(rng, 0.5, f"c7{person.number:06d}"),
            }
        )
    for _ in range(rng.choices((0, 1, 2), (43, 52, 5))[0]):
        name, phone = _name(rng, person, habits), _dialled(rng, person, habits)
        found.append(
            {
                "src": "ecom",
                "name": name[0] + "*" * (len(name) - 1)
                if rng.random() < 0.7 and not name.isascii()
                else name,
                "phone": phone[:3] + "****" + phone[7:] if rng.random() < 0.86 else phone,
                "district": _maybe(rng, 0.95, person.district),
            }
        )
    if rng.random() < 0.4:
        found.append(
            {
                "src": "app",
                "name": _maybe(rng, 0.5, _name(rng, person, habits)),
                "phone": _maybe(rng, 0.9, _dialled(rng, person, habits)),
                "birthday": _maybe(rng, 0.3, _birthday(rng, person, habits)),
                "unionid": _maybe(rng, 0.4, f"u7{person.number:06d}"),
                "email": _maybe(rng, 0.3, f"m{rng.randrange(10**6)}@x.cn"),
                "device": f"d{rng.randrange(10**9)}",
            }
        )
    columns = ("src", "name", "phone", "birthday", "district", "unionid", "card", "email", "device")
    return [{column: row.get(column, "") for column in columns} for row in found]


def _maybe(rng: random.Random, share: float, value: str) -> str:
    return value if rng.random() < share else ""


def _name(rng: random.Random, person: _Person, habits: Habits) -> str:
    if rng.random() < habits.pinyin:
        return "".join(lazy_pinyin(person.name))
    if rng.random() < habits.homophone * 3:  # about a third of names have a sound-alike here
        at = rng.randrange(1, len(person.name))
        for group in _ALIKE:
            if person.name[at] in group:
                other = rng.choice([sign for sign in group if sign != person.name[at]])
                return person.name[:at] + other + person.name[at + 1 :]
    return person.name


def _dialled(rng: random.Random, person: _Person, habits: Habits) -> str:
    phone = person.later_phone if person.later_phone and rng.random() < 0.5 else person.phone
    if rng.random() < habits.mistyped_phone:
        at = rng.randrange(3, 10)
        phone = phone[:at] + phone[at + 1] + phone[at] + phone[at + 2 :]
    return phone


def _birthday(rng: random.Random, person: _Person, habits: Habits) -> str:
    return "1990-01-01" if rng.random() < habits.placeholder else person.birthday


def dirty_names(seed: int, records: int, errors: float = 1.4) -> tuple[list[Row], list[int]]:
    """Rows as `rid,fname_c1,fname_c2,lname_c1,lname_c2,by,bm,bd`; a tenth are second records.

    `errors` is how many fields of a second record are mistyped, on average.
    """
    rng = random.Random(seed)
    rows: list[Row] = []
    truth: list[int] = []
    for number in range(round(records * 0.9)):
        first, last = _skewed(rng, _FIRST), _skewed(rng, _LAST)
        row = {
            "fname_c1": first,
            "fname_c2": _skewed(rng, _FIRST) if rng.random() < 0.05 else "",
            "lname_c1": last,
            "lname_c2": "",
            "by": str(rng.randrange(1920, 2005)),
            "bm": str(rng.randrange(1, 13)),
            "bd": str(rng.randrange(1, 29)),
        }
        rows.append(row)
        truth.append(number)
    for number in rng.sample(range(len(rows)), records - len(rows)):
        rows.append(_mistyped(rng, rows[number], errors))
        truth.append(number)
    order = list(range(len(rows)))
    rng.shuffle(order)
    shuffled = [{"rid": f"{at + 1}", **rows[one]} for at, one in enumerate(order)]
    return shuffled, [truth[one] for one in order]


def _skewed(rng: random.Random, names: Sequence[str]) -> str:
    """Common names first; a third are rarer compounds, as any large register has."""
    name = names[min(int(rng.expovariate(1 / 22)), len(names) - 1)]
    if rng.random() < 0.33:
        return name[: rng.randrange(3, 6)] + rng.choice(
            (
                "EL",
                "INA",
                "ERT",
                "OLD",
                "ICH",
                "HARD",
                "ETTE",
                "LER",
                "MANN",
                "STEDT",
                "BURG",
                "AUS",
            )
        )
    return name


def _mistyped(rng: random.Random, row: Row, errors: float) -> Row:
    changed = dict(row)
    count = 1 + (rng.random() < errors - 1)
    for field in rng.sample(("fname_c1", "lname_c1", "by", "bm", "bd"), count):
        value = changed[field]
        if field == "bm":
            changed[field] = str(rng.randrange(1, 13))
        elif field == "bd":
            changed[field] = str(rng.randrange(1, 29))
        elif field == "by":
            changed[field] = value[:2] + _typo(rng, value[2:], "0123456789")[:2].rjust(2, "0")
        else:
            changed[field] = _typo(rng, value, "ABCDEFGHIKLMNOPRSTUVWZ")
    return changed


def _typo(rng: random.Random, text: str, letters: str) -> str:
    """One edit: another letter, a swap, one too many, one too few."""
    at = rng.randrange(len(text))
    edits: tuple[Callable[[], str], ...] = (
        lambda: text[:at] + rng.choice(letters) + text[at + 1 :],
        lambda: text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :],
        lambda: text[:at] + rng.choice(letters) + text[at:],
        lambda: text[:at] + text[at + 1 :],
    )
    return rng.choices(edits, (5, 2, 1, 1))[0]()


def write(rows: Sequence[Mapping[str, str]], path: Path) -> None:
    """A register as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read_clusters(path: Path) -> dict[str, str]:
    """`rid` to cluster, of a file that `huiyuan resolve` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["rid"]: row["cluster"] for row in csv.DictReader(file)}


def quality(found: Sequence[object], truth: Sequence[object]) -> Quality:
    """Pairwise precision, recall and F1, and B³ F1."""
    mine, theirs = Counter(found), Counter(truth)
    both = Counter(zip(found, truth, strict=True))
    pairs = _pairs(both.values())
    precision = pairs / max(_pairs(mine.values()), 1)
    recall = pairs / max(_pairs(theirs.values()), 1)
    b3: dict[str, float] = defaultdict(float)
    for (cluster, person), count in both.items():
        b3["precision"] += count * count / mine[cluster] / len(truth)
        b3["recall"] += count * count / theirs[person] / len(truth)
    return Quality(
        precision, recall, _harmonic(precision, recall), _harmonic(b3["precision"], b3["recall"])
    )


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0
