"""The page in real browsers, against the real server. `page.py` is what tests use."""
