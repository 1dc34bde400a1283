"""Statements about workers: who is there, whom they serve; compiled once."""

from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from store.core import P, activation, board, compiled, serving, word, worker

_new_worker = upsert(worker)
ANNOUNCE = compiled(
    _new_worker.on_conflict_do_update(
        index_elements=["id"], set_={"beat_at": _new_worker.excluded.beat_at, "left_at": None}
    )
)
LEAVE = compiled(update(worker).where(worker.c.id == P("worker")).values(left_at=P("now")))
BEAT_WORKER = compiled(update(worker).where(worker.c.id == P("worker")).values(beat_at=P("now")))
HOLDS_SOMETHING = compiled(
    select(activation.c.id).where(activation.c.state == word("running"), activation.c.owner == P("worker")).limit(1)
)
_new_serving = upsert(serving)
SERVE = compiled(
    _new_serving.on_conflict_do_update(
        index_elements=["board_id", "worker_id"],
        set_={"agents": _new_serving.excluded.agents, "slots": _new_serving.excluded.slots},
    )
)
LAST_BEAT = compiled(select(board.c.beat_at).where(board.c.id == P("board")))
BEAT_SERVING = compiled(
    update(serving).where(serving.c.board_id == P("board"), serving.c.worker_id == P("worker")).values(beat_at=P("now"))
)
