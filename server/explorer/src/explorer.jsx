// Explorer: GraphiQL with its docs, history, query-builder and explain panels, all from this host.
// The page says where the endpoint is and which examples to open; see ../__init__.py.

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";

import { EXPLAIN_PLUGIN } from "./explain.jsx";
import { explaining } from "./explained.js";

import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./explorer.css";

const workers = { graphql: "graphql", json: "json" };

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) =>
    new Worker(new URL(`./${workers[label] ?? "editor"}.worker.js`, import.meta.url), {
      type: "module",
      name: label,
    }),
};

const root = document.getElementById("explorer");
const { endpoint, examples } = root.dataset;

const fetcher = explaining(
  createGraphiQLFetcher({
    url: endpoint,
    enableIncrementalDelivery: false, // it would accept multipart/mixed as well
  }),
);

const plugins = [HISTORY_PLUGIN, explorerPlugin(), EXPLAIN_PLUGIN];
const tabs = JSON.parse(examples).map((query) => ({ query }));

createRoot(root).render(<GraphiQL fetcher={fetcher} plugins={plugins} defaultTabs={tabs} />);
