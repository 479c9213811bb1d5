// A first app on Poche: a stop and the pools that are open, live, with their sources and ages.

import {
  ChangesDocument,
  type ChangesSubscription,
  ScreenDocument,
  type ScreenQuery,
  type TypedDocumentString,
} from "./generated/graphql";

const POCHE = "http://127.0.0.1:8000";

interface Source {
  id: string;
  state: string; // LIVE, STALE, DOWN…
  fetchedAt: string | null;
}

interface Answer<Data> {
  data: Data | null;
  errors?: { message: string; extensions: { code: string; source?: string } }[];
  extensions?: { sources?: Source[] };
}

/** The address of an answer: by the document's digest, so that caches can help. */
function address<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables) {
  return `${POCHE}/graphql/d/${document.__meta__?.hash}?variables=${encodeURIComponent(JSON.stringify(variables))}`;
}

async function ask<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables) {
  const answer = await fetch(address(document, variables), {
    headers: { accept: "application/graphql-response+json" },
  });
  return (await answer.json()) as Answer<Data>;
}

const time = (instant: string) => instant.slice(11, 16); // instants come in the city's own time
const minutes = (instant: string) => Math.floor((Date.parse(instant) - Date.now()) / 60_000);

const sources = new Map<string, Source>(); // all that was told of them

function show({ data, errors = [] }: Answer<ScreenQuery>, told: Answer<unknown>): void {
  for (const source of told.extensions?.sources ?? []) sources.set(source.id, source);
  const lines: string[] = [];
  for (const stop of data?.stops?.nodes ?? []) {
    lines.push(stop.name);
    for (const { route, headsign, expectedAt } of stop.departures ?? []) {
      if (minutes(expectedAt) >= 0) lines.push(`  ${route?.shortName} → ${headsign}, ${minutes(expectedAt)} min`);
    }
  }
  for (const pool of data?.pools?.nodes ?? []) {
    lines.push(`${pool.name}, jusqu’à ${pool.closesAt && time(pool.closesAt)}`);
  }
  const named = data?.city?.services?.flatMap(({ sources }) => sources) ?? [];
  const name = (id: string) => named.find((source) => source.id === id)?.name ?? id;
  for (const { message, extensions } of errors) {
    lines.push(`Sans réponse : ${extensions.source ? name(extensions.source) : message}`);
  }
  for (const { id, fetchedAt } of sources.values()) {
    const licence = named.find((source) => source.id === id)?.licence;
    lines.push(`${name(id)}, ${licence}, ${fetchedAt && `il y a ${-minutes(fetchedAt)} min`}`);
  }
  const list = document.createElement("pre");
  list.textContent = lines.join("\n"); // never as HTML: it comes from elsewhere
  document.querySelector("main")?.replaceChildren(list);
}

const answer = await ask(ScreenDocument, { city: "nantes" });
const ids = answer.data?.stops?.nodes.map(({ id }) => id) ?? [];
show(answer, answer);
setInterval(() => show(answer, { data: null }), 10_000); // minutes pass

new EventSource(address(ChangesDocument, { ids })).addEventListener("next", ({ data }) => {
  const news = JSON.parse(data) as Answer<ChangesSubscription>;
  for (const { node } of news.data?.nodes ?? []) {
    const board = answer.data?.stops?.nodes.find(({ id }) => id === node?.id);
    if (board) Object.assign(board, node);
  }
  show(answer, news);
});
