// Addresses: each answer has one URL, its canonical one, so that every cache between us and the
// server keeps one copy (docs/caching.md).

import type { TypedDocumentString } from "../generated/graphql";

export type Persisted<Data, Variables> = Pick<
  TypedDocumentString<Data, Variables>,
  "__meta__" | "__apiType"
>;

export const ENDPOINT = "/graphql";
export const HEADERS = { accept: "application/graphql-response+json" };

/** Where a document's answers are. */
export function address<Variables>(
  document: Persisted<unknown, Variables>,
  variables: Variables,
): string {
  return at(hash(document), JSON.stringify(variables, sorted));
}

/** urql's own URL, `/graphql?documentId=…&variables=…`, in the spelling that caches know. */
export function canonical(url: string): string {
  const asked = new URLSearchParams(url.slice(url.indexOf("?") + 1));
  return at(asked.get("documentId") ?? "", asked.get("variables"));
}

export const hash = (document: Pick<Persisted<unknown, unknown>, "__meta__">) =>
  String(document.__meta__?.["hash"]);

const at = (id: string, variables: string | null) =>
  `${ENDPOINT}/d/${id}` + (variables ? `?variables=${encodeURIComponent(variables)}` : "");

const sorted = (_: string, value: unknown) =>
  value && value.constructor === Object
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
