"""The raw tables as external assets: written by the gateway and the front desk, read from here on.

Nothing here runs; these make the flow whole in the asset graph.
"""

from dagster import AssetKey, AssetSpec

# Table to who writes it and what a row is.
RAW_TABLES = {
    "openai_realtime_sessions": "A voice session at a kiosk, from badge to hang-up. Written by the gateway.",
    "realtime_events": "Every protocol event of a session, append-only. Written by the gateway.",
    "session_turns": "What was said, as it was heard, one row per turn. Written by the gateway.",
    "tool_calls": "What the assistant looked up or did during a session. Written by the gateway.",
    "realtime_usage": "Tokens and cost of each response and transcription. Written by the gateway.",
    "member_visits": "A badge at a kiosk or a door. Written by the gateway and by imports.",
    "memberships": "What a member bought and until when. Written by the front desk.",
    "consents": "What a member agreed to or refused, per purpose. Written by the gateway and the front desk.",
    "gym_members_v2": "The members of each gym. Written by the front desk.",
    "member_absences": "When a member said they would be away. Written by the gateway and imports.",
    "gym_closures": "When a gym is closed. Written by administrators.",
    "audit_log": "Who changed what: alerts, settings, erasures. Written by the database's own triggers.",
    "kiosk_settings": "How kiosks behave, by franchise, gym or kiosk. Written by administrators.",
    "kiosks": "The kiosks of each gym and whether they answer. Written by the gateway.",
    "kiosk_heartbeats": "Signs of life of each kiosk. Written by the gateway.",
    "gyms": "The gyms of each franchise. Written by administrators.",
    "franchises": "The networks that gyms belong to. Written by administrators.",
}


def raw_key(table: str) -> AssetKey:
    """The asset key of a raw table."""
    return AssetKey(["raw", table])


def raw_assets() -> list[AssetSpec]:
    """One external asset per raw table."""
    return [
        AssetSpec(raw_key(table), group_name="raw", description=description, kinds={"postgres"})
        for table, description in RAW_TABLES.items()
    ]
