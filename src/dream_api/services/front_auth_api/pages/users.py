"""The table of end users: search, filters, sorting, pages and CSV, all of it in the address."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from dream_api.customers.dashboard import STATUS_NAMES, Filters, Order, Page, SortBy
from dream_api.services.front_auth_api.pages.console import Console, SignedInConsole
from dream_api.services.front_auth_api.pages.overview import titles_of
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.rendering import render
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/dashboard", route_class=PageRoute, include_in_schema=False)

_USERS_A_PAGE = 50
_PAGE = "/dashboard/users"
_NOBODY = Page(rows=(), next_cursor=None, prev_cursor=None, total=0)
_ASCENDING_FIRST = frozenset({SortBy.EMAIL, SortBy.NAME, SortBy.PLAN, SortBy.USER_ID})
_STATUS_CHOICES = tuple(
    (name, "No subscription" if name == "none" else name.replace("_", " ").capitalize())
    for name in STATUS_NAMES
)


@dataclass(frozen=True, slots=True)
class TableQuery:
    """What the table shows, and the addresses that show something else."""

    console: Console
    filters: Filters
    mode: str | None

    @property
    def q(self) -> str:
        """What is searched for."""
        return self.filters.q or ""

    @property
    def plan(self) -> str:
        """The plan that is filtered by; empty for all."""
        return self.filters.plan or ""

    @property
    def status(self) -> str:
        """The status that is filtered by; empty for any."""
        return self.filters.status or ""

    @property
    def sort(self) -> str:
        """The column that is sorted by."""
        return self.filters.sort.value

    @property
    def order(self) -> str:
        """``asc`` or ``desc``."""
        return self.filters.order.value

    @property
    def csv_url(self) -> str:
        """Where the same users are a CSV file."""
        return self._url("/dashboard/users.csv")

    @property
    def chips(self) -> tuple[tuple[str, str], ...]:
        """Each filter that is on, and the address without it."""
        shown = (
            ("q", f"“{self.q}”", self.q),
            ("plan", titles_of(self.console).get(self.plan, self.plan), self.plan),
            ("status", dict(_STATUS_CHOICES).get(self.status, ""), self.status),
        )
        return tuple((text, self._url(_PAGE, **{name: None})) for name, text, on in shown if on)

    def sorted_by(self, column: str) -> str:
        """Give the address of the table sorted by a column; a second time, the other way round."""
        is_ascending = column in _ASCENDING_FIRST
        if column == self.sort:
            is_ascending = self.filters.order is Order.DESCENDING
        order = Order.ASCENDING if is_ascending else Order.DESCENDING
        return self._url(_PAGE, sort=column, order=order.value)

    def page(self, cursor: str) -> str:
        """Give the address of another page of the same table."""
        return self._url(_PAGE, cursor=cursor)

    def _url(self, path: str, **changes: str | None) -> str:
        query: dict[str, str | int | None] = {
            "q": self.q,
            "plan": self.plan,
            "status": self.status,
            "sort": self.sort,
            "order": self.order,
        }
        return self.console.link_to(path, query | changes)


@router.get("/users")
async def show_users(request: Request, console: SignedInConsole) -> Response:
    """Show a page of the table."""
    filters = _filters_of(request)
    page, rooms = _NOBODY, rooms_of(request)
    if console.platform_id is not None:
        page = await rooms.dashboard.users(
            console.platform_id, filters, _USERS_A_PAGE, request.query_params.get("cursor")
        )
    return render(
        request,
        "console/users.html",
        console=console,
        query=TableQuery(console, filters, request.query_params.get("mode")),
        page=page,
        titles=titles_of(console),
        plan_choices=[(tier.name, tier.display_name) for tier in console.tiers.tiers],
        status_choices=_STATUS_CHOICES,
        now=rooms.clock.now(),
    )


@router.get("/users.csv")
async def download_users(request: Request, console: SignedInConsole) -> Response:
    """Stream the users that the same filters show as CSV."""
    filters = _filters_of(request)
    platform_id = console.platform_id or console.ids.test
    return StreamingResponse(
        rooms_of(request).dashboard.stream_csv(platform_id, filters),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="users.csv"'},
    )


def _filters_of(request: Request) -> Filters:
    query = request.query_params
    return Filters.parse(
        q=query.get("q"),
        plan=query.get("plan"),
        status=query.get("status"),
        sort=query.get("sort"),
        order=query.get("order"),
    )
