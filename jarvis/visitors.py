"""From where somebody signs in, as far as their own list of sessions and the audit trail keep it. Pure."""

import hashlib
import hmac
import ipaddress

# The purpose of the key that hashes addresses, the same in both doors: they count together.
ADDRESSES = "addresses of visitors"


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


def address_hash(address: str, *, key: bytes) -> bytes:
    """By which one caller is known again: an IPv4 address, or the /64 that one IPv6 caller disposes of.

    Args:
        key: of this installation's own, without which the few addresses there are could be tried one by one.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        known = address
    else:
        known = str(found if found.version == 4 else ipaddress.ip_network((found, 64), strict=False))
    return hmac.new(key, known.encode(), hashlib.sha256).digest()
