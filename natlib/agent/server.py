"""The tools over MCP, on standard input and output: python -m natlib serve.

Each call runs in a thread of its own, as many at once as there are processors; a client that cancels it, or goes away,
ends its filters. Nothing is written but the NDJSON of what was heard, to a cache that is bounded.
"""

from __future__ import annotations

import base64
import os
import signal
import tempfile
import warnings
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .. import __version__
from ..errors import Failure
from .allowed import VARIABLE, Allowed, usual
from .tools import ABOUT, TOOLS, Answer
from .work import Work, cache

try:
    import anyio
    import mcp_types as types
    from anyio.to_thread import run_sync
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
    from mcp.shared.exceptions import MCPDeprecationWarning
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("anyio", "mcp", "mcp_types"):
        raise
    raise Failure("mcp, the SDK of the protocol, is missing: pip install '.[agent]' in the checkout") from None

Context = ServerRequestContext[Any]
Result = types.CallToolResult | types.InputRequiredResult
EVERY = 0.5  # s between two notes of progress
MODERN = "2026-07-28"  # from this version of the protocol on, the result of a call asks for the client's roots


class Ears:
    """The server."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.limiter = anyio.CapacityLimiter(os.cpu_count() or 1)
        self.works: set[Work] = set()
        self.server: Server[Any] = Server("nat", version=__version__, instructions=ABOUT, on_list_tools=self.tools,
                                          on_call_tool=self.call)  # fmt: skip

    async def tools(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """The tools."""
        hints = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
        return types.ListToolsResult(tools=[
            types.Tool(name=tool.name, description=tool.about, input_schema=tool.schema, annotations=hints)
            for tool in TOOLS.values()
        ])  # fmt: skip

    async def call(self, context: Context, params: types.CallToolRequestParams) -> Result:
        """Run a tool. What fails is an answer, too: it says why, and what to do."""
        try:
            if params.name not in TOOLS:
                raise Failure(f"expected a tool of {', '.join(TOOLS)}, got {params.name}")
            allowed = await self.allowed(context, params)
            if not isinstance(allowed, Allowed):
                return allowed
            answer = await self.run(context, partial(TOOLS[params.name].call, allowed=allowed,
                                                     given=params.arguments or {}))  # fmt: skip
        except Failure as error:
            return types.CallToolResult(content=[types.TextContent(text=str(error))], is_error=True)
        except Exception as error:  # a bug or the machine's limit, but this call's alone
            said = f"internal error: {type(error).__name__}: {error}"
            return types.CallToolResult(content=[types.TextContent(text=said)], is_error=True)
        content: list[Any] = [types.TextContent(text=answer.text)]
        if answer.png:
            content.append(types.ImageContent(data=base64.b64encode(answer.png).decode(), mime_type="image/png"))
        return types.CallToolResult(content=content)

    async def run(self, context: Context, tool: Any) -> Answer:
        """The tool's answer, with progress while it comes. Whoever cancels ends its filters."""
        work = Work(self.folder)
        self.works.add(work)
        found: list[Answer | Exception] = []

        def thread() -> None:
            try:
                found.append(tool(work))
            except Exception as error:  # a task group would wrap it
                found.append(error)

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self.progress, context, work)
                await run_sync(thread, abandon_on_cancel=True, limiter=self.limiter)
                group.cancel_scope.cancel()
        finally:
            work.stop()
            self.works.discard(work)
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    @staticmethod
    async def progress(context: Context, work: Work) -> None:
        """Say at once, and again and again, what it does, and how many seconds of sound it has heard."""
        waited = 0.0
        while True:
            await context.session.report_progress(waited, None, f"{work.doing}, {work.done:.0f} s")
            await anyio.sleep(EVERY)
            waited += EVERY

    @staticmethod
    async def allowed(context: Context, params: types.CallToolRequestParams) -> Allowed | types.InputRequiredResult:
        """Which files may be read; or the question for the client's roots."""
        can = context.session.client_capabilities
        if VARIABLE in os.environ or not (can and can.roots):
            return usual()
        if context.protocol_version >= MODERN:
            given = (params.input_responses or {}).get("roots")
            if given is None:
                return types.InputRequiredResult(input_requests={"roots": types.ListRootsRequest()})
            roots = types.ListRootsResult.model_validate(given, from_attributes=True)
        else:
            roots = await context.session.list_roots()
        urls = [urlsplit(str(root.uri)) for root in roots.roots]
        return usual([unquote(url.path) for url in urls if url.scheme == "file"])

    async def connect(self) -> None:
        """Serve one client, until it goes away."""
        async with stdio_server() as (read, write):
            await self.server.run(read, write, self.server.create_initialization_options())


def serve() -> None:
    """Serve, until standard input ends or a signal comes."""
    warnings.simplefilter("ignore", MCPDeprecationWarning)  # roots are, and most clients have them
    with ExitStack() as stack:
        try:
            folder = cache()
        except OSError:  # nothing can be kept
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nat-")))
        ears = Ears(folder)

        def end(number: int, _: object) -> None:
            for work in ears.works:
                work.stop()
            stack.close()
            os._exit(128 + number)  # at once: a thread still waits for input

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        anyio.run(ears.connect)
