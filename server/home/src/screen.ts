// A screen: the tiles that somebody chose, in their order, each of them a text.
//
//   UG9vbDpuYW50ZXM6NDE5Mg   a thing, by its id
//   air:44143                the air of a commune
//   pollen:44143             its pollen
//   events:                  what is on
//   waste:10 rue Crébillon   when bins are emptied at an address
//
// It is kept in this browser, and goes nowhere else but into a link that somebody shares. What
// follows the # of an address is never sent to a server.

import type { HomeQueryVariables } from "../generated/graphql";
import { kept } from "./kept";

export type Screen = readonly string[];

export interface Opening {
  screen: Screen | null;
  origin: "mine" | "shared" | "example";
}

export const MOST = 40; // tiles of a screen
const LONGEST = 200; // characters of one
const GOOD = /^([\w-]+|air:\w+|pollen:\w+|events:|waste:.+)$/;

/** The word before the colon, such as `air`; of a thing with an id there is none. */
export const special = (tile: string) => (tile.includes(":") ? tile.slice(0, tile.indexOf(":")) : null);

export const detail = (tile: string) => tile.slice(tile.indexOf(":") + 1);

export const ids = (screen: Screen) => screen.filter((tile) => special(tile) === null);

/** The screen of a link, else one's own, else none yet: there will be an example. */
export function opening(city: string): Opening {
  const given = shared(location.hash);
  if (given) return { screen: given, origin: "shared" };
  const own = kept<Screen>(city, "screen");
  return { screen: own, origin: own ? "mine" : "example" };
}

/** What the one query of a screen is asked with. */
export function variables(city: string, screen: Screen): HomeQueryVariables {
  const of = (word: string) => screen.find((tile) => special(tile) === word);
  const air = of("air");
  const pollen = of("pollen");
  const waste = of("waste");
  return {
    city,
    ids: ids(screen),
    air: air !== undefined,
    commune: air ? detail(air) : null,
    pollen: pollen !== undefined,
    pollenIn: pollen ? detail(pollen) : "",
    events: of("events") !== undefined,
    waste: waste !== undefined,
    address: waste ? detail(waste) : "",
  };
}

/** The screen with a tile more; a second one of what there is one of takes the first's place. */
export function pinned(screen: Screen, tile: string): Screen {
  const word = special(tile);
  const at = screen.findIndex((one) => one === tile || (word !== null && special(one) === word));
  if (at >= 0) return screen.map((one, index) => (index === at ? tile : one));
  return screen.length < MOST ? [...screen, tile] : screen;
}

export function moved(screen: Screen, tile: string, to: number): Screen {
  const rest = screen.filter((one) => one !== tile);
  return to < 0 || to > rest.length ? screen : [...rest.slice(0, to), tile, ...rest.slice(to)];
}

/** The screen that a link shares, as far as it can be used: anybody may have written it. */
export function shared(fragment: string): Screen | null {
  const given = fragment.replace(/^#/, "").split("&").filter(Boolean).map(unquoted);
  const good = given.filter((tile) => tile.length <= LONGEST && GOOD.test(tile));
  return good.length ? good.reduce<Screen>(pinned, []) : null;
}

export const link = (screen: Screen) =>
  `${location.origin}${location.pathname}#${screen.map(encodeURIComponent).join("&")}`;

function unquoted(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
