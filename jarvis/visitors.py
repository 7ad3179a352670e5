"""From where somebody signs in, as far as their own list of sessions and the audit trail keep it. Pure."""

import ipaddress


def network_of(address: str) -> str | None:
    """The network an address belongs to, of 256 addresses (IPv6: a /48); None for what is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))


def device_name(user_agent: str) -> str:
    """Such as « Firefox sous Linux »: what a person knows their own session by."""
    # Each names the ones after it too: the order matters.
    browsers = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
    systems = {
        "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS",
        "Linux": "Linux",
    }  # fmt: skip
    browser = next((name for sign, name in browsers.items() if f"{sign}/" in user_agent), "Navigateur inconnu")
    system = next((name for sign, name in systems.items() if sign in user_agent), None)
    return browser if system is None else f"{browser} sous {system}"
