"""Version 1 of the API. It translates HTTP; what a valid report is, is decided in intake."""

from collections.abc import Mapping
from typing import Annotated, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from cityloop.core.actors import Actor
from cityloop.core.errors import Fault, Invalid, Refusal
from cityloop.core.sentences import english
from cityloop.intake import reports
from cityloop.intake.actions import receive
from cityloop.presentation.failures import only_problems
from cityloop.presentation.problems import CONTENT_TYPE, problem, refused
from cityloop.registry.organisation.actors import actor_by_token
from cityloop.runtime import clock

CHANNEL = r"^\s*[A-Za-z0-9][A-Za-z0-9_.-]*\s*$"  # blanks and capitals are taken and not kept
DEGREES = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]}
Degrees = Annotated[Any, WithJsonSchema(DEGREES)]  # intake tells numbers from the rest: pydantic takes true for 1


class Reporter(BaseModel):
    """Who reported; kept encrypted, shown masked."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=reports.LONGEST["name"])
    phone: str | None = Field(None, max_length=reports.LONGEST["phone"])


class NewReport(BaseModel):
    """A report as a channel sends it. `channel` and `external_id` together make a retry harmless."""

    model_config = ConfigDict(extra="forbid")

    channel: str = Field(
        max_length=reports.LONGEST["channel"],
        examples=["12345"],
        json_schema_extra={"minLength": 1, "pattern": CHANNEL},
    )
    external_id: str = Field(max_length=reports.LONGEST["external_id"], examples=["UN201601010007"])
    text: str = Field(max_length=reports.LONGEST["text"], examples=["人行道井盖缺失"])
    lon: Degrees = Field(None, description="degrees", examples=[114.0579])
    lat: Degrees = Field(None, description="degrees", examples=[22.5431])
    crs: str | None = Field(None, description="WGS84 (the default), CGCS2000, GCJ02, BD09 or an EPSG code")
    category: str | None = Field(None, max_length=reports.LONGEST["category"], description="code or name of a class")
    address: str | None = Field(None, max_length=reports.LONGEST["address"])
    district: str | None = Field(
        None,
        max_length=reports.LONGEST["district"],
        description="code or name of the district, if it is not in the address",
    )
    reported_at: str | None = Field(
        None, description="ISO 8601; without an offset it is the city's time; up to 10 minutes ahead counts as now"
    )
    facility: str | None = Field(
        None,
        max_length=reports.LONGEST["facility"],
        description="id of the facility it is about; without a point the case lies where the facility is",
        examples=["11010101003000123"],
    )
    reporter: Reporter | None = None


class ReportReceipt(Schema):
    """What the sender keeps: the case's number and the code by which the reporter follows it."""

    number: str
    tracking_code: str
    words_district: str | None = None  # the code of the district that it names; only if its point lies in another


class FieldError(Schema):
    """One invalid field."""

    field: str
    reason: str


class ProblemDetails(Schema):
    """Problem details, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


class Bearer(HttpBearer):
    """A token made by `cityloop user token NAME`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        return actor_by_token(token)


class Described(NinjaAPI):
    """An API whose description says that errors are problem details, as they are sent."""

    def get_openapi_schema(self, **more: Any) -> Any:
        """Return the description with the media type of errors."""
        described = super().get_openapi_schema(**more)
        for path in described["paths"].values():
            for operation in path.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        response["content"] = {CONTENT_TYPE: response["content"]["application/json"]}
        return described


api = Described(
    title="CityLoop 城治闭环",
    version="1",
    description="Hand in reports and read what became of them.",
    urls_namespace="api-v1",
    docs_url=None,
    docs_decorator=require_safe,
    auth=Bearer(),
)

SCHEMA_FAULTS = {"missing": "required", "extra_forbidden": "unknown-field", "string_type": "not-text"}  # by pydantic
REFUSALS = dict.fromkeys((400, 401, 403, 408, 409, 413, 422, 503), ProblemDetails)


@api.post("/reports", response={201: ReportReceipt, 200: ReportReceipt, **REFUSALS}, summary="Hand in a report")
def create_report(request: HttpRequest, report: NewReport) -> HttpResponse:
    """Create a case from a report. The same report again returns 200 and the same receipt; other content, 409."""
    now = clock.now()
    content = report.model_dump(exclude_none=True)
    receipt = receive(reports.read(content, settings.CITYLOOP.zone, now), request.auth, now)  # type: ignore[attr-defined]
    answer = {"number": receipt.number, "tracking_code": receipt.tracking_code}
    if receipt.words_district:
        answer["words_district"] = receipt.words_district
    return JsonResponse(answer, status=201 if receipt.created else 200)


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return refused(refusal)


@api.exception_handler(ValidationError)
def _misshapen(request: HttpRequest, errors: ValidationError) -> HttpResponse:
    return refused(Invalid([_schema_fault(error) for error in errors.errors]))


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "unreadable", str(error))


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return problem(413, "too-large", f"A request holds at most {limit:,} bytes; send reports one by one.")


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = problem(401, "no-token", english("no-token", {}))
    response["WWW-Authenticate"] = "Bearer"
    return response


def _schema_fault(error: Mapping[str, Any]) -> Fault:
    """Return the fault of an error of pydantic, which names the place of a field as body, report, field."""
    field = ".".join(str(step) for step in error["loc"][2:]) or "body"
    if error["type"] == "string_too_long":
        return Fault(field, "too-long", {"most": error["ctx"]["max_length"]})
    if error["type"] in SCHEMA_FAULTS:
        return Fault(field, SCHEMA_FAULTS[error["type"]])
    return Fault(field, "schema-error", {"error": error["msg"]})


def addresses() -> Any:
    """Return the URL patterns of the API as `path` takes them; every error answers with problem details."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        pattern.callback = only_problems(pattern.callback)  # type: ignore[arg-type]
    return patterns, app_name, namespace
