"""The check that accounts, their posts and their tokens are what their history says. Nothing is repaired."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator

from cityloop.registry.models import Account, Appointment, Token
from cityloop.registry.people.accounts import row_seal
from cityloop.registry.people.second_factor import factors_seal
from cityloop.registry.people.streams import stream
from cityloop.runtime.models import Event
from cityloop.runtime.verification import UNREADABLE, Finding

BEGINNING = 8  # characters of a token's digest in events of before

Post = tuple[str, str, str]  # role, unit, area


@dataclass(slots=True)
class TokenHistory:
    """A token as its events left it."""

    digest: str  # only its beginning in events of before
    made_at: datetime
    revoked_at: datetime | None = None


@dataclass(slots=True)
class AccountHistory:
    """An account as its events left it; without a seal they do not hold enough to prove the row."""

    is_machine: bool | None = None
    is_active: bool = True
    seal: str | None = None
    factors: str = ""  # the seal of its second factor
    posts: set[Post] = field(default_factory=set)
    tokens: list[TokenHistory] = field(default_factory=list)

    def follow(self, name: str, at: datetime, payload: Mapping[str, Any]) -> None:
        """Take in the next event."""
        self.seal = payload.get("row", self.seal)
        self.factors = payload.get("factors", self.factors)
        match name:
            case "AccountCreated":
                self.is_machine = payload["machine"]
            case "AccountEnded" | "AccountReopened":
                self.is_active = name == "AccountReopened"
            case "AccountAppointed":
                self.posts.add((payload["role"], payload["unit"], payload["area"]))
            case "AppointmentEnded":
                self.posts.discard((payload["role"], payload["unit"], payload["area"]))
            case "TokenMade":
                self.tokens.append(TokenHistory(payload["token"], at))
            case "TokensRevoked":
                for token in self.tokens:
                    token.revoked_at = token.revoked_at or at


def findings() -> Iterator[Finding]:
    """Yield every account, post and token that is not what the history says."""
    histories = _histories()
    posts, tokens, factors = _posts(), _tokens(), _factors()
    accounts = {stream(account): account for account in Account.objects.order_by("pk")}
    for where in histories.keys() - accounts.keys():
        yield Finding(where, "has a history, but the account is missing; that cannot be repaired")
    for where, account in accounts.items():
        history = histories.get(where)
        if history is None or history.is_machine is None:
            yield Finding(where, "no event created this account")
            continue
        factor_fault = None if factors.get(where, "") == history.factors else "its second factor is"
        faults = (_row_fault(account, history), factor_fault, _posts_fault(posts[account.pk], history))
        for fault in (*faults, _tokens_fault(tokens[account.pk], history)):
            if fault:
                yield Finding(where, f"{fault} not what the history says; that cannot be repaired")


def unproved() -> Iterator[str]:
    """Yield what cannot be proved, because its events were written before they held enough."""
    histories = [history for history in _histories().values() if history.is_machine is not None]
    if rows := sum(history.seal is None for history in histories):
        yield f"username, name, telephone, channels and password of {rows} accounts"
    if tokens := sum(len(token.digest) <= BEGINNING for history in histories for token in history.tokens):
        yield f"all but the first {BEGINNING} characters of the digests of {tokens} tokens"


def _row_fault(account: Account, history: AccountHistory) -> str | None:
    if (account.is_active, account.is_machine) != (history.is_active, history.is_machine):
        return "whether it was ended, or whether it is a connected system, is"
    if history.seal is not None and row_seal(account) != history.seal:
        return "its username, name, telephone, channels or password are"
    return None


def _posts_fault(present: set[Post], history: AccountHistory) -> str | None:
    differing = sorted(present ^ history.posts)
    return f"its posts ({'; '.join(' '.join(post).strip() for post in differing)}) are" if differing else None


def _tokens_fault(present: list[Token], history: AccountHistory) -> str | None:
    are_known = len(present) == len(history.tokens) and all(
        any(
            known.digest in (token.digest, token.digest[:BEGINNING])
            and (token.made_at, token.revoked_at) == (known.made_at, known.revoked_at)
            for token in present
        )
        for known in history.tokens
    )
    return None if are_known else "its tokens are"


def _histories() -> dict[str, AccountHistory]:
    histories: dict[str, AccountHistory] = defaultdict(AccountHistory)
    recorded = Event.objects.filter(stream__startswith="account/").order_by("stream", "seq")
    for where, name, at, payload in recorded.values_list("stream", "name", "at", "payload").iterator():
        try:
            histories[where].follow(name, at, payload)
        except UNREADABLE:
            continue  # an altered event: the check of the chain reports it
    return histories


def _factors() -> dict[str, str]:
    accounts = Account.objects.filter(pk__in=Authenticator.objects.values("user_id"))
    return {stream(account): factors_seal(account) for account in accounts}


def _posts() -> dict[int, set[Post]]:
    found: dict[int, set[Post]] = defaultdict(set)
    rows = Appointment.objects.values_list("account_id", "role", "unit__code", "area__code")
    for account, role, unit, area in rows:
        found[account].add((role, unit or "", area or ""))
    return found


def _tokens() -> dict[int, list[Token]]:
    found: dict[int, list[Token]] = defaultdict(list)
    for token in Token.objects.order_by("pk"):
        found[token.account_id].append(token)
    return found
