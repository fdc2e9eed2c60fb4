"""Who may ask what: one place that decides, whatever the request came in by."""

from dataclasses import dataclass
from pathlib import Path

from shelfsight.api.service.keys import ApiKey, KeyRing, Scope
from shelfsight.core.errors import Forbidden, Unauthenticated, UsageError
from shelfsight.core.settings import AccessSettings

__all__ = ["Access", "Caller"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks.

    Attributes:
        key: the API key that was sent; ``None`` where none is needed.
        address: of the other end of the connection; empty where it has none.
    """

    key: ApiKey | None
    address: str

    @property
    def sees_all(self) -> bool:
        return self.key is None or not self.key.collections

    def sees(self, *names: str) -> bool:
        """Whether a collection may be asked that has these names: its own, and the alias it was asked by."""
        return self.key is None or self.sees_all or any(name in self.key.collections for name in names)


class Access:
    """The keys of a server, and what is asked of those who come without."""

    def __init__(self, settings: AccessSettings, state: Path) -> None:
        """
        Args:
            state: the directory of the server's state.
        """
        self._settings = settings
        self.keys = KeyRing(state)

    def required(self, *, local: bool) -> bool:
        """Whether a key is needed on a connection.

        Args:
            local: the connection came in on an address that only this machine reaches.
        """
        wanted = self._settings.keys
        return wanted == "required" or (wanted == "auto" and (not local or self.keys.made))

    def check_reachable(self, *, local: bool) -> None:
        """Refuse to serve where nobody could ask, or everybody.

        Raises:
            UsageError: keys are needed there, and none was made.
        """
        if self.required(local=local) and not self.keys.made:
            where = "only those with an API key may ask this server" if local else "other machines reach this server"
            raise UsageError(
                f"{where}, and it has no API keys",
                hint="make one with `shelfsight keys create`, or let everybody in with --keys off",
            )

    def admit(self, token: str | None, *, address: str, local: bool, needed: Scope) -> Caller:
        """The caller who sent ``token``, if that goes as far as ``needed``.

        Raises:
            Unauthenticated: no key was sent, or none that counts.
            Forbidden: the key does not go so far.
        """
        if not self.required(local=local):
            return Caller(key=None, address=address)
        if token is None:
            raise Unauthenticated(
                "this needs an API key", hint="send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`"
            )
        key = self.keys.check(token)
        if not key.scope.covers(needed):
            raise Forbidden(
                f"the API key {key.id} is for {key.scope}, and this needs one for {needed}",
                hint=f"`shelfsight keys create --scope {needed}` makes one",
            )
        return Caller(key=key, address=address)
