// First: the screen that a page opens with, and its answer, which is asked before anything is drawn.

import { HomeDocument } from "../generated/graphql";
import { type Answer, whole } from "./answer";
import { ask } from "./client";
import { kept } from "./kept";
import { type Opening, opening, type Screen, variables } from "./screen";
import { starter } from "./starter";

export interface First extends Opening {
  answer: Promise<Answer | null>;
}

export function firstAsked(city: string, name: string): First {
  const { screen, origin } = opening(city);
  const before = kept<Answer>(city, "answer");
  const answer = screen?.length === 0 ? null : answerTo(city, name, screen, () => before);
  return { screen, origin, answer: Promise.resolve(answer) };
}

/** The screen's one query; without a screen, an example with its answer. Null without a network. */
export async function answerTo(
  city: string,
  name: string,
  screen: Screen | null,
  latest: () => Answer | null, // which may be another one by the time that this one comes
): Promise<Answer | null> {
  if (screen === null) return starter(city, name);
  const { data, error, extensions } = await ask(HomeDocument, variables(city, screen), {
    fresh: latest() !== null, // what we have may be newer than what a cache has
  });
  return data ? whole(screen, data, { errors: error?.graphQLErrors ?? [], extensions }, latest()) : null;
}
