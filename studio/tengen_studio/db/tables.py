"""Imports every feature's tables, so that `Base.metadata` is the whole schema."""

from tengen_studio.audit import models as audit
from tengen_studio.bases import models as bases
from tengen_studio.datasets import models as datasets
from tengen_studio.db.base import Base
from tengen_studio.gallery import models as gallery
from tengen_studio.history import models as history
from tengen_studio.pages import models as pages
from tengen_studio.people import models as people
from tengen_studio.projects import models as projects
from tengen_studio.reproduce import models as reproduce
from tengen_studio.saving import models as saving
from tengen_studio.secrets import models as secrets
from tengen_studio.sharing import models as sharing
from tengen_studio.steps import models as steps

__all__ = [
    "Base",
    "audit",
    "bases",
    "datasets",
    "gallery",
    "history",
    "pages",
    "people",
    "projects",
    "reproduce",
    "saving",
    "secrets",
    "sharing",
    "steps",
]
