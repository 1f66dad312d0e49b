"""One story in which every route is called: a host, an invited person, and a project they share."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from ..browser import Browser
from ..graphs.files import static_model
from .stage import Stage

PASSWORD = "correct horse battery"


def archive(**files: str) -> bytes:
    """Return a zip archive of these files, given without their dots."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        for name, text in files.items():
            out.writestr(name.replace("_", "."), text)
    return packed.getvalue()


def notebook(printed: str) -> str:
    """Return a notebook of one cell that printed something."""
    cell = nbformat.v4.new_code_cell("print(6 * 7)", id="answer")
    cell.outputs = [nbformat.v4.new_output("stream", text=printed)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))


async def tell(stage: Stage, root: Path, browser: Callable[[], Browser]) -> None:
    """Play the whole story in the studio whose folder is `root`."""
    await _look_around(stage)
    await _graphs(stage, root)
    await _kernels(stage)
    await _invite(stage, browser)
    project = await _work(stage, root)
    await _data(stage, root, project)
    await _reproduce(stage, project)
    await _share(stage, project, browser)
    await _fork(stage, root, project)
    await _refused_save(stage, root)
    await stage.play("runs.Runs.get", query={"kernel": "0f6b1c0a"})
    await stage.play("runs.Runs.post", body={"kernel": "0f6b1c0a", "ids": ["1b2c_7"]})
    await _secrets(stage, project)
    await _tidy_up(stage, project)


async def _look_around(stage: Stage) -> None:
    await stage.play("about.About.get")
    await stage.play("openapi.Document.get")
    await stage.play("openapi.Page.get")
    await stage.play("templates.Templates.get")
    await stage.play("templates.Copies.post", "first", body={"directory": ""})


async def _graphs(stage: Stage, root: Path) -> None:
    (root / "small.tgm").write_bytes(static_model())
    await stage.play("graphs.Graphs.get", query={"path": "small.tgm"})
    (root / "small.tgm").unlink()


async def _kernels(stage: Stage) -> None:
    started = await stage.people["host"].fetch("POST", "api/kernels", {"name": "python3"})
    kernel = json.loads(started.body)["id"]
    await stage.play("kernels.Deaths.get", kernel)
    await stage.play("gpus.Gpus.get")
    await stage.play("gpus.Park.post", kernel)
    await stage.people["host"].fetch("DELETE", f"api/kernels/{kernel}")


async def _invite(stage: Stage, browser: Callable[[], Browser]) -> None:
    invitation = {"note": "Ana from the lab", "days": 7}
    made = await stage.play("people.Invitations.post", body=invitation)
    await stage.play("people.Invitations.get")
    stage.people["ana"] = browser()
    accepted = {"token": made["token"], "name": "Ana", "password": PASSWORD}
    await stage.play("people.Acceptances.post", body=accepted, by="ana")
    unused = await stage.play("people.Invitations.post", body={"note": "by mistake"})
    await stage.play("people.Invitation.delete", unused["invitation"]["id"])
    await stage.play("people.Me.get", by="ana")
    await stage.play("people.Me.patch", body={"name": "Ana López"}, by="ana")
    new = {"old": PASSWORD, "new": "another horse battery"}
    await stage.play("people.Password.put", body=new, by="ana")
    await stage.play("people.Login.delete", by="ana")
    login = {"name": "Ana López", "password": "another horse battery"}
    await stage.play("people.Login.post", body=login, by="ana")
    stage.people["elsewhere"] = browser()
    await stage.play("people.Login.post", body=login, by="elsewhere")
    sessions = await stage.play("people.Sessions.get", by="ana")
    (other,) = [s["id"] for s in sessions["items"] if not s["current"]]
    await stage.play("people.Session.delete", other, by="ana")


async def _work(stage: Stage, root: Path) -> str:
    wanted = {"name": "Fashion MNIST", "description": "A first network", "tags": ["vision"]}
    made = await stage.play("projects.Projects.post", body=wanted)
    project = made["project"]
    folder = root / project["directory"]
    (folder / "train.ipynb").write_text(notebook("41\n"), encoding="utf-8")
    (folder / "notes.txt").write_text("one\ntwo\n", encoding="utf-8")
    place = project["id"]
    await stage.play("history.Versions.post", place, body={"message": "First run"})
    (folder / "train.ipynb").write_text(notebook("42\n"), encoding="utf-8")
    (folder / "notes.txt").write_text("one\nthree\n", encoding="utf-8")
    await stage.play("history.Versions.post", place, body={"message": "Second run"})
    await stage.play("projects.Projects.get", query={"q": "fashion", "limit": 20})
    await stage.play("projects.Project.get", place)
    change = {"description": "A first network, trained", "licence": "MIT"}
    await stage.play("projects.Project.patch", place, body=change)
    await stage.play("projects.Tags.get")
    versions = await stage.play("history.Versions.get", place)
    newest = versions["items"][0]["number"]
    await stage.play("history.Version.get", place, "latest")
    await stage.play("history.Clearance.put", place, "latest")
    await stage.play("history.VersionFiles.get", place, str(newest))
    await stage.play("history.VersionContent.get", place, "latest", query={"path": "notes.txt"})
    await stage.play("history.Archive.get", place, "latest")
    sides = {"from": newest - 1, "to": newest}
    await stage.play("history.Diff.get", place, query=sides)
    await stage.play("history.FileDiff.get", place, query={"path": "train.ipynb", **sides})
    back = {"version": newest - 1, "path": "notes.txt"}
    await stage.play("history.Restores.post", place, body=back)
    imported = archive(readme_md="# Imported\n")
    await stage.play("projects.Imports.post", body=imported, query={"name": "Imported"})
    return str(place)


async def _data(stage: Stage, root: Path, project: str) -> None:
    (root / "raw").mkdir()
    (root / "raw" / "sizes.csv").write_text("name,size\nshirt,3\nboot,5\n", encoding="utf-8")
    wanted = {
        "name": "sizes",
        "kind": "folder",
        "source": "raw",
        "licence": "CC-BY-4.0",
        "description": "Sizes of clothes",
    }
    made = await stage.play("datasets.Datasets.post", body=wanted)
    while (await stage.play("datasets.Dataset.get", made["id"]))["state"] == "copying":
        stage.played.pop("datasets.Dataset.get")
        await asyncio.sleep(0.02)
    await stage.play("datasets.Datasets.get", query={"q": "clothes"})
    await stage.play("datasets.DatasetFiles.get", made["id"])
    await stage.play("datasets.Preview.get", made["id"], query={"path": "sizes.csv"})
    await stage.play("datasets.Mounts.post", project, body={"dataset_id": made["id"]})
    await stage.play("datasets.Mounts.get", project)
    await stage.play("history.Versions.post", project, body={"message": "With data"})


async def _reproduce(stage: Stage, project: str) -> None:
    await stage.play("reproduce.Environment.get", project, "latest")
    begun = await stage.play("reproduce.Reproductions.post", project, body={"relative": 1e-5})
    name = "reproduce.Reproduction.get"
    while (await stage.play(name, project, begun["id"]))["state"] == "running":
        stage.played.pop(name)
        await asyncio.sleep(0.1)
    await stage.play("reproduce.Reproductions.get", project)
    await stage.play("reproduce.Reproduction.delete", project, begun["id"])


async def _share(stage: Stage, project: str, browser: Callable[[], Browser]) -> None:
    member = {"name": "Ana López", "role": "viewer"}
    added = await stage.play("sharing.Members.post", project, body=member)
    await stage.play("sharing.Member.patch", project, added["id"], body={"role": "editor"})
    await stage.play("sharing.Members.get", project)
    made = await stage.play("sharing.Links.post", project, body={"permission": "view", "days": 7})
    await stage.play("sharing.Links.get", project)
    stage.people["reader"] = browser()
    await stage.play("sharing.Openings.post", body={"token": made["token"]}, by="reader")
    await stage.play("sharing.Link.delete", project, made["link"]["id"])
    await stage.play("sharing.Publication.get", project)
    await stage.play("sharing.Publication.patch", project, body={"public": True})
    await stage.play("gallery.Gallery.get", query={"q": "fashion"}, by="reader")
    await stage.play("gallery.Star.put", project, by="ana")
    await stage.play("gallery.Star.get", project, by="reader")
    await stage.play("gallery.Star.delete", project, by="ana")
    await stage.play("audit.ProjectAudit.get", project)
    await stage.play("audit.Audit.get")


async def _fork(stage: Stage, root: Path, project: str) -> None:
    made = await stage.play("projects.Forks.post", project, body={"name": "My try"}, by="ana")
    await stage.play("projects.Forks.get", project)
    fork = made["project"]["id"]
    pushed = archive(train_ipynb=notebook("42\n"), mine_txt="mine\n")
    base = {"base": made["project"]["version"], "message": "My changes"}
    await stage.play("history.Pushes.post", fork, body=pushed, query=base, by="ana")
    origin = await stage.play("projects.Project.get", project)
    (root / origin["directory"] / "new.txt").write_text("new in the origin\n", encoding="utf-8")
    await stage.play("history.Versions.post", project, body={"message": "One file more"})
    await stage.play("history.Pulls.post", fork, body={}, by="ana")


async def _refused_save(stage: Stage, root: Path) -> None:
    """Two writers save one file; the one that started from an older state is refused."""
    host = stage.people["host"]

    async def save(text: str, base: str | None) -> Any:
        model = {"type": "file", "format": "text", "content": text}
        started = {} if base is None else {"base_hash": base}
        path = "api/contents/shared.txt"
        return await host.fetch("PUT", path, json.dumps(model | started).encode())

    for text in ("one\n", "two\n", "three\n"):
        first = json.loads((await save("start\n", None)).body)["hash"]
        assert (await save("newer\n", first)).code == 200
        assert (await save(text, first)).code == 409
    refused = (await stage.play("saving.RefusedSaves.get", query={"path": "shared.txt"}))["items"]
    await stage.play("saving.RefusedSave.get", refused[0]["id"])
    await stage.play("saving.RefusedSave.post", refused[0]["id"], body={"how": "beside"})
    await stage.play("saving.RefusedSave.delete", refused[1]["id"])
    assert len(list(root.glob("shared*.txt"))) == 2


async def _secrets(stage: Stage, project: str) -> None:
    await stage.play("secrets.Secret.put", "HF_TOKEN", body={"value": "the value of the token"})
    await stage.play("secrets.Secrets.get")
    await stage.play("secrets.Secret.delete", "HF_TOKEN")
    await stage.play("secrets.Findings.get", project, "latest")


async def _tidy_up(stage: Stage, project: str) -> None:
    data = (await stage.play("datasets.Mounts.get", project))["items"][0]
    await stage.play("datasets.Mount.delete", project, data["name"])
    await stage.play("datasets.Dataset.delete", data["dataset_id"])
    await stage.play("projects.Trash.put", project)
    await stage.play("projects.Trash.delete", project)
    people = await stage.play("people.Accounts.get")
    (ana,) = [person["id"] for person in people["items"] if person["kind"] == "account"]
    await stage.play("sharing.Member.delete", project, ana)
    await stage.play("projects.Trash.put", project)
    await stage.play("projects.Project.delete", project)
    await stage.play("people.Resets.post", ana)
    await stage.play("people.Account.delete", ana)
