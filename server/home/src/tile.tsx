// A tile's frame: what it is of, what it shows, where that comes from and how old it is.

import { type Answer, isOld, type Node, type Source } from "./answer";
import type { CityQuery } from "../generated/graphql";
import { Air, Events, Pollen, Waste } from "./city_tiles";
import { Icon } from "./icons";
import { detail, special } from "./screen";
import { Bikes, Departures, Disruptions, EventDates, Line, Menus, type Of, Parking, Pool, PublicPlace } from "./tiles";
import { age, clock, words } from "./words";

export interface Shown {
  id: string; // of its heading
  tile: string;
  answer: Answer | null;
  city: CityQuery | null; // names of sources and kinds, once they are known
  slug: string;
  now: number;
}

export function Tile({ id, tile, answer, city, slug, now }: Shown) {
  const { title, subtitle, icon } = heading(tile, answer, city);
  const fault = answer?.faults[tile];
  const node = answer?.nodes[tile];
  return (
    <>
      <header>
        {node?.__typename === "Route" ? <Line route={node} /> : <Icon name={icon} />}
        <div>
          <h2 id={id} lang={node ? "fr" : undefined}>{title}</h2>
          <p class="quiet">{subtitle || NOTHING_YET}</p>
        </div>
      </header>
      <div class="body">
        {answer && body(tile, answer, now)}
        {answer && node === null && !fault && special(tile) === null && <p>{words.gone}</p>}
        {fault && <p class="fault">{missing(fault, answer, city)}</p>}
      </div>
      {answer && <From sources={sources(tile, answer, slug)} city={city} now={now} />}
    </>
  );
}

const NOTHING_YET = "\u00a0"; // its line is there from the beginning, for nothing to move later

export function heading(tile: string, answer: Answer | null, city: CityQuery | null) {
  const label = (word: string) => city?.city?.kinds?.find((kind) => kind.word === word)?.label;
  switch (special(tile)) {
    case "air":
      return { icon: "air", title: words.air(answer?.city.air?.[0]?.communeName ?? null), subtitle: "" };
    case "pollen":
      return { icon: "air", title: words.pollen(answer?.city.pollen?.[0]?.communeName ?? null), subtitle: "" };
    case "events":
      return { icon: "events", title: words.events, subtitle: "" };
    case "waste":
      return {
        icon: "waste",
        title: words.waste,
        subtitle: answer?.city.collections?.address.label ?? detail(tile),
      };
  }
  const node = answer?.nodes[tile];
  if (!node) return { icon: "place", title: answer ? "—" : words.loading, subtitle: "" };
  if (node.__typename === "Route") {
    return { icon: "Route", title: node.longName ?? words.line(node.shortName ?? ""), subtitle: "" };
  }
  if (!("name" in node)) return { icon: "place", title: node.__typename, subtitle: "" };
  const where = node.__typename === "Stop"
    ? [direction(node) ?? words.departures, node.platformCode && words.platform(node.platformCode)].filter(Boolean).join(", ")
    : [node.address?.street, node.address?.city].filter(Boolean).join(", ") || label(node.kind);
  return { icon: node.__typename, title: node.name, subtitle: where ?? "" };
}

/** Where a platform's departures go, if that is one way: two platforms make a commute. */
function direction({ platformCode, departures }: Of<"Stop">) {
  const ends = new Set(departures?.map(({ headsign }) => headsign).filter((end) => end !== null));
  return platformCode && ends.size > 0 && ends.size <= 2 ? words.towards([...ends].join(", ")) : null;
}

function body(tile: string, answer: Answer, now: number) {
  switch (special(tile)) {
    case "air":
      return <Air air={answer.city.air} now={now} />;
    case "pollen":
      return <Pollen pollen={answer.city.pollen} now={now} />;
    case "events":
      return <Events events={answer.city.events} now={now} />;
    case "waste":
      return <Waste collections={answer.city.collections} now={now} />;
  }
  const node = answer.nodes[tile];
  if (!node || missingWhole(tile, answer)) return null;
  switch (node.__typename) {
    case "Stop":
      return <Departures stop={node} now={now} />;
    case "Route":
      return <Disruptions route={node} now={now} />;
    case "Pool":
      return <Pool pool={node} now={now} />;
    case "School":
      return <Menus school={node} now={now} />;
    case "VehicleRentalStation":
      return <Bikes station={node} />;
    case "VehicleParking":
      return <Parking parking={node} />;
    case "PublicPlace":
      return <PublicPlace place={node} now={now} />;
    case "Event":
      return <EventDates event={node} now={now} />;
    default:
      return null; // a plain place: its name, and where it is
  }
}

/** The thing itself is not there, and what we show of it is only its name. */
const missingWhole = (tile: string, answer: Answer) => answer.faults[tile]?.whole ?? false;

function missing(fault: { code: string; source: string | null }, answer: Answer | null, city: CityQuery | null) {
  if (fault.code === "NOT_OFFERED") return words.notOffered;
  if (fault.code === "BAD_USER_INPUT") return words.gone; // no id of ours
  const name = sourceNames(city)[fault.source ?? ""]?.name ?? fault.source ?? words.aSource;
  const since = answer?.sources[fault.source ?? ""]?.fetchedAt;
  return words.missing(name, since ? clock(since) : null);
}

/** What a kind of tile rests on besides the list that its thing is of. */
const BESIDES: Record<string, readonly string[]> = {
  Stop: ["departures", "stops.timetable"],
  Route: ["alerts"],
  Pool: ["pools"],
  School: ["menus"],
  air: ["air"],
  pollen: ["pollen"],
  events: ["events"],
  waste: ["waste"],
};

function sources(tile: string, answer: Answer, slug: string): Source[] {
  const node: Node | null | undefined = answer.nodes[tile];
  const wanted = (BESIDES[special(tile) ?? node?.__typename ?? ""] ?? []).map((name) => `${slug}/${name}`);
  const own = node && "source" in node ? node.source?.id : undefined;
  return Object.values(answer.sources).filter(
    ({ id }) => id === own || wanted.some((one) => id === one || id.startsWith(`${one}.`)),
  );
}

type Attributed = NonNullable<NonNullable<CityQuery["city"]>["services"]>[number]["sources"][number];

const sourceNames = (city: CityQuery | null): Record<string, Attributed> =>
  Object.fromEntries(
    (city?.city?.services ?? []).flatMap((service) => service.sources).map((one) => [one.id, one]),
  );

function From({ sources, city, now }: { sources: Source[]; city: CityQuery | null; now: number }) {
  const names = sourceNames(city);
  const worst = sources.find(({ state }) => state === "DOWN") ?? sources.find((source) => isOld(source, now));
  return (
    <footer>
      {worst && (
        <p class="stale">
          <Icon name="warning" />
          <span>
            {names[worst.id]?.name ?? worst.id}{" "}
            {worst.state === "DOWN"
              ? words.silent(worst.fetchedAt && clock(worst.fetchedAt))
              : words.stale(age(worst.fetchedAt ?? now, now))}
          </span>
        </p>
      )}
      <ul>
        {sources.map((source) => {
          const { name = source.id, url = null, attribution = null } = names[source.id] ?? {};
          return (
            <li key={source.id} title={attribution ?? undefined}>
              {url ? <a href={url} rel="noopener" lang="fr">{name}</a> : <span>{name}</span>}
              {source.fetchedAt && (
                <time dateTime={source.fetchedAt}>{age(source.fetchedAt, now)}</time>
              )}
            </li>
          );
        })}
        {[...new Set(sources.map(({ licence }) => licence))].map(
          (licence) => licence && <li key={licence}>{licence}</li>,
        )}
      </ul>
    </footer>
  );
}
