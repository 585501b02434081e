"""A city behind a proxy that speaks TLS, nginx as in the how-to: people sign in, send forms, follow links."""

import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from homes import running, settled_home

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "put-it-on-the-internet.md"
PASSWORD = "cityloop-demo"
CONFIGURATION = """daemon off; pid {folder}/pid; error_log stderr; events {{}}
http {{ access_log off; client_body_temp_path {folder}/bodies; proxy_temp_path {folder}/answers;
fastcgi_temp_path {folder}/1; uwsgi_temp_path {folder}/2; scgi_temp_path {folder}/3;
{server} }}"""

missing = [program for program in ("nginx", "openssl") if not shutil.which(program)]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"no {missing}: no test behind a proxy")


class Browser:
    """A browser as far as forms go: it keeps cookies, and sends the origin of the page with what it posts."""

    def __init__(self, origin: str, certificate: Path) -> None:
        self.origin, self.cookies = origin, CookieJar()
        trusting = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(certificate)))
        self.opener = urllib.request.build_opener(trusting, urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> str:
        return str(self.opener.open(self.origin + path, timeout=30).read().decode())

    def post(self, page: str, path: str, **fields: str) -> tuple[str, str]:
        """Send a form of a page; return where it led, and what is there."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(page))
        assert token
        form = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        sent = urllib.request.Request(self.origin + path, form, {"Origin": self.origin, "Referer": self.origin + page})
        with self.opener.open(sent, timeout=30) as answer:
            return answer.url, answer.read().decode()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    files = ["-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    return tmp_path / "fullchain.pem"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configuration(folder: Path, port: int, city_port: int) -> str:
    """Return the proxy's configuration of the how-to with this test's ports and certificate."""
    (server,) = re.findall(r"```nginx\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    changes = {
        "443": str(port),
        "city.example.org": "localhost",
        "127.0.0.1:8000": f"127.0.0.1:{city_port}",
        "/etc/ssl/city": str(folder),
    }
    for written, ours in changes.items():
        assert written in server
        server = server.replace(written, ours)
    return CONFIGURATION.format(folder=folder, server=server)


@contextmanager
def proxy(folder: Path, port: int, city_port: int) -> Iterator[None]:
    (folder / "nginx.conf").write_text(configuration(folder, port, city_port), "utf-8")
    process = subprocess.Popen(["nginx", "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")])
    try:
        until = time.monotonic() + 20
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert process.poll() is None and time.monotonic() < until, "nginx did not start"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


def failed_sign_in(browser: Browser, invented: str) -> int:
    """Try a wrong password with an invented address; return the status of the answer."""
    browser.opener.addheaders = [("X-Forwarded-For", invented)]
    try:
        browser.post("/sign-in/", "/sign-in/", username="roads", password="wrong")
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def test_people_sign_in_send_forms_and_get_links_behind_tls(tmp_path: Path, certificate: Path) -> None:
    port, city_port = free_port(), free_port()
    origin = f"https://localhost:{port}"
    home = settled_home(tmp_path / "home")
    with running(home, "serve", port=city_port, CITYLOOP_ORIGIN=origin), proxy(tmp_path, port, city_port):
        browser = Browser(origin, certificate)
        landed, _ = browser.post("/sign-in/", "/sign-in/", username="administrator", password=PASSWORD)
        assert landed == f"{origin}/queue/"
        assert {cookie.name: cookie.secure for cookie in browser.cookies} == {"sessionid": True, "csrftoken": True}
        person = "/settings/people/of/operator/"
        again, _ = browser.post(person, f"{person}link/")
        assert again.startswith(f"{origin}/account/confirm/?next=")
        page = urllib.parse.urlsplit(again)
        landed, _ = browser.post(f"{page.path}?{page.query}", page.path, password=PASSWORD, next=person)
        assert landed == f"{origin}{person}"
        _, shown = browser.post(person, f"{person}link/")
        assert f"{origin}/sign-in/first/" in shown
        described = browser.get("/ogc/?f=json")
        assert f'"{origin}/ogc/collections' in described
        assert "http://" not in described
        # Five addresses that the browser invents: the proxy adds the real one, by which they are counted.
        for number in range(5):
            status = failed_sign_in(Browser(origin, certificate), f"198.51.100.{number}")
        assert status == 429
        assert "127.0.0.1" in browser.get("/account/")
