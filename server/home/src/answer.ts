// An answer: what is known of a screen's tiles, where it comes from, and what is missing.

import type { HomeQuery, HomeUpdatesSubscription, TileFragment } from "../generated/graphql";
import { ids, type Screen, special } from "./screen";

export type Node = TileFragment;

export interface Source {
  id: string;
  state: string; // LIVE, STALE, DOWN… as `SourceState` has it
  fetchedAt: string | null;
  licence: string | null;
  staleFrom: number | null; // since when we see that it is not read again
}

/** Why a tile, or a part of it, is missing. */
export interface Fault {
  code: string;
  source: string | null;
  whole: boolean; // the thing itself, and not a part of it
}

export interface Answer {
  at: number; // when it came, by this device's clock
  screen: Screen;
  nodes: Record<string, Node | null>;
  city: Omit<HomeQuery, "nodes">;
  faults: Record<string, Fault>; // by tile
  sources: Record<string, Source>;
}

export interface Failure {
  path?: readonly (string | number)[] | undefined;
  extensions?: Record<string, unknown> | undefined;
}

export interface Told {
  errors: readonly Failure[];
  extensions: Record<string, unknown> | undefined;
}

/** The whole screen, as the query answered it. */
export function whole(screen: Screen, data: HomeQuery, told: Told, before: Answer | null): Answer {
  const { nodes, ...city } = data;
  const asked = ids(screen);
  const tileAt = (path: Failure["path"]) =>
    path?.[0] === "nodes" ? asked[Number(path[1])] : singleTile(screen, String(path?.[0]));
  const faults = faultsBy(told.errors, tileAt);
  const found = asked.map((id, at) => [id, known(nodes[at] ?? null, faults[id], before?.nodes[id])]);
  return {
    at: Date.now(),
    screen,
    nodes: Object.fromEntries(found),
    city,
    faults,
    sources: sources(told, before?.sources ?? {}),
  };
}

/** The same with the news of its things. */
export function updated(answer: Answer, data: HomeUpdatesSubscription, told: Told): Answer {
  const entries = data.nodes ?? [];
  const faults = faultsBy(told.errors, (path) => entries[Number(path?.[1])]?.id);
  const rest = Object.entries(answer.faults).filter(([tile]) => !entries.some((e) => e.id === tile));
  const found = entries.map(({ id, node }) => [id, known(node, faults[id], answer.nodes[id])]);
  return {
    ...answer,
    at: Date.now(),
    nodes: { ...answer.nodes, ...Object.fromEntries(found) },
    faults: { ...Object.fromEntries(rest), ...faults },
    sources: sources(told, answer.sources),
  };
}

/** What is not there because its source is down was there before: its name still is. */
const known = (now: Node | null, fault: Fault | undefined, before: Node | null | undefined) =>
  now === null && fault ? (before ?? null) : now;

const ROOTS: Record<string, string> = { air: "air", pollen: "pollen", events: "events", collections: "waste" };

const singleTile = (screen: Screen, field: string) =>
  screen.find((tile) => special(tile) !== null && special(tile) === ROOTS[field]);

function faultsBy(errors: readonly Failure[], tileAt: (path: Failure["path"]) => string | undefined) {
  const found: Record<string, Fault> = {};
  for (const { path, extensions } of errors) {
    const tile = tileAt(path);
    if (tile === undefined || found[tile]?.whole) continue;
    const { code, source } = extensions ?? {};
    found[tile] = {
      code: String(code),
      source: typeof source === "string" ? source : null,
      whole: (path?.length ?? 0) <= (path?.[2] === "node" ? 3 : 2), // nodes.4, nodes.4.node
    };
  }
  return found;
}

/** Whether something else has told us more already: an answer may come out of a cache. */
export const isBehind = (found: Answer, latest: Answer) =>
  Object.values(found.sources).some(
    ({ id, fetchedAt }) => (fetchedAt ?? "") < (latest.sources[id]?.fetchedAt ?? ""),
  );

function sources({ extensions }: Told, before: Record<string, Source>): Record<string, Source> {
  const told = (extensions?.["sources"] ?? []) as Omit<Source, "staleFrom">[];
  const found = told.map((source) => {
    const earlier = before[source.id];
    const same = earlier?.fetchedAt === source.fetchedAt ? earlier.staleFrom : null;
    return [source.id, { ...source, staleFrom: source.state === "STALE" ? (same ?? Date.now()) : null }];
  });
  return { ...before, ...Object.fromEntries(found) };
}

/**
 * Whether it is old, and not only about to be read again: what nobody has asked for a while is
 * answered as it was, and read behind.
 */
export const isOld = ({ staleFrom }: Source, now: number) =>
  staleFrom !== null && now - staleFrom >= GRACE_MS;

export const GRACE_MS = 5_000;
