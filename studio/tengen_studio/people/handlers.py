"""REST: the asker, sessions, invitations and accounts."""

from __future__ import annotations

from tengen_studio import cookies
from tengen_studio.contract import PageQuery, contract
from tengen_studio.errors import ConflictError, ForbiddenError, LoginRequiredError, TooManyError
from tengen_studio.guard import Audience, guarded
from tengen_studio.http import StudioHandler
from tengen_studio.people import invitations, schemas, service


class MeHandler(StudioHandler):
    """`/people/me`: the asker."""

    @contract(schemas.Me)
    @guarded(Audience.anyone)
    async def get(self) -> None:
        """Tell who asks: the host, an account, somebody with a link, or nobody known."""
        self.send(await self.transact(service.me))

    @contract(schemas.Me, takes=schemas.NameRequest, refuses=(ConflictError,))
    @guarded(Audience.people)
    async def patch(self) -> None:
        """Change one's own name."""
        request = self.body(schemas.NameRequest)
        self.send(await self.transact(service.rename, request.name))


class PasswordHandler(StudioHandler):
    """`/people/me/password`: an account's password."""

    @contract(schemas.Me, takes=schemas.PasswordRequest, refuses=(ForbiddenError, TooManyError))
    @guarded(Audience.people)
    async def put(self) -> None:
        """Change one's own password; every other session ends."""
        request = self.body(schemas.PasswordRequest)
        me, token = await self.transact(service.change_password, request.old, request.new)
        cookies.write(self, "session", token)
        self.send(me)


class SessionsHandler(StudioHandler):
    """`/people/me/sessions`: where one is logged in."""

    @contract(schemas.OpenSessionPage)
    @guarded(Audience.people)
    async def get(self) -> None:
        """List one's own open sessions."""
        self.send(await self.transact(service.sessions))


class SessionHandler(StudioHandler):
    """`/people/me/sessions/{session_id}`: one open log-in."""

    @contract()
    @guarded(Audience.people)
    async def delete(self, session_id: str) -> None:
        """End one of one's own sessions."""
        await self.transact(service.end_session, session_id)
        self.send()


class LoginHandler(StudioHandler):
    """`/people/session`: the session of this browser."""

    @contract(schemas.Me, takes=schemas.LoginRequest, refuses=(LoginRequiredError, TooManyError))
    @guarded(Audience.anyone)
    async def post(self) -> None:
        """Log an account in; the answer sets the session's cookie."""
        request = self.body(schemas.LoginRequest)
        me, token = await self.transact(service.log_in, request.name, request.password)
        cookies.write(self, "session", token)
        self.send(me)

    @contract()
    @guarded(Audience.anyone)
    async def delete(self) -> None:
        """Log the account out."""
        await self.transact(service.log_out)
        cookies.clear(self, "session")
        self.send()


class InvitationsHandler(StudioHandler):
    """`/people/invitations`: what the host has sent out."""

    @contract(schemas.InvitationPage, query=PageQuery)
    @guarded
    async def get(self) -> None:
        """List the invitations, the newest first."""
        query = self.query(PageQuery)
        self.send(await self.transact(invitations.invitations, query.after))

    @contract(
        schemas.NewInvitation,
        status=201,
        takes=schemas.InvitationRequest,
        refuses=(ForbiddenError,),
    )
    @guarded
    async def post(self) -> None:
        """Invite somebody to make an account; the token is in this answer only."""
        it = self.body(schemas.InvitationRequest)
        self.send(await self.transact(invitations.invite, it.note, it.days, it.project_id, it.role))


class InvitationHandler(StudioHandler):
    """`/people/invitations/{invitation_id}`: one invitation."""

    @contract()
    @guarded
    async def delete(self, invitation_id: str) -> None:
        """Withdraw an open invitation."""
        await self.transact(invitations.withdraw, invitation_id)
        self.send()


class AcceptancesHandler(StudioHandler):
    """`/people/acceptances`: invitations that are being used."""

    @contract(
        schemas.Me,
        status=201,
        takes=schemas.AcceptRequest,
        refuses=(LoginRequiredError, ConflictError, TooManyError),
    )
    @guarded(Audience.anyone)
    async def post(self) -> None:
        """Use an invitation: make the account, or set its new password, and log it in."""
        it = self.body(schemas.AcceptRequest)
        me, token = await self.transact(invitations.accept, it.token, it.name, it.password)
        cookies.write(self, "session", token)
        self.send(me)


class AccountsHandler(StudioHandler):
    """`/people/accounts`: the people of this studio."""

    @contract(schemas.AccountPage, query=PageQuery)
    @guarded
    async def get(self) -> None:
        """List the accounts, the newest first."""
        query = self.query(PageQuery)
        self.send(await self.transact(service.accounts, query.after))


class AccountHandler(StudioHandler):
    """`/people/accounts/{account_id}`: one account."""

    @contract()
    @guarded
    async def delete(self, account_id: str) -> None:
        """Remove an account: its sessions, roles and links end, its projects become the host's."""
        await self.transact(service.remove, account_id)
        self.send()


class ResetsHandler(StudioHandler):
    """`/people/accounts/{account_id}/resets`: new passwords for those who forgot theirs."""

    @contract(schemas.NewInvitation, status=201)
    @guarded
    async def post(self, account_id: str) -> None:
        """Make an invitation by which the account's owner sets a new password."""
        self.send(await self.transact(invitations.invite_to_reset, account_id))


routes = [
    (r"/people/me", MeHandler),
    (r"/people/me/password", PasswordHandler),
    (r"/people/me/sessions", SessionsHandler),
    (r"/people/me/sessions/([^/]+)", SessionHandler),
    (r"/people/session", LoginHandler),
    (r"/people/invitations", InvitationsHandler),
    (r"/people/invitations/([^/]+)", InvitationHandler),
    (r"/people/acceptances", AcceptancesHandler),
    (r"/people/accounts", AccountsHandler),
    (r"/people/accounts/([^/]+)", AccountHandler),
    (r"/people/accounts/([^/]+)/resets", ResetsHandler),
]
