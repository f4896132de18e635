"""The ComfyUI engine: a client of a ComfyUI server over HTTP and its websocket (engine.py).

address.py    where the server is and what opens its door; the one place that holds secrets
http.py       requests: keep-alive, time-outs, typed errors, size limits
api.py        ComfyUI's routes as functions
stream.py     the websocket: connect, feature flags, pings, frames
messages.py   frames → dataclasses                                    (pure)
workflow.py   loading a workflow file
files.py      what is in one: API format, the editor's format, or a picture  (pure)
embedded.py   workflows inside PNG and WebP pictures                  (pure)
editor/       the editor's format turned into the API format          (pure)
store.py      the workflows that there are: shipped ones and the user's; store_files.py
graph.py      walking an API-format graph                             (pure)
catalogue.py  node types, as /object_info tells of them               (pure)
catalogues.py /object_info per server and version
binding.py    where prompt, seed, size… go, and putting them there    (pure)
finding.py    finding those places; finding_texts.py, finding_sizes.py, tracing.py  (pure)
corrections.py  what the user says about them                         (pure, but for load)
resolving.py  file → graph and binding                                (pure)
checking.py   nodes, links, models, values, before anything is queued (pure)
uploading.py  a picture of the user's for the server's input folder
planning.py   what will be painted, settled before a job starts
bench.py      what a large workflow costs
models.py     model files: missing ones, the nearest there are        (pure)
explain.py    the server's errors as one sentence                     (pure)
progress.py   fraction and remaining time over the whole graph        (pure)
pictures.py   whole PNGs only; other formats converted                (pure)
watch.py      one prompt from POST to history, through every interruption
cancel.py     taking back our own prompt, and only ours
engine.py     the Engine of engines/base.py
"""
