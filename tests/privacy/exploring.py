"""Calls made from the OpenAPI document by schemathesis, and what must be true of every answer.

Values that the document cannot know are put in: ids of things that earlier calls made, and known
personal values where they belong and where they do not.
"""

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    status_code_conformance,
)

CHECKS = [status_code_conformance, content_type_conformance, response_headers_conformance]
PERSONAL = {
    "phone": "13987654321", "name": "欧阳若曦", "email": "ruoxi.ouyang@example.org",
    "id_number": "110105199003077416", "address": "浙江省杭州市西湖区文三路477号902室",
    "birthday": "1990-03-07", "card_no": "6222021001116245702",
    "wechat_openid": "oGZUI0egBJY1zhBYw2KhdUfwVJJE", "ecommerce_account": "ruoxi_1990_shop",
    "external": "EXT-77120045-RX", "text": "青霉素过敏，糖尿病二型",
}  # fmt: skip
_CREATES = frozenset({"POST", "PUT"})
_CODE = re.compile(r'"code": ?"[a-z_]+"')
_WORD = re.compile(r"\w+")
_LIMIT = "2000-01-01T00:00:00Z"  # of moments; pydantic names it in its errors
_SHORTEST = 6  # shorter strings are in every text
_MOST_IDS = 12
_IDS = frozenset({"id", "code", "order_no", "sku", "username"})
Tokens = Callable[[str], str]
Call = Case[Any]


@dataclass
class Findings:
    """What was called, how it was answered, what was wrong: one line each kind of fault."""

    calls: int = 0
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    faults: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def done(self) -> set[str]:
        """Operations that were done at least once."""
        return {label for label, seen in self.statuses.items() if any(code < 400 for code in seen)}

    def report(self) -> str:
        """Every fault with the call that showed it."""
        return "\n".join(f"{label}: {text}" for (label, _), text in sorted(self.faults.items()))


class Explorer:
    """`explore(operation, …)` calls one operation with generated cases."""

    def __init__(
        self, document: dict[str, Any], url: str, ca: str, credentials: dict[str, str]
    ) -> None:
        """`credentials` are what open operations are called with, by the name of their kind."""
        self._schema = schemathesis.openapi.from_dict(document)
        self._url, self._ca, self._session = url, ca, requests.Session()
        self._session.trust_env = False
        self._credentials = credentials
        self._kinds = dict(_kinds(document))
        self._components = document["components"]
        self._validators: dict[str, Any] = {}
        self._words = {*_WORD.findall(json.dumps(document)), *_WORD.findall(_LIMIT)}
        self.made: dict[str, list[str]] = defaultdict(list)
        self.findings = Findings()

    def operations(self) -> list[Any]:
        """Every operation: what makes things first, what removes them last."""
        found: list[Any] = [
            each.ok()  # type: ignore[union-attr]
            for each in self._schema.get_all_operations()
        ]
        order = {"POST": 0, "PUT": 0, "GET": 1, "HEAD": 1, "PATCH": 2, "DELETE": 3}
        return sorted(found, key=lambda o: (o.path.count("{"), order[o.method.upper()], o.label))

    def learn(self, name: str, value: str) -> None:
        """Something that exists."""
        known = self.made[name]
        if value not in known and len(known) < _MOST_IDS:
            known.append(value)

    def explore(self, operation: Any, token: Tokens, fit: int, unfit: int) -> None:
        """So many cases that fit the document, and so many that do not."""
        known = {name: list(values) for name, values in self.made.items()}
        roles = sorted(operation.definition.raw["x-roles"]) or [""]
        for mode, examples in ((GenerationMode.POSITIVE, fit), (GenerationMode.NEGATIVE, unfit)):

            @settings(
                max_examples=examples, derandomize=True, database=None, deadline=None,
                phases=[Phase.generate], suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(operation.as_strategy(generation_mode=mode), st.integers(0, 2**32 - 1))
            def called(case: Call, seed: int) -> None:
                chance = random.Random(seed)
                role = chance.choice(roles)
                self._put_in(case, chance, known, token, role)
                self._call(case, token, role)

            try:
                called()
            except Unsatisfiable:
                continue  # nothing about it can be wrong

    def _put_in(
        self, case: Call, chance: random.Random, known: dict[str, list[str]], token: Tokens,
        role: str,
    ) -> None:  # fmt: skip
        """Ids that exist, personal values in their places and in others."""
        stray = chance.random() < 0.2
        for name in list(case.path_parameters or {}):
            ids = known.get(name)
            if ids and chance.random() < 0.85:
                first = role == "member" and name == "member_id"
                case.path_parameters[name] = ids[0] if first else chance.choice(ids)
            elif stray:
                case.path_parameters[name] = chance.choice(list(PERSONAL.values()))
        if case.query and chance.random() < 0.8:
            case.query.pop("cursor", None)
        for name in list(case.query or {}):
            if stray and chance.random() < 0.3:
                case.query[name] = chance.choice(list(PERSONAL.values()))
        if isinstance(case.body, (dict, list)):
            case.body = self._filled(case.body, chance, known, stray)

    def _filled(
        self, value: Any, chance: random.Random, known: dict[str, list[str]], stray: bool,
        name: str = "",
    ) -> Any:  # fmt: skip
        if isinstance(value, dict):
            filled = {
                key: self._filled(inner, chance, known, stray, key) for key, inner in value.items()
            }
            kind = filled.get("kind")
            if "value" in filled and isinstance(kind, str) and kind in PERSONAL:
                filled["value"] = PERSONAL[kind]
            if stray and chance.random() < 0.1:
                filled[chance.choice(list(PERSONAL.values()))] = 1
            return filled
        if isinstance(value, list):
            return [self._filled(each, chance, known, stray, name) for each in value]
        if stray and chance.random() < 0.2:
            return chance.choice(list(PERSONAL.values()))
        if not isinstance(value, str) or chance.random() < 0.15:
            return value
        if self._kinds.get(name) in PERSONAL:
            return PERSONAL[self._kinds[name]]
        ids = known.get(name)
        return chance.choice(ids) if ids else value

    def _call(self, case: Call, token: Tokens, role: str) -> None:
        label = case.operation.label
        headers = {"Authorization": self._authorization(case, token, role)}
        answer = case.call(
            self._url, self._session, headers, allow_redirects=False, timeout=60, verify=self._ca
        )
        self.findings.calls += 1
        self.findings.statuses[label][answer.status_code] += 1
        for kind, text in self._wrong(case, answer):
            sent = f"{case.method} {answer.request.url} {str(answer.request.body)[:400]}"
            fault = f"{kind}: {text}\n    {answer.status_code} {answer.text[:400]}\n    {sent}"
            self.findings.faults.setdefault((label, kind), fault)
        if answer.status_code < 300 and case.method in _CREATES:
            for name, value in _strings(_parsed(answer)):
                named = name.endswith("_id") or name in _IDS
                if named and value not in self._words:  # codes of problems are no ids
                    self.learn(name, value)

    def _authorization(self, case: Call, token: Tokens, role: str) -> str:
        if role:
            return f"Bearer {token(role)}"
        kinds = {kind for each in case.operation.definition.raw["security"] for kind in each}
        return self._credentials["writeKey" if "writeKey" in kinds else "client"]

    def _wrong(self, case: Call, answer: Response) -> Iterator[tuple[str, str]]:
        """What is wrong with an answer: a kind of fault, and words about it."""
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                yield type(failure).__name__, str(failure)[:600]
        status = answer.status_code
        declared = case.operation.definition.raw["responses"]
        if status < 400 and str(status) not in declared:
            yield "undeclared", str(status)
        described = declared.get(str(status)) or declared["default"]
        yield from (("schema", each) for each in self._violations(described, answer))
        if status >= 500:
            yield "server error", ""
        if status < 400 or case.operation.method.upper() == "HEAD":  # which has no body
            return
        document = _parsed(answer)
        other = case.operation.path.startswith("/oauth2/") and "error" in document
        other = other or "<html" in answer.text[:40]
        if not other and (document.get("status") != status or not document.get("code")):
            yield "no problem document", ""
        yield from (("echo", each) for each in self._echoed(case, answer))

    def _violations(self, described: dict[str, Any], answer: Response) -> Iterator[str]:
        """Where an answer has not the shape described. Schemathesis' own check of this cannot read
        tuples (`prefixItems`)."""
        kind = answer.headers.get("content-type", [""])[0].partition(";")[0]
        schema = described.get("content", {}).get(kind, {}).get("schema")
        if schema is None:
            if answer.content and described.get("content"):
                yield f"{kind} is not described"
            return
        if not kind.endswith("json"):
            return
        key = json.dumps(schema)
        if key not in self._validators:
            whole = {**schema, "components": self._components}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        for error in self._validators[key].iter_errors(json.loads(answer.text)):
            where = "/".join(map(str, error.instance_path))
            yield f"/{where}: {error.message[:300]}"

    def _echoed(self, case: Call, answer: Response) -> Iterator[str]:
        """Known personal values, and strings of this very request, that stand in an error."""
        text = _CODE.sub("", _readable(answer.text))  # ours, also where somebody sent the word
        yield from (each for each in PERSONAL.values() if each in text)
        sent = [case.body, dict(case.query or {}), dict(case.path_parameters or {})]
        for _, each in _strings(sent):
            known = self._words.issuperset(_WORD.findall(each))  # as in limits and lists of choices
            if len(each) >= _SHORTEST and each in text and not known:
                yield each


def _readable(text: str) -> str:
    """JSON with its escapes undone, so that nothing hides behind them."""
    try:
        return text + unquote(json.dumps(json.loads(text), ensure_ascii=False))
    except ValueError:
        return text + unquote(text)


def _parsed(answer: Response) -> Any:
    try:
        found = json.loads(answer.text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a JSON value, with the name that it goes by."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, name)


def _kinds(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names of personal fields and what they are."""
    for schema in document["components"]["schemas"].values():
        for name, described in schema.get("properties", {}).items():
            if described.get("x-kind") in PERSONAL:
                yield name, described["x-kind"]
