"""The ears in a process of their own: they hold the interpreter for 60-130 ms, and no session may wait for that.

`EarsProcess` is the server's side; running the module is the other side. Over the pipes: a numbered header and
PCM16 one way, one JSON line the other. The child ends with its standard input, so it cannot outlive a killed server.
"""

import asyncio
import json
import struct
import sys
from typing import Any, BinaryIO

from voice_gateway.standin.ears import EarsError, Recognition, recognise

_HEADER = struct.Struct("<II")  # the utterance's number, its bytes


class EarsProcess:
    """One child that recognises one utterance at a time, in the order asked. Started by the first utterance."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._asked = 0

    async def recognise(self, pcm: bytes) -> Recognition:
        """What `ears.recognise` says of `pcm`, without holding this process.

        Raises:
            EarsError: the child died; the next call starts another.
        """
        async with self._turn:
            process = await self._started()
            assert process.stdin is not None and process.stdout is not None  # both were asked for as pipes
            try:
                self._asked += 1
                process.stdin.write(_HEADER.pack(self._asked, len(pcm)) + pcm)
                await process.stdin.drain()
                answer = await _answer_to(self._asked, process.stdout)
            except ConnectionError:
                answer = None
            if answer is None:
                await self._end()
                raise EarsError(
                    "found the ears' process ended, expected an answer: see its error output; it starts again by itself"
                )
        return Recognition(transcript=answer["transcript"], confidence=answer["confidence"])

    async def close(self) -> None:
        """The child has ended."""
        async with self._turn:
            await self._end()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "voice_gateway.standin.ears_process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _answer_to(number: int, answers: asyncio.StreamReader) -> dict[str, Any] | None:
    while line := await answers.readline():
        answer: dict[str, Any] = json.loads(line)
        # A session that ended while it was listened to leaves an answer nobody waits for.
        if answer["number"] == number:
            return answer
    return None


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Every utterance of `requests` has its line in `answers`; returns at the end of `requests`."""
    while len(header := requests.read(_HEADER.size)) == _HEADER.size:
        number, size = _HEADER.unpack(header)
        recognition = recognise(requests.read(size))
        answer = {"number": number, "transcript": recognition.transcript, "confidence": recognition.confidence}
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
