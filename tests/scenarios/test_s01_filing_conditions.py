"""S01, filing conditions (立案条件): the condition a case is filed by, and the grade of its area, give the limit."""

from datetime import timedelta

import pytest

from cityloop.casework.models import Case
from cityloop.casework.queries import case_page
from cityloop.core.codes.classes import class_key
from cityloop.core.errors import Invalid
from cityloop.registry.catalogue import actions as catalogue_actions
from cityloop.registry.city.current import forget
from cityloop.registry.history.changes import TableChange, apply
from cityloop.registry.history.tables import AREAS
from example import NOW, SmallCity
from scenarios.conftest import Desks, due

pytestmark = pytest.mark.usefixtures("sound")

COVER = class_key("01001")  # 供水井盖异常: four conditions, the first with 2 紧急工作时, the fourth with 5 工作日
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def filed(desks: Desks, condition: str | None, category: str = "01001") -> Case:
    """File a case by a condition, and have it handled by the unit roads."""
    number = desks.problem_accepted(category)
    desks.act(number, "file", "duty", **({"condition": condition} if condition else {}))
    return desks.act(number, "dispatch", "dispatcher", unit="roads")


def set_limits(number: str, **limits: str) -> None:
    by_grade = {"" if grade == "any" else grade: words for grade, words in limits.items()}
    catalogue_actions.set_condition(COVER, number, "盖板缺失", "复位", by_grade, "test", NOW)
    forget()


def test_the_condition_gives_the_limit_of_handling(desks: Desks) -> None:
    assert due(filed(desks, "01001 1").number, "handle") == NOW + 2 * HOUR
    assert due(filed(desks, "01001 4").number, "handle") == NOW + 7 * DAY


def test_without_a_condition_the_limits_of_the_class_apply(desks: Desks) -> None:
    assert due(filed(desks, None).number, "handle") == NOW + 2 * HOUR


def test_a_limit_longer_than_that_of_the_class_does_not_leave_the_whole_case_shorter(desks: Desks) -> None:
    case = filed(desks, "01001 4")
    assert case.case_due_at is not None
    assert case.case_due_at >= due(case.number, "handle")
    assert filed(desks, "01001 1").case_limit == "1 work_day"


def test_a_condition_of_another_class_is_refused(desks: Desks) -> None:
    with pytest.raises(Invalid) as refused:
        filed(desks, "06010 1")
    assert [fault.field for fault in refused.value.faults] == ["condition"]
    with pytest.raises(Invalid):
        filed(desks, "01001 99")


def test_the_grade_of_the_smallest_area_that_has_one_decides(desks: Desks, city: SmallCity) -> None:
    set_limits("1", any="4 work_hour", B="1 work_day", C="2 work_day")
    assert due(filed(desks, "01001 1").number, "handle") == NOW + 6 * HOUR  # with the break at noon
    grades = [{"code": city.north, "grade": "C"}]
    apply([TableChange(AREAS, grades)], "test", NOW, "AreasSet")
    forget()
    assert due(filed(desks, "01001 1").number, "handle") == NOW + 4 * DAY  # over the weekend
    community = Case.objects.latest("id").community
    apply([TableChange(AREAS, [{"code": community, "grade": "B"}])], "test", NOW, "AreasSet")
    forget()
    assert due(filed(desks, "01001 1").number, "handle") == NOW + 3 * DAY


def test_a_case_keeps_the_words_and_the_limit_it_was_filed_by(desks: Desks) -> None:
    case = filed(desks, "01001 2")
    before = due(case.number, "handle")
    catalogue_actions.set_condition(COVER, "2", "别的条件", "别的", {"": "9 work_day"}, "test", NOW)
    forget()
    case.refresh_from_db()
    assert case.facts["condition_filing"] == "盖板破损超过 25 平方厘米"
    assert case.facts["category_name"] == "供水井盖异常"
    assert due(case.number, "handle") == before
    page = case_page(desks.people["duty"], case.number, NOW)
    assert page.condition == ("盖板破损超过 25 平方厘米", "修好或换新")


def test_whoever_files_chooses_among_the_conditions_of_the_class_with_their_limits(desks: Desks) -> None:
    page = case_page(desks.people["duty"], desks.problem_accepted("01001"), NOW)
    (field,) = (
        field for offer in page.offers if offer.action == "file" for field in offer.fields if field.kind == "condition"
    )
    assert [choice.value for choice in field.choices] == [f"01001 {number}" for number in (1, 2, 3, 4)]
    assert "2" in field.choices[0].title
    assert "盖板缺失、移位或开裂，有危险" in field.choices[0].title
