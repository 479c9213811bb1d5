// The way to the server: documents by their digests, each answer at its canonical URL.

import { type AnyVariables, Client, type DocumentInput, fetchExchange } from "@urql/core";

import { canonical, ENDPOINT, hash, HEADERS, type Persisted } from "./address";

const PATIENCE_MS = 12_000; // the server's own deadline is 10 s

const client = new Client({
  url: ENDPOINT,
  exchanges: [fetchExchange],
  preferGetMethod: "force",
  fetch: (input, init) => {
    const url = init?.method === "GET" ? canonical(String(input)) : String(input);
    return begun(url) ?? fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
  },
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
    definitions: [], // builds for development would refuse that: build for production
    documentId: hash(document),
  } as unknown as DocumentInput<Data, Variables>;
  return client
    .query(input, variables, {
      preferGetMethod: discreet ? false : "force",
      fetchOptions: { cache: fresh ? "no-cache" : "default", headers: HEADERS },
    })
    .toPromise();
}

/** What the page has begun to ask before this script was here (early.ts); it is taken once. */
function begun(url: string): Promise<Response> | null {
  if (globalThis.early?.url !== url) return null;
  const { response } = globalThis.early;
  globalThis.early = undefined;
  return response;
}
