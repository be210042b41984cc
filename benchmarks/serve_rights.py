"""Rights: 50 people, 2,000 documents with a canary each, 5,000 searches.

    python benchmarks/serve_rights.py [--users 50] [--documents 2000] [--queries 5000]

Documents belong to people, to groups, to everyone, or are restricted within a shared collection;
each holds a word of its own. Every search is done in somebody's rights, in all three modes in turn,
half of them for a canary that the asker may read and half for one that they may not. Counted: hits
of documents that they may not read (by a model of the rights that is computed here from the grants,
without the program's conditions), and recall of their own against an index that holds only what
they may read. The same is asked of the HTTP search for a sample.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

import httpx
from servers import PLAIN, serving

from genwright.access import create_key, create_user, grants
from genwright.access.people import create_group, join
from genwright.documents import Extract
from genwright.library.ingest import DocumentIngester
from genwright.library.prefetch import ParsedDocument
from genwright.library.search import find_passages
from genwright.retrieval import Scope
from genwright.runtime import Runtime
from genwright.storage import Document
from genwright.types import EVERYONE, OWNER, Principal
from genwright.workspace import create_workspace, open_workspace

MODES = ("keyword", "vector", "hybrid")
GROUPS = 8
OVERRIDES = {"embedding": {"model": "hashing"}, "answer": {"model": "scripted"}}


class Team:
    """People, documents, and who may read which."""

    def __init__(self, runtime: Runtime, users: int, documents: int) -> None:
        self.runtime, self.rng = runtime, random.Random(7)
        self.names = [f"user{number:02}" for number in range(users)]
        self.groups = {name: set() for name in (f"team{number}" for number in range(GROUPS))}
        database = runtime.database
        for group in self.groups:
            create_group(database, OWNER, group)
        for name in self.names:
            create_user(database, OWNER, name, role="editor")
            for group in self.rng.sample(sorted(self.groups), 2):
                join(database, OWNER, group, name)
                self.groups[group].add(name)
        self.readers: dict[int, set[str]] = {}
        self.word: dict[int, str] = {}
        self._fill(documents)

    def principal(self, name: str) -> Principal:
        """Whom a user acts as."""
        mine = (f"group:{group}" for group, members in self.groups.items() if name in members)
        return Principal(name, (EVERYONE, *mine), "editor")

    def _fill(self, documents: int) -> None:
        shared, plans = self._shared_collections(), []
        for number in range(documents):
            owner = self.rng.choice(self.names)
            kind = self.rng.random()
            collection, readers = f"private-{owner}", {owner}
            if kind < 0.5:
                collection, group = self.rng.choice(shared[owner])
                readers = group | {owner}
            plans.append((number, owner, collection, readers, kind))
        for owner, collection in sorted({(plan[1], plan[2]) for plan in plans}):
            self._store(
                owner, collection, [plan for plan in plans if plan[1:3] == (owner, collection)]
            )

    def _store(self, owner: str, collection: str, plans: list[tuple]) -> None:
        """Put documents in at once: reading files is not what is measured here."""
        database, items, words = self.runtime.database, [], {}
        for number, *_ in plans:
            word = f"canary{number:05}x{self.rng.randrange(10**6)}"
            text = f"Report {number}. The {word} is kept in hall {number % 17}, inspected weekly."
            words[f"report-{number}.txt"] = word
            extract = Extract(text=text, title="", format="text")
            items.append(ParsedDocument(f"report-{number}.txt", f"{number:064}", extract))
        DocumentIngester(self.runtime.act_for(self.principal(owner)), collection).store(items)
        with database.read(OWNER) as session:
            ids = {row.source: row.id for row in session.query(Document) if row.source in words}
        for number, _, _, first, kind in plans:
            readers = first
            source = f"report-{number}.txt"
            target = grants.GrantTarget("document", ids[source])
            if kind < 0.08:
                grants.restrict(database, OWNER, target.id, True)
                readers = {owner}
            if kind > 0.9:
                other = self.rng.choice(self.names)
                grants.grant(database, OWNER, other, target)
                readers = readers | {other}
            self.readers[target.id], self.word[target.id] = readers, words[source]

    def _shared_collections(self) -> dict[str, list[tuple[str, set[str]]]]:
        """For each user, the collections they may fill, with those who may read them."""
        database, found = self.runtime.database, {name: [] for name in self.names}
        for group, members in self.groups.items():
            name = f"of-{group}"
            with database.write(OWNER) as session:
                from genwright.storage import Collection

                row = Collection(name=name, owner="owner")
                session.add(row)
                session.flush()
                target = grants.GrantTarget("collection", row.id)
            grants.grant(database, OWNER, f"group:{group}", target, "write")
            for member in members:
                found[member].append((name, set(members)))
        return found


def search_all(team: Team, queries: int) -> None:
    """Search in process, count, print."""
    rng, foreign, own_found, own_asked = random.Random(3), 0, 0, 0
    by_user = {
        name: [id_ for id_, readers in team.readers.items() if name in readers]
        for name in team.names
    }
    acting = {name: team.runtime.act_for(team.principal(name)) for name in team.names}
    began = time.perf_counter()
    for number in range(queries):
        name = team.names[number % len(team.names)]
        mine = number % 2 == 0
        pool = by_user[name] if mine else sorted(team.readers.keys() - set(by_user[name]))
        target = rng.choice(pool)
        query = f"Where is the {team.word[target]} kept?"
        hits = find_passages(acting[name], query, k=10, mode=MODES[number % 3], scope=Scope())
        foreign += sum(name not in team.readers[hit.document] for hit in hits)
        if mine and MODES[number % 3] != "vector":
            own_asked += 1
            own_found += any(hit.document == target for hit in hits)
    seconds = time.perf_counter() - began
    print(f"{queries} searches, {seconds / queries * 1000:.1f} ms each: {foreign} foreign passages")
    print(f"own canary among the first 10 (keyword, hybrid): {own_found / own_asked:.4f}")


def recall_of_private(team: Team, people: int) -> None:
    """Compare with an index of only what somebody may read, for some of the people."""
    same, total = 0, 0
    for name in team.names[:people]:
        with tempfile.TemporaryDirectory() as folder:
            workspace = open_workspace(create_workspace(Path(folder)), OVERRIDES)
            with Runtime(workspace) as private:
                texts = {}
                with team.runtime.database.read(OWNER) as session:
                    for id_, readers in team.readers.items():
                        if name in readers:
                            texts[session.get(Document, id_).source] = session.get(
                                Document, id_
                            ).text
                DocumentIngester(private, "all").store(
                    ParsedDocument(source, source.ljust(64, "0")[:64], Extract(text, "", "text"))
                    for source, text in texts.items()
                )
                shared = team.runtime.act_for(team.principal(name))
                for number in range(10):
                    query = f"hall {number} inspected weekly report"
                    alone = find_passages(private, query, k=10, mode="vector", scope=Scope())
                    among = find_passages(shared, query, k=10, mode="vector", scope=Scope())
                    # Equal scores may come in another order: what counts is how good they are.
                    best = [round(hit.score, 5) for hit in alone]
                    found = [round(hit.score, 5) for hit in among]
                    total += len(best)
                    same += sum(a == b for a, b in zip(best, found, strict=False))
            workspace.close()
    print(f"vector search as good as a private index: {same / total:.4f} of {total} places")


def over_http(team: Team, root: Path, queries: int) -> None:
    """The same through the API, for some."""
    database = team.runtime.database
    keys = {name: create_key(database, OWNER, name, "bench")[1] for name in team.names[:10]}
    rng, foreign, listed = random.Random(5), 0, 0
    with serving({**PLAIN}, workspace=root) as server, httpx.Client(base_url=server.url) as client:
        for number in range(queries):
            name = team.names[number % 10]
            headers = {"authorization": f"Bearer {keys[name]}"}
            stores = client.get("/v1/vector_stores?limit=100", headers=headers).json()["data"]
            target = rng.choice(sorted(team.readers))
            for store in stores[:3]:
                reply = client.post(
                    f"/v1/vector_stores/{store['id']}/search",
                    json={"query": f"Where is the {team.word[target]}?"},
                    headers=headers,
                )
                for row in reply.json()["data"]:
                    listed += 1
                    foreign += name not in team.readers[row["x_genwright"]["document"]]
    print(f"over HTTP: {listed} hits of {queries} people's searches, {foreign} foreign")


def main() -> None:
    """Parse, make a team, search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=5000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = create_workspace(Path(folder) / "workspace")
        workspace = open_workspace(root, OVERRIDES)
        with Runtime(workspace) as runtime:
            began = time.perf_counter()
            team = Team(runtime, options.users, options.documents)
            seconds = time.perf_counter() - began
            print(f"{options.documents} documents of {options.users} people in {seconds:.0f} s")
            search_all(team, options.queries)
            recall_of_private(team, 5)
            over_http(team, root, 100)
        workspace.close()


if __name__ == "__main__":
    main()
