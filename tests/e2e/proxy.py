"""A network between page and server that can be pulled: TCP on loopback, passed on."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading


class Proxy:
    """Passes on what comes to `url`. `cut` ends all connections and takes none until `mend`;
    `hold` keeps them open but lets nothing through."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._cut = False
        self._ended = False
        threading.Thread(target=self._serve, daemon=True).start()

    def hold(self) -> None:
        self._flows.clear()

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._cut = False
        self._flows.set()

    def close(self) -> None:
        self._ended = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._flows.set()

    def _serve(self) -> None:
        while not self._ended:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._to), timeout=10)
        except OSError:
            near.close()
            return
        with near, far, selectors.DefaultSelector() as both:
            with self._lock:
                if self._cut:
                    return
                self._open |= {near, far}
            try:
                far.settimeout(None)
                both.register(near, selectors.EVENT_READ, far)
                both.register(far, selectors.EVENT_READ, near)
                while self._flow(both):
                    self._flows.wait()
            except OSError:
                pass  # pulled, or one side is gone
            finally:
                with self._lock:
                    self._open -= {near, far}

    def _flow(self, both: selectors.BaseSelector) -> bool:
        """Pass on what is there; False at the end."""
        for key, _ in both.select():
            came = key.fileobj
            assert isinstance(came, socket.socket)
            data = came.recv(1 << 16)
            self._flows.wait()
            if not data or self._cut:
                return False
            key.data.sendall(data)
        return True
