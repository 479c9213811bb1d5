// Starter: a first screen for who has none, with its answer: one thing of each kind that the
// city has.

import { StarterDocument } from "../generated/graphql";
import { type Answer, type Failure, whole } from "./answer";
import { ask } from "./client";

export async function starter(city: string, name: string): Promise<Answer | null> {
  const { data, error, extensions } = await ask(StarterDocument, { city });
  if (!data) return null;
  const found = {
    search: data.search?.nodes[0]?.node,
    bikes: data.bikes?.nodes[0],
    pools: data.pools?.nodes[0],
    schools: data.schools?.nodes[0],
    parkings: data.parkings?.nodes[0],
  };
  const there = Object.entries(found).flatMap(([root, node]) => (node ? [{ root, node }] : []));
  const insee = (data.air?.find(({ communeName }) => communeName === name) ?? data.air?.[0])?.insee;
  const nodes = there.map(({ node }) => node);
  const screen = nodes.map(({ id }) => id);
  if (insee) screen.push(`air:${insee}`);
  if (data.events?.nodes.length) screen.push("events:");
  const air = data.air?.filter((one) => one.insee === insee) ?? null;
  const errors = (error?.graphQLErrors ?? []).map((failure): Failure => ({
    ...failure,
    path: asOfTheScreen(failure.path, there.map(({ root }) => root)),
  }));
  return whole(screen, { nodes, air, events: data.events }, { errors, extensions }, null);
}

/** pools.nodes.0.hours is nodes.2.hours of a screen's query. */
function asOfTheScreen(path: Failure["path"], roots: readonly string[]): Failure["path"] {
  const at = roots.indexOf(String(path?.[0]));
  return at < 0 ? path : ["nodes", at, ...(path ?? []).slice(path?.[0] === "search" ? 4 : 3)];
}
