"""Reports: what a city lists of them, and what can be reported."""

from pathlib import Path

from tests.reports.city import City, visit


def test_what_is_listed_and_nobodys_number_with_it(tmp_path: Path) -> None:
    query = """{
      reports { totalCount nodes {
        number state name serviceCode description reportedAt position { lat }
        address { street } kind
      } }
      closed: reports(state: CLOSED) { totalCount }
      near: reports(near: { lat: 47.2144, lon: -1.5584, within: 50 }) { nodes { number } }
      reportServices { code name group needsDetails }
    }"""

    async def use(city: City) -> None:
        answer = await city.server.ask(query)
        assert "errors" not in answer
        data = answer["data"]
        assert data["reports"]["totalCount"] == 2
        newest, oldest = data["reports"]["nodes"]
        assert (newest["number"], newest["state"]) == ("998-2026", "OPEN")
        assert newest["reportedAt"] == "2026-11-23T08:05:00+01:00"
        assert oldest["serviceCode"] == "001"
        assert oldest["description"] == "Un canapé devant le 12. Appelez-moi : …, …"
        assert oldest["address"]["street"] == "12 rue Crébillon, 44000 Nantes"
        assert oldest["position"] == {"lat": 47.21309}
        assert data["closed"]["totalCount"] == 1
        assert [one["number"] for one in data["near"]["nodes"]] == ["998-2026"]
        assert data["reportServices"][0] == {
            "code": "001",
            "name": "Dépôt sauvage",
            "group": "Propreté",
            "needsDetails": False,
        }

    visit(tmp_path, use)


def test_a_listed_report_is_found_by_its_id(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        answer = await city.server.ask("{ reports(first: 1) { nodes { id number } } }")
        [listed] = answer["data"]["reports"]["nodes"]
        assert (await city.state(listed["id"]))["number"] == listed["number"]
        answer = await city.server.ask(
            "query ($id: ID!) { node(id: $id) { ... on Report { number source { id } } } }",
            {"id": listed["id"]},
        )
        assert answer["data"]["node"]["source"] == {"id": "estuaire/reports"}

    visit(tmp_path, use)


def test_only_what_is_open_is_on_the_map(tmp_path: Path) -> None:
    query = '{ nearest(lat: 47.2137, lon: -1.5596, kinds: ["report"], within: 1000) '
    query += "{ nodes { place { name ... on Report { number } } } } }"

    async def use(city: City) -> None:
        answer = await city.server.ask(query)
        assert "errors" not in answer, answer
        found = [one["place"] for one in answer["data"]["nearest"]["nodes"]]
        assert found == [{"name": "Éclairage public", "number": "998-2026"}]

    visit(tmp_path, use)
