"""What can go wrong in a flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from voice_core.errors import CentralitaError, NotFoundError

if TYPE_CHECKING:
    from ivr_flows.problems import Problem


class FlowErrors(CentralitaError):  # noqa: N818 (it holds several)
    """A folder of flows cannot be used; `problems` says where and why."""

    code = "flow_errors"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class FlowNotFoundError(NotFoundError, KeyError):
    """Also a KeyError, because `Flows` is a mapping."""

    code = "flow_not_found"
    __str__ = Exception.__str__


class FlowRunError(CentralitaError):
    """A flow failed while running. The machine contains these: the contact goes to a person."""

    code = "flow_failed"


class ExpressionError(FlowRunError):
    code = "expression_failed"


class FlowLoopError(FlowRunError):
    code = "flow_loop"
