// The directions of a stop: each of its quays, told by what leaves there next.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { DirectionsDocument } from "../generated/graphql";
import { ask } from "./client";
import { words } from "./words";

interface Direction {
  id: string;
  about: string;
}

interface Props {
  stop: string;
  children: (tile: string, about: string) => ComponentChildren;
}

export function Directions({ stop, children }: Props) {
  const [found, setFound] = useState<Direction[] | null>(null);
  return (
    <details onToggle={({ currentTarget }) => currentTarget.open && !found && void directions(stop).then(setFound)}>
      <summary>{words.directions}</summary>
      <ul class="offers">
        {found?.map(({ id, about }) => (
          <li key={id} class="offer">
            <span lang="fr">{about}</span>
            {children(id, about)}
          </li>
        ))}
      </ul>
    </details>
  );
}

async function directions(stop: string): Promise<Direction[]> {
  const { data } = await ask(DirectionsDocument, { stop });
  const quays = (data?.stop?.quays ?? []).map(({ id, platformCode, departures }) => {
    const towards = new Set(
      departures?.map(({ route, headsign }) => `${route?.shortName ?? ""} → ${headsign ?? ""}`),
    );
    const where = [...towards].slice(0, 3).join(", ");
    return { id, about: where || (platformCode ? words.platform(platformCode) : "") };
  });
  return quays.filter(({ about }) => about);
}
