// Tiles of what a city has one of: its air, what is on, when bins are emptied.

import type { Answer } from "./answer";
import { Warning } from "./tiles";
import { capital, day, moment, words } from "./words";

type City = Answer["city"];

export function Air({ air, now }: { air: City["air"]; now: number }) {
  const [first] = air ?? [];
  if (!first) return air ? <p class="quiet">{words.noAir}</p> : null;
  return (
    <>
      {(air ?? []).map((one) => (
        <p key={one.date} class={one === first ? "big" : ""}>
          <span class="scale" data-index={one.index} aria-hidden="true" />
          {one.index ? words.airIndex[one.index] : words.noAir}
          <span class="quiet">, {day(one.date, now)}</span>
        </p>
      ))}
      <dl class="pollutants">
        {([["NO₂", first.no2], ["O₃", first.o3], ["PM10", first.pm10], [words.fineParticles, first.pm25], ["SO₂", first.so2]] as const).map(
          ([name, index]) =>
            index && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{words.airIndex[index]}</dd>
              </div>
            ),
        )}
      </dl>
      {first.publisher && <p class="quiet">{first.publisher}</p>}
    </>
  );
}

export function Pollen({ pollen, now }: { pollen: City["pollen"]; now: number }) {
  const [first] = pollen ?? [];
  if (!first) return pollen ? <p class="quiet">{words.noAir}</p> : null;
  return (
    <>
      {(pollen ?? []).map((one) => (
        <p key={one.date} class={one === first ? "big" : ""}>
          {one.index ? words.pollenIndex[one.index] : words.noAir}
          <span class="quiet">, {day(one.date, now)}</span>
        </p>
      ))}
      <dl class="pollutants">
        {first.taxa.map(
          ({ taxon, index }) =>
            index && (
              <div key={taxon}>
                <dt>{words.taxon[taxon]}</dt>
                <dd>{words.pollenIndex[index]}</dd>
              </div>
            ),
        )}
      </dl>
      {first.alert && <Warning>{words.pollenAlert}</Warning>}
      {first.publisher && <p class="quiet">{first.publisher}</p>}
    </>
  );
}

export function Events({ events, now }: { events: City["events"]; now: number }) {
  if (!events) return null;
  if (!events.nodes.length) return <p class="quiet">{words.noEvents}</p>;
  return (
    <ul class="events">
      {events.nodes.map(({ id, name, url, address, nextOccurrence: next }) => (
        <li key={id}>
          <span lang="fr">
            {url && /^https?:\/\//.test(url) ? <a href={url} rel="noopener">{name}</a> : name}
          </span>
          <span class="quiet">
            {[
              next && capital(next.allDay ? day(next.start, now) : moment(next.start, now)),
              address?.city,
            ]
              .filter(Boolean)
              .join(" · ")}
          </span>
        </li>
      ))}
    </ul>
  );
}

export function Waste({ collections, now }: { collections: City["collections"]; now: number }) {
  if (!collections) return null;
  if (!collections.streams.length) return <p class="quiet">{words.noWaste}</p>;
  return (
    <ul class="events">
      {collections.streams.map((one) => (
        <li key={`${one.stream} ${one.asGiven} ${one.appliesTo}`}>
          <span>
            {words.wasteStream[one.stream]}
            {one.dropOff && <span class="quiet"> ({words.dropOff})</span>}
            {one.certainty === "POSSIBLE" && <span class="quiet"> ({words.perhaps})</span>}
          </span>
          <span class="quiet">
            {one.nextDates.length
              ? capital(one.nextDates.map(({ date }) => day(date, now)).join(", "))
              : one.asGiven}
          </span>
          {one.nextDates.map(
            ({ date, publicHoliday }) =>
              publicHoliday && <Warning key={date}>{words.holiday(publicHoliday)}</Warning>,
          )}
        </li>
      ))}
    </ul>
  );
}
