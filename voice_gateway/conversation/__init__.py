"""What a voice session decides, one module per matter: functions of its state, an event and the moment, to effects.

`voice_gateway/session.py` brings each event to the function that answers it. Read `state.py` first, then `saying.py`;
every other module is a chapter of its own. All of it is pure.
"""
