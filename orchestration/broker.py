"""Celery's filesystem broker with messages that appear whole.

kombu's own writes a message in place, so a worker that looks at the wrong moment takes half of it
and the run is lost. A rename has no such moment. The embedded default only: with Redis or RabbitMQ
this module is not used.
"""

import uuid
from pathlib import Path
from time import time_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps

# kombu.Connection resolves this dotted path.
TRANSPORT = "orchestration.broker:Transport"


class Channel(filesystem.Channel):
    """kombu's channel, except for how a message gets into its folder."""

    def _put(self, queue: str, payload: Any, **_options: Any) -> None:  # type: ignore[override]
        """The message is in the folder, whole, after every earlier one; also after a restart of the machine."""
        folder = Path(self.data_folder_out)
        name = f"{time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        # Readers split at the first dot, so a name that begins with one belongs to no queue.
        draft = folder / f".{name}"
        draft.write_text(dumps(payload), encoding="utf-8")  # type: ignore[no-untyped-call]
        draft.rename(folder / name)


class Transport(filesystem.Transport):
    """kombu's filesystem transport over our channel."""

    Channel = Channel
