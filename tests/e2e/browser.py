"""What the journeys share: a city started by its command as a person does it, Chromium, desks to sit at, and axe.

No test and no fixture is here. What a page must say stands in the journeys.
"""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from homes import demo_home, empty_home, environment, running

CITYLOOP = Path(sys.executable).parent / "cityloop"
ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
DEMO_PASSWORD = "cityloop-demo"
PATIENCE = 20.0  # seconds for one step on a busy machine

QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@dataclass(frozen=True)
class City:
    """A city that is being served, with what can be done to it from outside a browser."""

    home: Path
    address: str

    def command(self, *words: str) -> str:
        """Run a command of the city beside it and return what it printed."""
        return command(self.home, *words)

    def hand_in(self, token: str, **report: Any) -> str:
        """Hand a report in as a connected system does and return its case's number."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/api/v1/reports", json.dumps(report).encode(), headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 201
            return str(json.load(answer)["number"])


@dataclass
class Desks:
    """The desks of a city's people: one browser, and for every person a window in which that person is signed in."""

    city: City
    browser: Browser
    password: str = DEMO_PASSWORD
    taken: dict[str, Page] = field(default_factory=dict)

    def of(self, username: str) -> Page:
        """Return the person's window; the first time the person signs in."""
        if username not in self.taken:
            self.taken[username] = page = self.window()
            sign_in(page, username, self.password)
        return self.taken[username]

    def window(self, **settings: Any) -> Page:
        """Return a new window in which nobody is signed in."""
        settings.setdefault("viewport", {"width": 1440, "height": 900})
        context = self.browser.new_context(base_url=self.city.address, reduced_motion="reduce", **settings)
        context.set_default_timeout(PATIENCE * 1000)
        return context.new_page()

    def leave(self) -> None:
        """Close every window."""
        self.taken.clear()
        for context in self.browser.contexts:
            context.close()

    def picture(self, folder: Path) -> None:
        """Put what every window shows into a folder."""
        for number, page in enumerate(page for context in self.browser.contexts for page in context.pages):
            name = folder / f"window-{number}.png"
            page.screenshot(path=name)
            sys.stderr.write(f"{page.url} looked like {name}\n")


@contextmanager
def served(home: Path, verb: str) -> Iterator[City]:
    """Serve a copy of the demo city (`demo`) or an empty one (`serve`) on a free port during the block."""
    with running(demo_home(home) if verb == "demo" else empty_home(home), verb) as address:
        yield City(home, address)


@contextmanager
def desks(city: City, password: str = DEMO_PASSWORD) -> Iterator[Desks]:
    """Open Chromium during the block, with a profile of its own."""
    expect.set_options(timeout=PATIENCE * 1000)
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", *QUIET]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield Desks(city, browser, password)
        browser.close()


@contextmanager
def pictured(failures: pytest.Session, at: Desks, folder: Path) -> Iterator[None]:
    """Keep pictures of every window when the test in the block fails."""
    before = failures.testsfailed
    yield
    if failures.testsfailed > before:
        at.picture(folder)


def command(home: Path, *words: str) -> str:
    """Run a command on a city's home and return what it printed."""
    done = subprocess.run(
        [str(CITYLOOP), *words, "--home", str(home)], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def script(home: Path, lines: str) -> None:
    """Run lines of Python in an opened city: for what no command and no page can enter yet."""
    opening = "from pathlib import Path\nfrom cityloop.entry.console.opening import opened\n"
    body = "".join(f"    {line}\n" for line in lines.strip().splitlines())
    program = f"{opening}with opened(Path({str(home)!r}), lambda _: None):\n{body}"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def sign_in(page: Page, username: str, password: str = DEMO_PASSWORD) -> None:
    """Sign in on the Chinese page."""
    page.goto("/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile(r"//[^/]+/queue/$"))  # the sign-in page's own address ends in /queue/ too


def find(page: Page, words: str) -> None:
    """Type a name of a case into the search at the top."""
    page.get_by_role("searchbox").fill(words)
    page.get_by_role("searchbox").press("Enter")


def do(page: Page, action: str, stage: str, **fields: str) -> None:
    """Do an action on the open case: fill its short form by label, press its button, see the stage it leads to."""
    form = page.locator("[data-offer]").filter(has=page.get_by_role("button", name=action, exact=True))
    if not form.is_visible():
        page.locator(".cl-offer > summary").filter(has_text=action).first.click()
    for label, answer in fields.items():
        control = form.get_by_label(label)
        if control.evaluate("field => field.tagName") == "SELECT":
            control.select_option(label=answer)
        else:
            control.fill(answer)
    form.get_by_role("button", name=action, exact=True).click()
    expect(page.locator(".cl-stage")).to_have_text(stage)


def faults_seen_by_axe(page: Page) -> list[str]:
    """Return what axe finds wrong with the page as it stands, one line for each rule."""
    page.evaluate(AXE.read_text(encoding="utf-8"))  # the page's policy lets no script in; the browser's owner may
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{violation['id']}: {violation['help']}: {'; '.join(node['html'][:200] for node in violation['nodes'])}"
        for violation in found
    ]


def complaints_of(context: BrowserContext, page: Page) -> list[str]:
    """Return a list that grows with every error the console tells, every script that fails and every failed request."""
    found: list[str] = []
    context.on("weberror", lambda error: found.append(str(error.error)))

    def failed(request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left before the picture had come
            found.append(f"{request.url}: {request.failure}")

    page.on("requestfailed", failed)

    def collect(message: Any) -> None:
        if "GL Driver Message" in message.text:  # how a machine without a graphics card draws maps
            return
        itself = message.location.get("url") == page.url and "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not itself:  # a refusal's own status is no fault of the page
            found.append(f"{message.text} ({message.location.get('url')})")

    page.on("console", collect)
    return found
