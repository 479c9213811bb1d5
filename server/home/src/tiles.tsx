// Tiles: what each kind of thing shows. Times are words of now, so they are written anew as it goes on.

import type { ComponentChildren } from "preact";

import type { Node } from "./answer";
import { Icon } from "./icons";
import { capital, clock, day, moment, number, today, words } from "./words";

export type Of<Kind extends Node["__typename"]> = Extract<Node, { __typename: Kind }>;

const SHOWN = 4; // departures
const GONE_MS = 30_000; // after which one that was to leave has left

export function Departures({ stop, now }: { stop: Of<"Stop">; now: number }) {
  const coming = (stop.departures ?? [])
    .filter(({ expectedAt }) => new Date(expectedAt).getTime() > now - GONE_MS)
    .slice(0, SHOWN);
  return (
    <>
      <ol class="departures">
        {coming.map((one) => (
          <li key={`${one.route?.shortName} ${one.headsign} ${one.expectedAt}`}>
            <Line route={one.route} />
            <span class="where" lang="fr">{one.headsign}</span>
            <When at={one.expectedAt} realtime={one.realtime} atStop={one.atStop} now={now} />
          </li>
        ))}
        {stop.departures && !coming.length && <li class="quiet">{words.none}</li>}
      </ol>
      <Access possible={boarding(stop.wheelchairBoarding)} />
      {stop.alerts?.map(({ id, header }) => header && <Warning key={id}>{header}</Warning>)}
    </>
  );
}

function When({ at, realtime, atStop, now }: { at: string; realtime: boolean; atStop: boolean; now: number }) {
  const minutes = Math.floor((new Date(at).getTime() - now) / 60_000);
  const soon = minutes < 60;
  const shown = atStop ? words.atStop : minutes < 1 ? words.close_ : soon ? words.inMinutes(minutes) : clock(at);
  return (
    <time class={realtime ? "when realtime" : "when"} dateTime={at} title={clock(at)}>
      <span aria-hidden="true">{shown}</span>
      <span class="aloud">
        {atStop || minutes < 1 || !soon ? shown : words.minutesAloud(minutes)},{" "}
        {realtime ? words.realtime : words.planned}
      </span>
    </time>
  );
}

interface Named {
  shortName: string | null;
  color: string | null;
  textColor: string | null;
}

export function Line({ route }: { route: Named | null }) {
  if (!route?.shortName) return <span class="line" />;
  const colours = route.color
    ? { backgroundColor: `#${route.color}`, color: `#${route.textColor}` }
    : {};
  return (
    <span class="line" style={colours}>
      {route.shortName}
    </span>
  );
}

export function Opening({ of, now }: { of: Of<"Pool"> | Of<"PublicPlace">; now: number }) {
  const hours = of.hours?.[0];
  return (
    <>
      {of.openNow !== null && (
        <p class={of.openNow ? "big yes" : "big no"}>
          {of.openNow
            ? words.open(of.closesAt && moment(of.closesAt, now))
            : words.closed(of.opensAt && moment(of.opensAt, now))}
        </p>
      )}
      <p>
        {!hours || hours.closed === null
          ? words.hoursUnknown
          : hours.closed
            ? words.closedToday
            : `${words.hoursToday} ${hours.timeSpans.map(({ from, to }) => `${from}–${to}`).join(", ")}`}
        {hours?.reason && <span class="quiet"> ({hours.reason})</span>}
      </p>
    </>
  );
}

export function Pool({ pool, now }: { pool: Of<"Pool">; now: number }) {
  const { current, capacity } = pool.attendance ?? {};
  return (
    <>
      <Opening of={pool} now={now} />
      {typeof current === "number" && <p>{words.people(current, capacity ?? null)}</p>}
      <Access possible={pool.wheelchairAccessible} />
    </>
  );
}

export function Menus({ school, now }: { school: Of<"School">; now: number }) {
  const coming = school.menus?.filter(({ date }) => date >= today(now));
  if (!coming) return null;
  const [first, ...after] = coming;
  if (!first) return <p class="quiet">{words.noMenu}</p>;
  return (
    <>
      <h3>{words.menuOf(day(first.date, now))}</h3>
      <Courses menu={first} />
      {after.length > 0 && (
        <details>
          <summary>{words.week}</summary>
          {after.map((menu) => (
            <div key={menu.id}>
              <h3>{capital(day(menu.date, now))}</h3>
              <Courses menu={menu} />
            </div>
          ))}
        </details>
      )}
    </>
  );
}

type Menu = NonNullable<Of<"School">["menus"]>[number];

function Courses({ menu }: { menu: Menu }) {
  const dishes = menu.courses.flatMap((course) => course.dishes);
  return (
    <ul class="dishes" lang="fr">
      {dishes.map(({ name, labels }) => (
        <li key={name}>
          {name}
          {labels.filter((label) => !name.toLowerCase().includes(label.toLowerCase())).map((label) => (
            <span key={label} class="tag">{label}</span>
          ))}
        </li>
      ))}
    </ul>
  );
}

export function Bikes({ station }: { station: Of<"VehicleRentalStation"> }) {
  if (station.operative === false) return <p class="big no">{words.outOfService}</p>;
  const bikes = station.availableVehicles?.total;
  const spaces = station.availableSpaces;
  return (
    <>
      <dl class="counts">
        <Count value={bikes}>{words.bikes(bikes ?? 0)}</Count>
        <Count value={spaces}>{words.spaces(spaces ?? 0)}</Count>
      </dl>
      {!station.realtime && <p class="quiet">{words.notLately}</p>}
    </>
  );
}

function Count({ value, children }: { value: number | null | undefined; children: ComponentChildren }) {
  return (
    <div>
      <dt>{children}</dt>
      <dd>{typeof value === "number" ? number(value) : "–"}</dd>
    </div>
  );
}

export function Parking({ parking }: { parking: Of<"VehicleParking"> }) {
  const free = parking.availability?.carSpaces;
  const wheelchair = parking.availability?.wheelchairAccessibleCarSpaces;
  const shut = parking.state !== "OPEN" && parking.state !== "UNKNOWN";
  return (
    <>
      {typeof free === "number" && !shut ? (
        <dl class="counts">
          <Count value={free}>{words.carSpaces(free, parking.spaces.carSpaces)}</Count>
        </dl>
      ) : (
        <p class={shut ? "big no" : "big"}>{words.parking[parking.state]}</p>
      )}
      {typeof free !== "number" && !shut && <p class="quiet">{words.notCounted}</p>}
      {typeof wheelchair === "number" && <p>{words.wheelchairSpaces(wheelchair)}</p>}
    </>
  );
}

export function Disruptions({ route, now }: { route: Of<"Route">; now: number }) {
  if (!route.alerts?.length) return route.alerts && <p class="big yes">{words.calm}</p>;
  return (
    <ul class="plain">
      {route.alerts.map((alert) => (
        <li key={alert.id}>
          {alert.status === "ACTIVE" && <Warning>{alert.header ?? words.disturbed}</Warning>}
          {alert.status !== "ACTIVE" && <p class="strong">{alert.header}</p>}
          {alert.description && alert.description !== alert.header && <p lang="fr">{alert.description}</p>}
          <p class="quiet">
            {alert.status === "ACTIVE"
              ? alert.effectiveEnd && capital(words.until(moment(alert.effectiveEnd, now)))
              : alert.effectiveStart && capital(words.from(moment(alert.effectiveStart, now)))}
          </p>
        </li>
      ))}
    </ul>
  );
}

export function PublicPlace({ place, now }: { place: Of<"PublicPlace">; now: number }) {
  return (
    <>
      {(place.openNow !== null || place.hours) && <Opening of={place} now={now} />}
      <ul class="plain">
        {place.phone && <li><a href={`tel:${place.phone.replace(/\s/g, "")}`}>{place.phone}</a></li>}
        {place.details.slice(0, 4).map(({ label, value }) => (
          <li key={label} lang="fr"><span class="quiet">{label}</span> {value}</li>
        ))}
        {web(place.website) && <li><a href={place.website ?? ""} rel="noopener">{host(place.website)}</a></li>}
      </ul>
      <Access possible={place.wheelchairAccessible} />
    </>
  );
}

export function EventDates({ event, now }: { event: Of<"Event">; now: number }) {
  const next = event.nextOccurrence;
  return (
    <>
      {next && <p class="big">{capital(next.allDay ? day(next.start, now) : moment(next.start, now))}</p>}
      {web(event.url) && <p><a href={event.url ?? ""} rel="noopener">{host(event.url)}</a></p>}
      <Access possible={event.wheelchairAccessible} />
    </>
  );
}

export function Access({ possible }: { possible: boolean | null }) {
  if (possible === null) return null;
  return (
    <p class="access">
      <Icon name={possible ? "wheelchair" : "warning"} />
      {possible ? words.stepFree : words.notStepFree}
    </p>
  );
}

export function Warning({ children }: { children: ComponentChildren }) {
  return (
    <p class="warning">
      <Icon name="warning" />
      <span lang="fr">{children}</span>
    </p>
  );
}

const boarding = (of: Of<"Stop">["wheelchairBoarding"]) =>
  of === "NO_INFORMATION" ? null : of === "POSSIBLE";

/** Addresses come from sources: nothing but the web is linked. */
const web = (url: string | null) => url !== null && /^https?:\/\//.test(url);
const host = (url: string | null) => (url ? new URL(url).hostname.replace(/^www\./, "") : "");

