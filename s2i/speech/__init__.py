"""Speech to text, offline: recognisers behind one interface, audio files, the microphone.

base.py       what a recogniser is, and what it answers
registry.py   the recognisers by name; `auto` takes the best that is there
utterance.py  one utterance: checked input, endpointing, events; recogniser-neutral
"""
