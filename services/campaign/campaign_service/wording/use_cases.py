"""Say what was found, and why it may not stand."""

from collections.abc import Sequence

from campaign_service.wording import lexicon
from campaign_service.wording.domain import Finding, verdict
from contracts.points.common import Words
from contracts.templates import WordingCheck, WordingFinding


def check(text: str) -> WordingCheck:
    """A text against the shipped list."""
    return told(lexicon.check(text))


def told(findings: Sequence[Finding]) -> WordingCheck:
    """Findings in words."""
    return WordingCheck.model_validate(
        {"verdict": verdict(findings), "findings": [_told(each) for each in findings]}
    )


def _told(finding: Finding) -> WordingFinding:
    word, ground = finding.word, lexicon.GROUNDS[finding.word.kind]
    return WordingFinding.model_validate({
        "start": finding.start, "end": finding.end, "written": finding.written, "word": word.text,
        "kind": word.kind, "severity": word.severity, "disguised": finding.disguised,
        "law": ground.law, "reason": Words(zh=ground.zh, en=ground.en),
        "instead": Words(zh=word.instead_zh, en=word.instead_en),
    })  # fmt: skip
