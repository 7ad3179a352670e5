"""How the pages look, and how Streamlit behaves: one place, light and dark.

Colours come from the Okabe–Ito palette, darkened or lightened to 4.5:1 on their ground; no meaning
rests on colour alone.
"""

from collections.abc import Mapping
from pathlib import Path

from dashboards.gate import IDENTITY_HEADER

STYLE = Path(__file__).with_name("style.css")
# A file: Streamlit would fetch a named icon from a foreign host.
ICON = Path(__file__).with_name("icon.svg")
SIDEBAR_PIXELS = 250

# One blue that reads on light and dark; it stands in the sidebar of both themes.
LOGO = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 118 32" role="img" aria-label="JARVIS">
<rect width="32" height="32" rx="8" fill="#0b5cad"/>
<path d="M7 14v4M11.5 11v10M16 7v18M20.5 11v10M25 14v4" stroke="white" stroke-width="2.4" stroke-linecap="round"/>
<text x="42" y="22.5" font-family="Source Sans, sans-serif" font-size="18" font-weight="700" letter-spacing="1"
    fill="#3b82c4">JARVIS</text>
</svg>
"""

_SHAPE: Mapping[str, object] = {
    "theme.font": "'Source Sans', sans-serif",
    "theme.baseRadius": "0.5rem",
    "theme.showWidgetBorder": True,
}
_LIGHT: Mapping[str, object] = {
    "primaryColor": "#0b5cad",
    "backgroundColor": "#f6f8fa",
    "secondaryBackgroundColor": "#ffffff",
    "textColor": "#1b2430",
    "borderColor": "#c9d1da",
    "linkColor": "#0b5cad",
    "sidebar.backgroundColor": "#ffffff",
    "sidebar.secondaryBackgroundColor": "#eef2f6",
}
_DARK: Mapping[str, object] = {
    "primaryColor": "#1f74c4",
    "backgroundColor": "#11161d",
    "secondaryBackgroundColor": "#1a212b",
    "textColor": "#e8edf3",
    "borderColor": "#3a4655",
    "linkColor": "#6cb2f5",
    "sidebar.backgroundColor": "#161c25",
    "sidebar.secondaryBackgroundColor": "#222b37",
}


def streamlit_options(*, port: int) -> dict[str, object]:
    """Every Streamlit option we set, by its dotted name."""
    return {
        "browser.gatherUsageStats": False,
        "browser.serverAddress": "127.0.0.1",
        "browser.serverPort": port,
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "viewer",
        "logger.enableRich": False,
        "logger.hideWelcomeMessage": True,
        "runner.magicEnabled": False,
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        # No page takes a file; a message this long is not one of ours.
        "server.maxUploadSize": 1,
        "server.maxMessageSize": 20,
        # Set by the gate, which also strips a visitor's own.
        "server.trustedUserHeaders": {IDENTITY_HEADER: "id"},
        **_SHAPE,
        **{f"theme.light.{name}": value for name, value in _LIGHT.items()},
        **{f"theme.dark.{name}": value for name, value in _DARK.items()},
    }


def language_style(language: str, *, loading: str) -> str:
    """What the style sheet and the shell's script say for this run, as an element: both begin in French.

    Args:
        language: fr or en.
        loading: the words of a page that is on its way: ours, without a quotation mark.
    """
    return f'<style>:root {{ --j-language: {language}; --j-loading: "{loading}"; }}</style>'


def style_sheet() -> str:
    """The few rules Streamlit's theme has no option for, as an element to place once a page."""
    return f"<style>{STYLE.read_text(encoding='utf-8')}</style>"
