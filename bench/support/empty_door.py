"""`python -m bench.support.empty_door PORT`: serves the empty page as `python -m dashboards` serves ours, ungated."""

import sys
from pathlib import Path


def main(port: int) -> None:
    """Serves until it is stopped."""
    import uvicorn
    from streamlit import App, config

    from dashboards.theme import streamlit_options

    config.get_config_options(force_reparse=True, options_from_flags=streamlit_options(port=port))
    app = App(Path(__file__).with_name("empty_page.py"))
    uvicorn.run(app, host="127.0.0.1", port=port, ws="websockets-sansio", access_log=False, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]))
