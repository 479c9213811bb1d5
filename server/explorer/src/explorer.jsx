// Explorer: GraphiQL with its docs, history and query-builder panels, all served from this host.
// The page says where the endpoint is and which examples to open; see ../__init__.py.

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";

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

const fetcher = createGraphiQLFetcher({
  url: endpoint,
  enableIncrementalDelivery: false, // it would accept multipart/mixed as well
});

const plugins = [HISTORY_PLUGIN, explorerPlugin()];
const tabs = JSON.parse(examples).map((query) => ({ query }));

createRoot(root).render(<GraphiQL fetcher={fetcher} plugins={plugins} defaultTabs={tabs} />);
