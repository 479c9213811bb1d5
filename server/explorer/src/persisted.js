// A query as a persisted document: a manifest in Apollo's form, which POCHE_DOCUMENTS reads as it
// is, with the digest of the text as its id. Where the page is not served securely, browsers have
// no digests: then it is the text alone, whose file's name is its id.

import { parse } from "graphql";

/** The file's name and content; GraphQLError where the query cannot be read. */
export async function persisted(query) {
  const [operation, ...others] = parse(query).definitions.filter(
    (one) => one.kind === "OperationDefinition",
  );
  if (!operation || others.length) throw new Error("A document of one operation can be saved.");
  const name = operation.name?.value ?? "query";
  if (!crypto.subtle) return { file: `${name}.graphql`, content: query };
  const found = { id: await digest(query), name, type: operation.operation, body: query };
  const manifest = { format: "apollo-persisted-query-manifest", version: 1, operations: [found] };
  return { file: `${name}.json`, content: `${JSON.stringify(manifest, null, 2)}\n`, id: found.id };
}

async function digest(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hex = Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0"));
  return `sha256:${hex.join("")}`;
}

/** Have the browser save it. */
export function download({ file, content }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content]));
  link.download = file;
  link.click();
  URL.revokeObjectURL(link.href);
}
