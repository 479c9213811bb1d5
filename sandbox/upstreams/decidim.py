"""Decidim: a city's platform of participation, by its GraphQL API, as it is queried by anyone.

Habits kept: lists of processes are plain, those of proposals are pages with cursors that count;
texts hold HTML that nobody escaped; no such process is a null without an error; one proposal's
votes cannot be told, which is an error beside the rest; mistakes in a question come inside a 200.
"""

from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, build_schema, graphql_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.outside import Outside, Upstream

DECIDIM = "/participer.estuaire.example/api"
UPSTREAMS = {
    "estuaire.participation": Upstream(
        "what a made-up commune asks its people (Decidim)", f"POST {DECIDIM}"
    )
}
MOST_OF_A_PAGE = 50
SCHEMA = """
type Query {
  participatoryProcesses: [ParticipatoryProcess!]!
  participatoryProcess(slug: String): ParticipatoryProcess
  decidim: Decidim
}
type Decidim { version: String }
type ParticipatoryProcess {
  id: ID!
  slug: String!
  title: TranslatedField!
  subtitle: TranslatedField
  description: TranslatedField
  startDate: String
  endDate: String
  publishedAt: String
  components: [ComponentInterface!]
}
type TranslatedField {
  translation(locale: String!): String
  translations: [LocalizedString!]
}
type LocalizedString { locale: String! text: String }
interface ComponentInterface { id: ID! name: TranslatedField! }
type Pages implements ComponentInterface { id: ID! name: TranslatedField! }
type Proposals implements ComponentInterface {
  id: ID!
  name: TranslatedField!
  proposals(first: Int, after: String): ProposalConnection
}
type ProposalConnection { edges: [ProposalEdge] nodes: [Proposal] pageInfo: PageInfo! }
type ProposalEdge { node: Proposal cursor: String! }
type PageInfo { endCursor: String hasNextPage: Boolean! }
type Proposal {
  id: ID!
  title: TranslatedField!
  body: TranslatedField
  answer: TranslatedField
  state: String
  voteCount: Int
  address: String
  coordinates: Coordinates
  publishedAt: String
  author: Author
}
type Coordinates { latitude: Float longitude: Float }
type Author { name: String! }
"""
Json = dict[str, Any]
Info = GraphQLResolveInfo[Any]

# Of each process: slug, titles, what it is about, first and last day counted from the world's own.
PROCESSES = (
    (
        "budget-participatif",
        {"fr": "Budget participatif", "en": "Participatory budget"},
        "<p>100&nbsp;000&nbsp;€ pour <strong>vos idées</strong>.</p><p>Déposez, votez&nbsp;!</p>",
        (-30, 20),
        (
            ("Des bancs à l'ombre place du Marché", "accepted", 212, (47.2861, -1.7521)),
            ("Une boîte à livres à l'arrêt Mairie", "accepted", 148, (47.2874, -1.7549)),
            ("Un composteur rue des Lilas", "evaluating", 97, (47.2849, -1.7478)),
            ("Éteindre l'éclairage public à minuit", None, 76, None),
            ("Une fontaine au parc de la Loire", None, "untold", (47.2832, -1.7603)),
            ("Un manège gratuit toute l'année", "rejected", 12, None),
        ),
    ),
    (
        "plan-velo",
        {"fr": "Plan vélo : vos trajets", "en": "Cycling plan: your journeys"},
        "<script>alert('vélo')</script><ul><li>Où manque-t-il une piste&nbsp;?</li></ul>",
        (10, 60),
        (),
    ),
    (
        "place-du-marche",
        {"fr": "La place du Marché de demain"},
        "Merci à tous pour vos réponses.",
        (-200, -120),
        (("Garder les tilleuls", "accepted", 64, (47.2860, -1.7519)),),
    ),
)


def told(now: datetime) -> list[Json]:
    """Every process, with its components."""
    today = now.date()
    processes = []
    for number, (slug, titles, about, (first, last), proposals) in enumerate(PROCESSES, 1):
        start, end = today + timedelta(days=first), today + timedelta(days=last)
        listed = [proposal(f"{number}{n:02}", start, *one) for n, one in enumerate(proposals, 1)]
        components: list[Json] = [
            {"__typename": "Pages", "id": f"{number}0", "name": text("Comment ça marche")},
            {
                "__typename": "Proposals",
                "id": f"{number}1",
                "name": text("Propositions"),
                "listed": listed,
            },
        ]
        processes.append(
            {
                "id": str(number),
                "slug": slug,
                "title": texts(titles),
                "subtitle": text("Ville d'Estuaire"),
                "description": text(about),
                "startDate": start.isoformat(),
                "endDate": end.isoformat(),
                "publishedAt": f"{start - timedelta(days=7)}T09:00:00+01:00",
                "components": components if proposals else components[:1],
            }
        )
    return processes


def proposal(number: str, start: Any, title: str, state: Any, votes: Any, where: Any) -> Json:
    """One proposal, with who made it, whom nobody else needs to know."""
    published = start + timedelta(days=int(number[-2:]))
    return {
        "id": number,
        "title": text(title),
        "body": text(f"<p>{title}, <em>pour que chacun en profite</em>.<br>Merci&nbsp;!</p>"),
        "answer": text("<p>La ville retient cette idée.</p>") if state == "accepted" else None,
        "state": state,
        "votes": votes,
        "address": "Estuaire" if where else None,
        "coordinates": {"latitude": where[0], "longitude": where[1]} if where else None,
        "publishedAt": f"{published}T18:30:00+01:00",
        "author": {"name": "Camille Riverain"},
    }


def text(said: str) -> Json:
    return texts({"fr": said})


def texts(said: dict[str, str]) -> Json:
    return {"said": said}


def _translation(field: Json, _: Info, locale: str) -> str | None:
    said: dict[str, str] = field["said"]
    return said.get(locale)


def _translations(field: Json, _: Info) -> list[Json]:
    return [{"locale": locale, "text": said} for locale, said in field["said"].items()]


def _page(component: Json, _: Info, first: int | None = None, after: str | None = None) -> Json:
    """Cursors are how many came before, in base64 without its padding: `Mw` is after the third."""
    start = int(b64decode(after + "=" * (-len(after) % 4))) if after else 0
    end = start + min(first or MOST_OF_A_PAGE, MOST_OF_A_PAGE)
    some = component["listed"][start:end]
    last = _cursor(start + len(some)) if some else None
    return {
        "edges": [{"node": one, "cursor": _cursor(start + n)} for n, one in enumerate(some, 1)],
        "nodes": some,
        "pageInfo": {"endCursor": last, "hasNextPage": end < len(component["listed"])},
    }


def _cursor(count: int) -> str:
    return b64encode(str(count).encode()).decode().rstrip("=")


def _votes(one: Json, _: Info) -> int:
    votes = one["votes"]
    if not isinstance(votes, int):
        raise GraphQLError("The votes of this proposal are being counted")
    return votes


def _process(root: Json, _: Info, slug: str | None = None) -> Json | None:
    return next((one for one in root["participatoryProcesses"] if one["slug"] == slug), None)


SERVED = build_schema(SCHEMA)
for _type, _field, _resolve in (
    ("TranslatedField", "translation", _translation),
    ("TranslatedField", "translations", _translations),
    ("Proposals", "proposals", _page),
    ("Proposal", "voteCount", _votes),
    ("Query", "participatoryProcess", _process),
):
    SERVED.get_type(_type).fields[_field].resolve = _resolve  # type: ignore[union-attr]


def answer(question: Json, now: datetime, fault: Fault) -> Json:
    """What the platform says to one question."""
    if fault.renames:
        said = "Field 'participatoryProcesses' doesn't exist on type 'Query'"
        return {"errors": [{"message": said, "path": ["query", "participatoryProcesses"]}]}
    root = {
        "participatoryProcesses": list(fault.rows(told(now))),
        "decidim": {"version": "0.29.1"},
    }
    result = graphql_sync(
        SERVED, str(question.get("query")), root, variable_values=question.get("variables")
    )
    return dict(result.formatted)


def routes(outside: Outside) -> list[Route]:
    """The one address that all questions are posted to."""

    async def endpoint(request: Request) -> Response:
        question = await request.json()

        async def said(now: datetime, fault: Fault) -> Response:
            return JSONResponse(answer(question, now, fault))

        return await outside.call(request, "estuaire.participation", said)

    return [Route(DECIDIM, endpoint, methods=["POST"])]
