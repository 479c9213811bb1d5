// The way to the server: documents by their digests, each answer at its canonical URL, so that
// every cache between us keeps one copy (docs/caching.md).

import { type AnyVariables, Client, type DocumentInput, fetchExchange } from "@urql/core";

import type { TypedDocumentString } from "../generated/graphql";

export type Persisted<Data, Variables> = Pick<
  TypedDocumentString<Data, Variables>,
  "__meta__" | "__apiType"
>;

const ENDPOINT = "/graphql";
const PATIENCE_MS = 12_000; // the server's own deadline is 10 s

const client = new Client({
  url: ENDPOINT,
  exchanges: [fetchExchange],
  preferGetMethod: "force",
  fetch: (input, init) =>
    fetch(init?.method === "GET" ? canonical(String(input)) : input, {
      ...init,
      signal: AbortSignal.timeout(PATIENCE_MS),
    }),
});

/**
 * Asks once; `fresh`, not of what the browser has kept. What tells where somebody is goes in a
 * body, which nobody writes down: `discreet`.
 */
export function ask<Data, Variables extends AnyVariables>(
  document: Persisted<Data, Variables>,
  variables: Variables,
  { discreet = false, fresh = false } = {},
) {
  const input = {
    kind: "Document",
    definitions: [],
    documentId: hash(document),
  } as unknown as DocumentInput<Data, Variables>;
  return client
    .query(input, variables, {
      preferGetMethod: discreet ? false : "force",
      fetchOptions: { cache: fresh ? "no-cache" : "default" },
    })
    .toPromise();
}

/** Where a document's answers are. */
export function address<Variables extends AnyVariables>(
  document: Persisted<unknown, Variables>,
  variables: Variables,
): string {
  return at(hash(document), JSON.stringify(variables, sorted));
}

const hash = (document: Pick<Persisted<unknown, unknown>, "__meta__">) => String(document.__meta__?.["hash"]);

const at = (id: string, variables: string | null) =>
  `${ENDPOINT}/d/${id}` + (variables ? `?variables=${encodeURIComponent(variables)}` : "");

/** urql's own URL, `/graphql?documentId=…&variables=…`, in the spelling that caches know. */
function canonical(url: string): string {
  const asked = new URLSearchParams(url.slice(url.indexOf("?") + 1));
  return at(asked.get("documentId") ?? "", asked.get("variables"));
}

const sorted = (_: string, value: unknown) =>
  value && value.constructor === Object
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
