"""`python -m orchestration.daemon`: dagster-daemon with a sensor loop that turns quickly.

The stock loop rests 5 s between two ticks of a sensor, so of two sessions that close one after the
other the second would wait for it. Everything works without this module, only later.
"""

import sys

from orchestration.stopping import exit_within

# Between two turns of the loop; each costs a few small queries.
SENSOR_LOOP_SECONDS = 0.2
# A stopping daemon finishes launching a run in far less.
STOP_SECONDS = 2.0


def main(arguments: list[str]) -> int:
    """The daemon has run until it was told to stop."""
    from dagster._daemon import sensor
    from dagster._daemon.cli import run_command

    if not hasattr(sensor, "MIN_INTERVAL_LOOP_TIME"):
        raise RuntimeError(
            "dagster._daemon.sensor: found no MIN_INTERVAL_LOOP_TIME, expected that of dagster 1.13: "
            "this dagster is another version, run dagster-daemon instead"
        )
    exit_within(STOP_SECONDS)
    sensor.MIN_INTERVAL_LOOP_TIME = SENSOR_LOOP_SECONDS  # type: ignore[assignment]
    run_command.main(arguments, prog_name="orchestration.daemon", standalone_mode=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
