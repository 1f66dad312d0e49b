"""What alembic runs: the migrations on the connection that `revisions.py` hands over."""

from alembic import context

from tengen_studio.db.rendering import render_item
from tengen_studio.db.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=render_item,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
