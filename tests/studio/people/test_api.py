"""People over HTTP: cookies, sessions and what each answer gives away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..actors import PASSWORD
from ..browser import Browser

Open = Callable[[], Browser]
Invite = Callable[[str], Awaitable[Browser]]


async def test_the_asker_is_named(host: Browser, browser: Open, invited: Invite) -> None:
    ana = await invited("Ana")
    assert (await host.api("GET", "people/me"))["kind"] == "host"
    assert (await browser().api("GET", "people/me"))["kind"] == "anonymous"
    me = await ana.api("GET", "people/me")
    assert (me["kind"], me["name"]) == ("account", "Ana")


async def test_the_session_cookie_is_out_of_reach(browser: Open, invited: Invite) -> None:
    await invited("Ana")
    response = await browser().fetch(
        "POST", "tengen-studio/api/people/session", {"name": "ana", "password": PASSWORD}
    )
    [cookie] = [c for c in response.headers.get_list("Set-Cookie") if c.startswith("tengen-")]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert "httponly" in parts and "samesite=lax" in parts
    assert "path=/a%40b/tengen-studio/" in parts
    assert cookie.split(";")[0].split("=")[1] not in str(response.body)


async def test_a_session_ends_on_log_out(invited: Invite) -> None:
    ana = await invited("Ana")
    cookies = dict(ana.cookies)
    await ana.api("DELETE", "people/session")
    assert set(ana.cookies) == {"_xsrf"}
    ana.cookies = cookies
    assert (await ana.api("GET", "people/me"))["kind"] == "anonymous"


async def test_a_session_ends_with_the_password_and_with_the_account(
    host: Browser, browser: Open, invited: Invite
) -> None:
    ana = await invited("Ana")
    other = browser()
    await other.api("POST", "people/session", {"name": "Ana", "password": PASSWORD})
    change = {"old": PASSWORD, "new": "another password"}
    await ana.api("PUT", "people/me/password", change)
    assert (await other.api("GET", "people/me"))["kind"] == "anonymous"
    me = await ana.api("GET", "people/me")
    assert me["kind"] == "account"
    assert len((await ana.api("GET", "people/me/sessions"))["items"]) == 1
    await host.api("DELETE", f"people/accounts/{me['id']}")
    assert (await ana.api("GET", "people/me"))["kind"] == "anonymous"


async def test_a_forged_cookie_is_nobody(browser: Open, invited: Invite) -> None:
    ana = await invited("Ana")
    [name] = [name for name in ana.cookies if name.startswith("tengen-session")]
    for value in ("", "x", ana.cookies[name][:-1], ana.cookies[name] + "x", "%00", '"quoted"'):
        stranger = browser()
        stranger.cookies[name] = value
        assert (await stranger.api("GET", "people/me"))["kind"] == "anonymous", value


async def test_guessing_passwords_is_stopped(browser: Open, invited: Invite) -> None:
    await invited("Ana")
    guess = {"name": "Ana", "password": "wrong password"}
    codes = [
        (await browser().fetch("POST", "tengen-studio/api/people/session", guess)).code
        for _ in range(12)
    ]
    assert codes == [403] * 10 + [429] * 2


async def test_refused_log_ins_are_in_the_audit_log(host: Browser, browser: Open) -> None:
    guess = {"name": "Ana", "password": "wrong password"}
    await browser().api("POST", "people/session", guess, status=403)
    [row] = (await host.api("GET", "audit"))["items"]
    assert (row["verb"], row["actor_kind"], row["address"]) == (
        "session.refuse",
        "anonymous",
        "127.0.0.1",
    )
