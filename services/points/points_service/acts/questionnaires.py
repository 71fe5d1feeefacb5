"""Questionnaires: options to pick, and an act for whoever answers, once."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.points import acts as api
from points_service.acts import repository
from points_service.acts.domain import Act
from points_service.acts.use_cases import one
from points_service.members.use_cases import locked
from points_service.programme import Programme

ACT = "questionnaire"


async def show(tx: Tx) -> api.Questionnaires:
    """All of them."""
    told = await repository.questionnaires(tx)
    return api.Questionnaires(data=[api.Questionnaire(**each) for each in told])


async def write(tx: Tx, body: api.Questionnaire, author: str) -> api.Questionnaire:
    """Add one. Raises Problem 409 (its id is taken), 422 (the same question or option twice)."""
    for place, question in enumerate(body.questions):
        if question.question in [each.question for each in body.questions[:place]]:
            raise _twice(f"/questions/{place}/question")
        options = [each.option for each in question.options]
        if len(set(options)) < len(options):
            raise _twice(f"/questions/{place}/options")
    definition = body.model_dump(mode="json")
    if not await repository.add_questionnaire(tx, body.questionnaire_id, definition, author):
        raise Problem(
            409, "questionnaire_exists", "There is such a questionnaire already",
            pointer="/questionnaire_id",
        )  # fmt: skip
    return body


def _twice(pointer: str) -> Problem:
    return Problem(422, "told_twice", "The same code is there twice", pointer=pointer)


async def answer(
    tx: Tx, programme: Programme, member_id: UUID, questionnaire_id: str, body: api.Answers
) -> api.ActAnswer:
    """Keep a member's answers and count the act.

    Raises Problem 404 (member, questionnaire), 409 (closed, answered before), 422 (answers).
    """
    told = await repository.questionnaire(tx, questionnaire_id)
    if told is None:
        raise Problem(404, "unknown_questionnaire", "There is no such questionnaire")
    asked = api.Questionnaire(**told)
    if asked.valid_until and tx.now >= asked.valid_until:
        raise Problem(409, "questionnaire_closed", "It is not asked any more")
    _check(asked.questions, body.answers)
    member = await locked(tx, member_id)
    answers = {question: sorted(set(picked)) for question, picked in body.answers.items()}
    if not await repository.add_answers(tx, questionnaire_id, member.member_id, answers):
        raise Problem(409, "answered_before", "The member has answered it before")
    ref = f"{questionnaire_id}/{member.member_id}"
    return await one(tx, programme, Act(ACT, ref, member.member_id, tx.now))


def _check(questions: Sequence[api.Question], answers: Mapping[str, Sequence[str]]) -> None:
    wrong = answers.keys() - {question.question for question in questions}
    if wrong:
        raise Problem(422, "unknown_question", "It was not asked", pointer="/answers")
    for question in questions:
        picked = set(answers.get(question.question, ()))
        options = {each.option for each in question.options}
        if not picked or len(picked) > question.pick_at_most or not picked <= options:
            raise Problem(
                422, "wrong_answer", "Pick as many of the options as are asked for",
                pointer=f"/answers/{question.question}",
            )  # fmt: skip
