"""Questions to people: find, follow and decide them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from .._call import Json
from .._codec import read
from ..state import Approval, Verdict
from .rest import AsyncRest
from .runs import claim, decide, delegate, release


class AsyncApprovals:
    """The approvals of a namespace."""

    def __init__(self, rest: AsyncRest) -> None:
        self._rest = rest

    async def list(
        self, *, run_id: str = "", verdict: Verdict | None = None, mine: bool = False
    ) -> AsyncGenerator[Approval, None]:
        """Read approvals, the oldest open one first. Default: the open ones.

        ``mine``: only those that the caller may decide.
        """
        query = {"workId": run_id, "verdict": verdict, "mine": mine or None}
        async for entry in self._rest.pages("/v1/approvals", "approvals", query):
            yield read(Approval, entry)

    async def watch(self, *, run_id: str = "", mine: bool = False) -> AsyncGenerator[Approval, None]:
        """Follow approvals: first the open ones, then each that is new or decided. Does not end by itself."""
        query = {"workId": run_id, "mine": mine or None}
        async for kind, said in self._rest.follow("/v1/watch/approvals", query=query):
            if kind in ("snapshot", "change"):
                for entry in said.get("approvals", ()):
                    yield read(Approval, entry)

    async def approve(self, approval: Approval, *, data: Json = None, reason: str = "") -> Approval:
        """Approve. ``data``: the answer to its form."""
        return await decide(self._rest, approval.run_id, approval.approval_id, "approved", data, reason)

    async def reject(self, approval: Approval, *, data: Json = None, reason: str = "") -> Approval:
        """Reject."""
        return await decide(self._rest, approval.run_id, approval.approval_id, "rejected", data, reason)

    async def claim(self, approval: Approval) -> Approval:
        """Claim the approval. Only the caller can decide it from then on."""
        return await claim(self._rest, approval.run_id, approval.approval_id)

    async def release(self, approval: Approval, *, person: str = "", reason: str = "") -> Approval:
        """Release the claim. ``person``: the person who has claimed it. Default: the caller."""
        return await release(self._rest, approval.run_id, approval.approval_id, person, reason)

    async def delegate(self, approval: Approval, people: Sequence[str], *, reason: str = "") -> Approval:
        """Delegate the caller's answer to other people. Answers of others are kept."""
        return await delegate(self._rest, approval.run_id, approval.approval_id, people, reason)
