"""The durable engine: queues, pace and recovery. The only file importing dbos."""

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from secrets import token_hex

import structlog
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.engine import Engine as SyncEngine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from bot.lines import Lines
from handlers.context import Context, Job
from storage import running
from storage.db import Database, keep_private

log = structlog.get_logger()

# The format of our workflows, not the program's version: an upgrade must strand no work.
WORKFLOW_FORMAT = "1"
BEAT_SECONDS = 5
ALIVE_SECONDS = 15  # younger heartbeat: the process lives
ALERT_QUEUE = "alert"
# DBOS looks into a queue once a second by default; an alert must not wait that long (contracts.md).
ALERT_POLL_SECONDS = 0.1
WAVE_POLL_SECONDS = 0.5
# Nobody waits for DBOS's messages here, and a stop waits for whoever looks for them once a second.
NOTICE_POLL_SECONDS = 0.1
LISTENING_LOOKS = 30  # of 0.1 s: DBOS looks for new queues once a second
FINISH_SECONDS = 5.0  # what is in flight at a stop; containers are given ten
_REMEMBERED = 50_000  # ids of jobs asked for; of an older one the engine itself knows


class AlreadyRunning(Exception):
    """Another living process has this executor id: two of one id would do the same work twice."""


class Engine:
    """Carries out jobs, each once for its id, and goes on with what a dead process left."""

    def __init__(
        self,
        db: Database,
        executor_id: str,
        channels: Sequence[str],
        jobs: Mapping[str, Callable[..., Awaitable[object]]],
        alerts: bool = True,
        finish_seconds: float = FINISH_SECONDS,
    ) -> None:
        self.executor_id = executor_id
        self.process = f"{socket.gethostname()}/{os.getpid()}"
        self._db = db
        self._channels = tuple(channels)
        self._jobs = jobs
        self._alerts = alerts
        self._finish_seconds = finish_seconds
        self._ctx: Context | None = None
        self._asked: dict[str, None] = {}
        self._running: set[asyncio.Task[object]] = set()
        self._rush: Callable[[], bool] = bool
        self._lines = Lines(self._enqueue_alert, lambda: self._rush())

    async def launch(self, ctx: Context, rush: Callable[[], bool] = bool) -> None:
        """Starts working for `ctx`; raises AlreadyRunning while another process has our id.

        While `rush()` holds alerts wait a moment, so that answers are stored first.
        """
        await self._claim_id(ctx)
        self._ctx, self._rush = ctx, rush
        config: DBOSConfig = {
            "name": "npsbot",
            "application_version": WORKFLOW_FORMAT,
            "executor_id": self.executor_id,
            "log_level": "ERROR",
            "enable_otlp": False,
            "db_engine_kwargs": {"hide_parameters": True},
            "notification_listener_polling_interval_sec": NOTICE_POLL_SECONDS,
        }
        self._sync_engine = _system_engine(self._db)
        if self._sync_engine is not None:
            config["system_database_engine"] = self._sync_engine
        else:
            url = self._db.url.set(drivername="postgresql")
            config["system_database_url"] = url.render_as_string(hide_password=False)
        DBOS(config=config)

        async def job(name: str, args: list[int | str]) -> None:  # DBOS marks it: no bound method
            await self._run(name, args)

        self._workflow = DBOS.workflow(name="job")(job)
        if not self._alerts:
            DBOS.listen_queues(self._wave_queues())
        DBOS.launch()
        if self._alerts:
            await DBOS.register_queue_async(
                ALERT_QUEUE,
                partition_limiter={"limit": 1, "period": 1.0},
                polling_interval_sec=ALERT_POLL_SECONDS,
            )
        for queue in self._wave_queues():
            await DBOS.register_queue_async(
                queue, global_concurrency=1, polling_interval_sec=WAVE_POLL_SECONDS
            )
        await self._listening()

    @property
    def launched(self) -> bool:
        """Whether jobs are taken."""
        return self._ctx is not None

    async def enqueue(self, job: Job) -> None:
        """Asks for a job; a job whose id was asked for before is not carried out again."""
        if job.id in self._asked:
            return  # the clock names what waits at every tick
        if job.place is not None:
            self._lines.join(job, job.place)
            return
        with SetWorkflowID(job.id):
            queue = wave_queue(str(job.args[1]))
            await DBOS.enqueue_workflow_async(queue, self._workflow, job.name, list(job.args))
        self._remember(job)

    async def beat(self) -> None:
        """Notes our sign of life, and takes over the work of processes that gave none."""
        assert self._ctx is not None
        now = self._ctx.now()
        async with self._db.session() as session:
            await running.beat(session, self.executor_id, self.process, now)
            silent = await running.silent_since(session, now - timedelta(seconds=ALIVE_SECONDS))
        for executor_id in silent:
            await self._take_over(executor_id)

    async def close(self) -> None:
        """Stops working; what is in flight ends first, or goes on at the next start."""
        self._lines.stop()
        await self._end_jobs(self._finish_seconds)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        # DBOS leaves its running jobs alone: they would work on a database that is closed.
        for task in self._running:
            task.cancel()
        await self._end_jobs(None)
        if self._sync_engine is not None:
            self._sync_engine.dispose()
        async with self._db.session() as session:
            await running.forget(session, self.executor_id)

    async def _enqueue_alert(self, job: Job) -> None:
        with SetWorkflowID(job.id), SetEnqueueOptions(queue_partition_key=job.place):
            await DBOS.enqueue_workflow_async(ALERT_QUEUE, self._workflow, job.name, list(job.args))
        self._remember(job)

    def _remember(self, job: Job) -> None:
        self._asked[job.id] = None
        if len(self._asked) > _REMEMBERED:
            del self._asked[next(iter(self._asked))]  # the oldest

    async def _end_jobs(self, seconds: float | None) -> None:
        if self._running:
            await asyncio.wait(list(self._running), timeout=seconds)

    async def _run(self, name: str, args: list[int | str]) -> None:
        assert self._ctx is not None
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        workflow_id = DBOS.workflow_id
        ctx = replace(self._ctx, run=f"{workflow_id}#{token_hex(4)}")
        try:
            await self._jobs[name](ctx, *args)
        except Exception:
            # The rows still say what is due: the clock asks again under a new id.
            log.exception("job failed", job=workflow_id)

    async def _listening(self) -> None:
        """Waits until the queues are looked into: a new one is found within a second.

        Whoever is told that we are ready may ask for an alert at once.
        """
        alerts = [ALERT_QUEUE] if self._alerts else []
        workers = {f"queue-worker-{queue}" for queue in alerts + self._wave_queues()}
        for _ in range(LISTENING_LOOKS):
            if workers <= {thread.name for thread in threading.enumerate()}:
                return
            await asyncio.sleep(ALERT_POLL_SECONDS)

    def _wave_queues(self) -> list[str]:
        return [wave_queue(channel) for channel in self._channels]

    async def _claim_id(self, ctx: Context) -> None:
        async with self._db.session() as session:
            other = await running.heartbeat(session, self.executor_id)
            now = ctx.now()
            fresh = other is not None and now - other.at < timedelta(seconds=ALIVE_SECONDS)
            if other is not None and fresh and self._is_another(other.process):
                raise AlreadyRunning(
                    f"{self.executor_id} is already running as {other.process}; stop it first, "
                    "or give this process another port"
                )
            await running.beat(session, self.executor_id, self.process, now)

    def _is_another(self, process: str) -> bool:
        return process != self.process and _lives(process)

    async def _take_over(self, executor_id: str) -> None:
        left = await DBOS.list_workflows_async(
            status="PENDING", executor_id=executor_id, load_input=False, load_output=False
        )
        if left:
            log.warning("taking over", executor=executor_id, jobs=len(left))
            await DBOS.resume_workflows_async([workflow.workflow_id for workflow in left])
        async with self._db.session() as session:
            await running.forget(session, executor_id)


def wave_queue(channel: str) -> str:
    """Gives the name of the queue in which a channel's batches wait their turn."""
    return f"wave-{channel}"


def _lives(process: str) -> bool:
    """Tells whether a process lives; of another host the heartbeat must be believed."""
    host, _, pid = process.partition("/")
    if host != socket.gethostname():
        return True
    with suppress(ProcessLookupError):
        os.kill(int(pid), 0)
        return True
    return False


def _system_engine(db: Database) -> SyncEngine | None:
    """Gives DBOS its own SQLite file in WAL mode (about twice the workflows a second), or None."""
    if not db.is_sqlite or db.url.database is None:
        return None
    path = db.url.database.removesuffix(".db") + "-engine.db"
    keep_private(path)
    engine = create_engine(
        make_url(f"sqlite:///{path}"), connect_args={"timeout": 15}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def on_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
