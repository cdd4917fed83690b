"""Stands between a replica and its data base, on a Unix socket, and lets everything arrive a little later.

So a data base on this machine is as far away as one in another region; nothing is changed, and nothing is reordered.
"""
import asyncio
import shutil
import tempfile
import threading


class DelayingRelay:
    """Use as a context manager; `directory` and `port` are what libpq calls host and port."""

    port = 5432

    def __init__(self, path, delay_seconds):
        self.path, self.delay = path, delay_seconds
        self.directory = tempfile.mkdtemp(prefix="ts-relay-")
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.tasks, self.writers = set(), set()

    def __enter__(self):
        self.thread.start()
        starting = asyncio.start_unix_server(self._connected, f"{self.directory}/.s.PGSQL.{self.port}")
        self.server = asyncio.run_coroutine_threadsafe(starting, self.loop).result(10)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    async def _end(self):
        """Hangs up on both sides, so that the data base keeps no session of somebody who is gone."""
        self.server.close()
        for writer in self.writers:
            writer.close()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _connected(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        far_reader, far_writer = await asyncio.open_unix_connection(self.path)
        self.writers |= {writer, far_writer}
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, reader, writer):
        # Each piece is sent when its own time has come, however many are on the way.
        while data := await reader.read(1 << 16):
            self.loop.call_later(self.delay, writer.write, data)
        self.loop.call_later(self.delay, writer.close)
