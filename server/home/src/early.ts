// Early: asks for the screen while the page's script is still on its way. It stands in the page
// itself, so it is small; client.ts takes what it began.

import { HomeDocument, StarterDocument } from "../generated/graphql";
import { address, HEADERS } from "./address";
import { kept } from "./kept";
import { opening, variables } from "./screen";

declare global {
  var early: { url: string; response: Promise<Response> } | undefined;
}

const { city = "" } = document.documentElement.dataset;
const { screen } = opening(city);
if (screen?.length !== 0) {
  const url = screen ? address(HomeDocument, variables(city, screen)) : address(StarterDocument, { city });
  const cache = kept(city, "answer") ? "no-cache" : "default";
  const response = fetch(url, { headers: HEADERS, cache });
  response.catch(() => undefined); // without a network, as who takes it will see
  globalThis.early = { url, response };
}

// The first formatter of a page takes its time, of which there is plenty now.
new Intl.DateTimeFormat(navigator.language, { timeZone: "UTC" });
