"""The ComfyUI engine: a client of a ComfyUI server over HTTP and its websocket (engine.py).

address.py    where the server is and what opens its door; the one place that holds secrets
http.py       requests: keep-alive, time-outs, typed errors, size limits
api.py        ComfyUI's routes as functions
stream.py     the websocket: connect, feature flags, pings, frames
messages.py   frames → dataclasses                                    (pure)
workflow.py   loading a workflow file
graph.py      walking an API-format graph                             (pure)
binding.py    where prompt, seed, size… go, and putting them there    (pure)
models.py     model files: missing ones, the nearest there are        (pure)
explain.py    the server's errors as one sentence                     (pure)
progress.py   fraction and remaining time over the whole graph        (pure)
pictures.py   whole PNGs only; other formats converted                (pure)
watch.py      one prompt from POST to history, through every interruption
cancel.py     taking back our own prompt, and only ours
engine.py     the Engine of engines/base.py
"""
