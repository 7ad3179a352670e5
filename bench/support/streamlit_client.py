"""A browser's half of Streamlit's websocket, as far as a page's time is concerned: ask for a page, wait for its end."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_SECONDS = 60


class PageFailed(RuntimeError):
    """A page did not come to its end, or showed a failure in place of its figures."""


@asynccontextmanager
async def visitor(url: str, *, cookies: Mapping[str, str]) -> AsyncIterator["Visitor"]:
    """Somebody whose websocket is open; closed with the block."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    async with connect(
        f"{url.replace('http', 'ws', 1)}/_stcore/stream", origin=url, subprotocols=["streamlit"],
        additional_headers=headers, max_size=None, proxy=None, compression=None,
    ) as socket:  # fmt: skip
        yield Visitor(socket)


class Visitor:
    """One open page of a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def visit(self, page: str) -> float:
        """Seconds from asking for the page to the end of its script, every element sent.

        Raises:
            PageFailed: when the script ended badly, or not within a minute.
        """
        began = time.perf_counter()
        await self._socket.send(BackMsg(rerun_script=ClientState(page_name=page)).SerializeToString())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                message = ForwardMsg()
                frame = await self._socket.recv()
                assert isinstance(frame, bytes)
                message.ParseFromString(frame)
                kind = message.WhichOneof("type")
                if kind == "page_not_found":
                    raise PageFailed(f"found no page {page}, expected one of the menu of this person")
                if kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
                    raise PageFailed(f"the page {page} failed: {message.delta.new_element.exception.type}")
                if kind == "script_finished":
                    if message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                        # An early end, such as a rerun for the theme: the next one is the page's.
                        continue
                    return time.perf_counter() - began
